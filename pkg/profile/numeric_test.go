package profile

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// tolerance allows the peers another order of operations.
const tolerance = 1e-12

// near is relative: values as small as 1e-300 are held to the same digits.
func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*math.Abs(want)
}

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestNumericAgreesWithNumpy(t *testing.T) {
	var golden struct {
		Columns []struct {
			Name           string
			Values         []float64
			Min, Max, Mean float64
			SD             *float64
			Quantiles      Quantiles
			Edges          []float64
			Counts         []int
		}
	}
	readGolden(t, "profile_numpy.json", &golden)
	if len(golden.Columns) == 0 {
		t.Fatal("no columns")
	}
	for _, c := range golden.Columns {
		got := one(t, dataset.Column{Type: dataset.Numeric, Values: c.Values}).Numeric
		want := &NumericSummary{
			Min: c.Min, Max: c.Max, Mean: c.Mean, SD: c.SD, Quantiles: c.Quantiles,
			Histogram: Histogram{Edges: c.Edges, Counts: c.Counts},
		}
		if c.Edges == nil {
			want.Histogram.Edges = []float64{c.Min, c.Max}
		}
		compareNumeric(t, c.Name, got, want)
	}
}

func compareNumeric(t *testing.T, name string, got, want *NumericSummary) {
	t.Helper()
	if got.Min != want.Min || got.Max != want.Max {
		t.Errorf("%s: from %v to %v, want %v to %v", name, got.Min, got.Max, want.Min, want.Max)
	}
	// The mean of values of both signs is as exact as their sizes allow.
	if size := max(-want.Min, want.Max); math.Abs(got.Mean-want.Mean) > 1e-15*size {
		t.Errorf("%s: mean %v, want %v", name, got.Mean, want.Mean)
	}
	switch {
	case (got.SD == nil) != (want.SD == nil):
		t.Errorf("%s: deviation %v, want %v", name, got.SD, want.SD)
	case got.SD != nil && !near(*got.SD, *want.SD, tolerance):
		t.Errorf("%s: deviation %v, want %v", name, *got.SD, *want.SD)
	}
	g, w := got.Quantiles, want.Quantiles
	from := []float64{g.P01, g.P05, g.P25, g.P50, g.P75, g.P95, g.P99}
	for i, q := range []float64{w.P01, w.P05, w.P25, w.P50, w.P75, w.P95, w.P99} {
		if !near(from[i], q, tolerance) {
			t.Errorf("%s: quantile %d is %v, want %v", name, i, from[i], q)
		}
	}
	if edges := got.Histogram.Edges; edges[0] != got.Min || edges[len(edges)-1] != got.Max {
		t.Errorf("%s: edges %v do not end at %v and %v", name, edges, got.Min, got.Max)
	}
	if !slices.Equal(got.Histogram.Counts, want.Histogram.Counts) {
		t.Errorf("%s: counts %v, want %v", name, got.Histogram.Counts, want.Histogram.Counts)
	}
	if !slices.EqualFunc(got.Histogram.Edges, want.Histogram.Edges, func(a, b float64) bool {
		return math.Abs(a-b) <= 1e-15*max(-want.Min, want.Max)
	}) {
		t.Errorf("%s: edges %v, want %v", name, got.Histogram.Edges, want.Histogram.Edges)
	}
}

// The NumAcc data sets of the NIST Statistical Reference Datasets, with their certified
// values. The digits asked for are what the decimal inputs leave once they are float64.
func TestCertifiedByNIST(t *testing.T) {
	alternating := func(first, a, b float64) []float64 {
		values := []float64{first}
		for range 500 {
			values = append(values, a, b)
		}
		return values
	}
	for _, c := range []struct {
		name      string
		values    []float64
		mean, sd  float64
		tolerance float64
	}{
		{"NumAcc1", []float64{10000001, 10000003, 10000002}, 10000002, 1, 0},
		{"NumAcc2", alternating(1.2, 1.1, 1.3), 1.2, 0.1, 1e-14},
		{"NumAcc3", alternating(1000000.2, 1000000.1, 1000000.3), 1000000.2, 0.1, 1e-9},
		{"NumAcc4", alternating(10000000.2, 10000000.1, 10000000.3), 10000000.2, 0.1, 1e-8},
	} {
		got := one(t, dataset.Column{Type: dataset.Numeric, Values: c.values}).Numeric
		if !near(got.Mean, c.mean, 1e-15) {
			t.Errorf("%s: mean %v, want %v", c.name, got.Mean, c.mean)
		}
		if !near(*got.SD, c.sd, c.tolerance) {
			t.Errorf("%s: deviation %v, want %v", c.name, *got.SD, c.sd)
		}
	}
}
