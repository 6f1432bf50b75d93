package serving_test

import (
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestExposure: a request gives the exposure of a row as its logarithm, in the column of offsets;
// left out or null it is an exposure of 1.
func TestExposure(t *testing.T) {
	var x, logs, y []float64
	for i := range 60 {
		x, logs = append(x, float64(i%5)), append(logs, math.Log(float64(1+i%4)))
		y = append(y, float64(1+i%4)*math.Exp(float64(i%5)/4))
	}
	inputs, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x}, dataset.Column{Name: "log_days", Type: dataset.Numeric, Values: logs})
	if err != nil {
		t.Fatal(err)
	}
	target := pipeline.Target{Name: "claims", Type: dataset.Numeric, Task: dataset.Regression, Offset: "log_days"}
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: y}, target, pipeline.Configuration{Learner: "glm"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := newRegistry(t)
	register(t, r, "claims", p, inputs)
	promote(t, r, "claims", 1)
	h := (&serving.Server{Registry: r}).Routes()
	a := ask(t, h, "/v1/models/claims/predict", `{"instances": [{"x": 2}, {"x": 2, "log_days": null}, {"x": 2, "log_days": 0}, {"x": 2, "log_days": 0.6931471805599453}]}`)
	one := *a.Predictions[0].Value
	for i, want := range []float64{one, one, one, 2 * one} {
		if got := *a.Predictions[i].Value; math.Abs(got/want-1) > 1e-15 {
			t.Errorf("row %d is %v, want %v", i+1, got, want)
		}
	}
}
