package model

import (
	"fmt"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Trees on four columns that vary have all of them, unless told otherwise: one that does not vary changes
// nothing, nor does a share of 1; another that varies does.
func TestBoostingOfFewColumns(t *testing.T) {
	d := generated(500, 5, dataset.Regression, 0)
	state := func(share float64, columns ...[]float64) string {
		b := DefaultBoosting()
		b.Rounds, b.ColumnShare = 20, share
		data := d
		data.X = &dataset.Matrix{Rows: d.X.Rows, Names: d.X.Names[:len(columns)], Columns: columns}
		m, err := b.Fit(t.Context(), data, 1)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, d.X.Rows)
		m.Predict(p, data.X)
		return fmt.Sprint(p)
	}
	x := d.X.Columns
	same := make([]float64, d.X.Rows)
	if few := state(0, x[0], x[1], same, x[2], x[3]); few != state(1, x[0], x[1], same, x[2], x[3]) {
		t.Error("trees on four columns go without some")
	}
	if state(0, x...) == state(1, x...) {
		t.Error("trees on five columns have all")
	}
	if state(0.8, x[:4]...) == state(1, x[:4]...) {
		t.Error("trees on four columns have all, against what is said")
	}
}

// Quantiles are taken of leaves of 20 rows and of trees on all columns, unless told otherwise.
func TestBoostingDefaultsByObjective(t *testing.T) {
	many := Data{Y: make([]float64, 5000)}
	for objective, want := range map[boostingObjective]struct {
		rows  int
		share float64
	}{"": {7, 0.8}, squaredError: {7, 0.8}, logLoss: {7, 0.8}, absoluteError: {20, 1}, quantileLoss: {20, 1}, huberLoss: {20, 1}} {
		b := DefaultBoosting()
		b.Objective = string(objective)
		if rows, share := b.leafRows(many), b.columnShare(5); rows != want.rows || share != want.share {
			t.Errorf("%q: %d rows and %v of columns, want %v", objective, rows, share, want)
		}
		b.MinLeafRows, b.ColumnShare = 3, 0.3
		if rows, share := b.leafRows(many), b.columnShare(4); rows != 3 || share != 0.3 {
			t.Errorf("%q: %d rows and %v of columns, want 3 and 0.3", objective, rows, share)
		}
	}
}

// A leaf has at least 20 rows of few by default, 7 of many; a row of weight 3 is three.
func TestBoostingLeafRows(t *testing.T) {
	for _, c := range []struct {
		rows   int
		weight float64
		param  int
		want   int
	}{
		{2000, 1, 0, 20}, {2001, 1, 0, 7}, {700, 3, 0, 7}, {1000, 2, 0, 20}, {1000, 2.9, 0, 20}, {2000, 0.5, 0, 20}, {2001, 0.5, 0, 7},
		{5, 1e300, 0, 7}, {10, 1, 3, 3}, {9000, 1, 50, 50},
	} {
		data := Data{Y: make([]float64, c.rows)}
		if c.weight != 1 {
			data.Weights = slices.Repeat([]float64{c.weight}, c.rows)
		}
		if got := (Boosting{MinLeafRows: c.param}).leafRows(data); got != c.want {
			t.Errorf("%d rows of weight %v, param %d: %d, want %d", c.rows, c.weight, c.param, got, c.want)
		}
	}
}
