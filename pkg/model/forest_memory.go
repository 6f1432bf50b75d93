package model

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// Memory is about how many bytes Fit takes on top of the data it is given: the heap at its
// highest. Most of that are nodes, whose number the target decides: this is for values that
// all differ, and for classes that the columns say nothing of, the most that there can be. Classes
// that can be told apart take less, as do columns of few values. A test holds it to within a quarter.
func (f Forest) Memory(s Shape) int64 {
	n := int64(s.Rows)
	own := int64(0)
	if s.Weighted {
		own += 16 * n // weights, and what they are for classes
	}
	if f.OutOfBag {
		own += n * (16*int64(max(1, s.Classes)) + 12) // sums and predictions, and how often a row was drawn
	}
	p := tree.GroveParams{Random: f.Extra, Classes: s.Classes}
	return own + p.Memory(s.Rows, s.Columns, f.Trees, f.leaves(s.Rows, s.Classes), s.Weighted)
}

// leaves is about how many a tree has at most.
func (f Forest) leaves(rows, classes int) int {
	drawn := float64(rows)
	if f.Bootstrap {
		drawn *= 1 - math.Exp(-1) // of which each row is at least once (Efron 1979)
	}
	// Leaves of noise, measured with 2 to 50 classes: best cuts find pure sides, random ones
	// are late to. The rows of the smallest leaves are few enough for a cut to be anywhere.
	pure, filled := 1.0, 0.78
	if f.Extra {
		filled = 0.7
	}
	switch k := float64(classes); {
	case classes > 1 && f.Extra:
		pure = 1 - float64(0.63*math.Pow(k, -0.8))
	case classes > 1:
		pure = 1 - 0.92/math.Sqrt(k)
	}
	leaves := float64(drawn * pure)
	if f.MinLeafRows > 1 {
		leaves = min(leaves, filled*float64(rows)/float64(f.MinLeafRows))
	}
	if f.MaxDepth > 0 {
		leaves = min(leaves, math.Ldexp(1, min(f.MaxDepth, 62)))
	}
	return max(1, int(leaves))
}
