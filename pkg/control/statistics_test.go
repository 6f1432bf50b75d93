package control

import (
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// TestStatisticsVersion: the query chooses which statistics are answered.
func TestStatisticsVersion(t *testing.T) {
	w := newWorld(t)
	const path = "/v1/datasets/penguins/statistics"
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	for i, version := range []string{two, one} { // the greater key is the earlier
		if i > 0 {
			time.Sleep(10 * time.Millisecond) // file systems tell times apart by ticks of up to 4 ms
		}
		s := registry.Statistics{Dataset: "penguins", Version: version, Profile: &profile.Profile{Rows: 344}}
		if err := w.Registry.SaveStatistics(t.Context(), "penguins", s); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{"": one, "?version=" + one: one, "?version=" + two: two} {
		var got registry.Statistics
		if answer := w.do(t, "GET", path+query, "", &got); answer.Code != 200 || got.Version != want || got.Profile.Rows != 344 {
			t.Errorf("%q: %d %+v, want version %s", query, answer.Code, got, want)
		}
	}
	for _, query := range []string{"?version=" + strings.Repeat("3", 64), "?version=", "?version=..%2F" + one} {
		w.refused(t, gateway.StatisticsNotFound, "", "GET", path+query, "")
	}
	w.refused(t, gateway.InvalidParameter, "", "GET", path+"?version="+one+"&version="+two, "")
}
