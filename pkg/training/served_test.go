package training

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestServeBounds(t *testing.T) {
	for text, want := range map[string]int64{"50MB": 50e6, "1.5 kB": 1500, "10MiB": 10 << 20, "2GiB": 2 << 30, "77B": 77, "": 442 << 20} {
		if got, err := (ServeConfig{MaxSize: text}).size(); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"{max_latency: fast}":      "/serve/max_latency: want a time",
		"{max_latency: -2ms}":      "/serve/max_latency: want a time",
		"{max_size: \"50\"}":       "/serve/max_size: want a size",
		"{max_size: 0MB}":          "/serve/max_size: want a size",
		"{max_size: 1e300GB}":      "/serve/max_size: want a size",
		"{max_latency: 2ms, x: 1}": "/serve/x",
	} {
		if _, err := ParseConfig([]byte(penguins + "serve: " + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// TestBoundsCountSharedEncodersOnce: two models with one encoder take it once, bagged in each fold.
func TestBoundsCountSharedEncodersOnce(t *testing.T) {
	list := []Standing{
		{Learner: "logistic", Served: &Served{EncoderBytes: 100, EncoderNanoseconds: 1000, ModelBytes: 10, ModelNanoseconds: 100}},
		{Learner: "mlp", Served: &Served{EncoderBytes: 100, EncoderNanoseconds: 1000, ModelBytes: 10, ModelNanoseconds: 100}},
		{Learner: "boosting", Served: &Served{EncoderBytes: 100, EncoderNanoseconds: 1000, ModelBytes: 10, ModelNanoseconds: 100}},
		{Learner: "boosting"},
	}
	for _, c := range []struct {
		serve   ServeConfig
		bagged  bool
		members []int
		want    bool
	}{
		{ServeConfig{MaxSize: "120B"}, false, []int{0, 1}, true},
		{ServeConfig{MaxSize: "119B"}, false, []int{0, 1}, false},
		{ServeConfig{MaxSize: "219B"}, false, []int{0, 2}, false},
		{ServeConfig{MaxSize: "220B"}, false, []int{0, 2}, true},
		{ServeConfig{MaxLatency: "1200ns"}, false, []int{0, 1}, true},
		{ServeConfig{MaxLatency: "1199ns"}, false, []int{0, 1}, false},
		{ServeConfig{MaxLatency: "1200ns"}, true, []int{0, 1}, false},
		{ServeConfig{MaxLatency: "6us"}, true, []int{0, 1}, true},
		{ServeConfig{MaxLatency: "1s"}, false, []int{3}, false},
	} {
		fits, err := Config{Serve: c.serve, Ensemble: EnsembleConfig{Bagged: c.bagged}}.bounds(list, 5)
		if err != nil || fits(c.members) != c.want {
			t.Errorf("%+v, bagged %v, %v: %v, want %v", c.serve, c.bagged, c.members, err, c.want)
		}
	}
	list[0].Served.ModelBytes, list[2].Served.ModelBytes = 442<<20-300, 200 // what the predict function has for models
	fits, err := Config{}.bounds(list, 5)
	if err != nil || !fits([]int{0}) || !fits([]int{0, 1}) || fits([]int{0, 2}) || !fits([]int{3}) {
		t.Errorf("bounds of a config without any: %v, %v, %v, %v, %v", fits([]int{0}), fits([]int{0, 1}), fits([]int{0, 2}), fits([]int{3}), err)
	}
}

// clock goes on by a step each time it is read. Trials read it side by side.
func clock(step time.Duration) func() time.Time {
	var at atomic.Int64
	return func() time.Time { return time.Unix(0, at.Add(int64(step))) }
}

// TestServedWithinBounds: a bound that boosting does not keep to leaves the linear model; one that
// the final model breaks by the clock, or by its size, is not promoted, and the verdict has the
// number; one that nothing keeps to says so.
func TestServedWithinBounds(t *testing.T) {
	conclude := func(serve string, step time.Duration) (Verdict, error) {
		t.Helper()
		e := engine(t)
		e.Now = clock(step)
		return e.Run(ctx, submit(t, e, parse(t, wines+"serve: "+serve)), nil)
	}
	for serve, learner := range map[string]string{
		"{max_latency: 1s, max_size: 50MB}": "ensemble",
		"{max_latency: 1800ns}":             "linear", // boosting: 20 trees of 7 leaves at 20 ns a node
	} {
		v, err := conclude(serve, time.Nanosecond)
		if err != nil || v.Learner != learner || !v.Promoted {
			t.Errorf("%s: %+v, %v", serve, v, err)
		}
	}
	v, err := conclude("{max_latency: 1ms}", 3*time.Millisecond)
	if err != nil || v.Promoted || v.Version != 1 || v.Reason != "a row takes 3ms, serve.max_latency is 1ms" {
		t.Errorf("slow: %+v, %v", v, err)
	}
	v, err = conclude("{max_size: 8kB}", time.Nanosecond) // without the profile of the data
	if err != nil || v.Promoted || !strings.Contains(v.Reason, "MB, serve.max_size is 8kB") {
		t.Errorf("large: %+v, %v", v, err)
	}
	if _, err := conclude("{max_size: 10B}", time.Nanosecond); err == nil || !strings.Contains(err.Error(), "serve.max_size") {
		t.Errorf("nothing fits: %v", err)
	}
}
