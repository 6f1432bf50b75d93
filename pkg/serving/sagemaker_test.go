package serving_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestSageMaker: the routes of a container answer for the one model that it is started with.
func TestSageMaker(t *testing.T) {
	r, store := newRegistry(t)
	h := (&serving.Server{Registry: r, Model: "adult"}).Routes()
	var p gateway.Problem
	if w := get(h, "/ping"); json.Unmarshal(w.Body.Bytes(), &p) != nil || !errors.Is(p, gateway.Unavailable.New("")) {
		t.Errorf("before there is a model: %d %s", w.Code, w.Body)
	}
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	if w := get(h, "/ping"); w.Code != http.StatusOK || w.Body.Len() > 0 || store.artifacts.Load() != 1 {
		t.Errorf("ping: %d %s, %d artifacts read", w.Code, w.Body, store.artifacts.Load())
	}
	for _, f := range census2 {
		w := send(h, "/invocations", f.media, f.body, "Accept", "text/csv")
		if want := "<=50K,0.75,0.25\n<=50K,0.75,0.25\n"; w.Body.String() != want || w.Header().Get("Content-Type") != "text/csv; charset=utf-8; header=absent" {
			t.Errorf("%s: %d %s", f.name, w.Code, w.Body)
		}
		w = send(h, "/invocations", f.media, f.body, "Accept", "application/json")
		if got := predictionsOf(t, w); got != predictionsOf(t, send(h, "/v1/models/adult/predict", f.media, f.body)) {
			t.Errorf("%s: %s", f.name, got)
		}
	}
	without := (&serving.Server{Registry: r}).Routes()
	if w := get(without, "/ping"); w.Code != http.StatusOK {
		t.Errorf("ping of a host of many: %d %s", w.Code, w.Body)
	}
	if w := post(without, "/invocations", `{"instances": [{"age": 30}]}`); json.Unmarshal(w.Body.Bytes(), &p) != nil || !errors.Is(p, gateway.RouteNotFound.New("")) {
		t.Errorf("which model? %d %s", w.Code, w.Body)
	}
}
