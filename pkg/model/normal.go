package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

const (
	// normalCells is how many cells a matrix has at least that is not factorized by QR at once:
	// of fewer that takes a millisecond or two.
	normalCells = 1 << 16
	// normalCondition bounds the condition number of the matrix of products, the square of that
	// of the columns: a correction then gains ten digits and more, and standard errors, which
	// are not corrected, keep as many.
	normalCondition = 1e6
	// normalOffset bounds how long a column may be beside what is left of it by centering.
	normalOffset = 1e4
	// normalDigits is how near the coefficients are at the end, relative to the largest of the
	// factorized columns: what is left is below a rounding of one that is 10⁻⁷ of it.
	normalDigits = 0x1p-76
)

// solveNormal solves by the products of the columns, XᵀX, if these are well enough conditioned,
// and reports whether they are. Of a tall matrix the products take half the time of a QR
// factorization, in a pass that vector instructions do, and nothing as large as the matrix is
// written. That squaring the condition loses digits does not matter: they come back with the
// corrections (see refineNormal).
func (s *leastSquares) solveNormal(ctx context.Context) (bool, error) {
	n := len(s.active)
	if n == 0 || n*len(s.y) < normalCells || len(s.y) < 4*n {
		return false, nil
	}
	if ok, err := s.factorizeProducts(ctx); !ok || err != nil {
		return false, err
	}
	return s.refineNormal(ctx)
}

// factorizeProducts leaves as factor R alone, without reflectors: the Cholesky factor of the
// products of the centered and scaled columns with their ridge. The column of the intercept is at
// right angles to them. It reports false if they are not well conditioned.
func (s *leastSquares) factorizeProducts(ctx context.Context) (bool, error) {
	n, fixed := len(s.active), s.fixed()
	columns, offset := zeros(n, len(s.y)), make([]float64, n)
	s.norm = make([]float64, n)
	err := par.For(ctx, n, 0, func(a int) error {
		raw := s.weightedColumn(columns[a], a)
		length := math.Sqrt(num.Dot(columns[a], columns[a]))
		s.norm[a], offset[a] = math.Hypot(length, s.ridge[a]), raw/length
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, v := range offset {
		if !(v <= normalOffset) {
			return false, nil
		}
	}
	products, err := gram(ctx, columns, nil)
	if err != nil {
		return false, err
	}
	for a, row := range products {
		row[a] += float64(s.ridge[a] * s.ridge[a])
		for b := range row {
			row[b] = row[b] / s.norm[a] / s.norm[b]
		}
	}
	if !wellConditioned(products) {
		return false, nil
	}
	f := &qr{columns: make([][]float64, fixed+n), diagonal: make([]float64, fixed+n), order: make([]int, fixed+n), rank: fixed + n}
	if s.intercept {
		f.diagonal[0] = 1
	}
	for a, row := range products {
		f.columns[fixed+a] = append(make([]float64, fixed), row[:a]...)
		f.diagonal[fixed+a], f.order[fixed+a] = row[a], fixed+a
	}
	s.factor = f
	return true, nil
}

// wellConditioned overwrites the lower triangle of a symmetric matrix with its Cholesky factor, and
// reports whether it has one and its condition number, by the sums of its columns, is within
// normalCondition.
func wellConditioned(lower [][]float64) bool {
	n := len(lower)
	norm := largestSum(n, func(i, j int) float64 { return lower[max(i, j)][min(i, j)] })
	if !cholesky(lower) {
		return false
	}
	inverse := zeros(n, n)
	for j, column := range inverse {
		column[j] = 1
		substitute(lower, column)
	}
	return norm*largestSum(n, func(i, j int) float64 { return inverse[j][i] }) <= normalCondition
}

// largestSum is the greatest sum of the absolute values of a column.
func largestSum(n int, at func(i, j int) float64) float64 {
	largest := 0.0
	for j := range n {
		sum := 0.0
		for i := range n {
			sum += math.Abs(at(i, j))
		}
		largest = max(largest, sum)
	}
	return largest
}

// refineNormal starts from 0 and corrects the coefficients by (RᵀR)⁻¹ of what is missing in the
// normal equations, Ãᵀ·w·(b − A·β), computed in twofold precision from the columns as they are
// given, as refine does it: each time an error shrinks by the condition of the products times one
// rounding. It ends when what is left is out of sight, and reports false if it does not shrink.
func (s *leastSquares) refineNormal(ctx context.Context) (bool, error) {
	n := len(s.y)
	s.r = make([]float64, n+s.ridgeRows())
	s.c, s.beta = num.Twofold{}, make([]num.Twofold, len(s.active))
	left := make([]num.Twofold, n)
	size, last := 0.0, math.Inf(1)
	for range maxRefinements {
		pull, err := s.pull(ctx, left)
		if err != nil {
			return false, err
		}
		step, err := s.correctNormal(ctx, left, pull)
		if err != nil {
			return false, err
		}
		if !(step < last/16) {
			return false, nil
		}
		size = max(size, step)
		rest := step / last * step // what the next step will be
		if last < math.Inf(1) && rest <= size*normalDigits && step <= 0x1p-27*math.Sqrt(num.Dot(s.r, s.r)) || step == 0 {
			return true, nil
		}
		last = step
	}
	return false, nil
}

// pull overwrites left with w·(b − A·β) by row, and r with √w times the same. It returns the sum.
func (s *leastSquares) pull(ctx context.Context, left []num.Twofold) (num.Twofold, error) {
	n := len(s.y)
	unitW := math.Ldexp(1, -(exponent(s.weights) &^ 1))
	sums := make([]num.Twofold, (n+rowPart-1)/rowPart)
	err := s.missing(ctx, left, func(part, from, to int) {
		for i := from; i < to; i++ {
			s.r[i] = s.root[i] * left[i].Value()
			w, lo := s.weights[i]*unitW, left[i].Lo
			left[i].Hi, left[i].Lo = num.TwoProduct(w, left[i].Hi)
			left[i].Lo += float64(w * lo)
			sums[part].Add(left[i].Hi)
			sums[part].Lo += left[i].Lo
		}
	})
	var sum num.Twofold
	for _, part := range sums {
		sum.Add(part.Hi)
		sum.Lo += part.Lo
	}
	return sum, err
}

// correctNormal adds the correction for what is missing, and returns its length.
func (s *leastSquares) correctNormal(ctx context.Context, left []num.Twofold, pull num.Twofold) (float64, error) {
	fixed, z := s.fixed(), make([]float64, s.factor.rank)
	if s.intercept {
		z[0] = pull.Value() / math.Sqrt(num.Dot(s.root, s.root))
	}
	err := par.For(ctx, len(s.active), 0, func(a int) error {
		var ridge num.Twofold
		if s.l2 > 0 {
			p, lost := num.TwoProduct(s.ridge[a], s.beta[a].Hi)
			s.r[len(s.y)+a] = -p
			ridge.AddProduct(-s.ridge[a], p)
			ridge.Lo -= float64(s.ridge[a] * (lost + float64(s.ridge[a]*s.beta[a].Lo)))
		}
		z[fixed+a] = s.pullOf(a, left, pull, ridge)
		return nil
	})
	s.factor.solveT(z)
	s.factor.solve(z)
	s.correct(z)
	return math.Sqrt(num.Dot(z, z)), err
}
