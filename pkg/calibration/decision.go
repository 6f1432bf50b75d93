package calibration

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Costs say what it costs to predict a class: Costs[of][as] for a row of one class that is
// predicted as another, in any unit; less than 0 is a gain.
type Costs [][]float64

// Check returns an error unless there is a finite cost for each pair of so many classes.
func (c Costs) Check(classes int) error {
	if len(c) != classes {
		return fmt.Errorf("costs of %d classes for %d", len(c), classes)
	}
	for of, row := range c {
		if len(row) != classes {
			return fmt.Errorf("class %d has %d costs, want one for each of %d classes it may be predicted as", of, len(row), classes)
		}
		for as, cost := range row {
			if math.IsNaN(cost) || math.IsInf(cost, 0) {
				return fmt.Errorf("class %d as %d costs %v", of, as, cost)
			}
		}
	}
	return nil
}

// Decide returns the class whose expected cost is the least, the first of equal ones. It is
// the best there is if the probabilities can be believed (Elkan 2001).
func (c Costs) Decide(probabilities []float64) int {
	best, least := 0, math.Inf(1)
	for as := range c {
		expected := 0.0
		for of, p := range probabilities {
			expected += float64(p * c[of][as])
		}
		if expected < least {
			best, least = as, expected
		}
	}
	return best
}

// Outcome is what a threshold does with rows of two classes, in their weights: those of class
// 1 and 0 that are at or above it, and those below.
type Outcome struct {
	TruePositive, FalsePositive, TrueNegative, FalseNegative float64
}

// Criterion is what a threshold is chosen for: the greater the better, NaN where it is not
// defined.
type Criterion func(Outcome) float64

// The criteria that need no numbers of the user's.
var (
	// Accuracy is the share that is right.
	Accuracy Criterion = func(o Outcome) float64 {
		return (o.TruePositive + o.TrueNegative) / (o.TruePositive + o.FalsePositive + o.TrueNegative + o.FalseNegative)
	}
	// F1 is the harmonic mean of precision and recall.
	F1 Criterion = func(o Outcome) float64 {
		return 2 * o.TruePositive / (2*o.TruePositive + o.FalsePositive + o.FalseNegative)
	}
	// BalancedAccuracy is the mean share of either class that is right; it is greatest where
	// Youden's J is.
	BalancedAccuracy Criterion = func(o Outcome) float64 {
		return (o.TruePositive/(o.TruePositive+o.FalseNegative) + o.TrueNegative/(o.TrueNegative+o.FalsePositive)) / 2
	}
)

// LeastCost is the criterion of what mistakes and hits cost.
func LeastCost(c Costs) Criterion {
	return func(o Outcome) float64 {
		return -(float64(o.TruePositive*c[1][1]) + float64(o.FalsePositive*c[0][1]) +
			float64(o.TrueNegative*c[0][0]) + float64(o.FalseNegative*c[1][0]))
	}
}

// Threshold is a limit of the probability of class 1 from which on a row is taken for it.
type Threshold struct {
	Value   float64 `json:"value"`
	Score   float64 `json:"score"` // of the criterion, on the rows it was chosen on
	Outcome Outcome `json:"outcome"`
}

// ChooseThreshold finds the threshold with the greatest criterion among all there are: it
// lies in the middle between two probabilities that occur, or at 0 or 1 beyond them. The
// least of equal ones is chosen. positive is the probability of class 1 in each row, y its
// class, 0 or 1; weights may be nil. The score is too good on the rows it was chosen on, the
// more so the fewer they are.
func ChooseThreshold(y, positive, weights []float64, criterion Criterion) (Threshold, error) {
	if len(positive) != len(y) {
		panic("calibration: lengths differ")
	}
	both := make([]float64, 2*len(y))
	for i, p := range positive {
		both[2*i], both[2*i+1] = 1-p, p
	}
	r, err := newRows(y, both, weights, 2)
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold: %w", err)
	}
	order := make([]int, len(r.class))
	for i := range order {
		order[i] = i
	}
	p := func(i int) float64 { return r.probabilities[2*i+1] }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p(a), p(b)) })
	var o Outcome // of a threshold that all rows reach
	for i, class := range r.class {
		if class == 1 {
			o.TruePositive += r.weights[i]
		} else {
			o.FalsePositive += r.weights[i]
		}
	}
	best := Threshold{Score: math.Inf(-1)}
	try := func(value float64) {
		if score := criterion(o); score > best.Score {
			best = Threshold{value, score, o}
		}
	}
	try(0)
	for i := 0; i < len(order); {
		at := p(order[i])
		for ; i < len(order) && p(order[i]) == at; i++ {
			o = o.without(r.class[order[i]], r.weights[order[i]])
		}
		switch {
		case i < len(order):
			try(between(at, p(order[i])))
		case at < 1:
			try(1)
		}
	}
	if math.IsInf(best.Score, -1) {
		return Threshold{}, errors.New("threshold: the criterion is not defined at any of them")
	}
	return best, nil
}

// without is the outcome when a row falls below the threshold.
func (o Outcome) without(class int, weight float64) Outcome {
	if class == 1 {
		o.TruePositive -= weight
		o.FalseNegative += weight
	} else {
		o.FalsePositive -= weight
		o.TrueNegative += weight
	}
	return o
}

// between is in the middle, and above a though they be neighbours.
func between(a, b float64) float64 {
	if middle := float64(a/2) + float64(b/2); middle > a {
		return middle
	}
	return b
}
