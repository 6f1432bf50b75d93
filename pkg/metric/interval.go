package metric

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Interval is a confidence interval around a score: were rows drawn again and again from
// where these come from, so many of the intervals would hold the score of them all.
type Interval struct {
	Score      float64 `json:"score"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"` // such as 0.95
	Method     Method  `json:"method"`
}

// Method is how an interval was made.
type Method string

const (
	Student   Method = "student"   // of the mean of a loss, by its deviation
	Wilson    Method = "wilson"    // of a share (Wilson 1927)
	DeLong    Method = "delong"    // of the area under a curve (DeLong, DeLong & Clarke-Pearson 1988)
	Bootstrap Method = "bootstrap" // by drawing rows with replacement (Efron 1979)
	// CorrectedStudent is of scores on folds that share training rows (Nadeau & Bengio 2003).
	CorrectedStudent Method = "corrected_student"
)

// Interval scores the rows as Score does, with the interval of that confidence, between 0
// and 1. A row is one observation whatever its weight. Scores whose distribution is known
// have theirs from it, in one pass; the others are bootstrapped with the seed, on all cores,
// and the same at any number of them. There is none (ErrUndefined) of a single row.
func (m Metric) Interval(ctx context.Context, y, predicted, weights []float64, outputs int, confidence float64, seed uint64) (Interval, error) {
	if !(confidence > 0 && confidence < 1) {
		return Interval{}, fmt.Errorf("confidence %v is not between 0 and 1", confidence)
	}
	s, err := m.sample(y, predicted, weights, outputs)
	if err == nil && len(s.y) < 2 {
		err = fmt.Errorf("%w: one row has no spread", ErrUndefined)
	}
	if err != nil {
		_, err = finite(m.Name, 0, err)
		return Interval{}, err
	}
	score, err := m.of(s)
	if score, err = finite(m.Name, score, err); err != nil {
		return Interval{}, err
	}
	interval := Interval{Score: score, Confidence: confidence}
	switch {
	case m.spread != nil:
		err = m.spread(s, &interval)
	case m.loss != nil:
		m.spreadOfMean(s, &interval)
	default:
		err = m.bootstrap(ctx, s, seed, &interval)
	}
	if err != nil {
		return Interval{}, fmt.Errorf("%s: %w", m.Name, err)
	}
	return interval, nil
}

// Bootstrapped reports whether Interval has to score a thousand draws of the rows, which takes
// seconds where others take milliseconds.
func (m Metric) Bootstrapped() bool { return m.spread == nil && m.loss == nil }

// spreadOfMean makes the interval of the weighted mean of the loss, by Student's t.
func (m Metric) spreadOfMean(s sample, in *Interval) {
	in.Method = Student
	half := s.halfWidth(func(i int) float64 { return m.loss(s, i) }, in.Score, in.Confidence)
	in.Low, in.High = in.Score-half, in.Score+half
}

// halfWidth is t times the standard error of a weighted mean: by linearization, which for
// equal weights is the deviation over √n.
func (s sample) halfWidth(value func(i int) float64, mean, confidence float64) float64 {
	n := float64(len(s.y))
	squares := make([]float64, len(s.y))
	for i, w := range s.weights {
		d := float64(w * (value(i) - mean))
		squares[i] = float64(d * d)
	}
	error := math.Sqrt(num.Sum(squares)*n/(n-1)) / num.Sum(s.weights)
	return float64(studentQuantile(confidence, n-1) * error)
}

// studentQuantile is how many deviations hold so much of Student's t.
func studentQuantile(confidence, freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile((1 + confidence) / 2)
}

// spreadOfRMSE is the root of the interval of the mean square; deviations are scaled, as
// their squares may overflow where they do not.
func spreadOfRMSE(s sample, in *Interval) error {
	in.Method = Student
	if in.Score == 0 {
		return nil // every row is exact
	}
	_, exponent := math.Frexp(in.Score)
	square := func(i int) float64 {
		d := math.Ldexp(s.residual(i), -exponent)
		return float64(d * d)
	}
	mean := s.mean(square)
	half := s.halfWidth(square, mean, in.Confidence)
	in.Low = math.Ldexp(math.Sqrt(max(0, mean-half)), exponent)
	in.High = math.Ldexp(math.Sqrt(mean+half), exponent)
	return nil
}

// wilson is the interval of a share that is in [0, 1] whatever the number of rows. Unequal
// weights leave as many rows as equal ones of the same effect (Kish 1965).
func wilson(s sample, in *Interval) error {
	in.Method = Wilson
	squares := make([]float64, len(s.y))
	for i, w := range s.weights {
		squares[i] = float64(w * w)
	}
	total := num.Sum(s.weights)
	n := float64(total*total) / num.Sum(squares)
	in.Low, in.High = wilsonBounds(in.Score, n, normalQuantile(in.Confidence))
	return nil
}

// wilsonBounds are those of a share of n rows, z deviations wide.
func wilsonBounds(p, n, z float64) (low, high float64) {
	zz := float64(z * z)
	middle := (p + zz/(2*n)) / (1 + zz/n)
	half := float64(z / (1 + zz/n) * math.Sqrt(float64(p*(1-p))/n+zz/(4*float64(n*n))))
	return max(0, middle-half), min(1, middle+half)
}

// normalQuantile is how many deviations hold so much of a normal distribution.
func normalQuantile(confidence float64) float64 {
	return mathext.NormalQuantile((1 + confidence) / 2)
}

// deLong is the interval of the area under the curve by the deviation of the placements.
// Beyond 0 and 1 it is cut off.
func deLong(s sample, in *Interval) error {
	in.Method = DeLong
	half, err := s.halfWidthByClass(s.placements(in.Score), in.Confidence)
	in.Low, in.High = max(0, in.Score-half), min(1, in.Score+half)
	return err
}

// placements are how far each row is off the area under the curve: the share of the other
// class that it is ranked right against, less the area, times the row's share of its class.
// They come from one ranking, as in Sun & Xu 2014.
func (s sample) placements(area float64) []float64 {
	rows := s.byPositive()
	var all, passed [2]float64
	for _, r := range rows {
		all[r.class] += r.weight
	}
	placed := make([]float64, len(rows))
	ties(rows, func(tied []ranked, weight [2]float64) {
		below := (passed[0] + float64(weight[0]/2)) / all[0]
		above := 1 - (passed[1]+float64(weight[1]/2))/all[1]
		for _, r := range tied {
			d := below - area
			if r.class == 0 {
				d = above - area
			}
			placed[r.row] = float64(d*r.weight) / all[r.class]
		}
		passed[0] += weight[0]
		passed[1] += weight[1]
	})
	return placed
}

// halfWidthByClass is normal deviations of a sum of terms, which vary within either class.
func (s sample) halfWidthByClass(terms []float64, confidence float64) (float64, error) {
	var squares [2][]float64
	for i, d := range terms {
		squares[s.class(i)] = append(squares[s.class(i)], float64(d*d))
	}
	variance := 0.0
	for class, squares := range squares {
		if len(squares) < 2 {
			return 0, fmt.Errorf("%w: one row of class %d has no spread", ErrUndefined, class)
		}
		m := float64(len(squares))
		variance += float64(num.Sum(squares) * m / (m - 1))
	}
	return float64(normalQuantile(confidence) * math.Sqrt(variance)), nil
}
