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
const maxRidge = 1024

func newRidge(ctx context.Context, d Data, weights []float64, intercept bool) (*ridge, error) {
	s := &leastSquares{columns: d.X.Columns, names: d.X.Names, y: d.Y, weights: weights, l2: 1, intercept: intercept}
	if n := min(len(s.y), len(s.columns)); n > maxRidge {
		return nil, &SizeError{What: "singular values, of the lesser of rows and columns,", Count: n, Most: maxRidge, Advice: "give l2 a value"}
	}
	if err := s.scale(ctx); err != nil {
		return nil, err
	}
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

// leaveOneOut is, for each l2, the weighted mean squared error when each row is predicted by
// a fit to the others, which is residual/(1 − leverage) (Allen, "The relationship between
// variable selection and data augmentation and a method for prediction", Technometrics 16,
// 1974).
func (r *ridge) leaveOneOut(ctx context.Context, l2 []float64) ([]float64, error) {
	kept := zeros(len(l2), len(r.size)) // of each direction
	for i, v := range l2 {
		for k, size := range r.size {
			square := float64(size * size)
			kept[i][k] = square / (square + r.inner(v))
		}
	}
	n := len(r.b)
	parts := make([][]float64, (n+rowPart-1)/rowPart)
	err := par.For(ctx, len(parts), 0, func(part int) error {
		parts[part] = make([]float64, len(l2))
		for from := part * rowPart; from < min(n, (part+1)*rowPart); from += rowBlock {
			r.addErrors(parts[part], kept, from, min(n, (part+1)*rowPart, from+rowBlock))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := r.problem
	sums := make([]float64, len(l2))
	for _, part := range parts {
		addScaled(sums, sums, 1, part)
	}
	for i := range sums {
		if math.IsNaN(sums[i]) { // a row that alone decides its prediction cannot be left out
			sums[i] = math.Inf(1)
		}
		sums[i] = sums[i] / num.Dot(s.root, s.root) / s.unitY / s.unitY
	}
	return sums, nil
}

// addErrors adds, for each penalty, the squared leave-one-out errors of rows from … to-1.
func (r *ridge) addErrors(sums []float64, kept [][]float64, from, to int) {
	s := r.problem
	total := num.Dot(s.root, s.root)
	squares := make([][]float64, len(r.left))
	for k, u := range r.left {
		squares[k] = make([]float64, to-from)
		for i, v := range u[from:to] {
			squares[k][i] = v * v
		}
	}
	fit, leverage := make([]float64, to-from), make([]float64, to-from)
	weights := make([]float64, len(r.left))
	for i := range sums {
		for k, pull := range r.pull {
			weights[k] = kept[i][k] * pull
		}
		combine(fit, weights, r.left, from)
		combine(leverage, kept[i], squares, 0)
		for row, b := range r.b[from:to] {
			taken := leverage[row]
			if s.intercept {
				taken += float64(s.root[from+row]*s.root[from+row]) / total
			}
			e := (b - fit[row]) / (1 - taken)
			sums[i] += float64(e * e)
		}
	}
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
	l2 := make([]float64, choices)
	for i := range l2 {
		root := num.Exp(first + float64((last-first)*float64(i)/(choices-1)))
		l2[i] = root * root / r.unit / r.unit / r.unitW
	}
	errs, err := r.leaveOneOut(ctx, l2)
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
	const maxRounds = 40 // 5 to 8 do
	enough := 4 * epsilon * math.Sqrt(float64(len(columns)))
	squares := make([]float64, len(columns))
	for range maxRounds {
		turns := 0
		for k, c := range columns {
			squares[k] = num.Dot(c, c)
		}
		for p := range columns {
			if err := ctx.Err(); err != nil {
				return err
			}
			for q := p + 1; q < len(columns); q++ {
				a, b := squares[p], squares[q]
				c := num.Dot(columns[p], columns[q])
				if math.Abs(c) <= enough*math.Sqrt(a*b) {
					continue
				}
				turns++
				zeta := (b - a) / (2 * c)
				t := math.Copysign(1, zeta) / (math.Abs(zeta) + math.Sqrt(1+float64(zeta*zeta)))
				cos := 1 / math.Sqrt(1+float64(t*t))
				rotate(columns[p], columns[q], cos, cos*t)
				rotate(basis[p], basis[q], cos, cos*t)
				squares[p], squares[q] = max(0, a-float64(t*c)), b+float64(t*c)
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
