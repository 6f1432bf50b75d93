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

// rocAUC is the probability that a row of class 1 is ranked above one of class 0, a tie
// counting half: the Mann-Whitney statistic by ranks, O(n log n). Weights count as copies.
func rocAUC(s sample) (float64, error) {
	order := make([]int, len(s.y))
	for i := range order {
		order[i] = i
	}
	// Beyond the probability the order is there so that shuffled rows sum in the same order.
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(s.positive(a), s.positive(b)),
			cmp.Compare(s.y[a], s.y[b]),
			cmp.Compare(s.weights[a], s.weights[b]),
		)
	})
	var below, above float64 // weight of class 0 ranked lower; of class 1 so far
	area := 0.0              // Σ over class 1 of the weight of class 0 below it
	for start := 0; start < len(order); {
		end := start
		var tied [2]float64 // weight of each class at this probability
		for ; end < len(order) && s.positive(order[end]) == s.positive(order[start]); end++ {
			i := order[end]
			tied[s.class(i)] += s.weights[i]
		}
		area += float64(tied[1] * (below + tied[0]/2))
		below += tied[0]
		above += tied[1]
		start = end
	}
	if below == 0 || above == 0 {
		return 0, fmt.Errorf("%w: every row is of one class", ErrUndefined)
	}
	return area / below / above, nil
}
