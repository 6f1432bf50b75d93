package model

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// generated is a table by formula: columns uniform in [0, 1) from one stream, a target of
// Friedman's (1991) kind in the first five, standardized noise on top. For classification
// the target is cut at its quantiles.
func generated(rows, columns int, task dataset.Task, classes int) Data {
	random := seed.Rand(seed.Derive(1, "generated", rows, columns))
	x := &dataset.Matrix{Rows: rows}
	for j := range columns {
		values := make([]float64, rows)
		for i := range values {
			values[i] = random.Float64()
		}
		x.Names = append(x.Names, fmt.Sprint("x", j))
		x.Columns = append(x.Columns, values)
	}
	y := make([]float64, rows)
	for i := range y {
		c := func(j int) float64 { return x.Columns[j%columns][i] }
		y[i] = 10*math.Sin(math.Pi*c(0)*c(1)) + 20*(c(2)-0.5)*(c(2)-0.5) + 10*c(3) + 5*c(4) + random.NormFloat64()
		if task.Classification() {
			// The target lies between about 0 and 30, most of it in 8 to 21.
			y[i] = math.Floor(min(max((y[i]-8)/13, 0), 0.999) * float64(classes))
		}
	}
	return Data{X: x, Y: y, Task: task, Classes: classes}
}

func BenchmarkBoostingFit(b *testing.B) {
	for _, c := range []struct {
		rows, columns int
		task          dataset.Task
		classes       int
	}{
		{6000, 100, dataset.Regression, 0},
		{6000, 100, dataset.Binary, 2},
		{6000, 20, dataset.Multiclass, 5},
		{50000, 28, dataset.Binary, 2},
	} {
		name := fmt.Sprintf("rows=%d/columns=%d/classes=%d/trees=100/leaves=31", c.rows, c.columns, c.classes)
		b.Run(name, func(b *testing.B) {
			data := generated(c.rows, c.columns, c.task, c.classes)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DefaultBoosting().Fit(context.Background(), data, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBoostingPredict(b *testing.B) {
	data := generated(10000, 28, dataset.Binary, 2)
	m, err := DefaultBoosting().Fit(context.Background(), data, 1)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, data.X.Rows*m.Outputs())
	b.Run("rows=10000/trees=100/leaves=31", func(b *testing.B) {
		for b.Loop() {
			m.Predict(dst, data.X)
		}
	})
}
