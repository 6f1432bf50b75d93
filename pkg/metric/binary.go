package metric

import (
	"cmp"
	"fmt"
	"slices"
)

// positive is the probability of class 1 in row i.
func (s sample) positive(i int) float64 { return s.predicted[2*i+1] }

// ranked is what a ranking needs of a row.
type ranked struct {
	p, weight float64
	class     int // 1: to be ranked high
	row       int
}

// ranking sorts rows by probability, the lowest first. Class and weight order the ties, so
// that shuffled rows add up to the same bits.
func ranking(rows []ranked) []ranked {
	slices.SortFunc(rows, func(a, b ranked) int {
		switch {
		case a.p != b.p:
			return cmp.Compare(a.p, b.p)
		case a.class != b.class:
			return a.class - b.class
		}
		return cmp.Compare(a.weight, b.weight)
	})
	return rows
}

// byPositive ranks the rows of two classes.
func (s sample) byPositive() []ranked {
	rows := make([]ranked, len(s.y))
	for i, w := range s.weights {
		rows[i] = ranked{p: s.positive(i), weight: w, class: s.class(i), row: i}
	}
	return ranking(rows)
}

// ties calls each for every run of equal probability, with the weight of either class in it.
func ties(rows []ranked, each func(tied []ranked, weight [2]float64)) {
	for i := 0; i < len(rows); {
		begin := i
		var weight [2]float64
		for p := rows[i].p; i < len(rows) && rows[i].p == p; i++ {
			weight[rows[i].class] += rows[i].weight
		}
		each(rows[begin:i], weight)
	}
}

// rocAUC is the probability that a row of class 1 is ranked above one of class 0, a tie
// counting half: the Mann-Whitney statistic by ranks, O(n log n). Weights count as copies.
func rocAUC(s sample) (float64, error) { return areaUnderCurve(s.byPositive()) }

func areaUnderCurve(rows []ranked) (float64, error) {
	var passed [2]float64 // weight of each class ranked lower
	area := 0.0           // Σ over class 1 of the weight of class 0 ranked lower
	ties(rows, func(_ []ranked, tied [2]float64) {
		area += float64(tied[1] * (passed[0] + float64(tied[0]/2)))
		passed[0] += tied[0]
		passed[1] += tied[1]
	})
	if passed[0] == 0 || passed[1] == 0 {
		return 0, fmt.Errorf("%w: every row is of one class", ErrUndefined)
	}
	return area / passed[0] / passed[1], nil
}

// averagePrecision is the mean of the precision over the recalls that thresholds reach, from
// the highest probability down: Σ (Rₖ - Rₖ₋₁)·Pₖ. Unlike the area under the curve of
// precision and recall it does not interpolate, which would flatter (Davis & Goadrich 2006).
func averagePrecision(s sample) (float64, error) {
	var all [2]float64
	rows := s.byPositive()
	ties(rows, func(_ []ranked, tied [2]float64) {
		all[0] += tied[0]
		all[1] += tied[1]
	})
	if all[1] == 0 {
		return 0, fmt.Errorf("%w: no row is of class 1", ErrUndefined)
	}
	above, area := all, 0.0
	ties(rows, func(_ []ranked, tied [2]float64) {
		area += float64(tied[1] * (above[1] / (above[0] + above[1])))
		above[0] -= tied[0]
		above[1] -= tied[1]
	})
	return area / all[1], nil
}

// specificity is the share of class 0 that is predicted as such.
func specificity(s sample) (float64, error) {
	value, defined := recall(s.counts(0))
	if !defined {
		return 0, fmt.Errorf("%w: no row is of class 0", ErrUndefined)
	}
	return value, nil
}
