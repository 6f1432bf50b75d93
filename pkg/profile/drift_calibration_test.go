package profile

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// law draws a column. shift moves numbers by so many of their standard deviations, or takes
// as great a share of categories from one to another.
type law struct {
	name string
	draw func(r *rand.Rand, n int, shift float64) dataset.Column
}

func ofNumbers(sd float64, draw func(r *rand.Rand) float64) func(r *rand.Rand, n int, shift float64) dataset.Column {
	return func(r *rand.Rand, n int, shift float64) dataset.Column {
		values := make([]float64, n)
		for i := range values {
			values[i] = draw(r) + shift*sd
		}
		return dataset.Column{Type: dataset.Numeric, Values: values}
	}
}

func ofTexts(draw func(r *rand.Rand) int) func(r *rand.Rand, n int, shift float64) dataset.Column {
	return func(r *rand.Rand, n int, shift float64) dataset.Column {
		values := make([]string, n)
		for i := range values {
			values[i] = strconv.Itoa(draw(r))
			if r.Float64() < shift/2 {
				values[i] = "0"
			}
		}
		return textColumn(values...)
	}
}

var laws = []law{
	{"normal", ofNumbers(1, (*rand.Rand).NormFloat64)},
	{"uniform", ofNumbers(1/math.Sqrt(12), (*rand.Rand).Float64)},
	{"lognormal", ofNumbers(4, func(r *rand.Rand) float64 { return math.Exp(1.2 * r.NormFloat64()) })},
	{"without a variance", ofNumbers(1, func(r *rand.Rand) float64 { return r.NormFloat64() / r.NormFloat64() })},
	{"few whole numbers", ofNumbers(1, func(r *rand.Rand) float64 { return math.Floor(r.ExpFloat64() * 1.5) })},
	{"zeros and a tail", ofNumbers(1, func(r *rand.Rand) float64 {
		if r.IntN(3) > 0 {
			return 0
		}
		return r.ExpFloat64()
	})},
	{"a tenth missing", ofNumbers(1, func(r *rand.Rand) float64 {
		if r.IntN(10) == 0 {
			return math.NaN()
		}
		return r.NormFloat64()
	})},
	{"five levels", ofTexts(func(r *rand.Rand) int { return min(4, int(r.ExpFloat64()*1.5)) })},
	{"many levels", ofTexts(func(r *rand.Rand) int { return int(math.Exp(r.Float64() * 7)) })}, // Zipf's law to 1,000
	{"a rare level", ofTexts(func(r *rand.Rand) int { return 1 + max(0, r.IntN(100)-98) })},
}

// drawn is a data set with a column of each law.
func drawn(t testing.TB, n int, shift float64, label string, trial int) *Profile {
	columns := make([]dataset.Column, len(laws))
	for i, l := range laws {
		columns[i] = l.draw(seed.Rand(seed.Derive(20261124, label+l.name, n, trial)), n, shift)
		columns[i].Name = l.name
	}
	return mustProfile(t, mustTable(t, columns...))
}

// Of 200 pairs of data sets drawn from the same distributions, FalseAlarms is the share in
// which any column may drift. By chance alone more than 7 would in one of 1,000 tests.
func TestFalseAlarmsAreRare(t *testing.T) {
	const pairs, most = 200, 7
	for _, c := range []struct{ n, m, sets int }{{30, 30, 200}, {100, 100, 200}, {1000, 1000, 50}, {1000, 50, 50}, {20000, 20000, 15}} {
		t.Run(strconv.Itoa(c.n)+" and "+strconv.Itoa(c.m), func(t *testing.T) {
			t.Parallel()
			a, b := make([]*Profile, c.sets), make([]*Profile, c.sets)
			for i := range c.sets {
				a[i] = drawn(t, c.n, 0, "baseline ", i)
				b[i] = drawn(t, c.m, 0, "current ", i)
			}
			alarms, approximate := 0, 0
			for i := range pairs { // fewer sets are paired in turn
				p, q := a[i%c.sets], b[(i+i/c.sets)%c.sets]
				if d := Compare(p, q); d.Verdict != Stable {
					alarms++
				}
				if d := Compare(p.Compact(), q.Compact()); d.Verdict != Stable {
					approximate++
				}
			}
			t.Logf("%d and %d rows: %d false alarms in %d pairs, %d without sketches", c.n, c.m, alarms, pairs, approximate)
			if alarms > most || approximate > most {
				t.Errorf("at most %d are due", most)
			}
		})
	}
}

// What is found of shifts in 100 pairs, by column, with and without sketches.
func TestShiftsAreFound(t *testing.T) {
	const pairs = 100
	for _, c := range []struct {
		rows     int
		shift    float64
		verdict  Verdict // at least
		columns  []string
		at, most int // of the pairs, with sketches
		without  int // at least, without
	}{
		{100, 1, Moderate, []string{"normal", "uniform", "lognormal", "a tenth missing", "zeros and a tail", "many levels"}, 95, pairs, 85},
		{1000, 0.5, Moderate, []string{"normal", "uniform", "lognormal", "a tenth missing", "zeros and a tail", "many levels"}, 95, pairs, 85},
		{1000, 1, Severe, []string{"normal", "uniform", "lognormal", "a tenth missing", "zeros and a tail", "many levels"}, 95, pairs, 95},
		// Significant, but too small to matter: a tenth of a standard deviation.
		{10000, 0.1, Moderate, []string{"normal", "uniform", "a tenth missing"}, 0, 0, 0},
	} {
		t.Run(strconv.Itoa(c.rows)+" rows, shift "+short(c.shift), func(t *testing.T) {
			t.Parallel()
			found, without := map[string]int{}, map[string]int{}
			pairs := pairs
			if c.rows > 1000 {
				pairs = 10
			}
			count := func(found map[string]int, a, b *Profile) {
				for _, d := range Compare(a, b).Columns {
					if d.Verdict.rank() >= c.verdict.rank() {
						found[d.Name]++
					}
				}
			}
			for i := range pairs {
				a, b := drawn(t, c.rows, 0, "baseline ", i), drawn(t, c.rows, c.shift, "current ", i)
				count(found, a, b)
				count(without, a.Compact(), b.Compact())
			}
			t.Logf("found in %d pairs: %v, without sketches %v", pairs, found, without)
			for _, name := range c.columns {
				if found[name] < c.at || found[name] > c.most || without[name] < c.without || without[name] > c.most {
					t.Errorf("%s: found in %d, without sketches in %d; want %d to %d, %d", name, found[name], without[name], c.at, c.most, c.without)
				}
			}
		})
	}
}
