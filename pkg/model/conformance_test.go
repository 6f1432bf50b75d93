package model_test

import (
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/model/modeltest"
)

// TestConformance runs the suite on every learner there is, with its defaults.
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
			learner, err := model.New(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			modeltest.Run(t, learner, does...)
		})
	}
}
