package expectation

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestSplitsHoldWhatTheOtherHalfSuggests splits data sets in two at random, suggests from one
// half and checks the other: of 17,900 rules none was broken when this was written; 1 of 1000
// may be.
func TestSplitsHoldWhatTheOtherHalfSuggests(t *testing.T) {
	const splits = 100
	rules, broken := 0, 0
	for _, file := range []string{"adult.csv", "penguins.csv", "wine-quality-white.csv"} {
		table := readTable(t, file)
		r := seed.Rand(seed.Derive(3, file))
		for range splits {
			order := r.Perm(table.Rows())
			half := table.Rows() / 2
			e := Suggest(describe(t, table.Select(order[:half])))
			for _, v := range e.Check(describe(t, table.Select(order[half:2*half]))) {
				broken++
				t.Logf("%s: %s", file, v)
			}
			rules += 2 // rows and other columns
			for i := range e.Columns {
				rules += e.Columns[i].rules()
			}
		}
	}
	t.Logf("%d of %d rules were broken", broken, rules)
	if rules < 15_000 || broken*1000 > rules {
		t.Errorf("%d of %d rules were broken", broken, rules)
	}
}

// rules counts what is expected of a column, an end of a range for itself.
func (c *Column) rules() int {
	n := 1 // that it is there
	for _, set := range []bool{c.Type != "", c.Missing != nil, c.Unique, c.Integer, c.Range != nil && c.Range.Min != nil, c.Range != nil && c.Range.Max != nil,
		c.Period != nil, c.Values != nil, c.Length != nil, c.Order != ""} {
		if set {
			n++
		}
	}
	return n
}

// TestRangesHoldForAnotherSample draws twice from distributions that are known. Tails that are
// exponential or lighter break a range in fewer than 1 of 1000 samples, nearly all of them
// columns that are 0 in nine rows of ten; heavy ones in fewer than 1 of 50.
func TestRangesHoldForAnotherSample(t *testing.T) {
	type distribution struct {
		heavy bool
		draw  func(r *rand.Rand) float64
	}
	normal := (*rand.Rand).NormFloat64
	exponential := (*rand.Rand).ExpFloat64
	square := func(v float64) float64 { return float64(v * v) }
	distributions := map[string]distribution{
		"normal":       {false, normal},
		"far from 0":   {false, func(r *rand.Rand) float64 { return normal(r) + 6 }},
		"exponential":  {false, exponential},
		"uniform":      {false, (*rand.Rand).Float64},
		"Laplace":      {false, func(r *rand.Rand) float64 { return exponential(r) - exponential(r) }},
		"whole, half":  {false, func(r *rand.Rand) float64 { return math.Floor(exponential(r) / math.Ln2) }},
		"whole, tenth": {false, func(r *rand.Rand) float64 { return math.Floor(exponential(r) / math.Ln10) }},
		"ratings":      {false, func(r *rand.Rand) float64 { return float64(1 + r.IntN(5)) }},
		"lognormal":    {true, func(r *rand.Rand) float64 { return math.Exp(normal(r)) }},
		"Pareto 3":     {true, func(r *rand.Rand) float64 { return math.Cbrt(1 / (1 - r.Float64())) }},
		"Student 3": {true, func(r *rand.Rand) float64 {
			return normal(r) / math.Sqrt((square(normal(r))+square(normal(r))+square(normal(r)))/3)
		}},
	}
	samples, broken := map[bool]int{}, map[bool]int{}
	for _, name := range slices.Sorted(maps.Keys(distributions)) {
		d := distributions[name]
		for _, n := range []int{100, 300, 3000} {
			r := seed.Rand(seed.Derive(5, name, n))
			trials := 60_000 / n
			if n == 3000 {
				trials *= 3
			}
			failed := 0
			for range trials {
				e := Suggest(describe(t, sampleOf(t, r, n, d.draw)))
				if e.Columns[0].Range == nil {
					t.Fatalf("%s: no range is suggested", name)
				}
				if found := e.Check(describe(t, sampleOf(t, r, n, d.draw))); len(found) > 0 {
					failed++
				}
			}
			samples[d.heavy] += trials
			broken[d.heavy] += failed
			if failed > 0 {
				t.Logf("%s, n=%d: %d of %d", name, n, failed, trials)
			}
		}
	}
	t.Logf("broken: %d of %d samples, of heavy tails %d of %d", broken[false], samples[false], broken[true], samples[true])
	if broken[false]*1000 > samples[false] || broken[true]*50 > samples[true] {
		t.Errorf("broken: %d of %d samples, of heavy tails %d of %d", broken[false], samples[false], broken[true], samples[true])
	}
}

// TestRangesAreOfUse: what is a hundred times too large, or of the wrong sign, is found in
// spite of all slack.
func TestRangesAreOfUse(t *testing.T) {
	r := seed.Rand(9)
	price := func(r *rand.Rand) float64 { return 20 * math.Exp(0.5*r.NormFloat64()) }
	e := Suggest(describe(t, sampleOf(t, r, 1000, price)))
	for name, draw := range map[string]func(r *rand.Rand) float64{
		"in cents": func(r *rand.Rand) float64 { return 100 * price(r) },
		"negative": func(r *rand.Rand) float64 { return -price(r) },
	} {
		found := e.Check(describe(t, sampleOf(t, r, 1000, draw)))
		if len(found) != 1 || found[0].Rule != "range" || found[0].Rows < 900 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestNaturalBounds: 0 and 1 are ends where the values thin out too slowly to end there by
// chance, and not where they come near them by chance.
func TestNaturalBounds(t *testing.T) {
	normal := func(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
	for name, c := range map[string]struct {
		n         int
		quantile  func(p float64) float64
		low, high func(limit float64) bool
	}{
		"waiting times": {200, func(p float64) float64 { return -math.Log(1 - p) }, is(0), above(5)},
		"debts":         {200, func(p float64) float64 { return math.Log(p) }, below(-5), is(0)},
		"temperatures":  {100, func(p float64) float64 { return 3.2 + normal(p) }, below(0), above(6)},
		"far from 0":    {100, func(p float64) float64 { return 30 + normal(p) }, above(0), above(33)},
		"shares":        {2000, func(p float64) float64 { return p }, is(0), is(1)},
		"few shares":    {200, func(p float64) float64 { return p }, is(0), above(1)},
	} {
		i := 0
		e := Suggest(describe(t, sampleOf(t, nil, c.n, func(*rand.Rand) float64 {
			i++
			return c.quantile((float64(i) - 0.5) / float64(c.n))
		})))
		if r := e.Columns[0].Range; !c.low(*r.Min) || !c.high(*r.Max) {
			t.Errorf("%s: %v to %v", name, *r.Min, *r.Max)
		}
	}
}

func is(v float64) func(float64) bool    { return func(limit float64) bool { return limit == v } }
func above(v float64) func(float64) bool { return func(limit float64) bool { return limit > v } }
func below(v float64) func(float64) bool { return func(limit float64) bool { return limit < v } }

func sampleOf(t *testing.T, r *rand.Rand, n int, draw func(*rand.Rand) float64) *dataset.Table {
	t.Helper()
	values := make([]float64, n)
	for i := range values {
		values[i] = draw(r)
	}
	table, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	return table
}
