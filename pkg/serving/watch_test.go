package serving_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// environment is one of two variables.
func environment(fresh, keep string) func(string) string {
	return func(name string) string {
		return map[string]string{topology.EnvAliasFresh: fresh, topology.EnvCapture: keep}[name]
	}
}

// TestCaptureForm: what a stage may be set to is what a server takes.
func TestCaptureForm(t *testing.T) {
	form := regexp.MustCompile(topology.CaptureForm)
	for _, setting := range []string{"off", "sketches", "predictions", "rows", "rows:0.1", "rows:.05", "rows:1", "rows:0", "rows:0.0", "rows:2", "rows:1.5", "rows:", "rows:-0.1", "off:1", "all"} {
		_, err := capture.New(nil, "one", setting, nil)
		if form.MatchString(setting) != (err == nil) {
			t.Errorf("%q: the form says %t, the server %v", setting, form.MatchString(setting), err)
		}
	}
}

func TestWatch(t *testing.T) {
	r, _, now, _ := served(t)
	s := &serving.Server{Registry: r}
	for _, o := range [][2]string{{"soon", ""}, {"-1s", ""}, {"0s", ""}, {"", "everything"}} {
		if err := s.Watch("one", environment(o[0], o[1]), now.Now); err == nil {
			t.Errorf("%q makes %+v", o, s)
		}
	}
	err := s.Watch("one", environment("", ""), now.Now)
	if err != nil || s.Fresh != 5*time.Second || s.Capture != nil {
		t.Errorf("by default %+v, %v", s, err)
	}
	s.Close()
	s = &serving.Server{Registry: r}
	err = s.Watch("one", environment("1m", "predictions"), now.Now)
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
	if err != nil || len(o.Series) != 2 {
		t.Fatalf("%+v, %v", o, err)
	}
	for _, series := range o.Series { // in the order of digests
		if compared := series.Difference != nil && series.Difference.Rows == 1; series.Rows != 1 || compared != (series.Role == capture.Shadow) {
			t.Errorf("%+v", series)
		}
	}
}
