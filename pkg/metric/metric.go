// Package metric scores predictions on slices: how far values are off, how well
// probabilities rank, how often the class is right. It knows nothing of models or tables.
//
// Its opinion: a score that is not defined is an error, never a number that looks like one.
// The area under the curve of one class, R² of a constant target and any score of no rows
// have no value, and a 0.5 or 0 in their place would be averaged into a leaderboard.
//
// Order of use: Default or ByName → Metric.Score on each fold → Metric.Better to compare.
//
// Scores agree with scikit-learn's of the same name (testdata/peers/metric_sklearn.py),
// except that a row of weight 0 is as if it were not there. Sums run in row order with
// compensation and unfused products, so that a score does not depend on the machine.
// Intervals around scores are not made here.
package metric

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Metric is a way to score predictions.
type Metric struct {
	Name    string
	Tasks   []dataset.Task // the tasks it is meant for
	Greater bool           // whether a greater score is a better one

	// Score compares predictions with the target.
	//
	// For regression y is the target, outputs is 1 and predicted holds a value per row. For
	// classification y is the class's index 0 … outputs-1 and predicted holds, row by row,
	// the probability of each class; outputs is 2 for the binary metrics. Weights are
	// non-negative and finite; nil means 1 for all. The slices are not changed.
	//
	// It returns a *RowError for a value outside these ranges, and an error wrapping
	// ErrUndefined if the rows have no such score or it overflows. Slices whose lengths do
	// not fit, or outputs that do not fit the metric, are a programmer's error: it panics.
	Score func(y, predicted, weights []float64, outputs int) (float64, error)
}

// Better reports whether score a is better than b. NaN, the score of what failed, is never
// better than anything, and every number is better than it.
func (m Metric) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a):
		return false
	case math.IsNaN(b):
		return true
	case m.Greater:
		return a > b
	}
	return a < b
}

// catalog lists every metric. For one task they stand in the order in which people want
// them; the first of them is the default.
var catalog = []Metric{
	{Name: "rmse", Tasks: []dataset.Task{dataset.Regression}, Score: regression("rmse", rmse)},
	{Name: "mae", Tasks: []dataset.Task{dataset.Regression}, Score: regression("mae", mae)},
	{Name: "r2", Tasks: []dataset.Task{dataset.Regression}, Greater: true, Score: regression("r2", r2)},
	{Name: "roc_auc", Tasks: []dataset.Task{dataset.Binary}, Greater: true, Score: binary("roc_auc", rocAUC)},
	{Name: "log_loss", Tasks: []dataset.Task{dataset.Binary, dataset.Multiclass}, Score: classification("log_loss", logLoss)},
	{Name: "accuracy", Tasks: []dataset.Task{dataset.Binary, dataset.Multiclass}, Greater: true, Score: classification("accuracy", accuracy)},
	{Name: "brier", Tasks: []dataset.Task{dataset.Binary}, Score: binary("brier", brier)},
	{Name: "macro_f1", Tasks: []dataset.Task{dataset.Multiclass}, Greater: true, Score: classification("macro_f1", macroF1)},
}

// ByName returns the metric of that name. The error of an unknown one lists those there are.
func ByName(name string) (Metric, error) {
	names := make([]string, len(catalog))
	for i, m := range catalog {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Metric{}, fmt.Errorf("no metric %q: there are %s", name, strings.Join(names, ", "))
}

// For returns the metrics meant for the task, the default first; none for an unknown task.
func For(task dataset.Task) []Metric {
	var fit []Metric
	for _, m := range catalog {
		if slices.Contains(m.Tasks, task) {
			fit = append(fit, m)
		}
	}
	return fit
}

// Default is the metric a task is judged by when nobody says otherwise: rmse, roc_auc or
// log_loss. All three reward knowing more than the majority class or the mean, which
// accuracy on a lopsided target does not. It panics for an unknown task.
func Default(task dataset.Task) Metric {
	fit := For(task)
	if len(fit) == 0 {
		panic("metric: unknown task")
	}
	return fit[0]
}
