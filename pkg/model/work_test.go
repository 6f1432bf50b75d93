package model

import (
	"maps"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Work grows with everything that a learner loops over. How well it tells the time is measured
// by make bench-cost; a clock has no place in a test.
func TestWorkGrows(t *testing.T) {
	small := Shape{Rows: 1000, Columns: 10, Classes: 3}
	for _, name := range Learners(dataset.Multiclass) {
		l, err := New(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		before := Work(l, small, 100)
		for what, shape := range map[string]Shape{"rows": {Rows: 4000, Columns: 10, Classes: 3}, "columns": {Rows: 1000, Columns: 40, Classes: 3}, "classes": {Rows: 1000, Columns: 10, Classes: 12}} {
			after := Work(l, shape, 100)
			grows := name != "baseline" || what == "rows" // which looks at no column
			if name == "bayes" && what == "classes" || name == "knn" && what == "classes" || !grows {
				continue // each row is of one class
			}
			if !(after > 1.05*before) || !(after < 70*before) {
				t.Errorf("%s: four times the %s are %.3g units after %.3g", name, what, after, before)
			}
		}
		if rows := Work(l, small, 1000); !(rows > before) {
			t.Errorf("%s: %.3g units for ten times the rows to predict, after %.3g", name, rows, before)
		}
		if s := Seconds(name, before); !(s > 1e-8) || s > 60 {
			t.Errorf("%s: %v s for a thousand rows", name, s)
		}
	}
}

// Params that make a fit longer make more work, and each learner has a time per unit.
func TestWorkFollowsParams(t *testing.T) {
	shape := Shape{Rows: 10_000, Columns: 20, Classes: 2}
	for name, params := range map[string][2]map[string]any{
		"boosting": {{"rounds": 100.0}, {"rounds": 400.0}}, "forest": {{"trees": 50.0}, {"trees": 200.0}}, "mlp": {{"epochs": 10.0, "holdout": 0.0}, {"epochs": 40.0, "holdout": 0.0}},
	} {
		short, err := New(name, params[0])
		if err != nil {
			t.Fatal(err)
		}
		long, err := New(name, params[1])
		if err != nil {
			t.Fatal(err)
		}
		if ratio := Work(long, shape, 0) / Work(short, shape, 0); ratio < 3 || ratio > 5 {
			t.Errorf("%s: four times as long is %.2f times the work", name, ratio)
		}
	}
	// Columns that do not depend on each other need no QR, where rows are many.
	few, many := Shape{Rows: 500, Columns: 20}, Shape{Rows: 50_000, Columns: 100}
	for _, s := range []Shape{few, many} {
		dependent := s
		dependent.Dependent = true
		if less := Work(DefaultLinear(), s, 0) < Work(DefaultLinear(), dependent, 0); less != (s.Rows == many.Rows) {
			t.Errorf("%+v: fewer units than of dependent columns: %t", s, less)
		}
	}
	stopped := DefaultBoosting()
	stopped.EarlyStopping = 10
	if Work(stopped, shape, 0) >= Work(DefaultBoosting(), shape, 0) {
		t.Error("early stopping saves nothing")
	}
	var names []string
	for _, f := range families() {
		names = append(names, f.name)
	}
	if timed := slices.Sorted(maps.Keys(unitTime)); !slices.Equal(timed, names) {
		t.Errorf("times of units are those of %v, want %v", timed, names)
	}
}

// Trees of several classes have less to do the sooner these can be told apart, however much each param
// allows; not looked at, they are taken to be hard to tell apart. Two classes go by their rows.
func TestWorkFollowsMixedClasses(t *testing.T) {
	for name, params := range map[string][]map[string]any{
		"forest":   {{"bootstrap": true}, {"bootstrap": false, "extra": true}, {"min_leaf_rows": 5.0}, {"max_depth": 20.0}},
		"boosting": {{"leaves": 63.0}, {"leaves": 127.0, "min_leaf_rows": 2.0}, {"leaves": 31.0, "row_share": 0.5}},
	} {
		for _, p := range params {
			l, err := New(name, p)
			if err != nil {
				t.Fatal(err)
			}
			of := func(mixed float64, classes int) float64 {
				return Work(l, Shape{Rows: 1500, Columns: 12, Classes: classes, Bins: 12 * 200, Mixed: mixed}, 0)
			}
			if soon, late := of(0.05, 5), of(0.4, 5); !(late > 1.1*soon) || !(late < 6*soon) {
				t.Errorf("%s %v: %.3g units where classes are hard to tell apart, %.3g where they are not", name, p, late, soon)
			}
			if of(0, 5) != of(hardlyApart, 5) || of(0.05, 2) != of(0.4, 2) {
				t.Errorf("%s %v: unknown is not as usual, or two classes are looked at", name, p)
			}
		}
	}
}
