package sketch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// runs are blocks of values as a profile hands them over.
var runs = []struct {
	name string
	next func(*rand.Rand) float64
}{
	{"uniform", func(r *rand.Rand) float64 { return r.Float64() }},
	{"normal", func(r *rand.Rand) float64 { return r.NormFloat64() }},
	{"lognormal", func(r *rand.Rand) float64 { return math.Exp(2 * r.NormFloat64()) }},
	{"cents", func(r *rand.Rand) float64 { return math.Round(1e5*r.Float64()) / 100 }},
	{"integers", func(r *rand.Rand) float64 { return float64(r.IntN(1000)) }},
	{"constant", func(*rand.Rand) float64 { return 3 }},
}

const runLength = 1 << 15

// blocks returns eight runs of unsorted values.
func blocks(next func(*rand.Rand) float64) [][]float64 {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([][]float64, 8)
	for i := range out {
		out[i] = make([]float64, runLength)
		for j := range out[i] {
			out[i][j] = next(r)
		}
	}
	return out
}

func perValue(b *testing.B, values int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(values), "ns/value")
}

// BenchmarkQuantiles is the whole way of a block: copy, sort, add to the sketch.
func BenchmarkQuantiles(b *testing.B) {
	for _, run := range runs {
		for _, sort := range []bool{true, false} {
			b.Run(fmt.Sprintf("data=%s/sort=%t", run.name, sort), func(b *testing.B) {
				in := blocks(run.next)
				values, scratch := make([]float64, runLength), make([]float64, runLength)
				if !sort {
					for _, block := range in {
						slices.Sort(block)
					}
				}
				q := NewQuantiles(800, 1)
				for i := 0; b.Loop(); i++ {
					if sort {
						copy(values, in[i%8])
						SortFloats(values, scratch)
						q.AddSorted(values)
					} else {
						q.AddSorted(in[i%8])
					}
				}
				perValue(b, runLength)
			})
		}
	}
}

func BenchmarkDistinct(b *testing.B) {
	for _, run := range runs {
		b.Run("data="+run.name, func(b *testing.B) {
			in := blocks(run.next)
			d := NewDistinct(12)
			for i := 0; b.Loop(); i++ {
				d.AddFloats(in[i%8])
			}
			perValue(b, runLength)
		})
	}
}

func BenchmarkNumbers(b *testing.B) {
	for _, run := range runs {
		b.Run("data="+run.name, func(b *testing.B) {
			in := blocks(run.next)
			for _, block := range in {
				slices.Sort(block)
			}
			t := NewNumbers(6144)
			for i := 0; b.Loop(); i++ {
				t.AddSorted(in[i%8])
			}
			perValue(b, runLength)
		})
	}
}

func BenchmarkTexts(b *testing.B) {
	for _, distinct := range []int{10, 5000, 1 << 17} {
		b.Run(fmt.Sprintf("distinct=%d", distinct), func(b *testing.B) {
			items := make([][]byte, distinct)
			for i := range items {
				items[i] = fmt.Appendf(nil, "customer-%d", i)
			}
			t := NewTexts(6144)
			for b.Loop() {
				for i := range 1 << 17 {
					t.Add(items[i%distinct], 1)
				}
			}
			perValue(b, 1<<17)
		})
	}
}

func BenchmarkEstimate(b *testing.B) {
	d := NewDistinct(12)
	for i := range 100000 {
		d.AddFloat(float64(i))
	}
	for b.Loop() {
		d.Estimate()
	}
}

func BenchmarkRuns(b *testing.B) {
	for _, run := range runs {
		b.Run("data="+run.name, func(b *testing.B) {
			in := blocks(run.next)
			for _, block := range in {
				slices.Sort(block)
			}
			var values []float64
			var counts []uint64
			for i := 0; b.Loop(); i++ {
				values, counts = Runs(in[i%8], values[:0], counts[:0])
			}
			perValue(b, runLength)
		})
	}
}

// BenchmarkDistinctBlock begins with an empty sketch each time, as each block of a file does.
func BenchmarkDistinctBlock(b *testing.B) {
	in := blocks(runs[0].next)
	for i := 0; b.Loop(); i++ {
		d := NewDistinct(12)
		d.AddFloats(in[i%8])
	}
	perValue(b, runLength)
}
