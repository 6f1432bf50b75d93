package training

import (
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// TestRules: it is the interval that decides, not the gain, and on all rows.
func TestRules(t *testing.T) {
	compared := func(on Rows, low, high float64) Comparison {
		return Comparison{on, metric.Comparison{Metric: "roc_auc", Gain: (low + high) / 2, Low: low, High: high, Confidence: 0.95, Rows: 100}}
	}
	better, likely, alike, worse := compared(HeldOut, 0.01, 0.03), compared(HeldOut, -0.01, 0.05), compared(HeldOut, -0.02, 0.01), compared(Fresh, -0.03, -0.01)
	for name, c := range map[string]struct {
		rule     PromoteConfig
		on       []Comparison
		promoted bool
		reason   string
	}{
		"better":                       {PromoteConfig{When: whenBetter}, []Comparison{better}, true, "better than version 3"},
		"likely better, but unproven":  {PromoteConfig{When: whenBetter}, []Comparison{likely}, false, "not proven better than version 3"},
		"by as much as asked":          {PromoteConfig{When: whenBetter, MinimumGain: 0.009}, []Comparison{better}, true, "better than"},
		"by less, perhaps, than asked": {PromoteConfig{When: whenBetter, MinimumGain: 0.015}, []Comparison{better}, false, "by 0.015"},
		"better on some rows only":     {PromoteConfig{When: whenBetter}, []Comparison{better, worse}, false, "on 100 fresh rows"},
		"not worse":                    {PromoteConfig{When: whenNotWorse}, []Comparison{alike}, true, "not worse than version 3"},
		"worse":                        {PromoteConfig{When: whenNotWorse}, []Comparison{better, worse}, false, "worse than version 3"},
		"always":                       {PromoteConfig{When: whenAlways}, []Comparison{worse}, true, "always"},
	} {
		promoted, reason := c.rule.decide(Contest{Champion: 3, Comparisons: c.on})
		if promoted != c.promoted || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: %t because %q, want %t, %q", name, promoted, reason, c.promoted, c.reason)
		}
	}
}

// TestCommonRows: a row is the same if its inputs and its target are, wherever it stands, and
// each is taken once.
func TestCommonRows(t *testing.T) {
	of := func(x, y []float64) *prepared {
		table, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x})
		if err != nil {
			t.Fatal(err)
		}
		return &prepared{Data: pipeline.Data{Inputs: table, Y: y}}
	}
	old := of([]float64{1, 2, 2, 3}, []float64{0, 0, 1, 1})
	now := of([]float64{9, 3, 2, 2, 2, 1}, []float64{0, 1, 1, 1, 0, 1})
	if got, want := common(now, old), []sameRow{{1, 3}, {2, 2}, {4, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
