package model

import (
	"context"
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// ridge is a least-squares problem taken apart once, so that every penalty costs only sums:
// b are the centered targets times √w, and the matrix of centered columns times √w is
// Σ left[k]·size[k]·right[k]ᵀ.
type ridge struct {
	problem     *leastSquares
	b           []float64
	left, right [][]float64
	size        []float64
	pull        []float64 // left[k]·b
	unit, unitW float64
}

// maxRidge is the largest number of singular values, min(rows, columns), that are computed.
const maxRidge = 2048

func newRidge(ctx context.Context, d Data, weights []float64, intercept bool) (*ridge, error) {
	s := &leastSquares{columns: d.X.Columns, names: d.X.Names, y: d.Y, weights: weights, l2: 1, intercept: intercept}
	if n := min(len(s.y), len(s.columns)); n > maxRidge {
		return nil, &SizeError{What: "singular values, of the lesser of rows and columns,", Count: n, Most: maxRidge, Advice: "give l2 a value"}
	}
	s.scale()
	r := &ridge{problem: s, unit: 1, unitW: math.Ldexp(1, -(exponent(weights) &^ 1))}
	if len(s.active) > 0 && !s.alike() {
		return nil, errors.New("the columns' units are too far apart to share a penalty: scale the columns")
	}
	var rows [][]float64
	if len(s.active) == 0 {
		rows, r.b = zeros(len(s.y), 0), make([]float64, len(s.y))
	} else {
		rows, r.b, r.unit = s.wideRows()
	}
	var err error
	if len(s.y) < len(s.active) {
		r.right, r.size, r.left, err = svd(ctx, rows)
	} else {
		r.left, r.size, r.right, err = svd(ctx, transposed(rows, len(s.active)))
	}
	if err != nil {
		return nil, err
	}
	for _, u := range r.left {
		r.pull = append(r.pull, num.Dot(u, r.b))
	}
	return r, nil
}

func transposed(rows [][]float64, columns int) [][]float64 {
	t := zeros(columns, len(rows))
	for i, row := range rows {
		for j, v := range row {
			t[j][i] = v
		}
	}
	return t
}

// inner is l2 in the units of the singular values' squares.
func (r *ridge) inner(l2 float64) float64 { return float64(l2 * r.unitW * r.unit * r.unit) }

// leaveOneOut is the weighted mean squared error when each row is predicted by a fit to the
// others, which is residual/(1 − leverage) (Allen, "The relationship between variable
// selection and data augmentation and a method for prediction", Technometrics 16, 1974).
func (r *ridge) leaveOneOut(l2 float64) float64 {
	s := r.problem
	n := len(r.b)
	left, leverage := append([]float64(nil), r.b...), make([]float64, n)
	total := num.Dot(s.root, s.root)
	if s.intercept {
		for i, root := range s.root {
			leverage[i] = float64(root*root) / total
		}
	}
	for k, u := range r.left {
		square := float64(r.size[k] * r.size[k])
		kept := square / (square + r.inner(l2))
		fit := kept * r.pull[k]
		for i, v := range u {
			left[i] -= float64(v * fit)
			leverage[i] += float64(float64(v*v) * kept)
		}
	}
	sum := 0.0
	for i, v := range left {
		e := v / (1 - leverage[i])
		sum += float64(e * e)
	}
	if math.IsNaN(sum) { // a row that alone decides its prediction cannot be left out
		return math.Inf(1)
	}
	return sum / total / s.unitY / s.unitY
}

// at returns the coefficients and the intercept with penalty l2.
func (r *ridge) at(l2 float64) ([]float64, float64, error) {
	s := r.problem
	beta := make([]float64, len(s.active))
	for k, v := range r.right {
		square := float64(r.size[k] * r.size[k])
		addScaled(beta, beta, r.size[k]/(square+r.inner(l2))*r.pull[k], v)
	}
	s.setBeta(beta, r.unit)
	return s.unscale()
}

// choices is how many penalties bestL2 compares.
const choices = 100

// bestL2 is the penalty of least leave-one-out error; of equals the largest.
func (l Linear) bestL2(ctx context.Context, d Data, weights []float64) (float64, error) {
	r, err := newRidge(ctx, d, weights, l.Intercept)
	if err != nil {
		return 0, err
	}
	if len(r.size) == 0 {
		return 0, nil // no column says anything
	}
	// From where the smallest direction barely shrinks to where the largest is gone.
	low, high := bounds(r.size)
	first := math.Log(max(low, high*1e-6)) - 1.5*math.Ln10
	last := math.Log(high) + 1.5*math.Ln10
	l2, errs := make([]float64, choices), make([]float64, choices)
	err = par.For(ctx, choices, 0, func(i int) error {
		root := num.Exp(first + float64((last-first)*float64(i)/(choices-1)))
		l2[i] = root * root / r.unit / r.unit / r.unitW
		errs[i] = r.leaveOneOut(l2[i])
		return nil
	})
	if err != nil {
		return 0, err
	}
	best := choices - 1
	for i := choices - 2; i >= 0; i-- {
		if errs[i] < errs[best] {
			best = i
		}
	}
	return l2[best], nil
}

// svd takes apart a matrix given by its columns, no more than it has rows: it is
// Σ left[k]·size[k]·right[k]ᵀ over its rank. QR comes first, and then one-sided Jacobi
// rotations of Rᵀ until its columns are orthogonal, which keeps the digits of small singular
// values (Drmač and Veselić, "New fast and accurate Jacobi SVD algorithm", SIAM J. Matrix
// Anal. Appl. 29, 2008). columns are overwritten.
func svd(ctx context.Context, columns [][]float64) (left [][]float64, size []float64, right [][]float64, err error) {
	n := len(columns)
	if n == 0 {
		return nil, nil, nil, nil
	}
	rows := len(columns[0])
	largest := 0.0
	for _, c := range columns {
		largest = max(largest, math.Sqrt(num.Dot(c, c)))
	}
	if largest == 0 {
		return nil, nil, nil, nil
	}
	noise := make([]float64, n)
	for j, c := range columns {
		noise[j] = dependence * epsilon * math.Sqrt(float64(n))
		for i := range c {
			c[i] /= largest
		}
	}
	f, err := factorize(ctx, columns, 0, noise)
	if err != nil {
		return nil, nil, nil, err
	}
	turned := zeros(f.rank, n) // Rᵀ by columns, in the order of the columns given
	for k, column := range f.columns {
		for i := range min(k, f.rank) {
			turned[i][f.order[k]] = column[i]
		}
		if k < f.rank {
			turned[k][f.order[k]] = f.diagonal[k]
		}
	}
	basis := zeros(f.rank, f.rank)
	for k := range basis {
		basis[k][k] = 1
	}
	if err := orthogonalize(ctx, turned, basis); err != nil {
		return nil, nil, nil, err
	}
	for k, v := range turned {
		s := math.Sqrt(num.Dot(v, v))
		for i := range v {
			v[i] /= s
		}
		u := append(basis[k], make([]float64, rows-f.rank)...)
		f.multiply(u)
		left, size, right = append(left, u), append(size, s*largest), append(right, v)
	}
	return left, size, right, nil
}

// orthogonalize turns pairs of columns, and those of basis alike, until all are orthogonal.
func orthogonalize(ctx context.Context, columns, basis [][]float64) error {
	const maxRounds = 60 // 6 to 10 do
	for range maxRounds {
		turns := 0
		for p := range columns {
			if err := ctx.Err(); err != nil {
				return err
			}
			for q := p + 1; q < len(columns); q++ {
				a, b := num.Dot(columns[p], columns[p]), num.Dot(columns[q], columns[q])
				c := num.Dot(columns[p], columns[q])
				if math.Abs(c) <= 1e-15*math.Sqrt(a*b) {
					continue
				}
				turns++
				zeta := (b - a) / (2 * c)
				t := math.Copysign(1, zeta) / (math.Abs(zeta) + math.Sqrt(1+float64(zeta*zeta)))
				cos := 1 / math.Sqrt(1+float64(t*t))
				rotate(columns[p], columns[q], cos, cos*t)
				rotate(basis[p], basis[q], cos, cos*t)
			}
		}
		if turns == 0 {
			return nil
		}
	}
	return nil
}

func rotate(x, y []float64, cos, sin float64) {
	for i, v := range x {
		x[i], y[i] = float64(cos*v)-float64(sin*y[i]), float64(sin*v)+float64(cos*y[i])
	}
}
