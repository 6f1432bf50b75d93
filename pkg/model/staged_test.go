package model

import (
	"context"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestStaged: a model after its first rounds is the model of so many rounds, of one score and of
// several, rows and columns sampled.
func TestStaged(t *testing.T) {
	const rows = 300
	x := &dataset.Matrix{Rows: rows, Names: []string{"a", "b"}, Columns: [][]float64{make([]float64, rows), make([]float64, rows)}}
	values, classes := make([]float64, rows), make([]float64, rows)
	for i := range rows {
		a, b := float64(i*37%101), float64(i*53%97)
		x.Columns[0][i], x.Columns[1][i] = a, b
		values[i], classes[i] = a*b, float64((i*37%101+i*53%97)%3)
	}
	for name, data := range map[string]Data{
		"regression": {X: x, Y: values, Task: dataset.Regression},
		"three":      {X: x, Y: classes, Task: dataset.Multiclass, Classes: 3},
	} {
		fit := func(rounds int) Staged {
			b, err := New("boosting", map[string]any{"rounds": rounds, "learning_rate": 0.2, "leaves": 7, "min_leaf_rows": 5, "row_share": 0.7, "column_share": 0.5})
			if err != nil {
				t.Fatal(err)
			}
			m, err := b.Fit(context.Background(), data, 3)
			if err != nil {
				t.Fatal(err)
			}
			return m.(Staged)
		}
		predict := func(m Model) []float64 {
			dst := make([]float64, rows*m.Outputs())
			m.Predict(dst, x)
			return dst
		}
		long := fit(12)
		before := predict(long)
		for _, n := range []int{1, 5, 12} {
			if got, want := predict(long.After(n)), predict(fit(n)); !slices.Equal(got, want) {
				t.Errorf("%s after %d rounds: %v, want %v", name, n, got[:3], want[:3])
			}
		}
		if long.Rounds() != 12 || !slices.Equal(predict(long), before) {
			t.Errorf("%s: %d rounds, or the model has changed", name, long.Rounds())
		}
	}
}
