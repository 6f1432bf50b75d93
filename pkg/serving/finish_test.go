package serving_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestAnswersIntervalsAndDecisions: the baseline gives ">50K" a probability of 0.25 and predicts a
// pay of 1.5, whatever the row.
func TestAnswersIntervalsAndDecisions(t *testing.T) {
	r, _ := newRegistry(t)
	threshold := 0.25
	trained(t, r, "adult", "baseline", "income", func(p *pipeline.Pipeline) { p.Decision = &pipeline.Decision{Threshold: &threshold} })
	trained(t, r, "pay", "baseline", "pay", func(p *pipeline.Pipeline) {
		p.Conformal = &calibration.Conformal{Coverage: 0.9, Low: []float64{-1.25}, High: []float64{2}}
	})
	// Log odds of -ln 3, twice: e^(-2 ln 3) = 1/9, a probability of 0.1 (1 - 0.9).
	trained(t, r, "sure", "baseline", "income", func(p *pipeline.Pipeline) {
		p.Calibration = &calibration.Calibration{Method: calibration.Platt, Outputs: 2, Lines: []calibration.Line{{Slope: 2}}}
	})
	h := (&serving.Server{Registry: r}).Routes()
	for model, want := range map[string]string{
		"adult": `"predictions":[{"class":">50K","probabilities":{"<=50K":0.75,">50K":0.25}}]`,
		"pay":   `"coverage":0.9,"predictions":[{"value":1.5,"interval":[0.25,3.5]}]`,
		"sure":  `"class":"<=50K","probabilities":{"<=50K":0.9,">50K":0.09`,
	} {
		request := httptest.NewRequest("POST", "/v1/models/"+model+"/predict?version=1", strings.NewReader(`{"instances": [{"age": 30}]}`))
		request.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", model, w.Code, w.Body, want)
		}
	}
}
