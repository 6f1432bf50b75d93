package metric

import (
	"fmt"
	"math"
)

// counts are the weights of a class's rows: those predicted as it, those that are of it, and
// those that are both.
type counts struct{ predicted, actual, both float64 }

// counts of one class. Of equally probable classes the first counts as predicted.
func (s sample) counts(class int) counts { return s.confusion()[class] }

func (s sample) confusion() []counts {
	of := make([]counts, s.outputs)
	for i, w := range s.weights {
		predicted, class := mostProbable(s.row(i)), s.class(i)
		of[predicted].predicted += w
		of[class].actual += w
		if predicted == class {
			of[class].both += w
		}
	}
	return of
}

// precision is the share that is right of what is predicted as the class.
func precision(c counts) (value float64, defined bool) { return c.both / c.predicted, c.predicted > 0 }

// recall is the share of the class that is predicted as it.
func recall(c counts) (value float64, defined bool) { return c.both / c.actual, c.actual > 0 }

// f1 is the harmonic mean of both, 2·TP / (2·TP + FP + FN).
func f1(c counts) (value float64, defined bool) {
	return 2 * c.both / (c.predicted + c.actual), c.predicted+c.actual > 0
}

// ofPositive makes a score of class 1.
func ofPositive(ratio func(counts) (float64, bool)) func(sample) (float64, error) {
	return func(s sample) (float64, error) {
		value, defined := ratio(s.counts(1))
		if !defined {
			return 0, fmt.Errorf("%w: no row is of class 1, or none is predicted as such", ErrUndefined)
		}
		return value, nil
	}
}

// equally and byShare are how much a class counts in an average: every one the same however
// rare, or as much as it has rows.
func equally(counts) float64 { return 1 }

func byShare(c counts) float64 { return c.actual }

// averaged makes the mean of a score over the classes that occur or are predicted; a class
// that does neither is left out, and one without a score counts 0, both as in scikit-learn.
// There is no micro average: with one class per row it is the accuracy.
func averaged(ratio func(counts) (float64, bool), weight func(counts) float64) func(sample) (float64, error) {
	return func(s sample) (float64, error) {
		total, weights := 0.0, 0.0
		for _, c := range s.confusion() {
			if c.predicted == 0 && c.actual == 0 {
				continue
			}
			if value, defined := ratio(c); defined {
				total += float64(weight(c) * value)
			}
			weights += weight(c)
		}
		return total / weights, nil
	}
}

// balancedAccuracy is the mean recall of the classes that occur.
func balancedAccuracy(s sample) (float64, error) {
	total, classes := 0.0, 0.0
	for _, c := range s.confusion() {
		if value, defined := recall(c); defined {
			total += value
			classes++
		}
	}
	return total / classes, nil
}

// mcc is the correlation of predicted with true classes, from -1 to 1 (Matthews 1975;
// Gorodkin 2004 for more than two). There is none if all rows are of one class, or are
// predicted as one; scikit-learn says 0 then.
func mcc(s sample) (float64, error) {
	var all, both, products, predicted, actual float64
	for _, c := range s.confusion() {
		all += c.actual
		both += c.both
		products += float64(c.predicted * c.actual)
		predicted += float64(c.predicted * c.predicted)
		actual += float64(c.actual * c.actual)
	}
	square := float64(all * all)
	below := float64((square - predicted) * (square - actual))
	if !(below > noise*square*square) {
		return 0, fmt.Errorf("%w: all rows are of one class, or are predicted as one", ErrUndefined)
	}
	return (float64(both*all) - products) / math.Sqrt(below), nil
}

// noise is how far above zero a difference of sums must be to be told from rounding.
const noise = 1e-12

// cohenKappa is how far the accuracy lies above that of guessing with the same shares of
// classes, as a share of what is possible (Cohen 1960).
func cohenKappa(s sample) (float64, error) {
	var all, both, chance float64
	for _, c := range s.confusion() {
		all += c.actual
		both += c.both
		chance += float64(c.predicted * c.actual)
	}
	chance /= float64(all * all)
	if !(1-chance > noise) {
		return 0, fmt.Errorf("%w: guessing is always right", ErrUndefined)
	}
	return (both/all - chance) / (1 - chance), nil
}
