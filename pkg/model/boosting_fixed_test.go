package model

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestFixedSumIgnoresOrderAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-1e280, 1e280), rapid.Float64Range(-1, 1), rapid.Just(0.0))
		weight := rapid.OneOf(rapid.Float64Range(1e-300, 1e20), rapid.Float64Range(0.5, 2))
		values := rapid.SliceOfN(value, 1, 50).Draw(t, "values")
		weights := rapid.SliceOfN(weight, len(values), len(values)).Draw(t, "weights")
		size := rapid.IntRange(20, fixedBits).Draw(t, "size")
		f := fixedScale(values, weights, size)
		total := uint64(0)
		for i, v := range values {
			q := f.fix(v, weights[i])
			total += uint64(max(q, -q))
			// Rounded twice, v by half a unit and the product by half.
			if diff := math.Abs(f.float(q) - v*weights[i]); diff > (0.5+0.5*weights[i]*f.weight)*f.inverse*(1+1e-9)+1e-15*math.Abs(v*weights[i]) {
				t.Fatalf("%v × %v becomes %v", v, weights[i], f.float(q))
			}
		}
		if total >= 1<<size {
			t.Fatalf("the sum %d has more than %d bits", total, size)
		}
		order := rapid.Permutation(indices(len(values))).Draw(t, "order")
		var v, w []float64
		for _, i := range order {
			v, w = append(v, values[i]), append(w, weights[i])
		}
		if got, want := fixedSum(v, w), fixedSum(values, weights); got != want {
			t.Fatalf("shuffled sum is %v, want %v", got, want)
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestFixedSum(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		values, weights []float64
		want            float64
	}{
		{[]float64{0, 0}, []float64{1, 1}, 0},
		{[]float64{1, 2, -4.5}, []float64{1, 1, 1}, -1.5},
		{[]float64{1, 2, -4.5}, []float64{3, 1, 2}, -4},
		{[]float64{1, 1}, []float64{1e30, 3e30}, 4e30},
		{[]float64{1, 1}, []float64{1e-30, 3e-30}, 4e-30},
		{[]float64{1e308, -1e308, 1e300}, []float64{1, 1, 1}, 1e300},
		{[]float64{1e300, 1}, []float64{1e-300, 1}, 2},
		{[]float64{0x1p-1074, 0x1p-1074}, []float64{1, 1}, 0}, // below what is scaled
		{[]float64{inf, 1}, []float64{1, 1}, nan},
		{[]float64{1, nan}, []float64{1, 1}, nan},
		{[]float64{1e200, 1}, []float64{1e200, 1}, nan},
	} {
		got := fixedSum(c.values, c.weights)
		if math.IsNaN(c.want) != math.IsNaN(got) || math.Abs(got-c.want) > 1e-7*math.Abs(c.want) {
			t.Errorf("sum of %v × %v is %v, want %v", c.values, c.weights, got, c.want)
		}
	}
}
