package feature

import (
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Target is what the training rows are to predict.
type Target struct {
	Values  []float64 // one per row: the number, or the index of the class; never NaN
	Classes int       // 0 for regression
	// Weights say how much each row tells, where an encoding counts rows or learns from the
	// target (Means, Text): finite and not negative; nil is 1 for all. Their unit does not matter.
	// Scales and medians are by rows: they only bring columns to comparable size.
	Weights []float64
}

// foldCount is how many parts training rows are dealt into for encodings by target.
const foldCount = 5

// shrink is how many rows of the overall mean are mixed into what is known of a category or
// an n-gram: with fewer rows than that it is mostly noise.
const shrink = 10

func (y Target) validate(rows int) error {
	if len(y.Values) != rows {
		return fmt.Errorf("%d targets for %d rows", len(y.Values), rows)
	}
	for i, v := range y.Values {
		if !finite(v) || y.Classes > 0 && !(v >= 0 && v < float64(y.Classes) && v == math.Trunc(v)) {
			return fmt.Errorf("target of row %d is %v", i+1, v)
		}
	}
	if y.Weights != nil && len(y.Weights) != rows {
		return fmt.Errorf("%d weights for %d rows", len(y.Weights), rows)
	}
	for i, w := range y.Weights {
		if !(w >= 0) || !finite(w) {
			return fmt.Errorf("weight of row %d is %v", i+1, w)
		}
	}
	if mean := y.meanWeight(); y.Weights != nil && !(mean > 0 && finite(mean)) {
		return errors.New("the weights sum to 0 or beyond what a number holds")
	}
	return nil
}

// meanWeight is over the rows that have one.
func (y Target) meanWeight() float64 {
	n := 0
	for _, w := range y.Weights {
		if w > 0 {
			n++
		}
	}
	return num.Sum(y.Weights) / float64(n)
}

// unitless is the target with weights of mean 1, which count as rows: how many rows of the
// overall mean are mixed into what few rows say must not depend on the weights' unit.
func (y Target) unitless() Target {
	if y.Weights == nil {
		return y
	}
	mean, weights := y.meanWeight(), make([]float64, len(y.Weights))
	for i, w := range y.Weights {
		weights[i] = w / mean
	}
	y.Weights = weights
	return y
}

// weight is how many rows a row counts as.
func (y Target) weight(row int) float64 {
	if y.Weights == nil {
		return 1
	}
	return y.Weights[row]
}

// outputs is how many means describe a set of targets: one, or with three classes or more
// the share of each.
func (y Target) outputs() int {
	if y.Classes > 2 {
		return y.Classes
	}
	return 1
}

// value is what output k averages at a row.
func (y Target) value(row, k int) float64 {
	if y.Classes <= 2 {
		return y.Values[row]
	}
	if int(y.Values[row]) == k {
		return 1
	}
	return 0
}

// deal gives each row a part at random, whatever its target.
func (y Target) deal(from uint64) []uint8 {
	folds := make([]uint8, len(y.Values))
	for i, row := range seed.Rand(seed.Derive(from, "encode")).Perm(len(folds)) {
		folds[row] = uint8(i % foldCount)
	}
	return folds
}

// tally counts rows, by weight, and adds up an output of their targets, in a part of the rows.
type tally struct{ rows, sum float64 }

func (t *tally) add(value, weight float64) {
	t.rows += weight
	t.sum += float64(weight * value)
}

// without adds up all parts but one; −1 leaves out none.
func without(parts []tally, fold int) tally {
	var all tally
	for f, t := range parts {
		if f != fold {
			all.rows += t.rows
			all.sum += t.sum
		}
	}
	return all
}

// mean is 0 for no rows.
func (t tally) mean() float64 {
	if t.rows == 0 {
		return 0
	}
	return t.sum / t.rows
}

// shrunk is the mean with the prior mixed in.
func (t tally) shrunk(prior float64) float64 {
	return (t.sum + float64(shrink*prior)) / (t.rows + shrink)
}

// overall tallies an output by part.
func (y Target) overall(folds []uint8, k int) []tally {
	parts := make([]tally, foldCount)
	weights, values := make([][]float64, foldCount), make([][]float64, foldCount)
	for i, f := range folds {
		w := y.weight(i)
		weights[f], values[f] = append(weights[f], w), append(values[f], float64(w*y.value(i, k)))
	}
	for f := range parts {
		parts[f] = tally{num.Sum(weights[f]), num.Sum(values[f])}
	}
	return parts
}
