package serving_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestTextsAreRead sends texts that training never saw as a whole, and numbers for texts: they
// mean what their words mean, and a number is the text that it is written as.
func TestTextsAreRead(t *testing.T) {
	note := dataset.Column{Name: "note", Type: dataset.Text, Levels: []string{"box came late", "came 10.0", "nice box"}}
	var y []float64
	for i := range 60 {
		note.Codes = append(note.Codes, int32(i%3))
		y = append(y, []float64{1, 9, 6}[i%3])
	}
	inputs, err := dataset.NewTable(note)
	if err != nil {
		t.Fatal(err)
	}
	target := pipeline.Target{Name: "stars", Type: dataset.Numeric, Task: dataset.Regression}
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: y}, target, pipeline.Configuration{Learner: "linear"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := newRegistry(t)
	register(t, r, "stars", p, inputs)
	promote(t, r, "stars", 1)
	h := (&serving.Server{Registry: r}).Routes()
	predict := func(value string) float64 {
		t.Helper()
		w := post(h, "/v1/models/stars/predict", fmt.Sprintf(`{"instances":[{"note":%s}]}`, value))
		var response struct{ Predictions []struct{ Value float64 } }
		if err := json.Unmarshal(w.Body.Bytes(), &response); err != nil || w.Code != http.StatusOK || len(response.Predictions) != 1 {
			t.Fatalf("%s: %d, %s", value, w.Code, w.Body)
		}
		return response.Predictions[0].Value
	}
	if late, nice := predict(`"Late! So late."`), predict(`"how NICE"`); !(late < nice) {
		t.Errorf("late is %v, nice %v", late, nice)
	}
	number, text, other := predict(`10.0`), predict(`"10.0"`), predict(`10`)
	if math.Float64bits(number) != math.Float64bits(text) || number == other {
		t.Errorf("10.0 is %v as a number and %v as a text; 10 is %v", number, text, other)
	}
}
