package model

import (
	"cmp"
	"math"
	"slices"
)

// maxBins is the most value bins a column may have: with the bin of missing values they
// number 256, so that a bin is a byte.
const maxBins = 255

// binning maps the values of one column to bins. Bin b holds the values x with
// thresholds[b-1] < x <= thresholds[b], the last bin what lies above; missing values have
// the bin after the last. So "bin(x) <= b" and "x <= thresholds[b]" are the same statement
// for every x, seen in training or not, and trees grown on bins predict on raw values.
type binning struct {
	thresholds []float64 // ascending, one less than there are value bins
	missing    bool      // whether missing values were seen
}

// newBinning cuts values into at most limit bins. Up to limit distinct values get a bin
// each; more are cut at quantiles, and a value so frequent that it fills a bin has one to
// itself. The cuts depend on the values and their weights but not on their order, and an
// integer weight cuts exactly like as many repeats. weights are positive; nil means 1.
func newBinning(values, weights []float64, limit int) binning {
	distinct, masses, missing := countDistinct(values, weights)
	b := binning{missing: missing}
	if len(distinct) <= limit {
		for i := 1; i < len(distinct); i++ {
			b.thresholds = append(b.thresholds, between(distinct[i-1], distinct[i]))
		}
		return b
	}
	left := int64(0)
	for _, m := range masses {
		left += m
	}
	// A bin is closed once it holds its share of what is left, or when the next value
	// alone is a share. The masses of weights and of repeats differ by a power of two, so
	// the comparisons come out alike.
	held, bins := int64(0), limit
	for i := 0; i+1 < len(distinct) && bins > 1; i++ {
		held += masses[i]
		share := float64(left) / float64(bins)
		if float64(held) < share && float64(masses[i+1]) < share {
			continue
		}
		b.thresholds = append(b.thresholds, between(distinct[i], distinct[i+1]))
		left -= held
		held = 0
		bins--
	}
	return b
}

// countDistinct returns the distinct values in ascending order with their total weights in
// fixed point, and whether any value is missing.
func countDistinct(values, weights []float64) (distinct []float64, masses []int64, missing bool) {
	if weights != nil {
		return weighDistinct(values, weights)
	}
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			distinct, masses = append(distinct, v), append(masses, 0)
		}
		masses[len(masses)-1]++
	}
	return distinct, masses, len(sorted) < len(values)
}

// weighDistinct is countDistinct with weights.
func weighDistinct(values, weights []float64) (distinct []float64, masses []int64, missing bool) {
	type weighted struct {
		value float64
		mass  int64
	}
	scale := fixedScale(repeat(1, len(weights)), weights, fixedBits)
	pairs := make([]weighted, 0, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			pairs = append(pairs, weighted{v, scale.fix(1, weights[i])})
		}
	}
	slices.SortFunc(pairs, func(a, b weighted) int { return cmp.Compare(a.value, b.value) })
	for i, p := range pairs {
		if i == 0 || p.value != pairs[i-1].value {
			distinct, masses = append(distinct, p.value), append(masses, 0)
		}
		masses[len(masses)-1] += p.mass
	}
	return distinct, masses, len(pairs) < len(values)
}

// between returns a threshold t with a <= t < b, the middle if it is representable.
func between(a, b float64) float64 {
	if middle := float64(a/2) + float64(b/2); a <= middle && middle < b {
		return middle
	}
	return a
}

// values is the number of bins that hold values, which is also the bin of missing ones.
func (b *binning) values() int { return len(b.thresholds) + 1 }

// cells is the number of bins in use.
func (b *binning) cells() int {
	if b.missing {
		return b.values() + 1
	}
	return b.values()
}

// bin returns the bin of x.
func (b *binning) bin(x float64) uint8 {
	if math.IsNaN(x) {
		return uint8(b.values())
	}
	low, high := 0, len(b.thresholds)
	for low < high {
		middle := int(uint(low+high) / 2)
		if x <= b.thresholds[middle] {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return uint8(low)
}

// binnedColumn is a column as bins.
type binnedColumn struct {
	binning
	source int     // its index in the matrix
	bins   []uint8 // one per row
}

// binColumns bins every column that can split the rows; the others, constant and with no
// missing values or missing throughout, are left out.
func binColumns(columns [][]float64, weights []float64, limit int) []binnedColumn {
	var binned []binnedColumn
	for j, values := range columns {
		b := newBinning(values, weights, limit)
		if allMissing(values) || b.cells() < 2 {
			continue
		}
		bins := make([]uint8, len(values))
		for i, x := range values {
			bins[i] = b.bin(x)
		}
		binned = append(binned, binnedColumn{binning: b, source: j, bins: bins})
	}
	return binned
}

func allMissing(values []float64) bool {
	for _, v := range values {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}
