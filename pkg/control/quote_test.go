package control

import (
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

// TestRunsThatAreTooMuch are refused when they are posted: over their budget, or with a trial
// that no function has the time for. Nothing is recorded.
func TestRunsThatAreTooMuch(t *testing.T) {
	w := newWorld(t)
	w.Engine.Cloud = true
	const data = `"data": {"source": "s3://bucket/data/penguins/", "target": "species"}`
	for body, want := range map[string]struct {
		problem gateway.Type
		detail  string
	}{
		`{` + data + `, "budget": {"cost": 0.00001}}`: {gateway.BudgetExceeded, "the dearest trials are"},
		`{` + data + `, "search": {"strategy": "grid"}, "configurations": [{"learner": "mlp", "params": {"epochs": 100000, "members": 100, "holdout": 0}}]}`: {
			gateway.TrialTooLarge, "0001-mlp is predicted to take"},
	} {
		var p gateway.Problem
		w.do(t, "POST", "/v1/runs", body, &p)
		if p.Type != want.problem.URI() || !strings.Contains(p.Detail, want.detail) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if keys := w.keys(t); keys != "" {
		t.Errorf("recorded: %s", keys)
	}
}
