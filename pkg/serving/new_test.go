package serving_test

import (
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
)

func TestNew(t *testing.T) {
	r, _, now, _ := served(t)
	for _, o := range []serving.Settings{{Fresh: "soon"}, {Fresh: "-1s"}, {Fresh: "0s"}, {Capture: "rows"}} {
		if s, err := serving.New(r, "one", o, now.Now); err == nil {
			t.Errorf("%+v makes %+v", o, s)
		}
	}
	s, err := serving.New(r, "one", serving.Settings{}, now.Now)
	if err != nil || s.Fresh != 5*time.Second || s.Capture != nil {
		t.Errorf("by default %+v, %v", s, err)
	}
	s.Close()
	s, err = serving.New(r, "one", serving.Settings{Fresh: "1m", Capture: "predictions"}, now.Now)
	if err != nil || s.Fresh != time.Minute || s.Capture.Keep != capture.KeepPredictions {
		t.Errorf("%+v, %v", s, err)
	}
	setAlias(t, r, registry.Alias{Version: 1, Shadow: &registry.Shadow{Version: 2}})
	ask(t, s.Routes(), "/v1/models/adult/predict", oneRow)
	s.Close()
	keys, err := capture.Keys(t.Context(), r.Store, "adult", now.Now())
	if err != nil || len(keys) != 1 {
		t.Fatalf("closing writes %q, %v", keys, err)
	}
	o, err := capture.Read(t.Context(), r.Store, keys[0])
	if err != nil || len(o.Series) != 2 || o.Series[0].Rows != 1 || o.Series[1].Difference.Rows != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}
