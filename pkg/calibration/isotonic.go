package calibration

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Steps is a rising function: To at each of From, on a straight line between them, and that
// of the ends beyond them; but never nearer to 0 and 1 than Margin.
type Steps struct {
	From   []float64 `json:"from"`
	To     []float64 `json:"to"`
	Margin float64   `json:"margin"`
}

func (s Steps) at(p float64) float64 { return min(max(s.between(p), s.Margin), 1-s.Margin) }

func (s Steps) between(p float64) float64 {
	i, found := slices.BinarySearch(s.From, p)
	switch {
	case found:
		return s.To[i]
	case i == 0:
		return s.To[0]
	case i == len(s.From):
		return s.To[i-1]
	}
	part := (p - s.From[i-1]) / (s.From[i] - s.From[i-1])
	return s.To[i-1] + float64(part*(s.To[i]-s.To[i-1]))
}

func (s Steps) check() error {
	if len(s.From) == 0 || len(s.From) != len(s.To) {
		return errors.New("steps of no length, or of two")
	}
	if !(s.Margin > 0 && s.Margin <= 0.5) {
		return fmt.Errorf("steps with a margin of %v", s.Margin)
	}
	for i := range s.From {
		rises := i == 0 || s.From[i] > s.From[i-1] && s.To[i] >= s.To[i-1]
		if !rises || !(s.From[i] >= 0 && s.From[i] <= 1 && s.To[i] >= 0 && s.To[i] <= 1) {
			return errors.New("steps that do not rise between 0 and 1")
		}
	}
	return nil
}

// pooled is a run of rows of equal or pooled value.
type pooled struct {
	from, until  float64 // probabilities
	weight, mean float64
}

// fitSteps is isotonic regression by pooling adjacent violators (Ayer et al. 1955), of which
// the ends of each run are kept. As rows that are all of one class prove no certainty, the
// function stays half a row, in all of them, off 0 and 1.
func fitSteps(probabilities []float64, is []bool, weights []float64) Steps {
	points := make([]pooled, len(probabilities))
	total := 0.0
	for i, p := range probabilities {
		points[i] = pooled{p, p, weights[i], float64(index(is[i]))}
		total += weights[i]
	}
	// Class and weight order the ties, so that the order of rows changes no bit.
	slices.SortFunc(points, func(a, b pooled) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.mean, b.mean), cmp.Compare(a.weight, b.weight))
	})
	var runs []pooled
	for i := 0; i < len(points); {
		run := points[i]
		for i++; i < len(points) && points[i].from == run.from; i++ {
			run = run.with(points[i])
		}
		for len(runs) > 0 && runs[len(runs)-1].mean >= run.mean {
			run = runs[len(runs)-1].with(run)
			runs = runs[:len(runs)-1]
		}
		runs = append(runs, run)
	}
	s := Steps{Margin: 0.5 / (1 + total)}
	for _, run := range runs {
		s.From, s.To = append(s.From, run.from), append(s.To, run.mean)
		if run.until > run.from {
			s.From, s.To = append(s.From, run.until), append(s.To, run.mean)
		}
	}
	return s
}

// with joins a run with the one that follows.
func (p pooled) with(next pooled) pooled {
	weight := p.weight + next.weight
	return pooled{p.from, next.until, weight, (float64(p.weight*p.mean) + float64(next.weight*next.mean)) / weight}
}
