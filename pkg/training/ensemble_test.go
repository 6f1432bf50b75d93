package training

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// invented are rows of two classes, five folds, and what candidates predict for them out of
// fold: class 1 by the logistic function of given log odds.
func invented(t *testing.T, y []float64, logits ...[]float64) (*judged, Plan, []Standing) {
	t.Helper()
	x := dataset.Column{Name: "x", Type: dataset.Numeric, Values: y}
	inputs, err := dataset.NewTable(x)
	if err != nil {
		t.Fatal(err)
	}
	folds, err := validate.KFold(validate.Rows{N: len(y)}, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	var predictions [][]float64
	var list []Standing
	for _, z := range logits {
		p := make([]float64, 0, 2*len(z))
		for _, v := range z {
			one := 1 / (1 + math.Exp(-v))
			p = append(p, 1-one, one)
		}
		predictions = append(predictions, p)
		list = append(list, Standing{Trial: string(rune('a' + len(list))), Learner: "boosting"})
	}
	plan := Plan{Metric: "roc_auc", Target: pipeline.Target{Name: "y", Task: dataset.Binary, Classes: []string{"no", "yes"}},
		Config: Config{Ensemble: EnsembleConfig{Size: 25}, Calibration: calibrateNot}}
	by, err := metric.ByName(plan.Metric)
	if err != nil {
		t.Fatal(err)
	}
	return layOut(&prepared{Data: pipeline.Data{Inputs: inputs, Y: y}, folds: folds}, by, 2, predictions), plan, list
}

// coins are classes at random.
func coins(r *rand.Rand, n int) []float64 {
	y := make([]float64, n)
	for i := range y {
		y[i] = float64(r.IntN(2))
	}
	return y
}

// noisy are log odds that know the class behind so much noise.
func noisy(r *rand.Rand, y []float64, signal, noise float64) []float64 {
	z := make([]float64, len(y))
	for i, class := range y {
		z[i] = signal*(2*class-1) + noise*r.NormFloat64()
	}
	return z
}

// TestEnsembleErrsLess: of three models with independent errors and a useless one the mean is
// better than the best, on rows that it was not chosen by, and the useless one is left out.
func TestEnsembleErrsLess(t *testing.T) {
	r := seed.Rand(1)
	y := coins(r, 1000)
	j, plan, list := invented(t, y, noisy(r, y, 1, 1.5), noisy(r, y, 1, 1.5), noisy(r, y, 1, 1.5), noisy(r, y, 0, 1))
	made, err := decide(ctx, plan, list, j, 2)
	if err != nil {
		t.Fatal(err)
	}
	if made.Together == nil || *made.Together < *made.Alone+0.04 || made.Score != *made.Together {
		t.Errorf("alone %v, together %v, score %v", *made.Alone, *made.Together, made.Score)
	}
	for _, m := range made.Members {
		if m.Trial == "d" && m.Weight > 0.1 {
			t.Errorf("the useless model weighs %v", m.Weight)
		}
	}
	plan.Config.Ensemble.Stack = true
	if stacked, err := decide(ctx, plan, list, j, 2); err != nil || math.Abs(stacked.Score-made.Score) > 0.01 || reflect.DeepEqual(stacked.Members, made.Members) {
		t.Errorf("stacked: %+v, %v", stacked.Members, err)
	}
	plan.Config.Ensemble = EnsembleConfig{Size: 1}
	list[0].Score, list[0].Scores = 0.75, map[string]float64{"roc_auc": 0.75}
	j.candidates = j.candidates[:1]
	if alone, err := decide(ctx, plan, list[:1], j, 2); err != nil || len(alone.Members) != 1 || alone.Members[0].Weight != 1 || alone.Score != 0.75 {
		t.Errorf("size 1: %+v, %v", alone, err)
	}
}

// TestEnsembleOfNoiseIsNotBelieved: 30 models that know nothing. The score that they were chosen
// by is well above one half; the one that is reported is not, beyond three standard errors of
// an AUC (Hanley & McNeil 1982).
func TestEnsembleOfNoiseIsNotBelieved(t *testing.T) {
	r := seed.Rand(2)
	y := coins(r, 500)
	var nothing [][]float64
	for range 30 {
		nothing = append(nothing, noisy(r, y, 0, 1))
	}
	j, plan, list := invented(t, y, nothing...)
	made, err := decide(ctx, plan, list, j, 2)
	if err != nil {
		t.Fatal(err)
	}
	se := math.Sqrt(1 / float64(3*len(y)))
	chosenBy := made.Steps[len(made.Steps)-1].Score
	t.Logf("chosen by %.3f, reported %.3f, standard error %.3f", chosenBy, made.Score, se)
	if chosenBy < 0.5+2*se {
		t.Errorf("chosen by a score of %v: the test is too easy", chosenBy)
	}
	if math.Abs(made.Score-0.5) > 3*se {
		t.Errorf("a score of %v is reported for noise", made.Score)
	}
}

// TestCalibrateOnlyWhatGains: log odds three times too bold are brought back by auto; those that
// are right are let alone, but for the one time in a hundred that noise allows each method.
func TestCalibrateOnlyWhatGains(t *testing.T) {
	calibrated := 0
	const draws = 60
	for s := range uint64(draws) {
		r := seed.Rand(s)
		z, bold, y := make([]float64, 600), make([]float64, 600), make([]float64, 600)
		for i := range z {
			z[i] = 1.5 * r.NormFloat64()
			bold[i] = 3 * z[i]
			if r.Float64() < 1/(1+math.Exp(-z[i])) {
				y[i] = 1
			}
		}
		j, _, _ := invented(t, y, z, bold)
		if c, _, _ := j.calibrate(calibrateIfBetter, j.candidates[0]); c != nil {
			calibrated++
		}
		if s > 10 {
			continue
		}
		c, found, _ := j.calibrate(calibrateIfBetter, j.candidates[1])
		if c == nil || found.After > found.Before-0.1 {
			t.Fatalf("seed %d: bold probabilities were left alone: %+v", s, found)
		}
		served := slices.Clone(j.candidates[1])
		c.Apply(served)
		for i := range served {
			if math.Abs(served[i]-j.candidates[0][i]) > 0.15 {
				t.Errorf("seed %d: %v was calibrated to %v, want about %v", s, j.candidates[1][i], served[i], j.candidates[0][i])
			}
		}
		if c, _, _ := j.calibrate(calibrateNot, j.candidates[1]); c != nil {
			t.Error("calibrated against the config")
		}
		if c, _, _ := j.calibrate("isotonic", j.candidates[0]); c == nil || c.Method != calibration.Isotonic {
			t.Errorf("isotonic was asked for, got %+v", c)
		}
	}
	// Three methods, which mostly agree: 3 of 60 would have a chance of 1 in 4 at 0.03 each.
	if calibrated > 5 {
		t.Errorf("%d of %d times right probabilities were calibrated", calibrated, draws)
	}
}

// TestThresholds: with one row in ten of class 1, F1 is greatest well below one half, and the
// score that is reported for it is of thresholds chosen on other rows.
func TestThresholds(t *testing.T) {
	r := seed.Rand(5)
	y := make([]float64, 3000)
	z := make([]float64, len(y))
	for i := range y {
		z[i] = -3 + 1.5*r.NormFloat64()
		if r.Float64() < 1/(1+math.Exp(-z[i])) {
			y[i] = 1
		}
	}
	j, plan, list := invented(t, y, z)
	plan.Config.Decision.Maximize = "f1"
	made, err := decide(ctx, plan, list, j, 1)
	if err != nil {
		t.Fatal(err)
	}
	if v := *made.Decision.Threshold; v < 0.1 || v > 0.4 {
		t.Errorf("threshold %v", v)
	}
	if d := made.Decided; d.Score < d.Likeliest+0.05 {
		t.Errorf("decided %+v", d)
	}
	plan.Config.Decision = DecisionConfig{Costs: calibration.Costs{{0, 1}, {5, 0}}}
	if made, err = decide(ctx, plan, list, j, 1); err != nil || made.Decision.Costs[1][0] != 5 || made.Decision.Threshold != nil {
		t.Errorf("costs: %+v, %v", made.Decision, err)
	}
}

const wines = `
model: wine
data: {source: ../../testdata/wine-quality-white.csv, target: quality, task: regression}
validation: {folds: 3}
search: {strategy: grid}
configurations:
  - {learner: linear}
  - {learner: boosting, params: {rounds: 20, leaves: 7}}
  - {learner: boosting, params: {rounds: 20, leaves: 15}}
intervals: {coverage: 0.9}
seed: 3
`

// TestEnsembleIsServed: from a config to an artifact of several members with intervals, whose
// coverage of rows that were held out is the stated one.
func TestEnsembleIsServed(t *testing.T) {
	var artifacts [][]byte
	for _, config := range []string{wines, wines + "ensemble: {bagged: true}", strings.Replace(wines, "0.9}", "0.9, method: cv+}", 1) + "ensemble: {bagged: true}"} {
		e := engine(t)
		run := submit(t, e, parse(t, config))
		verdict, err := e.Run(ctx, run, nil)
		if err != nil {
			t.Fatal(err)
		}
		var made Ensemble
		if err := e.read(ctx, run, "ensemble.json", &made); err != nil {
			t.Fatal(err)
		}
		artifact, err := e.Registry.Artifact(ctx, "wine", verdict.Digest)
		if err != nil {
			t.Fatal(err)
		}
		artifacts = append(artifacts, artifact)
		p, err := pipeline.Decode(artifact)
		if err != nil {
			t.Fatal(err)
		}
		folds := 1
		if strings.Contains(config, "bagged") {
			folds = 3
		}
		if n := len(made.Members); n < 2 || len(p.Members) != n*folds || len(verdict.Members) != n || verdict.Learner != "ensemble" {
			t.Errorf("%d chosen, %d in the artifact, verdict %+v", n, len(p.Members), verdict)
		}
		if !(*made.Together < *made.Alone) || verdict.Score != *made.Together {
			t.Errorf("alone %v, together %v, score %v", *made.Alone, *made.Together, verdict.Score)
		}
		data, err := e.data(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		_, intervals, err := p.PredictIntervals(data.test.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		if len(intervals) != len(data.test.Y) || (p.CVPlus != nil) != strings.Contains(config, "cv+") {
			t.Fatalf("%d intervals, CV+ %v of %s", len(intervals), p.CVPlus != nil, config)
		}
		inside := 0
		for i, in := range intervals {
			if y := data.test.Y[i]; y >= in[0] && y <= in[1] {
				inside++
			}
		}
		n := float64(len(data.test.Y))
		if share := float64(inside) / n; math.Abs(share-0.9) > 3*math.Sqrt(0.9*0.1*(1/n+10/float64(len(data.Y)))) {
			t.Errorf("%d of %v rows are inside", inside, n)
		}
	}
	if bytes.Equal(artifacts[0], artifacts[1]) {
		t.Error("bagged is as refitted")
	}
}

// TestBaggedIsWhatWasValidated: each fold's part of a bagged ensemble predicts for the fold's
// rows, to the bit, what the trials predicted.
func TestBaggedIsWhatWasValidated(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		t.Fatal(err)
	}
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	plan.Config.Ensemble.Bagged = true
	made := Ensemble{}
	for _, s := range board.Standings[:2] {
		made.Members = append(made.Members, member(s, 0.5))
	}
	p, err := made.fit(ctx, plan, data, 2)
	if err != nil {
		t.Fatal(err)
	}
	for f, fold := range data.folds {
		for i, s := range board.Standings[:2] {
			stored, err := e.predictions(ctx, run, s.Trial, len(data.Y), 3)
			if err != nil {
				t.Fatal(err)
			}
			one := pipeline.Pipeline{Target: p.Target, Members: []pipeline.Member{p.Members[2*f+i]}}
			got, err := one.Predict(data.Inputs.Select(fold.Test))
			if err != nil {
				t.Fatal(err)
			}
			if want := ofRows(stored, fold.Test, 3); !reflect.DeepEqual(got, want) {
				t.Errorf("fold %d, %s: the shipped model predicts otherwise than the validated one", f, s.Trial)
			}
		}
	}
}

func TestServedFaults(t *testing.T) {
	for text, want := range map[string]string{
		"ensemble: {size: 101}":                             "/ensemble/size: want 1 to 100",
		"ensemble: {size: 1, stack: true}":                  "/ensemble/stack",
		"calibration: bold":                                 "/calibration: unknown method \"bold\"",
		"decision: {maximize: luck}":                        "/decision/maximize: unknown criterion",
		"decision: {maximize: f1, costs: [[0, 1], [1, 0]]}": "/decision/costs: belongs",
		"decision: {costs: [[0, 1], [1]]}":                  "/decision/costs: class 1",
		"intervals: {coverage: 90}":                         "/intervals/coverage: want 0.5 to below 1",
		"intervals: {coverage: 0.9, method: exact}":         "/intervals/method: unknown method",
		"intervals: {coverage: 0.9, method: cv+}":           "/intervals/method: cv+ asks the models of the folds",
		"intervals: {method: conformal}":                    "/intervals/method: says how",
		"ensemble: {bagged: true}\nintervals: {coverage: 0.9, method: cv+}\nvalidation: {repeats: 2}": "/intervals/method: cv+ wants folds",
	} {
		if _, err := ParseConfig([]byte(penguins + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{ // what only the data tells
		"decision: {maximize: f1}":            "/decision/maximize: chooses a threshold between two classes; there are 3",
		"decision: {costs: [[0, 1], [1, 0]]}": "/decision/costs: are of 2 classes; there are 3",
		"intervals: {coverage: 0.9}":          "/intervals: are of values",
	} {
		e := engine(t)
		if _, err := e.Plan(ctx, submit(t, e, parse(t, penguins+text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	e := engine(t)
	if _, err := e.Plan(ctx, submit(t, e, parse(t, wines+"calibration: platt"))); err == nil || !strings.Contains(err.Error(), "/calibration: is of probabilities") {
		t.Errorf("calibrated values: %v", err)
	}
}

// TestForestsAreDoubted: where a log loss judges, what consists of forests alone has the baseline beside them, so
// that no class is said to be impossible; with a model that never says so, by another metric, or where the
// best alone is asked for, nothing is added.
func TestForestsAreDoubted(t *testing.T) {
	list := []Standing{{Learner: "forest"}, {Learner: "boosting"}, {Learner: "knn"}, {Learner: "baseline"}}
	for name, tt := range map[string]struct {
		metric  string
		size    int
		members []int
		fits    func([]int) bool
		want    []int
	}{
		"a forest":              {"log_loss", 25, []int{0}, nil, []int{0, 3}},
		"forest and neighbours": {"log_loss", 25, []int{2, 0}, nil, []int{2, 0, 3}},
		"boosting with it":      {"log_loss", 25, []int{0, 1}, nil, []int{0, 1}},
		"the baseline with it":  {"log_loss", 25, []int{0, 3}, nil, []int{0, 3}},
		"by another metric":     {"roc_auc", 25, []int{0}, nil, []int{0}},
		"the best alone":        {"log_loss", 1, []int{0}, nil, []int{0}},
		"no room for a second":  {"log_loss", 25, []int{0}, func(m []int) bool { return len(m) < 2 }, []int{0}},
	} {
		c := chooser{config: EnsembleConfig{Size: tt.size}, fits: tt.fits}
		c.doubts(tt.metric, list)
		weights := slices.Repeat([]float64{1 / float64(len(tt.members))}, len(tt.members))
		got := c.doubted(choice{members: tt.members, weights: weights})
		if !slices.Equal(got.members, tt.want) || len(got.weights) != len(tt.want) || math.Abs(num.Sum(got.weights)-1) > 1e-15 {
			t.Errorf("%s: %v by %v, want %v", name, got.members, got.weights, tt.want)
		}
		if got.several() != (len(tt.members) > 1) {
			t.Errorf("%s: several were chosen: %v", name, got.several())
		}
	}
	alone := chooser{config: EnsembleConfig{Size: 25}}
	alone.doubts("log_loss", list[:2])
	if got := alone.doubted(choice{members: []int{0}, weights: []float64{1}}); len(got.members) != 1 {
		t.Errorf("without a baseline: %v", got)
	}
}
