package pipeline

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// closeTo allows for sums in another order.
func closeTo(got, want float64) bool { return math.Abs(got-want) <= 1e-9*max(1, math.Abs(want)) }

// sums reports whether base and contributions sum to the score.
func (e Explanation) sums() bool {
	sum := e.Base
	for _, v := range e.Contributions {
		sum += v
	}
	return closeTo(sum, e.Score)
}

// TestExplanationsSumToPredictions: on the scale that they say they are of.
func TestExplanationsSumToPredictions(t *testing.T) {
	ensemble := func(learners ...string) (all []Configuration) {
		for _, l := range learners {
			c := Configuration{Learner: l}
			switch l {
			case "boosting":
				c.Params = map[string]any{"rounds": 5.0}
			case "forest":
				c.Params = map[string]any{"trees": 5.0}
			}
			all = append(all, c)
		}
		return all
	}
	for _, tt := range []struct {
		set      int // of sets: penguins (three classes), adult (two), wine (values)
		members  []Configuration
		scale    Scale
		exact    bool
		finished func(*Pipeline)
	}{
		{2, ensemble("linear"), PredictionScale, true, nil},
		{2, ensemble("boosting", "linear", "forest"), PredictionScale, true, nil},
		{2, ensemble("boosting", "knn"), PredictionScale, false, nil},
		{1, ensemble("boosting"), LogOddsScale, true, nil},
		{1, ensemble("logistic", "boosting"), LogOddsScale, true, nil},
		{1, ensemble("forest"), PredictionScale, true, nil},
		{1, ensemble("boosting", "forest"), PredictionScale, false, func(p *Pipeline) {
			p.Calibration = &calibration.Calibration{Method: calibration.Platt, Outputs: 2, Lines: []calibration.Line{{Slope: 2}}}
		}},
		{1, ensemble("forest", "baseline"), PredictionScale, true, nil},
		{0, ensemble("forest", "baseline"), PredictionScale, true, nil},
		{0, ensemble("boosting"), SoftmaxScale, true, nil},
		{0, ensemble("logistic", "bayes"), PredictionScale, false, nil},
	} {
		inputs, target, y, _ := sets[tt.set].read(t)
		rows := make([]int, min(600, inputs.Rows()))
		for i := range rows {
			rows[i] = i * inputs.Rows() / len(rows)
		}
		some, of := inputs.Select(rows), make([]float64, len(rows))
		for i, row := range rows {
			of[i] = y[row]
		}
		weights := []float64{0.5, 0.3, 0.2}[:len(tt.members)]
		p, err := FitMembers(t.Context(), Data{Inputs: some, Y: of}, target, tt.members, weights, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if tt.finished != nil {
			tt.finished(p)
		}
		if err := p.Finish(t.Context(), some, Lineage{}); err != nil {
			t.Fatal(err)
		}
		asked := some.Select([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 200, 250})
		output, err := p.Predict(asked)
		if err != nil {
			t.Fatal(err)
		}
		k := target.Outputs()
		classes := make([]int, asked.Rows())
		for i := range classes {
			if k > 1 {
				classes[i] = p.Decide(output[i*k : (i+1)*k])
			}
		}
		all, err := p.Explain(t.Context(), asked, classes)
		if err != nil || len(all) != asked.Rows() {
			t.Fatalf("%v: %v", tt.members, err)
		}
		used := false
		for i, e := range all {
			if e.Scale != tt.scale || e.Exact != tt.exact || !e.sums() || k > 2 && e.Class != classes[i] || k == 2 && e.Class != 1 {
				t.Errorf("%v, row %d: %+v", tt.members, i+1, e)
			}
			served := output[i*k+e.Class]
			want := served
			if tt.scale == LogOddsScale && len(tt.members) == 1 {
				want = math.Log(served / (1 - served))
			} else if tt.scale != PredictionScale {
				continue // of the mean of scores, or of all classes together
			}
			if !closeTo(e.Score, want) && !(math.Abs(want) > 30) {
				t.Errorf("%v, row %d: the score is %v, what is predicted %v", tt.members, i+1, e.Score, want)
			}
			for _, v := range e.Contributions {
				used = used || v != 0
			}
		}
		if !used && (tt.scale == PredictionScale || len(tt.members) == 1 && tt.scale == LogOddsScale) {
			t.Errorf("%v: no column contributes anything", tt.members)
		}
	}
}

// TestSoftmaxExplained: the softmax of the classes' scores is what is predicted.
func TestSoftmaxExplained(t *testing.T) {
	p, inputs := sets[0].finished(t, "boosting")
	asked := inputs.Select([]int{3})
	output, err := p.Predict(asked)
	if err != nil {
		t.Fatal(err)
	}
	var scores []float64
	total := 0.0
	for class := range output {
		all, err := p.Explain(t.Context(), asked, []int{class})
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, math.Exp(all[0].Score))
		total += scores[class]
	}
	for class, want := range output {
		if got := scores[class] / total; !closeTo(got, want) {
			t.Errorf("class %d: %v, want %v", class, got, want)
		}
	}
}

// TestOffsetExplained: the exposure of a row is a contribution of its column.
func TestOffsetExplained(t *testing.T) {
	var x, logs, y []float64
	for i := range 80 {
		x, logs = append(x, float64(i%5)), append(logs, math.Log(float64(1+i%4)))
		y = append(y, float64(1+i%4)*math.Exp(float64(i%5)/4))
	}
	inputs, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x}, dataset.Column{Name: "log_days", Type: dataset.Numeric, Values: logs})
	if err != nil {
		t.Fatal(err)
	}
	target := Target{Name: "claims", Type: dataset.Numeric, Task: dataset.Regression, Offset: "log_days"}
	p, err := Fit(t.Context(), Data{Inputs: inputs, Y: y}, target, Configuration{Learner: "glm"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	output, err := p.Predict(inputs)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.Explain(t.Context(), inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range all {
		if e.Scale != LogScale || !e.sums() || !closeTo(math.Exp(e.Score), output[i]) || e.Contributions[1] != logs[i] {
			t.Errorf("row %d: %+v of %v", i+1, e, output[i])
		}
	}
}

func TestExplainStops(t *testing.T) {
	p, inputs := sets[2].finished(t, "linear")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Explain(ctx, inputs, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
