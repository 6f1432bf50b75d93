//go:build linux || darwin

package main

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// testDrift has a server on the store capture rows of penguins that are far too heavy, and asks for
// the drift of the day.
func testDrift(t *testing.T, store string) {
	t.Helper()
	models, err := openStore(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	if out := foretell(t, "drift", "--store", store, "penguins"); !strings.Contains(out, "unjudged, nothing was captured") {
		t.Errorf("before:\n%s", out)
	}
	server := &serving.Server{Registry: models}
	if err := server.Watch("test", func(name string) string { return topology.Settings[name] }, time.Now); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i := range 300 {
		rows = append(rows, fmt.Sprintf(`{"body_mass_g": %d}`, 90000+10*i))
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/v1/models/penguins/predict", strings.NewReader(`{"instances": [`+strings.Join(rows, ",")+`]}`))
	gateway.Routes(server.Routes()).ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	server.Close()
	out := foretell(t, "drift", "--store", store, "penguins")
	if !strings.Contains(out, "severe, version 1: ") || !strings.Contains(out, "300 rows as main") || !strings.Contains(out, "body_mass_g") {
		t.Errorf("after:\n%s", out)
	}
	if _, err, code := fails(t, "drift", "--store", store, "penguins", "--fail-on", "severe", "--json"); code != exitDrifted {
		t.Errorf("--fail-on severe exits with %d, %v", code, err)
	}
}
