package metric

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// classification makes a Score of a function on classes and their probabilities.
func classification(name string, score func(sample) (float64, error)) func(y, predicted, weights []float64, outputs int) (float64, error) {
	return func(y, predicted, weights []float64, outputs int) (float64, error) {
		if outputs < 2 {
			panic("metric: a classification has two outputs or more")
		}
		s, err := newSample(y, predicted, weights, outputs, checkClass)
		if err != nil {
			return finite(name, 0, err)
		}
		value, err := score(s)
		return finite(name, value, err)
	}
}

func checkClass(y float64, predicted []float64) error {
	if !(y >= 0 && y < float64(len(predicted))) || y != math.Trunc(y) {
		return fmt.Errorf("target %v is not one of the classes 0 … %d", y, len(predicted)-1)
	}
	for class, p := range predicted {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("probability %v of class %d is not between 0 and 1", p, class)
		}
	}
	if sum := num.Sum(predicted); math.Abs(sum-1) > sumTolerance {
		return fmt.Errorf("probabilities sum to %v", sum)
	}
	return nil
}

// epsilon keeps the logarithm of a probability of 0 finite: one that is certain and wrong
// costs 36.04. It is scikit-learn's, the distance from 1 to the next float64.
const epsilon = 0x1p-52

// logLoss is -Σw·ln p(class) / Σw, in nats, with p clipped to [epsilon, 1-epsilon].
func logLoss(s sample) (float64, error) {
	return s.mean(func(i int) float64 {
		p := s.row(i)[s.class(i)]
		return -math.Log(min(max(p, epsilon), 1-epsilon))
	}), nil
}

// accuracy is the share of weight whose most probable class is the true one. Of equally
// probable classes the first counts as predicted.
func accuracy(s sample) (float64, error) {
	return s.mean(func(i int) float64 {
		if mostProbable(s.row(i)) == s.class(i) {
			return 1
		}
		return 0
	}), nil
}

func mostProbable(p []float64) int {
	best := 0
	for class := range p {
		if p[class] > p[best] {
			best = class
		}
	}
	return best
}
