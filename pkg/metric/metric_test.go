package metric

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// tolerance allows for other orders of summation: scikit-learn adds pairwise.
const tolerance = 1e-12

// peerCase is rows with the scores that scikit-learn gives them.
type peerCase struct {
	Name      string
	Outputs   int
	Y         []float64
	Predicted []float64
	Weights   []float64
	Scores    map[string]float64
}

func peerCases(t *testing.T) []peerCase { return readGolden(t).Cases }

// golden is what the script testdata/peers/metric_sklearn.py wrote.
type golden struct {
	Cases     []peerCase
	Intervals []peerInterval
	CRPS      []peerCRPS
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/metric_sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestScoresAreScikitLearns(t *testing.T) {
	held := map[string]int{}
	for _, c := range peerCases(t) {
		for name, want := range c.Scores {
			got := mustScore(t, name, c.Y, c.Predicted, c.Weights, c.Outputs)
			if !near(got, want) {
				t.Errorf("%s: %s = %v, scikit-learn has %v", c.Name, name, got, want)
			}
			held[name]++
		}
	}
	for _, m := range catalog {
		if held[m.Name] < 3 {
			t.Errorf("%s: %d cases, want at least 3", m.Name, held[m.Name])
		}
	}
}

// near is relative also below 1, unlike num.Close, and absolute only at 0.
func near(got, want float64) bool {
	return math.Abs(got-want) <= tolerance*math.Abs(want) || math.Abs(got-want) <= 1e-15
}

func mustScore(t *testing.T, name string, y, predicted, weights []float64, outputs int) float64 {
	t.Helper()
	m, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	score, err := m.Score(y, predicted, weights, outputs)
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// A row of weight 0 is as if it were not there, whatever it holds, one of weight 2 as if it
// stood twice, and neither the scale of the weights nor the order of rows matters.
func TestWeightsAreCopies(t *testing.T) {
	for _, c := range peerCases(t) {
		for name := range c.Scores {
			n, k := len(c.Y), c.Outputs
			weights := make([]float64, n)
			var y, predicted []float64
			for i := range n {
				weights[i] = float64((i + 1) % 3)
				for range (i + 1) % 3 {
					y = append(y, c.Y[i])
					predicted = append(predicted, c.Predicted[i*k:(i+1)*k]...)
				}
			}
			m, _ := ByName(name)
			want, wantErr := m.Score(y, predicted, nil, k)
			spoiled := slices.Clone(c.Y)
			for i := 2; i < n; i += 3 {
				spoiled[i] = math.NaN()
			}
			got, err := m.Score(spoiled, c.Predicted, weights, k)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%s: %s: error %v with weights, %v with copies", c.Name, name, err, wantErr)
			}
			if err == nil && !num.Close(got, want, tolerance) {
				t.Errorf("%s: %s = %v with weights, %v with copies", c.Name, name, got, want)
			}
			for i := range weights {
				weights[i] *= 1e300
			}
			if scaled, _ := m.Score(spoiled, c.Predicted, weights, k); err == nil && !num.Close(scaled, want, tolerance) {
				t.Errorf("%s: %s = %v with weights × 1e300, want %v", c.Name, name, scaled, want)
			}
		}
	}
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	for _, c := range peerCases(t) {
		y, predicted, weights := slices.Clone(c.Y), slices.Clone(c.Predicted), slices.Clone(c.Weights)
		slices.Reverse(y)
		slices.Reverse(weights)
		slices.Reverse(predicted)
		for i := 0; i < len(predicted); i += c.Outputs {
			slices.Reverse(predicted[i : i+c.Outputs])
		}
		for name, want := range c.Scores {
			got := mustScore(t, name, y, predicted, weights, c.Outputs)
			if !num.Close(got, want, tolerance) {
				t.Errorf("%s: %s = %v for reversed rows, want %v", c.Name, name, got, want)
			}
			forward := mustScore(t, name, c.Y, c.Predicted, c.Weights, c.Outputs)
			if name == "roc_auc" && got != forward {
				t.Errorf("%s: roc_auc of reversed rows differs by %g, want the same bits", c.Name, got-forward)
			}
		}
	}
}

func TestBetter(t *testing.T) {
	up, down, nan := Metric{Greater: true}, Metric{}, math.NaN()
	for _, c := range []struct {
		m    Metric
		a, b float64
		want bool
	}{
		{up, 2, 1, true}, {up, 1, 2, false}, {up, 1, 1, false},
		{down, 1, 2, true}, {down, 2, 1, false}, {down, 1, 1, false},
		{up, nan, 1, false}, {down, nan, 1, false}, {up, nan, nan, false},
		{up, 1, nan, true}, {down, 1, nan, true},
	} {
		if got := c.m.Better(c.a, c.b); got != c.want {
			t.Errorf("greater %v: %v better than %v = %v", c.m.Greater, c.a, c.b, got)
		}
	}
}

func TestCatalog(t *testing.T) {
	for task, want := range map[dataset.Task]string{
		dataset.Regression: "rmse mae r2 mse median_absolute_error mape rmsle max_error explained_variance poisson_deviance gamma_deviance",
		dataset.Binary: "roc_auc log_loss accuracy brier average_precision f1 precision recall specificity " +
			"balanced_accuracy mcc cohen_kappa calibration_error",
		dataset.Multiclass: "log_loss accuracy brier macro_f1 weighted_f1 macro_precision weighted_precision macro_recall " +
			"roc_auc_ovr roc_auc_ovo balanced_accuracy mcc cohen_kappa calibration_error",
	} {
		var names []string
		for _, m := range For(task) {
			names = append(names, m.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: metrics %s, want %s", task, got, want)
		}
		if got := Default(task).Name; got != names[0] {
			t.Errorf("%s: default %s, want %s", task, got, names[0])
		}
	}
	for _, name := range []string{"pinball_0", "pinball_1.5", "tweedie_deviance_3", "top_0_accuracy", "top_1.5_accuracy", "top_many_accuracy"} {
		if m, err := ByName(name); err == nil {
			t.Errorf("%s is %+v", name, m)
		}
	}
	if _, err := ByName("auc"); err == nil || !strings.Contains(err.Error(), "roc_auc") {
		t.Errorf("unknown metric: error %v does not list the known ones", err)
	}
}
