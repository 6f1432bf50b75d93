package metric

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Comparison says how much better a model's predictions of some rows are than another's of
// the same rows. Most of what makes rows easy or hard is common to both and cancels, so that
// the gain is known far better than either score.
type Comparison struct {
	Metric string  `json:"metric"`
	Score  float64 `json:"score"`
	Other  float64 `json:"other"`
	// Gain is how much better Score is than Other, in the metric's unit: positive is better,
	// whether the metric is to be great or small. Low and High are its confidence interval.
	Gain       float64 `json:"gain"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
	Method     Method  `json:"method"`
	Rows       int     `json:"rows"` // of weight above 0
}

// Compare scores two sets of predictions of the same rows, as Score does, with the interval
// of their difference: by Student's t of the paired losses where the score is their mean, by
// the covariance of placements for the area under the curve (DeLong, DeLong & Clarke-Pearson
// 1988), else by a bootstrap that draws the same rows for both. Errors are those of Interval.
func (m Metric) Compare(ctx context.Context, y, predicted, other, weights []float64, outputs int, confidence float64, seed uint64) (Comparison, error) {
	c := Comparison{Metric: m.Name, Confidence: confidence}
	if !(confidence > 0 && confidence < 1) {
		return c, fmt.Errorf("confidence %v is not between 0 and 1", confidence)
	}
	a, errA := m.sample(y, predicted, weights, outputs)
	b, errB := m.sample(y, other, weights, outputs)
	err := errors.Join(errA, errB)
	if err == nil && len(a.y) < 2 {
		err = fmt.Errorf("%w: one row has no spread", ErrUndefined)
	}
	if err == nil {
		c.Rows = len(a.y)
		if c.Score, err = m.of(a); err == nil {
			c.Other, err = m.of(b)
		}
	}
	if c.Gain, err = finite(m.Name, m.gain(c.Score, c.Other), err); err != nil {
		return Comparison{}, err
	}
	switch {
	case m.loss != nil:
		err = m.compareMeans(a, b, &c)
	case m.Name == "roc_auc":
		err = c.compareAreas(a, b)
	default:
		err = m.compareDraws(ctx, a, b, seed, &c)
	}
	if err != nil {
		return Comparison{}, fmt.Errorf("%s: %w", m.Name, err)
	}
	return c, nil
}

// gain is how much better a score is than another.
func (m Metric) gain(score, other float64) float64 {
	if m.Greater {
		return score - other
	}
	return other - score
}

func (m Metric) compareMeans(a, b sample, c *Comparison) error {
	c.Method = Student
	half := a.halfWidth(func(i int) float64 { return m.gain(m.loss(a, i), m.loss(b, i)) }, c.Gain, c.Confidence)
	return c.around(half)
}

func (c *Comparison) compareAreas(a, b sample) error {
	c.Method = DeLong
	terms := a.placements(c.Score)
	for i, d := range b.placements(c.Other) {
		terms[i] -= d
	}
	half, err := a.halfWidthByClass(terms, c.Confidence)
	if err != nil {
		return err
	}
	return c.around(half)
}

// around sets the interval; one that overflows is none.
func (c *Comparison) around(half float64) error {
	c.Low, c.High = c.Gain-half, c.Gain+half
	if math.IsNaN(half) || math.IsInf(half, 0) {
		return fmt.Errorf("%w: the spread of the difference overflows", ErrUndefined)
	}
	return nil
}

func (m Metric) compareDraws(ctx context.Context, a, b sample, seed uint64, c *Comparison) error {
	in := Interval{Score: c.Gain, Confidence: c.Confidence}
	err := bootstrap(ctx, len(a.y), seed, &in, func(rows []int) (float64, error) {
		score, err := m.of(a.pick(rows))
		if err != nil {
			return 0, err
		}
		other, err := m.of(b.pick(rows))
		return m.gain(score, other), err
	})
	c.Method, c.Low, c.High = in.Method, in.Low, in.High
	return err
}

// CompareFolds compares two models by their scores on the same k folds, each of so many
// training and test rows. Folds share training rows, so their scores do not vary
// as much as those of fresh data would: Nadeau & Bengio (2003) widen
// the variance of the mean from 1/k to 1/k + test/train. It panics if the
// lengths differ; fewer than two folds have no spread (ErrUndefined).
func (m Metric) CompareFolds(scores, others []float64, trainRows, testRows int, confidence float64) (Comparison, error) {
	if len(scores) != len(others) {
		panic("metric: lengths differ")
	}
	k := float64(len(scores))
	c := Comparison{Metric: m.Name, Confidence: confidence, Method: CorrectedStudent, Rows: testRows * len(scores)}
	if len(scores) < 2 {
		return c, fmt.Errorf("%s: %w: one fold has no spread", m.Name, ErrUndefined)
	}
	gains := make([]float64, len(scores))
	for i := range scores {
		gains[i] = m.gain(scores[i], others[i])
	}
	c.Score, c.Other, c.Gain = num.Sum(scores)/k, num.Sum(others)/k, num.Sum(gains)/k
	squares := make([]float64, len(gains))
	for i, g := range gains {
		d := g - c.Gain
		squares[i] = float64(d * d)
	}
	variance := num.Sum(squares) / (k - 1)
	widened := math.Sqrt(float64(variance * (1/k + float64(testRows)/float64(trainRows))))
	return c, c.around(float64(studentQuantile(confidence, k-1) * widened))
}
