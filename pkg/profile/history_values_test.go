package profile

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// A value that takes the place of another changes no number that a history follows, and is found.
func TestNewValuesInHistory(t *testing.T) {
	renamed := func(columns []dataset.Column) {
		for i, text := range columns[2].Levels {
			columns[2].Levels[i] = strings.Replace(text, "3", "three", 1)
		}
	}
	var profiles []*Profile
	for i := range 7 {
		profiles = append(profiles, day(t, i, 500, nil))
	}
	h := Trend(versions(append(profiles, day(t, 7, 500, renamed), day(t, 8, 500, renamed))...))
	if got := found(h); len(got) != 1 || got[0] != "v8 level  severe" {
		t.Fatalf("%q: want one, which is new once", got)
	}
	if a := h.Anomalies[0].Evidence; !strings.HasSuffix(a, ` % of the values are in no earlier version, such as "three"`) {
		t.Errorf("%q", a)
	}
	// What is not known of an earlier version may have been there.
	profiles[2] = profiles[2].Compact()
	if got := found(Trend(versions(append(profiles, day(t, 7, 500, renamed))...))); len(got) != 0 {
		t.Errorf("a version has no sketch: %q", got)
	}
}

// Values of Zipf's law, of which each version brings some that were never there, are usual.
func TestRareValuesInHistoryAreQuiet(t *testing.T) {
	for trial := range 20 {
		r := seed.Rand(seed.Derive(5, "zipf", trial))
		var profiles []*Profile
		for range 10 {
			levels := make([]string, 300)
			for i := range levels {
				levels[i] = strconv.Itoa(int(math.Exp(r.Float64() * 6)))
			}
			profiles = append(profiles, mustProfile(t, mustTable(t, textColumn(levels...))))
		}
		for _, a := range Trend(versions(profiles...)).Anomalies {
			if strings.Contains(a.Evidence, "no earlier version") {
				t.Errorf("trial %d: %+v", trial, a)
			}
		}
	}
}
