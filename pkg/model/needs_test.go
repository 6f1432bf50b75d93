package model

import (
	"context"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestLearnersTakeWhatTheyAskFor fits each on columns that its needs allow: a missing number
// unless it wants them complete, and a column of categories if it splits them.
func TestLearnersTakeWhatTheyAskFor(t *testing.T) {
	const rows = 60
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		classes := map[dataset.Task]int{dataset.Binary: 2, dataset.Multiclass: 3}[task]
		for _, name := range Learners(task) {
			needs := NeedsOf(name)
			number, category, y := make([]float64, rows), make([]float64, rows), make([]float64, rows)
			for i := range rows {
				number[i], category[i] = float64(i*i%17), float64(i%4)
				y[i] = float64(i * 7 % 5 % max(2, classes))
			}
			x := &dataset.Matrix{Rows: rows, Names: []string{"number", "category"}, Columns: [][]float64{number, category}}
			if needs.Categories {
				x.Categories = []int{0, 4}
			}
			if !needs.Complete {
				number[3], category[5] = math.NaN(), math.NaN()
			}
			learner, err := New(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := learner.Fit(context.Background(), Data{X: x, Y: y, Task: task, Classes: classes}, 1); err != nil {
				t.Errorf("%s of %s asks for %+v and does not take it: %v", name, task, needs, err)
			}
		}
	}
	if NeedsOf("oracle") != (Needs{}) {
		t.Error("an unknown learner has needs")
	}
}
