package sketch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// What is in assembly gives what Go does.
func TestScansAreAsInGo(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 3000 {
		values := make([]float64, 1+r.IntN(70))
		for i := range values {
			values[i] = math.Copysign(float64(r.IntN(1+round%30)), r.Float64()-0.5)
		}
		switch round % 7 {
		case 0:
			values[r.IntN(len(values))] = math.Inf(1 - 2*r.IntN(2))
		case 1, 2:
			slices.Sort(values)
		}
		low, high, ascending := extentOf(values)
		if l, h, a := extentOfGo(values); l != low || h != high || a != ascending {
			t.Fatalf("%v: from %v to %v, ascending %t; as in Go %v, %v, %t", values, low, high, ascending, l, h, a)
		}
		slices.Sort(values)
		a, b := make([]float64, len(values)), make([]float64, len(values))
		ends, until := make([]uint64, len(values)), make([]uint64, len(values))
		n, m := runEnds(a, ends, values), runEndsGo(b, until, values, 1, 0)
		same := slices.EqualFunc(a[:n], b[:m], func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if !same || !slices.Equal(ends[:n], until[:m]) {
			t.Fatalf("%v: runs of %v to %v; as in Go %v to %v", values, a[:n], ends[:n], b[:m], until[:m])
		}
	}
}
