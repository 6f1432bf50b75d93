package profile

import (
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// bitsOf tells NaN and -0 apart, too.
func bitsOf(values []float64) []uint64 {
	bits := make([]uint64, len(values))
	for i, v := range values {
		bits[i] = math.Float64bits(v)
	}
	return bits
}

// What is in assembly gives what Go does, to the bit: a profile does not depend on the machine.
func TestValuesAreAsInGo(t *testing.T) {
	random := seed.Rand(3)
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, 1 << 53, -1 << 60, math.MaxFloat64, -math.SmallestNonzeroFloat64, 0.5, -2.5, 1 << 62}
	for round := range 2000 {
		values, hashes, counts := make([]float64, random.IntN(150)), []uint64{}, []uint64{}
		for i := range values {
			values[i] = math.Round(50*random.NormFloat64()) / 4
			if random.IntN(40) < round%4 {
				values[i] = odd[random.IntN(len(odd))]
			}
			hashes, counts = append(hashes, random.Uint64()), append(counts, random.Uint64()>>20)
		}
		ours, theirs := slices.Clone(hashes), slices.Clone(hashes)
		if a, b := foldValues(ours, values), foldValuesGo(theirs, values); a != b || !slices.Equal(ours, theirs) {
			t.Fatalf("round %d: %v are folded otherwise, %d and %d missing", round, values, a, b)
		}
		a, b := make([]float64, len(values)), make([]float64, len(values))
		if n, m := takeFinite(a, values), takeFiniteGo(b, values); n != m || !slices.Equal(bitsOf(a[:n]), bitsOf(b[:m])) {
			t.Fatalf("round %d: of %v are taken %v and %v", round, values, a[:n], b[:m])
		}
		var x, y [sumLanes]float64
		addLanes(&x, values)
		addLanesGo(&y, values)
		if !slices.Equal(bitsOf(x[:]), bitsOf(y[:])) && !slices.ContainsFunc(values, math.IsNaN) {
			t.Fatalf("round %d: the sums of %v are %v and %v", round, values, x, y)
		}
		if a, b := wholeIn(values, counts), wholeInGo(values, counts); a != b && !slices.ContainsFunc(values, func(v float64) bool { return v-v != 0 }) {
			t.Fatalf("round %d: %v has %d and %d whole numbers", round, values, a, b)
		}
		if len(values) <= powerBlock {
			continue
		}
		center := random.NormFloat64()
		var d [1 + powerBlock]float64
		for i := range d {
			d[i] = values[i] - center
		}
		var quick, plain blockPowers
		if plain.addGo(d[:]); quick.addQuick(values[:1+powerBlock], center) {
			for i := range plain {
				for lane, v := range plain[i] {
					if v == v && math.Float64bits(v) != math.Float64bits(quick[i][lane]) {
						t.Fatalf("round %d: sum %d of powers of %v is %v and %v", round, i, values, quick[i], plain[i])
					}
				}
			}
		}
	}
}
