package model_test

import (
	"context"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/model/modeltest"
)

// quick are params of learners whose defaults take long, and are no other code.
var quick = map[string]map[string]any{"mlp": {"hidden": []int{32}, "members": 3, "epochs": 80}}

// TestConformance runs the suite on every learner there is, with its defaults or quick. To count
// what ran: go test -v -run TestConformance$ ./pkg/model | grep -c 'PASS: .*/.*/'
func TestConformance(t *testing.T) {
	tasks := map[string][]dataset.Task{}
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		for _, name := range model.Learners(task) {
			tasks[name] = append(tasks[name], task)
		}
	}
	if len(tasks) < 4 {
		t.Fatalf("only %d learners", len(tasks))
	}
	for name, does := range tasks {
		t.Run(name, func(t *testing.T) {
			learner, err := model.New(name, quick[name])
			if err != nil {
				t.Fatal(err)
			}
			modeltest.Run(t, learner, does...)
		})
	}
}

// TestConformanceOfObjectives runs the suite on boosting with losses that are not the default
// and whose params are in no unit of the target.
func TestConformanceOfObjectives(t *testing.T) {
	for name, params := range map[string]map[string]any{
		"absolute_error": {"objective": "absolute_error"},
		"median":         {"objective": "quantile", "alpha": 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			learner, err := model.New("boosting", params)
			if err != nil {
				t.Fatal(err)
			}
			modeltest.Run(t, regressionOnly{learner}, dataset.Regression)
		})
	}
}

// regressionOnly refuses classes as learners do, since an objective of values is no fault of
// the task.
type regressionOnly struct{ model.Learner }

func (l regressionOnly) Fit(ctx context.Context, data model.Data, seed uint64) (model.Model, error) {
	if data.Task.Classification() {
		return nil, &model.TaskError{Learner: "boosting", Task: data.Task, Does: []dataset.Task{dataset.Regression}}
	}
	return l.Learner.Fit(ctx, data, seed)
}

// TestForestConformance runs the suite on forests that the defaults are not.
func TestForestConformance(t *testing.T) {
	all := []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass}
	for name, params := range map[string]map[string]any{
		"extra": {"extra": true, "bootstrap": false, "min_leaf_rows": 3},
		"leaf":  {"min_leaf_rows": 4, "trees": 40, "out_of_bag": true, "column_share": 1},
	} {
		t.Run(name, func(t *testing.T) {
			learner, err := model.New("forest", params)
			if err != nil {
				t.Fatal(err)
			}
			modeltest.Run(t, learner, all...)
		})
	}
}
