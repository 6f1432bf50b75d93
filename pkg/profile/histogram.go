package profile

import "math"

// MaxBins is the most bins of a histogram.
const MaxBins = 20

// Histogram counts values in bins of equal width from the least to the greatest value:
// as many bins as there are distinct values, MaxBins at most, so that a column of few whole
// numbers shows each of them. It has one bin if all values are equal, or so close that
// float64 has no edges between them. Counts are as exact as the quantiles beside it.
type Histogram struct {
	// Edges are the ends of the bins in ascending order, one more than Counts. A value on an
	// edge counts in the bin above it, the greatest value in the last bin.
	Edges  []float64 `json:"edges"`
	Counts []int     `json:"counts"`
}

// histogram bins values from low to high.
func (r *ranks) histogram(low, high float64) Histogram {
	h := Histogram{Edges: edges(low, high, min(len(r.values), MaxBins))}
	start := 0
	for _, edge := range h.Edges[1 : len(h.Edges)-1] {
		end := r.below(edge)
		h.Counts = append(h.Counts, end-start)
		start = end
	}
	h.Counts = append(h.Counts, int(r.until[len(r.until)-1])-start)
	return h
}

// edges divides the way from low to high into n equal parts, or 1 if that leaves one empty.
func edges(low, high float64, n int) []float64 {
	edges := make([]float64, n+1)
	width := (high - low) / float64(n)
	for i := range edges {
		if math.IsInf(width, 0) {
			edges[i] = between(low, high, float64(i)/float64(n))
		} else {
			edges[i] = low + float64(float64(i)*width)
		}
	}
	edges[n] = high
	for i := range n {
		if n > 1 && edges[i] >= edges[i+1] {
			return []float64{low, high}
		}
	}
	return edges
}
