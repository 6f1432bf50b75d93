package metric

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

var (
	regressions     = []dataset.Task{dataset.Regression}
	binaries        = []dataset.Task{dataset.Binary}
	multiclasses    = []dataset.Task{dataset.Multiclass}
	classifications = []dataset.Task{dataset.Binary, dataset.Multiclass}
)

// catalog lists the metrics without a parameter. For one task they stand in the order in
// which people want them; the first of them is the default.
var catalog = []Metric{
	{Name: "rmse", Tasks: regressions, measure: rmse, spread: spreadOfRMSE},
	{Name: "mae", Tasks: regressions, loss: absoluteError},
	{Name: "r2", Tasks: regressions, Greater: true, measure: r2},
	{Name: "mse", Tasks: regressions, measure: mse, loss: squaredError},
	{Name: "median_absolute_error", Tasks: regressions, measure: medianAbsoluteError},
	{Name: "mape", Tasks: regressions, measure: mape, loss: relativeError},
	{Name: "rmsle", Tasks: regressions, measure: rmsle},
	{Name: "max_error", Tasks: regressions, measure: maxError},
	{Name: "explained_variance", Tasks: regressions, Greater: true, measure: explainedVariance},
	{Name: "poisson_deviance", Tasks: regressions, measure: deviance(1)},
	{Name: "gamma_deviance", Tasks: regressions, measure: deviance(2)},

	{Name: "roc_auc", Tasks: binaries, Greater: true, measure: rocAUC, spread: deLong},
	{Name: "log_loss", Tasks: classifications, loss: negativeLog},
	{Name: "accuracy", Tasks: classifications, Greater: true, loss: right, spread: wilson},
	{Name: "brier", Tasks: classifications, loss: quadratic},
	{Name: "average_precision", Tasks: binaries, Greater: true, measure: averagePrecision},
	{Name: "f1", Tasks: binaries, Greater: true, measure: ofPositive(f1)},
	{Name: "precision", Tasks: binaries, Greater: true, measure: ofPositive(precision)},
	{Name: "recall", Tasks: binaries, Greater: true, measure: ofPositive(recall)},
	{Name: "specificity", Tasks: binaries, Greater: true, measure: specificity},
	{Name: "macro_f1", Tasks: multiclasses, Greater: true, measure: averaged(f1, equally)},
	{Name: "weighted_f1", Tasks: multiclasses, Greater: true, measure: averaged(f1, byShare)},
	{Name: "macro_precision", Tasks: multiclasses, Greater: true, measure: averaged(precision, equally)},
	{Name: "weighted_precision", Tasks: multiclasses, Greater: true, measure: averaged(precision, byShare)},
	{Name: "macro_recall", Tasks: multiclasses, Greater: true, measure: averaged(recall, equally)},
	{Name: "roc_auc_ovr", Tasks: multiclasses, Greater: true, measure: oneVersusRest},
	{Name: "roc_auc_ovo", Tasks: multiclasses, Greater: true, measure: oneVersusOne},
	{Name: "balanced_accuracy", Tasks: classifications, Greater: true, measure: balancedAccuracy},
	{Name: "mcc", Tasks: classifications, Greater: true, measure: mcc},
	{Name: "cohen_kappa", Tasks: classifications, Greater: true, measure: cohenKappa},
	{Name: "calibration_error", Tasks: classifications, measure: calibrationError},
}

// parametric are the metrics whose name holds a number.
var parametric = []struct {
	prefix, suffix string
	example        string
	make           func(name string, parameter float64) (Metric, error)
}{
	{"pinball_", "", "pinball_0.9", pinball},
	{"tweedie_deviance_", "", "tweedie_deviance_1.5", tweedieDeviance},
	{"top_", "_accuracy", "top_3_accuracy", topAccuracy},
}

// ByName returns the metric of that name: one of the lists of For, or one whose name holds a
// parameter: pinball_0.9 (the quantile), tweedie_deviance_1.5 (the power), top_3_accuracy.
// The error of an unknown one lists those there are.
func ByName(name string) (Metric, error) {
	var names []string
	for _, m := range catalog {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	for _, p := range parametric {
		text, begins := strings.CutPrefix(name, p.prefix)
		text, ends := strings.CutSuffix(text, p.suffix)
		if parameter, err := strconv.ParseFloat(text, 64); begins && ends && err == nil {
			return p.make(name, parameter)
		}
		names = append(names, p.example)
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return Metric{}, fmt.Errorf("no metric %q%s: there are %s", name, hint, strings.Join(names, ", "))
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
