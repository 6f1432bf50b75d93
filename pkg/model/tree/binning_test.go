package tree

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// binned cuts one column.
func binned(values, weights []float64, limit int) binning {
	w := binner{weights: newWeights(weights, len(values), 1), limit: limit}
	return w.bin(values)
}

// bin is the bin of one value.
func (b *binning) bin(x float64) uint8 {
	var bins [1]uint8
	b.assign(bins[:], []float64{x})
	return bins[0]
}

func TestBinningOfFewValues(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name       string
		values     []float64
		limit      int
		thresholds []float64
		missing    bool
	}{
		{"none", nil, 255, nil, false},
		{"all missing", []float64{nan, nan}, 255, nil, true},
		{"constant", []float64{3, 3, 3}, 255, nil, false},
		{"one-hot", []float64{1, 0, 0, 1}, 255, []float64{0.5}, false},
		{"each its own bin", []float64{4, 1, 2, nan, 1}, 255, []float64{1.5, 3}, true},
		{"both zeros are one value", []float64{0, math.Copysign(0, -1), 2}, 255, []float64{1}, false},
		{"as many as bins", []float64{1, 2, 3}, 3, []float64{1.5, 2.5}, false},
		{"equal shares", []float64{1, 2, 3, 4, 5, 6}, 3, []float64{2.5, 4.5}, false},
		// 5 fills more than a bin: it has one alone, the rest share the other two.
		{"frequent value", []float64{1, 2, 5, 5, 5, 5, 5, 7, 8}, 3, []float64{3.5, 6}, false},
		{"neighbors", []float64{1, math.Nextafter(1, 2)}, 255, []float64{1}, false},
		// Their middle would round up to the second.
		{"neighbors, odd first", []float64{1 + 0x1p-52, 1 + 0x2p-52}, 255, []float64{1 + 0x1p-52}, false},
		{"extremes", []float64{-math.MaxFloat64, math.MaxFloat64}, 255, []float64{0}, false},
	} {
		b := binned(c.values, nil, c.limit)
		if !slices.Equal(b.thresholds, c.thresholds) || b.missing != c.missing {
			t.Errorf("%s: got %v, missing %v; want %v, missing %v", c.name, b.thresholds, b.missing, c.thresholds, c.missing)
		}
	}
}

// Values without repeats are cut into bins whose sizes differ by one at most.
func TestBinningIsByQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 10007)
	for i := range values {
		values[i] = math.Exp(3 * random.NormFloat64())
	}
	b := binned(values, nil, 255)
	sizes := make([]int, b.values())
	for _, v := range values {
		sizes[b.bin(v)]++
	}
	if len(sizes) != 255 || slices.Min(sizes) != 10007/255 || slices.Max(sizes) != 10007/255+1 {
		t.Errorf("%d bins of %d to %d values", len(sizes), slices.Min(sizes), slices.Max(sizes))
	}
}

// columnOf draws values with repeats, neighbors, extremes and missing ones.
func columnOf(t *rapid.T) []float64 {
	value := rapid.OneOf(
		rapid.Float64Range(-1e300, 1e300),
		rapid.Map(rapid.IntRange(-20, 20), func(i int) float64 { return float64(i) / 4 }),
		rapid.Map(rapid.IntRange(0, 20), func(i int) float64 { return math.Float64frombits(uint64(i)) }),
		rapid.Map(rapid.IntRange(0, 20), func(i int) float64 { return math.Float64frombits(math.Float64bits(1) + uint64(i)) }),
		rapid.SampledFrom([]float64{math.NaN(), math.MaxFloat64, -math.MaxFloat64}),
	)
	return rapid.SliceOfN(value, 0, 200).Draw(t, "values")
}

func TestBinsAndThresholdsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := columnOf(t)
		b := binned(values, nil, rapid.IntRange(2, MaxBins).Draw(t, "limit"))
		if b.values() > MaxBins || !slices.IsSorted(b.thresholds) || len(slices.Compact(slices.Clone(b.thresholds))) != len(b.thresholds) {
			t.Fatalf("thresholds %v", b.thresholds)
		}
		for _, x := range append(slices.Concat(values, b.thresholds), columnOf(t)...) {
			bin := int(b.bin(x))
			if math.IsNaN(x) {
				if bin != b.values() {
					t.Fatalf("missing is in bin %d", bin)
				}
				continue
			}
			for i, threshold := range b.thresholds {
				if (bin <= i) != (x <= threshold) {
					t.Fatalf("%v is in bin %d, threshold %d is %v", x, bin, i, threshold)
				}
			}
		}
	})
}

func TestBinningIgnoresOrderAndCountsWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := columnOf(t)
		limit := rapid.IntRange(2, 20).Draw(t, "limit")
		weights := make([]float64, len(values))
		var repeated []float64
		for i, v := range values {
			n := rapid.IntRange(1, 4).Draw(t, "weight")
			weights[i] = float64(n)
			for range n {
				repeated = append(repeated, v)
			}
		}
		want := binned(repeated, nil, limit)
		if got := binned(values, weights, limit); !slices.Equal(got.thresholds, want.thresholds) {
			t.Fatalf("weights cut at %v, repeats at %v", got.thresholds, want.thresholds)
		}
		shuffled := rapid.Permutation(repeated).Draw(t, "shuffled")
		if got := binned(shuffled, nil, limit); !slices.Equal(got.thresholds, want.thresholds) {
			t.Fatalf("shuffled cuts at %v, want %v", got.thresholds, want.thresholds)
		}
	})
}

func TestTableLeavesOutWhatCannotSplit(t *testing.T) {
	nan := math.NaN()
	columns := [][]float64{{1, 1, 1}, {nan, nan, nan}, {1, 2, 1}, {1, nan, 1}}
	var kept []int
	for _, c := range NewTable(columns, nil, nil, 3, 255).columns {
		kept = append(kept, c.source)
	}
	if !slices.Equal(kept, []int{2, 3}) {
		t.Errorf("kept columns %v, want 2 and 3", kept)
	}
}

// Radix sorting does what slices.Sort does, and takes the masses along.
func TestRadixSorts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := slices.DeleteFunc(columnOf(t), math.IsNaN)
		keys, masses := make([]uint64, len(values)), make([]int64, len(values))
		for i, v := range values {
			keys[i], masses[i] = key(v), int64(math.Float64bits(v+0))
		}
		sorted, moved := radix(keys, make([]uint64, len(keys)), masses, make([]int64, len(keys)))
		slices.Sort(values)
		for i, v := range values {
			if got := value(sorted[i]); got != v || moved[i] != int64(math.Float64bits(v+0)) {
				t.Fatalf("at %d of %v is %v with the mass of %v", i, values, got, math.Float64frombits(uint64(moved[i])))
			}
		}
	})
}
