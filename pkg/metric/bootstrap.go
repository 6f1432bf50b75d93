package metric

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

const (
	// replicates is how often rows are drawn: enough for the ends of a 95 % interval to
	// move by a few hundredths of its width from seed to seed.
	replicates = 1000
	// drawnRows is the most rows that are drawn at a time. Of more than that a part is drawn
	// and the interval narrowed by √(part/all): the spread falls as 1/√rows, and a score that
	// sorts a million rows a thousand times is not worth the wait (Bickel, Götze & van Zwet
	// 1997).
	drawnRows = 20_000
	// definedReplicates is the least share of replicates that have the score.
	definedReplicates = 0.9
)

// bootstrap makes the interval of the percentiles of scores of drawn rows, which may lie to
// one side of the score as the score's distribution does.
func (m Metric) bootstrap(ctx context.Context, s sample, seed uint64, in *Interval) error {
	return bootstrap(ctx, len(s.y), seed, in, func(rows []int) (float64, error) { return m.of(s.pick(rows)) })
}

func bootstrap(ctx context.Context, n int, seedOfBootstrap uint64, in *Interval, score func(rows []int) (float64, error)) error {
	in.Method = Bootstrap
	drawn := min(n, drawnRows)
	scores := make([]float64, replicates)
	err := par.For(ctx, replicates, 0, func(r int) error {
		random := seed.Rand(seed.Derive(seedOfBootstrap, "bootstrap", r))
		rows := make([]int, drawn)
		for i := range rows {
			rows[i] = random.IntN(n)
		}
		value, err := score(rows)
		if err != nil || math.IsInf(value, 0) {
			value = math.NaN() // a draw of one class, for example
		}
		scores[r] = value
		return nil
	})
	if err != nil {
		return err
	}
	scores = slices.DeleteFunc(scores, math.IsNaN)
	if float64(len(scores)) < definedReplicates*replicates {
		return fmt.Errorf("%w for %d of %d draws of the rows, so that it has no interval", ErrUndefined, replicates-len(scores), replicates)
	}
	slices.Sort(scores)
	narrow := math.Sqrt(float64(drawn) / float64(n))
	end := func(share float64) float64 {
		return in.Score + float64(narrow*(percentile(scores, share)-in.Score))
	}
	in.Low, in.High = end((1-in.Confidence)/2), end((1+in.Confidence)/2)
	return nil
}

// percentile interpolates between sorted values.
func percentile(sorted []float64, share float64) float64 {
	at := float64(share * float64(len(sorted)-1))
	low := int(at)
	if low == len(sorted)-1 {
		return sorted[low]
	}
	part := at - float64(low)
	return float64((1-part)*sorted[low]) + float64(part*sorted[low+1])
}

// pick returns the rows of those indices.
func (s sample) pick(rows []int) sample {
	picked := sample{outputs: s.outputs, y: make([]float64, len(rows)), weights: make([]float64, len(rows)),
		predicted: make([]float64, 0, len(rows)*s.outputs)}
	for i, row := range rows {
		picked.y[i], picked.weights[i] = s.y[row], s.weights[row]
		picked.predicted = append(picked.predicted, s.row(row)...)
	}
	return picked
}
