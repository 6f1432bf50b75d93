package control

import (
	"net/http"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// TestDriftAndOutcomes: outcomes are taken and stored; the report that the monitor wrote is
// answered.
func TestDriftAndOutcomes(t *testing.T) {
	w := newWorld(t)
	const drift, outcomes, body = "/v1/models/penguins/drift", "/v1/models/penguins/outcomes", `{"outcomes":[{"id":"r-1","class":"Adelie"},{"id":"r-2","value":3}]}`
	w.refused(t, gateway.ModelNotFound, "", "GET", drift, "")
	w.refused(t, gateway.ModelNotFound, "", "POST", outcomes, body)
	if _, err := w.Registry.Register(t.Context(), "penguins", []byte("x"), registry.Manifest{Run: "r"}); err != nil {
		t.Fatal(err)
	}
	w.refused(t, gateway.DriftNotFound, "", "GET", drift, "")
	w.refused(t, gateway.DriftNotFound, "", "GET", drift+"?day=2026-11-27", "")
	w.refused(t, gateway.InvalidParameter, "", "GET", drift+"?day=yesterday", "")

	var accepted struct{ Accepted int }
	isStatus(t, w.do(t, "POST", outcomes, body, &accepted), http.StatusAccepted)
	isStatus(t, w.do(t, "POST", outcomes, body, nil), http.StatusAccepted) // again
	stored := 0
	for info, err := range w.Registry.Store.List(t.Context(), "outcomes/") {
		if stored++; err != nil || !strings.HasPrefix(info.Key, "outcomes/penguins/2026-11-27/") {
			t.Errorf("stored %s, %v", info.Key, err)
		}
	}
	if accepted.Accepted != 2 || stored != 1 {
		t.Errorf("%d accepted, %d objects", accepted.Accepted, stored)
	}
	w.refused(t, gateway.InvalidParameter, "/outcomes", "POST", outcomes, `{"outcomes":[]}`)
	w.refused(t, gateway.InvalidParameter, "/outcomes", "POST", outcomes, `{"outcomes":[`+strings.Repeat(`{"id":"a","value":1},`, monitoring.MaxOutcomes)+`{"id":"a","value":1}]}`)
	w.refused(t, gateway.InvalidParameter, "/outcomes/1", "POST", outcomes, `{"outcomes":[{"id":"a","value":1},{"id":"a"}]}`)
	w.refused(t, gateway.InvalidJSON, "", "POST", outcomes, `{"outcomes":[{"id":"a","label":1}]}`)

	if _, err := (&monitoring.Monitor{Registry: w.Registry, Now: w.Now}).Run(t.Context(), monitoring.Event{}); err != nil {
		t.Fatal(err)
	}
	var report monitoring.Report
	isStatus(t, w.do(t, "GET", drift, "", &report), http.StatusOK)
	if report.Day != "2026-11-27" || report.Verdict != profile.Unjudged || report.Outcomes.Unmatched != 2 {
		t.Errorf("%+v", report)
	}
}
