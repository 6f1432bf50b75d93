package report

import (
	"fmt"
	"math"
)

// Learning is how the score goes with what there is to learn from, or how long it is learned: on
// the rows that were learned from, and on others.
type Learning struct {
	Rounds bool      // At are rounds; else rows
	At     []float64 // rising
	// Fitted and Judged are means over the folds; NaN where the metric is not defined.
	Fitted, Judged []float64
	// Low and High are a standard error over the folds around Judged; nil of a single fold.
	Low, High []float64
	Folds     int
	Trial     string
}

func viewLearning(r *Run, l Learning) *chart {
	title, x := "By rows", "rows learned from"
	if l.Rounds {
		title, x = "By rounds", "rounds"
	}
	low, high := extremes(l.Fitted, l.Judged, l.Low, l.High)
	if low > high {
		low, high = 0, 1
	}
	margin := float64((high - low) * 0.05)
	right := 1.0
	if n := len(l.At); n > 0 {
		right = l.At[n-1]
	}
	c := newChart(title, x, cut(safe(r.Metric), 30), [2]float64{0, low - margin}, [2]float64{right, high + margin})
	c.curve("went dash", "rows it learned from", l.At, l.Fitted)
	if l.Low != nil {
		c.upright("whisker", l.At, l.Low, l.High)
	}
	c.curve("went", "other rows", l.At, l.Judged)
	if !l.Rounds {
		c.dots("dot small", l.At, l.Judged)
	}
	best, ahead := -1, math.Inf(-1)
	for i, v := range l.Judged {
		if !r.Greater {
			v = -v
		}
		if v > ahead {
			best, ahead = i, v
		}
	}
	c.Note = cut(safe(l.Trial), 60) + ", " + plural(l.Folds, "fold", "folds") + "."
	if l.Low != nil {
		c.Note = fmt.Sprintf("%s, mean of %d folds ± a standard error.", cut(safe(l.Trial), 60), l.Folds)
	}
	if l.Rounds && best >= 0 {
		c.Note += fmt.Sprintf(" Best on other rows after %s.", plural(int(l.At[best]), "round", "rounds"))
	}
	return c
}
