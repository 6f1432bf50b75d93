package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// wideRefinements is how often the solution of a wide problem is corrected by its residual.
const wideRefinements = 3

// alike reports whether the columns' units are near enough for one unit to do for all, which
// the wide form needs: ‖β‖ is measured in the units of the data.
func (s *leastSquares) alike() bool {
	low, high := bounds(s.unit)
	return high/low <= 0x1p200
}

// solveWide solves with more columns than rows, at a cost of rows² × columns: the solution of
// least ‖β‖, and that with a ridge, is a combination of the rows, so the transpose is what is
// factorized. Columns are centered and in one unit, rows times √w.
//
//   - with l2 > 0: β = Bᵀ·u, (B·Bᵀ + l2·I)·u = b, by QR of B's transpose over √l2·I, whose R
//     is the Cholesky factor of that matrix, without squaring its condition.
//   - else: Bᵀ·P = Q·R of the rank of the data, and β = Q·z where z is the least-squares
//     solution of Rᵀ·z = b, the equations of rows that contradict each other included.
func (s *leastSquares) solveWide(ctx context.Context) error {
	n := len(s.y)
	rows, b, unit := s.wideRows()
	var beta []float64
	var err error
	if s.l2 > 0 {
		ridge := s.ridge[0] / s.unit[0] * unit
		beta, err = dualRidge(ctx, rows, b, ridge)
	} else {
		beta, err = shortestWide(ctx, rows, b, dependence*epsilon*math.Sqrt(float64(n)))
	}
	if err != nil {
		return err
	}
	s.setBeta(beta, unit)
	return nil
}

// setBeta takes the coefficients of columns that are all in one unit, and what intercept
// goes with them.
func (s *leastSquares) setBeta(beta []float64, unit float64) {
	s.beta, s.c = make([]num.Twofold, len(beta)), num.Twofold{}
	for a, v := range beta {
		s.beta[a].Hi = v * (unit / s.unit[a])
		s.c.AddProduct(-s.mean[a], s.beta[a].Hi)
	}
	if s.intercept {
		s.c.Add(s.centerY())
	}
}

// centerY is the weighted mean of the scaled target.
func (s *leastSquares) centerY() float64 {
	var sum, total num.Twofold
	for i, y := range s.y {
		square := float64(s.root[i] * s.root[i])
		sum.AddProduct(square, float64(y*s.unitY))
		total.Add(square)
	}
	return sum.Value() / total.Value()
}

// wideRows are the rows of the centered columns times √w, all in one unit (of the column of
// the largest: unit), and the centered target likewise.
func (s *leastSquares) wideRows() (rows [][]float64, b []float64, unit float64) {
	unit, _ = bounds(s.unit)
	rows, b = zeros(len(s.y), len(s.active)), make([]float64, len(s.y))
	middle := 0.0
	if s.intercept {
		middle = s.centerY()
	}
	for i, y := range s.y {
		b[i] = (float64(y*s.unitY) - middle) * s.root[i]
		for a, j := range s.active {
			centered := float64(s.columns[j][i]*s.unit[a]) - s.mean[a]
			rows[i][a] = centered * s.root[i] * (unit / s.unit[a])
		}
	}
	return rows, b, unit
}

// dualRidge is the β that minimizes ‖rows·β − b‖² + ridge²·‖β‖².
func dualRidge(ctx context.Context, rows [][]float64, b []float64, ridge float64) ([]float64, error) {
	n, p := len(rows), len(rows[0])
	columns := make([][]float64, n)
	norm := make([]float64, n)
	for i, row := range rows {
		columns[i] = append(append(make([]float64, 0, p+n), row...), make([]float64, n)...)
		columns[i][p+i] = ridge
		norm[i] = math.Sqrt(num.Dot(columns[i], columns[i]))
		if norm[i] == 0 {
			norm[i] = 1
		}
		for k := range columns[i] {
			columns[i][k] /= norm[i]
		}
	}
	f, err := factorize(ctx, columns, 0, make([]float64, n))
	if err != nil {
		return nil, err
	}
	u, beta := make([]float64, n), make([]float64, p)
	for range wideRefinements {
		z := make([]float64, f.rank)
		for k := range z {
			i := f.order[k]
			left := dotTwofold(b[i], rows[i], beta)
			left.AddProduct(-ridge*ridge, u[i])
			z[k] = left.Value() / norm[i]
		}
		f.solveT(z)
		f.solve(z)
		for k, v := range z {
			u[f.order[k]] += v / norm[f.order[k]]
		}
		combineRows(beta, rows, u)
	}
	return beta, nil
}

// dotTwofold is b − x·β.
func dotTwofold(b float64, x, beta []float64) num.Twofold {
	left := num.Twofold{Hi: b}
	for a, v := range x {
		left.AddProduct(-v, beta[a])
	}
	return left
}

// combineRows sets beta to Σ u[i]·rows[i].
func combineRows(beta []float64, rows [][]float64, u []float64) {
	sums := make([]num.Twofold, len(beta))
	for i, row := range rows {
		for a, v := range row {
			sums[a].AddProduct(u[i], v)
		}
	}
	for a, sum := range sums {
		beta[a] = sum.Value()
	}
}

// shortestWide is, of the β that minimize ‖rows·β − b‖², that of least norm. A row that is a
// combination of others but for noise, relative to its length, counts as one.
func shortestWide(ctx context.Context, rows [][]float64, b []float64, noise float64) ([]float64, error) {
	n, p := len(rows), len(rows[0])
	largest := 0.0
	for _, row := range rows {
		largest = max(largest, num.Dot(row, row))
	}
	largest = math.Sqrt(largest)
	beta := make([]float64, p)
	if largest == 0 {
		return beta, nil
	}
	columns, known := zeros(n, p), make([]float64, n)
	for i, row := range rows {
		known[i] = noise
		for a, v := range row {
			columns[i][a] = v / largest
		}
	}
	f, err := factorize(ctx, columns, 0, known)
	if err != nil {
		return nil, err
	}
	lower := zeros(f.rank, n) // Rᵀ by columns, rows in pivoted order
	for k, column := range f.columns {
		for i := range min(k, f.rank) {
			lower[i][k] = column[i]
		}
		if k < f.rank {
			lower[k][k] = f.diagonal[k]
		}
	}
	second, err := factorize(ctx, lower, 0, make([]float64, f.rank))
	if err != nil {
		return nil, err
	}
	for range wideRefinements {
		left := make([]float64, n)
		for k, i := range f.order {
			rest := dotTwofold(b[i], rows[i], beta)
			left[k] = rest.Value()
		}
		second.multiplyT(left)
		z := left[:second.rank]
		second.solve(z)
		step := make([]float64, p)
		for k, v := range z {
			step[second.order[k]] = v / largest
		}
		f.multiply(step)
		addScaled(beta, beta, 1, step)
	}
	return beta, nil
}
