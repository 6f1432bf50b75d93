package training

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// TestLearningCurves: with all rows and all rounds the curves are at the scores of the trial.
func TestLearningCurves(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, strings.Replace(penguins, "[5, 10]", "12", 1)))
	var plan Plan
	trials := firstRound(t, e, run)
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		t.Fatal(err)
	}
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	for learner, curves := range map[string]int{"boosting": 2, "logistic": 1} {
		trial := trials[slices.IndexFunc(trials, func(t Trial) bool { return t.Learner == learner })]
		result, err := e.Trial(ctx, trial)
		if err != nil {
			t.Fatal(err)
		}
		scores := result.Scores[plan.Metric]
		heavy := registry.Member{Trial: trial.ID, Learner: learner, Params: trial.Params, Weight: 0.9}
		got, err := learningCurves(ctx, concluded{plan: plan, data: data, ensemble: Ensemble{Members: []registry.Member{{Learner: "baseline", Weight: 0.1}, heavy}}}, 2)
		if err != nil || len(got) != curves {
			t.Fatalf("%s: %+v, %v", learner, got, err)
		}
		rows := got[len(got)-1]
		if n := len(rows.At); n != len(learningShares) || rows.Judged[n-1] != num.Sum(scores)/5 || rows.Folds != 5 || rows.At[0] < 27 || rows.At[0] > 30 || rows.Trial != trial.ID {
			t.Errorf("%s by rows: %+v, trial %v", learner, rows, scores)
		}
		if rows.Judged[0] < rows.Judged[len(rows.Judged)-1] || rows.Low[0] >= rows.Judged[0] || rows.High[0] <= rows.Judged[0] {
			t.Errorf("%s: a tenth of the rows is worth more than all: %+v", learner, rows)
		}
		if curves == 1 {
			continue
		}
		rounds := got[0]
		if n := len(rounds.At); !rounds.Rounds || n != 12 || rounds.At[n-1] != 12 || rounds.Judged[n-1] != scores[0] || rounds.Fitted[n-1] >= rounds.Fitted[0] {
			t.Errorf("by rounds: %+v, trial %v", rounds, scores)
		}
	}
	plan.Volume.Train *= 100_000 // predicted to take hours
	if got, err := learningCurves(ctx, concluded{plan: plan, data: data, ensemble: Ensemble{Members: []registry.Member{{Learner: "logistic", Weight: 1}}}}, 0); err != nil || got != nil {
		t.Errorf("of a long fit: %+v, %v", got, err)
	}
}

// TestLevels: the highest and the lowest twentieth are at the ends; categories have none.
func TestLevels(t *testing.T) {
	values := []float64{math.NaN(), 1e9}
	for i := range 40 {
		values = append(values, float64(i))
	}
	got := levels(&dataset.Column{Name: "x", Type: dataset.Numeric, Values: values})
	// Of the 41 numbers 2 and 38 are the 5th and 95th in a hundred.
	for row, want := range map[int]float64{1: 1, 2: 0, 4: 0, 5: 1. / 36, 22: 0.5, 40: 1} {
		if math.Abs(got[row]-want) > 1e-12 {
			t.Errorf("row %d is at %v, want %v", row, got[row], want)
		}
	}
	if !math.IsNaN(got[0]) || levels(&dataset.Column{Name: "c", Type: dataset.Categorical, Codes: []int32{0}}) != nil {
		t.Errorf("missing %v", got[0])
	}
	flag := levels(&dataset.Column{Name: "b", Type: dataset.Boolean, Values: append(make([]float64, 50), 1)})
	same := levels(&dataset.Column{Name: "s", Type: dataset.Numeric, Values: []float64{7, 7}})
	if flag[0] != 0 || flag[50] != 1 || same[0] != 0.5 {
		t.Errorf("flag %v, constant %v", flag, same)
	}
}
