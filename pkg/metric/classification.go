package metric

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

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

// negativeLog is -ln p(class), in nats, with p clipped to [epsilon, 1-epsilon]; log_loss is
// its mean.
func negativeLog(s sample, i int) float64 {
	p := s.row(i)[s.class(i)]
	return -math.Log(min(max(p, epsilon), 1-epsilon))
}

// quadratic is Σ (1{y=k} - p(k))² over the classes, half of it if there are two, as is usual
// (Brier, Monthly Weather Review 78, 1950); brier is its mean.
func quadratic(s sample, i int) float64 {
	if s.outputs == 2 {
		d := s.y[i] - s.positive(i)
		return float64(d * d)
	}
	total := 0.0
	for k, p := range s.row(i) {
		if k == s.class(i) {
			p--
		}
		total += float64(p * p)
	}
	return total
}

// right is 1 if the most probable class is the true one; accuracy is its mean. Of equally
// probable classes the first counts as predicted.
func right(s sample, i int) float64 {
	if mostProbable(s.row(i)) == s.class(i) {
		return 1
	}
	return 0
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

// topAccuracy is the share of weight whose true class is among the so many most probable
// ones. Of equally probable classes the first counts as more probable.
func topAccuracy(name string, k float64) (Metric, error) {
	if !(k >= 1 && k <= 1000) || k != math.Trunc(k) {
		return Metric{}, fmt.Errorf("metric %q: so many classes are a whole number from 1", name)
	}
	within := func(s sample, i int) float64 {
		row, class := s.row(i), s.class(i)
		above := 0.0
		for other, p := range row {
			if p > row[class] || p == row[class] && other < class {
				above++
			}
		}
		if above < k {
			return 1
		}
		return 0
	}
	return Metric{Name: name, Tasks: multiclasses, Greater: true, loss: within}, nil
}

// calibrationBins is how many bins calibrationError sorts probabilities into.
const calibrationBins = 15

// calibrationError is the expected calibration error: rows are put in bins of equal width by
// the probability of class 1, or of the most probable class if there are more than two, and
// |share that is right - mean probability| is averaged over the bins by weight (Guo, Pleiss,
// Sun & Weinberger 2017). It falls with fewer rows in a bin by chance alone.
func calibrationError(s sample) (float64, error) {
	var weight, probable, right [calibrationBins]float64
	for i, w := range s.weights {
		class := 1
		if s.outputs > 2 {
			class = mostProbable(s.row(i))
		}
		p := s.row(i)[class]
		b := calibrationBin(p)
		weight[b] += w
		probable[b] += float64(w * p)
		if s.class(i) == class {
			right[b] += w
		}
	}
	gaps := make([]float64, calibrationBins)
	for b := range gaps {
		gaps[b] = math.Abs(right[b] - probable[b])
	}
	return num.Sum(gaps) / num.Sum(weight[:]), nil
}

// calibrationBin has b/15 < p <= (b+1)/15, and 0 in the first.
func calibrationBin(p float64) int {
	b := min(calibrationBins-1, int(p*calibrationBins))
	for b > 0 && p <= float64(b)/calibrationBins {
		b--
	}
	for b < calibrationBins-1 && p > float64(b+1)/calibrationBins {
		b++
	}
	return b
}
