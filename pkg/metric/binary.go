package metric

import (
	"cmp"
	"fmt"
	"slices"
)

// binary makes a Score of a function on two classes, of which class 1 is the positive.
func binary(name string, score func(sample) (float64, error)) func(y, predicted, weights []float64, outputs int) (float64, error) {
	scored := classification(name, score)
	return func(y, predicted, weights []float64, outputs int) (float64, error) {
		if outputs != 2 {
			panic("metric: a binary classification has two outputs")
		}
		return scored(y, predicted, weights, outputs)
	}
}

// positive is the probability of class 1 in row i.
func (s sample) positive(i int) float64 { return s.predicted[2*i+1] }

// brier is Σw(y - p)² / Σw with p the probability of class 1, in [0, 1] (Brier, Monthly
// Weather Review 78, 1950, halved as is usual for two classes).
func brier(s sample) (float64, error) {
	return s.mean(func(i int) float64 {
		d := s.y[i] - s.positive(i)
		return float64(d * d)
	}), nil
}

// ranked is what a ranking needs of a row.
type ranked struct {
	p, weight float64
	class     int
}

// rocAUC is the probability that a row of class 1 is ranked above one of class 0, a tie
// counting half: the Mann-Whitney statistic by ranks, O(n log n). Weights count as copies.
func rocAUC(s sample) (float64, error) {
	rows := make([]ranked, len(s.y))
	for i, w := range s.weights {
		rows[i] = ranked{p: s.positive(i), weight: w, class: s.class(i)}
	}
	// Class and weight order the ties, so that shuffled rows add up to the same bits.
	slices.SortFunc(rows, func(a, b ranked) int {
		switch {
		case a.p != b.p:
			return cmp.Compare(a.p, b.p)
		case a.class != b.class:
			return a.class - b.class
		}
		return cmp.Compare(a.weight, b.weight)
	})
	var passed [2]float64 // weight of each class ranked lower
	area := 0.0           // Σ over class 1 of the weight of class 0 ranked lower
	for i := 0; i < len(rows); {
		var tied [2]float64 // weight of each class at this probability
		for p := rows[i].p; i < len(rows) && rows[i].p == p; i++ {
			tied[rows[i].class] += rows[i].weight
		}
		area += float64(tied[1] * (passed[0] + float64(tied[0]/2)))
		passed[0] += tied[0]
		passed[1] += tied[1]
	}
	if passed[0] == 0 || passed[1] == 0 {
		return 0, fmt.Errorf("%w: every row is of one class", ErrUndefined)
	}
	return area / passed[0] / passed[1], nil
}
