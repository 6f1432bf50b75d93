package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// Dependence is how predictions go with one column, all other columns of the rows as they are
// (Friedman 2001, section 8.2). Where the column goes together with others, some of the rows
// it makes up are unlike any that there are.
type Dependence struct {
	Column int
	// Grid holds values of the column, ascending.
	Grid []float64
	// Mean holds the mean prediction over the rows at each of them: grid × outputs.
	Mean []float64
	// Rows are those of the data that were taken, ascending, and Curves holds for each of them
	// its own predictions, grid × outputs (individual conditional expectation; Goldstein et al.
	// 2015). A mean of curves that go different ways says little.
	Rows   []int
	Curves [][]float64
}

// DependenceGrid bounds what DependenceOf does: it takes Points × Rows predictions.
type DependenceGrid struct {
	Points int // at most, of the grid: 2 to 1000
	Rows   int // at most, drawn if there are more: 1 to 100,000
}

// DefaultDependenceGrid is 20 points of 500 rows.
func DefaultDependenceGrid() DependenceGrid { return DependenceGrid{Points: 20, Rows: 500} }

// DependenceOf predicts the rows of x with other values of a column. The grid are the
// column's distinct values, if they are few enough, else quantiles of them at equal distances,
// the least and the greatest included; of categories the most frequent ones. Missing values are
// not part of it. It ends with ctx's error if ctx ends.
func DependenceOf(ctx context.Context, m Model, x *dataset.Matrix, column int, g DependenceGrid, seedOfRows uint64) (*Dependence, error) {
	if g.Points < 2 || g.Points > 1000 || g.Rows < 1 || g.Rows > 100_000 {
		return nil, fmt.Errorf("dependence: %d points of %d rows, want 2 to 1000 of 1 to 100000", g.Points, g.Rows)
	}
	if len(x.Columns) != m.Inputs() || column < 0 || column >= len(x.Columns) {
		return nil, fmt.Errorf("dependence: column %d of %d, and the model has %d", column, len(x.Columns), m.Inputs())
	}
	d := &Dependence{Column: column, Grid: gridOf(x.Columns[column], g.Points, x.Categorical(column))}
	if len(d.Grid) == 0 {
		return nil, errors.New("dependence: the column has no values")
	}
	share := float64(min(g.Rows, x.Rows)) / float64(x.Rows)
	for _, row := range tree.Draw(x.Rows, share, seedOfRows) {
		d.Rows = append(d.Rows, int(row))
	}
	rows, outputs := x.Select(d.Rows), m.Outputs()
	at := make([][]float64, len(d.Grid)) // rows × outputs
	err := par.For(ctx, len(d.Grid), 0, func(i int) error {
		at[i] = make([]float64, rows.Rows*outputs)
		m.Predict(at[i], withColumn(rows, column, repeat(d.Grid[i], rows.Rows)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("dependence: %w", err)
	}
	d.Curves = make([][]float64, rows.Rows)
	for r := range d.Curves {
		for _, p := range at {
			d.Curves[r] = append(d.Curves[r], p[r*outputs:(r+1)*outputs]...)
		}
	}
	for i := range len(d.Grid) * outputs {
		sum := 0.0
		for _, curve := range d.Curves {
			sum += curve[i] / float64(rows.Rows)
		}
		d.Mean = append(d.Mean, sum)
	}
	return d, nil
}

// gridOf returns at most so many of the values, without missing ones, ascending.
func gridOf(values []float64, points int, categories bool) []float64 {
	sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(sorted)
	distinct := slices.Compact(slices.Clone(sorted))
	if len(distinct) <= points {
		return distinct
	}
	if categories {
		counts := make(map[float64]int, len(distinct))
		for _, v := range sorted {
			counts[v]++
		}
		slices.SortStableFunc(distinct, func(a, b float64) int { return counts[b] - counts[a] })
		grid := distinct[:points]
		slices.Sort(grid)
		return grid
	}
	var grid []float64
	for i := range points {
		grid = append(grid, sorted[i*(len(sorted)-1)/(points-1)])
	}
	return slices.Compact(grid)
}
