package tree

import (
	"math"
	"math/bits"
)

// weights are the weights of rows as the engine sums them: scaled by a power of two so that
// the heaviest row has a weight between 1 and 1024, and integer weights up to 1024 stay what
// they are. The order of rows decides nothing.
type weights struct {
	rows     int
	uniform  bool      // every weight is 1, and scaled, counts are nil
	scaled   []float64 // w·2^exponent
	exponent int
	total    uint64   // Σ scaled, rounded up
	counts   []uint32 // how many rows each stands for: ⌊w⌋, at least 1, and no more than decides anything
	counted  uint64   // Σ counts
}

// newWeights takes positive weights, one per row; nil is 1 for each.
func newWeights(of []float64, rows, mostCount int) *weights {
	w := &weights{rows: rows, uniform: true, total: uint64(rows), counted: uint64(rows)}
	heaviest := 0.0
	for _, v := range of {
		w.uniform = w.uniform && v == 1
		heaviest = max(heaviest, v)
	}
	if w.uniform {
		return w
	}
	_, e := math.Frexp(heaviest)
	switch {
	case e < 1:
		w.exponent = 1 - e
	case heaviest > 1024:
		w.exponent = 10 - e
	}
	w.scaled, w.counts = make([]float64, rows), make([]uint32, rows)
	w.total, w.counted = 0, 0
	for i, v := range of {
		w.scaled[i] = math.Ldexp(v, w.exponent)
		w.total += uint64(math.Ceil(float64(w.scaled[i] * 1024)))
		w.counts[i] = uint32(max(1, min(v, float64(mostCount))))
		w.counted += uint64(w.counts[i])
	}
	w.total = (w.total + 1023) >> 10
	return w
}

// mass is a row's weight as an integer; those of all rows sum to less than 2^52.
func (w *weights) mass(row int) int64 {
	return int64(math.RoundToEven(math.Ldexp(w.scaled[row], 51-bits.Len64(w.total))))
}
