package model

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestFixedSumIgnoresOrderAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-1e280, 1e280), rapid.Float64Range(-1, 1), rapid.Just(0.0))
		values := rapid.SliceOfN(value, 1, 50).Draw(t, "values")
		size := rapid.IntRange(20, 62).Draw(t, "size")
		f := fixedScale(values, size)
		total := uint64(0)
		for _, v := range values {
			q := f.fix(v)
			total += uint64(max(q, -q))
		}
		if total >= 1<<size {
			t.Fatalf("|sum| %d has more than %d bits", total, size)
		}
		if got, want := fixedSum(rapid.Permutation(values).Draw(t, "shuffled")), fixedSum(values); got != want {
			t.Fatalf("shuffled sum is %v, want %v", got, want)
		}
	})
}

func TestFixedSum(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{0, 0}, 0},
		{[]float64{1, 2, -4.5}, -1.5},
		{[]float64{1e308, -1e308, 1e300}, 1e300},
		{[]float64{0x1p-1074, 0x1p-1074}, 0}, // below what is scaled: 2^-1000
		{[]float64{math.Inf(1), 1}, math.NaN()},
		{[]float64{1, math.NaN()}, math.NaN()},
	} {
		got := fixedSum(c.values)
		if math.IsNaN(c.want) != math.IsNaN(got) || math.Abs(got-c.want) > 1e-9*math.Abs(c.want) {
			t.Errorf("sum of %v is %v, want %v", c.values, got, c.want)
		}
	}
}
