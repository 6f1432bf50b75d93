package model

import (
	"context"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// softmax is the problem that Logistic minimizes, in coordinates where columns have mean 0
// and standard deviation 1 and weights sum to 1 … 2: the optimum is the same, and Newton's
// equations are as well conditioned as the columns' correlations let them be.
//
// Its parameters θ are one slice per set: the intercept, then a coefficient per active
// column. With a reference, class present[0] has score 0 and there is a single set.
type softmax struct {
	x         [][]float64 // a column of ones, then the active columns, standardized
	class     []int       // per row: index into present
	sets      int
	reference bool
	w         []float64
	penalty   []float64 // per parameter of a set: l2 in its coordinates; 0 for the intercept

	active     []int
	columns    int
	unit       []float64 // power of two that scaled each active column first
	mean, norm []float64
}

// maxPenalty caps l2 in standardized coordinates: beyond it a coefficient is 0 to every
// digit, and the square of a tiny standard deviation could overflow.
const maxPenalty = 1e30

func newSoftmax(d Data, weights []float64, present []int, l2 float64, reference bool) *softmax {
	s := &softmax{sets: len(present), reference: reference, columns: len(d.X.Columns)}
	if reference {
		s.sets = 1
	}
	index := make(map[int]int, len(present))
	for k, class := range present {
		index[class] = k
	}
	s.class = make([]int, len(d.Y))
	for i, y := range d.Y {
		s.class[i] = index[int(y)]
	}
	scale := math.Ldexp(1, -math.Ilogb(num.Sum(weights)))
	s.w = make([]float64, len(weights))
	for i, w := range weights {
		s.w[i] = w * scale
	}
	ones := make([]float64, len(d.Y))
	for i := range ones {
		ones[i] = 1
	}
	s.x, s.penalty = [][]float64{ones}, []float64{0}
	for j, column := range d.X.Columns {
		if low, high := bounds(column); low != high {
			s.standardize(j, column, l2*scale)
		}
	}
	return s
}

func (s *softmax) standardize(j int, column []float64, l2 float64) {
	unit := unitScale(column)
	m := float64(mean(column, s.w) * unit)
	z := make([]float64, len(column))
	for i, v := range column {
		z[i] = float64(v*unit) - m
	}
	square := 0.0
	for i, v := range z {
		square += float64(s.w[i] * float64(v*v))
	}
	norm := math.Sqrt(square / num.Sum(s.w))
	if norm == 0 { // varies only among rows whose weight vanishes beside the others
		return
	}
	for i := range z {
		z[i] /= norm
	}
	perUnit := unit / norm // of the column, for a unit of z
	s.active = append(s.active, j)
	s.x = append(s.x, z)
	s.unit, s.mean, s.norm = append(s.unit, unit), append(s.mean, m), append(s.norm, norm)
	s.penalty = append(s.penalty, min(l2*perUnit*perUnit, maxPenalty))
}

// unscale writes a set's coefficients in the units of the columns and returns its intercept.
func (s *softmax) unscale(coefficients, set []float64, names []string) (float64, error) {
	var c num.Twofold
	c.Add(set[0])
	for a, j := range s.active {
		b := set[a+1] / s.norm[a]
		c.AddProduct(-s.mean[a], b)
		coefficients[j] = b * s.unit[a]
		if math.IsInf(coefficients[j], 0) || math.IsNaN(coefficients[j]) {
			return 0, fmt.Errorf("column %q: its coefficient is not a finite number; scale the column", names[j])
		}
	}
	return c.Value(), nil
}

// scores returns x·θ by set and row.
func (s *softmax) scores(theta [][]float64) [][]float64 {
	z := make([][]float64, s.sets)
	for k, set := range theta {
		z[k] = make([]float64, len(s.w))
		for j, column := range s.x {
			b := set[j]
			if b == 0 {
				continue
			}
			for i, v := range column {
				z[k][i] += float64(v * b)
			}
		}
	}
	return z
}

// loss is the objective at θ, whose scores are z.
func (s *softmax) loss(theta, z [][]float64) float64 {
	var sum num.Twofold
	for i, w := range s.w {
		sum.Add(float64(w * (s.logSum(z, i) - s.own(z, i))))
	}
	for _, set := range theta {
		for j, b := range set {
			sum.Add(float64(s.penalty[j] / 2 * float64(b*b)))
		}
	}
	return sum.Value()
}

// own is the score of row i's own class.
func (s *softmax) own(z [][]float64, i int) float64 {
	k := s.class[i]
	if s.reference {
		k--
	}
	if k < 0 {
		return 0
	}
	return z[k][i]
}

// logSum is log Σ e^score over the classes of row i.
func (s *softmax) logSum(z [][]float64, i int) float64 {
	if s.reference {
		v := z[0][i]
		return max(v, 0) + num.Log1p(num.Exp(-math.Abs(v)))
	}
	top, sum := math.Inf(-1), 0.0
	for k := range z {
		top = max(top, z[k][i])
	}
	for k := range z {
		sum += num.Exp(z[k][i] - top)
	}
	return top + num.Log(sum)
}

// probabilities overwrites scores with the probability of each set's class.
func (s *softmax) probabilities(z [][]float64) {
	if s.reference {
		for i, v := range z[0] {
			z[0][i] = probabilityAt(v)
		}
		return
	}
	row := make([]float64, len(z))
	for i := range s.w {
		for k := range z {
			row[k] = z[k][i]
		}
		softmaxRow(row)
		for k := range z {
			z[k][i] = row[k]
		}
	}
}

// gradient of the objective, per set.
func (s *softmax) gradient(theta, p [][]float64) [][]float64 {
	g := make([][]float64, s.sets)
	left := make([]float64, len(s.w))
	for k := range g {
		class := k
		if s.reference {
			class++
		}
		for i, w := range s.w {
			hit := 0.0
			if s.class[i] == class {
				hit = 1
			}
			left[i] = float64(w * (p[k][i] - hit))
		}
		g[k] = s.transpose(left)
		for j, b := range theta[k] {
			g[k][j] += float64(s.penalty[j] * b)
		}
	}
	s.balance(g)
	return g
}

// curve is the Hessian at probabilities p times direction d.
func (s *softmax) curve(d, p [][]float64) [][]float64 {
	z := s.scores(d)
	for i := range s.w {
		average := 0.0
		for k := range z {
			average += float64(p[k][i] * z[k][i])
		}
		for k := range z {
			z[k][i] = s.w[i] * p[k][i] * (z[k][i] - average)
		}
	}
	h := make([][]float64, s.sets)
	for k := range h {
		h[k] = s.transpose(z[k])
		for j, b := range d[k] {
			h[k][j] += float64(s.penalty[j] * b)
		}
	}
	return h
}

// transpose is xᵀ·v.
func (s *softmax) transpose(v []float64) []float64 {
	product := make([]float64, len(s.x))
	dots(product, v, s.x)
	return product
}

// dots adds v·column for every column to dst, four sums side by side, each in row order.
func dots(dst, v []float64, columns [][]float64) {
	j := 0
	for ; j+4 <= len(columns); j += 4 {
		a, b, c, d := columns[j][:len(v)], columns[j+1][:len(v)], columns[j+2][:len(v)], columns[j+3][:len(v)]
		var sa, sb, sc, sd float64
		for i, x := range v {
			sa += float64(x * a[i])
			sb += float64(x * b[i])
			sc += float64(x * c[i])
			sd += float64(x * d[i])
		}
		dst[j], dst[j+1], dst[j+2], dst[j+3] = dst[j]+sa, dst[j+1]+sb, dst[j+2]+sc, dst[j+3]+sd
	}
	for ; j < len(columns); j++ {
		dst[j] += num.Dot(v, columns[j])
	}
}

// minimize returns θ at the optimum, balanced, and whether it got there.
func (s *softmax) minimize(ctx context.Context) ([][]float64, bool, error) {
	theta := make([][]float64, s.sets)
	for k := range theta {
		theta[k] = make([]float64, len(s.x))
	}
	converged := false
	for range maxNewton {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		done, err := s.newton(ctx, theta)
		if err != nil {
			return nil, false, err
		}
		if converged = done; done {
			break
		}
	}
	s.balance(theta)
	return theta, converged, nil
}

// balance makes what is not penalized sum to 0 over the sets: a shift common to all changes
// no probability, so without it such parameters would drift by rounding.
func (s *softmax) balance(theta [][]float64) {
	if s.reference {
		return
	}
	for j, penalty := range s.penalty {
		if penalty > 0 {
			continue
		}
		sum := 0.0
		for k := range theta {
			sum += theta[k][j]
		}
		for k := range theta {
			theta[k][j] -= sum / float64(s.sets)
		}
	}
}
