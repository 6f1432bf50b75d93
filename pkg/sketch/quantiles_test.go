package sketch

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const trials = 1000

// stream is values whose ranks are known.
type stream struct {
	name  string
	order func(r *rand.Rand, n int) []int // indices in order of arrival
	value func(i, n int) float64
	few   int // distinct values, if they repeat
}

func shuffled(r *rand.Rand, n int) []int { return r.Perm(n) }

func ascending(_ *rand.Rand, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func descending(_ *rand.Rand, n int) []int {
	order := ascending(nil, n)
	slices.Reverse(order)
	return order
}

var streams = []stream{
	{"uniform", shuffled, func(i, n int) float64 { return (float64(i) + 0.5) / float64(n) }, 0},
	{"lognormal", shuffled, func(i, n int) float64 { return math.Exp(math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(n)-1)) }, 0},
	{"sorted", ascending, func(i, n int) float64 { return float64(i) }, 0},
	{"reversed", descending, func(i, n int) float64 { return -float64(n - i) }, 0},
	{"few-distinct", shuffled, func(i, n int) float64 { return float64(i * 20 / n) }, 20},
}

// atMost is how many of n values are no greater than the i-th.
func (s stream) atMost(i, n int) int {
	if s.few == 0 {
		return i + 1
	}
	group := i * s.few / n
	return ((group+1)*n + s.few - 1) / s.few
}

// ways are how the values come in.
var ways = []struct {
	name string
	add  func(q *Quantiles, values []float64, seed uint64)
}{
	{"blocks", func(q *Quantiles, values []float64, _ uint64) { addRuns(q, values, 3000) }},
	{"few-at-once", func(q *Quantiles, values []float64, _ uint64) { addRuns(q, values, 25) }},
	{"shards", func(q *Quantiles, values []float64, seed uint64) {
		for i := range uint64(16) {
			shard := NewQuantiles(uint16(q.K()), seed<<8+i)
			addRuns(shard, values[i*uint64(len(values))/16:(i+1)*uint64(len(values))/16], 900)
			q.Merge(shard)
		}
	}},
}

func addRuns(q *Quantiles, values []float64, length int) {
	scratch := make([]float64, length)
	for run := range slices.Chunk(values, length) {
		run = slices.Clone(run)
		SortFloats(run, scratch)
		q.AddSorted(run)
	}
}

// The greatest error over a grid of ranks is inside RankError in 99 of 100 trials.
func TestRankErrorIsInsideItsBound(t *testing.T) {
	for _, c := range []struct {
		k       uint16
		n       int
		streams []stream
	}{{200, 6000, streams}, {50, 10000, streams[:1]}, {800, 12000, streams[:1]}} {
		for _, s := range c.streams {
			values := make([]float64, c.n)
			for i := range values {
				values[i] = s.value(i, c.n)
			}
			for _, way := range ways {
				t.Run(fmt.Sprintf("k=%d/%s/%s", c.k, s.name, way.name), func(t *testing.T) {
					t.Parallel()
					outside, bound := 0, 0.0
					greatest := make([]float64, trials)
					for trial := range trials {
						r := rand.New(rand.NewPCG(uint64(trial), uint64(c.k)))
						in := make([]float64, c.n)
						for at, i := range s.order(r, c.n) {
							in[at] = values[i]
						}
						q := NewQuantiles(c.k, uint64(trial))
						way.add(q, in, uint64(trial))
						bound = q.RankError()
						for g := range 100 {
							i := g * (c.n - 1) / 99
							greatest[trial] = max(greatest[trial], math.Abs(q.Rank(values[i])-float64(s.atMost(i, c.n))/float64(c.n)))
						}
						if greatest[trial] > bound {
							outside++
						}
						if q.N() != uint64(c.n) || q.Min() != values[0] || q.Max() != values[c.n-1] {
							t.Fatalf("trial %d: n %d, min %v, max %v", trial, q.N(), q.Min(), q.Max())
						}
						if held := q.retained(); held > capacity(c.k, len(q.levels)) {
							t.Fatalf("trial %d: holds %d values", trial, held)
						}
					}
					slices.Sort(greatest)
					t.Logf("bound %.4f, greatest error: median %.4f, 99th percentile %.4f", bound, greatest[trials/2], greatest[trials*99/100])
					if outside > trials/100 {
						t.Errorf("%d of %d trials are outside %v", outside, trials, bound)
					}
				})
			}
		}
	}
}

// A rank has no bias: the mean error over the trials is nothing beside that of one of them.
func TestRanksHaveNoBias(t *testing.T) {
	const n, k = 10007, 50
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(i)
	}
	for _, way := range ways {
		var sum, squares [9]float64
		for trial := range trials {
			q := NewQuantiles(k, uint64(trial))
			way.add(q, values, uint64(trial))
			for g := range sum {
				i := (g + 1) * n / 10
				e := q.Rank(float64(i)) - float64(i+1)/n
				sum[g] += e
				squares[g] += e * e
			}
		}
		for g := range sum {
			if mean, sd := sum[g]/trials, math.Sqrt(squares[g]/trials); math.Abs(mean) > 4*sd/math.Sqrt(trials) {
				t.Errorf("%s: the rank %v is off by %v on the average, by %v in a trial", way.name, float64(g+1)/10, mean, sd)
			}
		}
	}
}

func TestQuantilesExactWhileSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	q := NewQuantiles(100, 1)
	var all []float64
	for len(all) < 100 {
		run := sorted(1+r.IntN(9), func(int) float64 { return math.Round(10 * r.NormFloat64()) })
		run = run[:min(len(run), 100-len(all))]
		all = append(all, run...)
		q.AddSorted(run)
		slices.Sort(all)
		if !q.Exact() || q.RankError() != 0 {
			t.Fatalf("%d values are not exact", len(all))
		}
		for i, v := range all {
			if got := q.Quantile((float64(i) + 0.5) / float64(len(all))); got != v {
				t.Fatalf("value %d of %d is %v, not %v", i, len(all), got, v)
			}
		}
	}
	q.AddSorted([]float64{1})
	if q.Exact() {
		t.Error("101 values are exact at k=100")
	}
}

func TestQuantilesMergeWithNothing(t *testing.T) {
	full := quantilesOf(100, 3, sorted(5000, func(i int) float64 { return float64(i * i % 4999) }))
	want, _ := full.MarshalBinary()
	for name, nothing := range map[string]func() *Quantiles{"zero": func() *Quantiles { return new(Quantiles) }, "other k": func() *Quantiles { return NewQuantiles(8, 1) }} {
		left, right := nothing(), full.Clone()
		left.Merge(full)
		right.Merge(nothing())
		for _, q := range []*Quantiles{left, right} {
			if got, _ := q.MarshalBinary(); !bytes.Equal(got, want) {
				t.Errorf("%s: merging changed the sketch", name)
			}
		}
		both := nothing()
		both.Merge(nothing())
		if both.N() != 0 || !math.IsNaN(both.Quantile(0.5)) {
			t.Errorf("%s: nothing and nothing is something", name)
		}
	}
	if again, _ := full.MarshalBinary(); !bytes.Equal(again, want) {
		t.Error("merging changed the other sketch")
	}
	full.Merge(full)
	if full.N() != 10000 {
		t.Error("a sketch merged with itself")
	}
}

// A stored sketch goes on as it would have done without.
func TestQuantilesGoOnAfterReading(t *testing.T) {
	one, other := NewQuantiles(64, 7), NewQuantiles(64, 7)
	for block := range 20 {
		run := sorted(1000, func(i int) float64 { return float64((i*7919 + block*31) % 1009) })
		one.AddSorted(run)
		other.AddSorted(run)
		b, _ := other.MarshalBinary()
		other = NewQuantiles(8, 7)
		if err := other.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := one.MarshalBinary()
	b, _ := other.MarshalBinary()
	if !bytes.Equal(a, b) {
		t.Error("storing changed what came after")
	}
}

func TestLevelCapacities(t *testing.T) {
	// By hand: 200, 200·2/3, 200·4/9, each rounded, and no level below 8. That they are those
	// of DataSketches, TestPythonReadsOurSketches shows: where a level begins depends on them.
	for _, c := range []struct {
		k      uint16
		levels int
		want   int
	}{{200, 1, 200}, {200, 2, 200 + 133}, {200, 3, 200 + 133 + 89}, {8, 5, 40}, {65535, 1, 65535}} {
		if got := capacity(c.k, c.levels); got != c.want {
			t.Errorf("%d levels of k=%d hold %d, not %d", c.levels, c.k, got, c.want)
		}
	}
}
