package model

import (
	"context"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// leastSquares minimizes Σ w·(y − c − x·β)² + l2·‖β‖² over β and, if it has an intercept, c.
//
// It factorizes by QR a matrix made easy for it – rows times √w, columns less their mean
// and divided by their norm, √l2 as extra rows – and then refines in the terms of the data
// as given: the residuals of both equations of the augmented system
//
//	r + A·β = b,  Aᵀ·r = 0
//
// are computed in twofold precision and solved for a correction until it no longer shrinks
// (Björck, "Iterative refinement of linear least squares solutions I", BIT 7, 1967). So what
// rounding the centering does is taken back, and ill-conditioned data keep their digits.
//
// Many rows of well-conditioned columns need no QR: see solveNormal.
//
// Everything is first scaled by powers of two, which is exact, so no square overflows.
type leastSquares struct {
	columns   [][]float64 // as given
	low       [][]float64 // what is to be added to each column; nil, or nil for a column: nothing
	names     []string
	y         []float64
	weights   []float64 // all positive
	l2        float64
	intercept bool

	active []int     // columns that vary (with an intercept) or are not all 0
	unit   []float64 // power of two that scales each active column
	unitY  float64
	root   []float64 // √w, scaled
	ridge  []float64 // √l2 of each active column, scaled as it is
	mean   []float64 // of each scaled active column; 0 without an intercept
	norm   []float64 // of each scaled, centered, weighted active column and its ridge

	factor *qr
	// The solution, scaled: intercept and coefficients of the active columns.
	c    num.Twofold
	beta []num.Twofold
	r    []float64 // weighted residuals, then those of the ridge rows
}

const (
	// maxCells bounds the matrix that is factorized: 4 GiB.
	maxCells = 1 << 29
	// maxRefinements bounds the correction steps. Two or three do unless the condition
	// number nears 1e16, and then each still gains something.
	maxRefinements = 20
	// dependence is how many roundings of a column, times √columns, may be left of it
	// outside the span of the others for it to count as a combination of them.
	dependence = 64
	epsilon    = 0x1p-52
)

// solve returns the coefficients, one per column, and the intercept. Where the columns are
// dependent, of all solutions it is the one with the least ‖β‖: what the ridge tends to as
// l2 goes to 0. Constant columns get 0.
func (s *leastSquares) solve(ctx context.Context) ([]float64, float64, error) {
	if err := s.fits(); err != nil {
		return nil, 0, err
	}
	if err := s.scale(ctx); err != nil {
		return nil, 0, err
	}
	if len(s.active) > len(s.y) && s.alike() {
		if err := s.solveWide(ctx); err != nil {
			return nil, 0, err
		}
		return s.unscale()
	}
	if done, err := s.solveNormal(ctx); err != nil {
		return nil, 0, err
	} else if done {
		return s.unscale()
	}
	if err := s.factorize(ctx); err != nil {
		return nil, 0, err
	}
	if err := s.refine(ctx); err != nil {
		return nil, 0, err
	}
	if s.factor.rank < len(s.factor.columns) {
		if err := s.shorten(ctx); err != nil {
			return nil, 0, err
		}
	}
	return s.unscale()
}

// fits refuses a problem whose matrix, with a row per penalty, is beyond maxCells.
func (s *leastSquares) fits() error {
	short, long := min(len(s.y), len(s.columns)), max(len(s.y), len(s.columns))
	if s.l2 > 0 {
		long += short
	}
	if cells := short * long; cells > maxCells {
		return &SizeError{What: "cells of rows times columns", Count: cells, Most: maxCells, Advice: "take fewer columns or rows"}
	}
	return nil
}

func (s *leastSquares) scale(ctx context.Context) error {
	s.unitY = unitScale(s.y)
	// An even power, so that its root is a power of two as well.
	unitW := math.Ldexp(1, -(exponent(s.weights) &^ 1))
	s.root = make([]float64, len(s.weights))
	total := num.Twofold{}
	for i, w := range s.weights {
		s.root[i] = math.Sqrt(w * unitW)
		total.Add(float64(w * unitW))
	}
	for j, column := range s.columns {
		low, high := bounds(column)
		if s.intercept && low == high || low == 0 && high == 0 {
			continue
		}
		unit := unitScale([]float64{low, high})
		s.active = append(s.active, j)
		s.unit = append(s.unit, unit)
		s.ridge = append(s.ridge, math.Sqrt(s.l2*unitW)*unit)
	}
	s.mean = make([]float64, len(s.active))
	if !s.intercept {
		return nil
	}
	return par.For(ctx, len(s.active), 0, func(a int) error {
		var sum num.Twofold
		for i, x := range s.columns[s.active[a]] {
			sum.AddProduct(float64(s.weights[i]*unitW), float64(x*s.unit[a]))
		}
		s.mean[a] = sum.Value() / total.Value()
		return nil
	})
}

func bounds(x []float64) (low, high float64) {
	low, high = x[0], x[0]
	for _, v := range x { // by comparison: min and max look for NaN and cost four times as much
		if v < low {
			low = v
		} else if v > high {
			high = v
		}
	}
	return low, high
}

// ridgeRows is the number of extra rows that hold the penalty.
func (s *leastSquares) ridgeRows() int {
	if s.l2 == 0 {
		return 0
	}
	return len(s.active)
}

// fixed is the number of columns of the factorized matrix ahead of the active ones.
func (s *leastSquares) fixed() int {
	if s.intercept {
		return 1
	}
	return 0
}

func (s *leastSquares) factorize(ctx context.Context) error {
	rows, fixed := len(s.y)+s.ridgeRows(), s.fixed()
	columns := make([][]float64, fixed+len(s.active))
	noise := make([]float64, len(columns))
	s.norm = make([]float64, len(s.active))
	if s.intercept {
		columns[0] = make([]float64, rows)
		n := math.Sqrt(num.Dot(s.root, s.root))
		for i, root := range s.root {
			columns[0][i] = root / n
		}
	}
	for a := range s.active {
		column := make([]float64, rows)
		raw := s.weightedColumn(column, a)
		if s.ridgeRows() > 0 {
			column[len(s.y)+a] = s.ridge[a]
		}
		n := math.Sqrt(num.Dot(column, column))
		if n == 0 { // varies only among rows whose weight vanishes beside the others
			n = 1
		}
		for i := range column {
			column[i] /= n
		}
		s.norm[a] = n
		// The column is known to one rounding of its values, which centering does not shrink.
		noise[fixed+a] = dependence * epsilon * math.Sqrt(float64(len(columns))) * max(1, raw/n)
		columns[fixed+a] = column
	}
	var err error
	s.factor, err = factorize(ctx, columns, fixed, noise)
	return err
}

// weightedColumn writes active column a to dst, centered and times √w, and returns how long it is
// when it is not centered.
func (s *leastSquares) weightedColumn(dst []float64, a int) float64 {
	raw := 0.0
	unit, mean := s.unit[a], s.mean[a]
	for i, x := range s.columns[s.active[a]] {
		scaled := float64(x*unit) * s.root[i]
		raw += float64(scaled * scaled)
		dst[i] = (float64(x*unit) - mean) * s.root[i]
	}
	return math.Sqrt(raw)
}

// refine starts from 0, so its first step is the plain solution by QR.
func (s *leastSquares) refine(ctx context.Context) error {
	f := s.factor
	s.r = make([]float64, len(s.y)+s.ridgeRows())
	s.c, s.beta = num.Twofold{}, make([]num.Twofold, len(s.active))
	size, last := 0.0, math.Inf(1)
	for range maxRefinements {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, h, err := s.residuals(ctx)
		if err != nil {
			return err
		}
		f.multiplyT(d)
		f.solveT(h)
		z := make([]float64, f.rank)
		for k := range z {
			z[k] = d[k] - h[k]
			d[k] = h[k]
		}
		f.solve(z)
		step := math.Sqrt(num.Dot(z, z))
		if !(step < last/2) { // also stops at NaN: nothing is added that is not a number
			break
		}
		f.multiply(d)
		for i, v := range d {
			s.r[i] += v
		}
		s.correct(z)
		size, last = max(size, step), step
		if step <= size*epsilon*epsilon {
			break
		}
	}
	return nil
}

// residuals returns what is missing in the two equations of the augmented system: b − r − A·β
// by row, and −Aᵀ·r by factorized column (only those within the rank), in the coordinates of
// the factorization.
func (s *leastSquares) residuals(ctx context.Context) (f, g []float64, err error) {
	n, fixed := len(s.y), s.fixed()
	left, pulled := make([]num.Twofold, n), make([]num.Twofold, n) // b − A·β, √w·r
	f = make([]float64, len(s.r))
	err = s.missing(ctx, left, func(_, from, to int) {
		for i := from; i < to; i++ {
			var t num.Twofold
			t.Add(-s.r[i])
			t.AddProduct(s.root[i], left[i].Hi)
			t.Lo += float64(s.root[i] * left[i].Lo)
			f[i] = t.Value()
			pulled[i].Hi, pulled[i].Lo = num.TwoProduct(s.root[i], s.r[i])
		}
	})
	if err != nil {
		return nil, nil, err
	}
	for a := range s.ridgeRows() {
		var t num.Twofold
		t.Add(-s.r[n+a])
		t.AddProduct(-s.ridge[a], s.beta[a].Hi)
		t.Lo -= float64(s.ridge[a] * s.beta[a].Lo)
		f[n+a] = t.Value()
	}
	var pull num.Twofold
	for _, p := range pulled {
		pull.Add(p.Hi)
		pull.Lo += p.Lo
	}
	g = make([]float64, s.factor.rank)
	err = par.For(ctx, len(g), 0, func(k int) error {
		if s.factor.order[k] < fixed {
			g[k] = -pull.Value() / math.Sqrt(num.Dot(s.root, s.root))
			return nil
		}
		a := s.factor.order[k] - fixed
		var ridge num.Twofold
		if s.ridgeRows() > 0 {
			ridge.AddProduct(s.ridge[a], s.r[n+a])
		}
		g[k] = -s.pullOf(a, pulled, pull, ridge)
		return nil
	})
	return f, g, err
}

// missing sets left to y − c − x·β of each row in twofold precision, and calls then for the rows
// of a part when they are done.
func (s *leastSquares) missing(ctx context.Context, left []num.Twofold, then func(part, from, to int)) error {
	n := len(s.y)
	return par.For(ctx, (n+rowPart-1)/rowPart, 0, func(part int) error {
		for from := part * rowPart; from < min(n, (part+1)*rowPart); from += rowBlock {
			s.missingRows(left, from, min(n, (part+1)*rowPart, from+rowBlock))
		}
		then(part, part*rowPart, min(n, (part+1)*rowPart))
		return nil
	})
}

func (s *leastSquares) missingRows(left []num.Twofold, from, to int) {
	left = left[from:to]
	for i, y := range s.y[from:to] {
		left[i] = num.Twofold{Hi: y * s.unitY}
		left[i].Add(-s.c.Hi)
		left[i].Add(-s.c.Lo)
	}
	for a, j := range s.active {
		b := s.beta[a]
		if b.Hi == 0 {
			continue
		}
		unit := s.unit[a]
		for i, x := range s.columns[j][from:to] {
			left[i].AddProduct(float64(-x*unit), b.Hi)
			left[i].Lo -= float64(x * unit * b.Lo)
		}
		if low := s.lowOf(j); low != nil {
			for i, x := range low[from:to] {
				left[i].Lo -= float64(x * unit * b.Hi)
			}
		}
	}
}

// lowOf is what is to be added to column j; nil for nothing.
func (s *leastSquares) lowOf(j int) []float64 {
	if s.low == nil {
		return nil
	}
	return s.low[j]
}

// pullOf is Ã_aᵀ·r for active column a, centered and divided by its norm, of which the ridge's rows
// have their part.
func (s *leastSquares) pullOf(a int, pulled []num.Twofold, pull, ridge num.Twofold) float64 {
	t := ridge
	unit := s.unit[a]
	for i, x := range s.columns[s.active[a]] {
		t.AddProduct(float64(x*unit), pulled[i].Hi)
		t.Lo += float64(x * unit * pulled[i].Lo)
	}
	for i, x := range s.lowOf(s.active[a]) {
		t.Lo += float64(x * unit * pulled[i].Hi)
	}
	t.AddProduct(-s.mean[a], pull.Hi)
	t.Lo -= float64(s.mean[a] * pull.Lo)
	return t.Value() / s.norm[a]
}

// correct adds a correction, given in the coordinates of the factorization.
func (s *leastSquares) correct(z []float64) {
	fixed := s.fixed()
	for k, v := range z {
		if s.factor.order[k] < fixed {
			s.c.Add(v / math.Sqrt(num.Dot(s.root, s.root)))
			continue
		}
		a := s.factor.order[k] - fixed
		d := v / s.norm[a]
		s.beta[a].Add(d)
		s.beta[a].Normal()
		s.c.AddProduct(-s.mean[a], d)
	}
	s.c.Normal()
}

// unscale returns the solution in the units of the data.
func (s *leastSquares) unscale() ([]float64, float64, error) {
	coefficients := make([]float64, len(s.columns))
	for a, j := range s.active {
		// Two steps: unit/unitY alone may overflow where the product does not.
		coefficients[j] = s.beta[a].Value() * s.unit[a] / s.unitY
		if math.IsInf(coefficients[j], 0) || math.IsNaN(coefficients[j]) {
			return nil, 0, fmt.Errorf("column %q: its coefficient is not a finite number; scale the column", s.names[j])
		}
	}
	c := s.c.Value() / s.unitY
	if math.IsInf(c, 0) || math.IsNaN(c) {
		return nil, 0, fmt.Errorf("the intercept is not a finite number; scale the columns")
	}
	return coefficients, c, nil
}
