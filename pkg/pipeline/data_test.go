package pipeline

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
)

// claims are numbers that are exposure · e^(1 + x/2) exactly, with the exposure's logarithm.
func claims(t *testing.T, rows int) Data {
	t.Helper()
	r := seed.Rand(3)
	x, log, y := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	for i := range rows {
		x[i], log[i] = r.NormFloat64(), math.Log(0.1+r.Float64())
		y[i] = math.Exp(log[i] + 1 + x[i]/2)
	}
	inputs, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x},
		dataset.Column{Name: "log_exposure", Type: dataset.Numeric, Values: log})
	if err != nil {
		t.Fatal(err)
	}
	return Data{Inputs: inputs, Y: y}
}

var claimed = Target{Name: "claims", Type: dataset.Numeric, Task: dataset.Regression, Offset: "log_exposure"}

// TestOffset: predictions are for the exposure of the row, also from the artifact; one that is
// missing is 1; and nothing is learned from the exposure but that.
func TestOffset(t *testing.T) {
	data := claims(t, 400)
	p, err := Fit(context.Background(), data, claimed, Configuration{Learner: "glm", Params: map[string]any{"l2": 1e-9}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if names := p.Members[0].Encoder.Names(); !slices.Equal(names, []string{"x"}) || p.Schema.Index("log_exposure") != 1 {
		t.Errorf("the learner sees %q; the schema is %v", names, p.Schema)
	}
	if err := p.Finish(context.Background(), data.Inputs, Lineage{}); err != nil {
		t.Fatal(err)
	}
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if p, err = Decode(artifact); err != nil {
		t.Fatal(err)
	}
	b := p.Schema.Builder()
	for _, exposure := range []float64{math.NaN(), 0, math.Log(3), 1e6} {
		b.AddRow()
		if err := b.Number(0, 0.4); err != nil {
			t.Fatal(err)
		}
		if err := b.Number(1, exposure); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.Predict(b.Table())
	if err != nil {
		t.Fatal(err)
	}
	rate := math.Exp(1.2)
	const solved = 1e-6 // l2 and the solver's end
	for i, want := range []float64{rate, rate, 3 * rate, math.MaxFloat64} {
		if !(math.Abs(got[i]/want-1) <= solved) { // nor NaN
			t.Errorf("row %d predicts %v, want %v", i+1, got[i], want)
		}
	}
	if _, err := p.Predict(data.Inputs.Without("log_exposure")); err == nil || !strings.Contains(err.Error(), `"log_exposure"`) {
		t.Errorf("without the column of offsets: %v", err)
	}
}

// TestOffsetsWithoutAPlace are refused by learners whose predictions are no multiples of one.
func TestOffsetsWithoutAPlace(t *testing.T) {
	data := claims(t, 60)
	for _, learner := range model.Learners(dataset.Regression) {
		for _, params := range []map[string]any{nil, {"objective": "poisson", "rounds": 3.0}} {
			l, err := model.New(learner, params)
			if err != nil {
				continue // has no objective
			}
			_, err = Fit(context.Background(), data, claimed, Configuration{Learner: learner, Params: params}, 1)
			if takes := model.TakesOffset(l); takes != (err == nil) || takes != (learner == "glm" || params != nil) {
				t.Errorf("%s %v: takes offsets %v, and fitting said %v", learner, params, takes, err)
			}
		}
	}
}

// TestWeights: a row of weight 0 is as if it were not there, for encoder and model, and weights
// reach the learner.
func TestWeights(t *testing.T) {
	inputs, target, y, _ := sets[0].read(t)
	for _, learner := range []string{"logistic", "boosting"} {
		fit := func(d Data) []byte {
			t.Helper()
			p, err := Fit(context.Background(), d, target, Configuration{Learner: learner}, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Finish(context.Background(), inputs, Lineage{}); err != nil {
				t.Fatal(err)
			}
			artifact, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return artifact
		}
		weights := make([]float64, len(y))
		var kept []int
		for i := range weights {
			if i%3 > 0 {
				weights[i] = float64(i % 3)
				kept = append(kept, i)
			}
		}
		all := Data{Inputs: inputs, Y: y, Weights: weights}
		if !bytes.Equal(fit(all), fit(all.Select(kept))) {
			t.Errorf("%s: rows of weight 0 change the pipeline", learner)
		}
		some := all.Select(kept)
		some.Weights = nil
		if bytes.Equal(fit(all), fit(some)) {
			t.Errorf("%s: weights change nothing", learner)
		}
	}
}
