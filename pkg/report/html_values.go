package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/metric"
)

// rows of a plot of rows: all of them, or some at an even stride.
func scattered(j *Judged) (y, predicted []float64, note string) {
	for _, row := range spaced(len(j.Y), maxScattered) {
		y, predicted = append(y, j.Y[row]), append(predicted, j.Predicted[row])
	}
	if len(y) < len(j.Y) {
		note = count(len(y)) + " of the rows."
	}
	return y, predicted, note
}

func extremes(lists ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, list := range lists {
		for _, v := range list {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, high
}

// actual is what is predicted beside what was.
func actual(r *Run) *chart {
	y, predicted, note := scattered(r.Judged)
	low, high := extremes(y, predicted)
	c := newChart("Predicted and actual", "predicted", "actual", [2]float64{low, low}, [2]float64{high, high})
	c.dots("many", predicted, y)
	c.straight("ideal", "equal", low, low, high, high)
	c.Note = note
	return c
}

func residualsOf(y, predicted []float64) []float64 {
	rest := make([]float64, len(y))
	for i := range y {
		rest[i] = y[i] - predicted[i]
	}
	return rest
}

func residuals(j *Judged) *chart {
	y, predicted, note := scattered(j)
	rest := residualsOf(y, predicted)
	left, right := extremes(predicted)
	low, high := extremes(rest)
	c := newChart("Residuals", "predicted", "actual − predicted", [2]float64{left, min(low, 0)}, [2]float64{right, max(high, 0)})
	c.dots("many", predicted, rest)
	c.straight("ideal", "none", left, 0, right, 0)
	c.Note = note
	return c
}

// normality is the Q–Q plot of the residuals; its line goes through the quartiles.
func normality(j *Judged) *chart {
	n := len(j.Y)
	if n < 4 {
		return nil
	}
	rest := residualsOf(j.Y, j.Predicted)
	slices.Sort(rest)
	scores := metric.NormalScores(n)
	var xs, ys []float64
	for _, i := range spaced(n, maxPoints) {
		xs, ys = append(xs, scores[i]), append(ys, rest[i])
	}
	low, high := extremes(ys)
	c := newChart("Q–Q plot of the residuals", "normal quantile", "residual", [2]float64{xs[0], low}, [2]float64{xs[len(xs)-1], high})
	a, b := n/4, n-1-n/4
	slope := (rest[b] - rest[a]) / (scores[b] - scores[a])
	at := func(x float64) float64 { return rest[a] + float64(slope*(x-scores[a])) }
	from, to := xs[0], xs[len(xs)-1]
	if slope > 0 { // within the axes
		from, to = max(from, scores[a]+(low-rest[a])/slope), min(to, scores[a]+(high-rest[a])/slope)
	}
	c.straight("ideal", "normal", from, at(from), to, at(to))
	c.dots("dot small", xs, ys)
	return c
}

// coverage is which share of the intervals holds the truth, by fifths of the rows by what is
// predicted; nil without intervals.
func coverage(j *Judged) *chart {
	const parts = 5
	n := len(j.Y)
	if len(j.Intervals) != n || n < parts {
		return nil
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case j.Predicted[a] < j.Predicted[b]:
			return -1
		case j.Predicted[a] > j.Predicted[b]:
			return 1
		}
		return 0
	})
	held := func(rows []int) (share, width float64) {
		for _, row := range rows {
			in := j.Intervals[row]
			if in[0] <= j.Y[row] && j.Y[row] <= in[1] {
				share++
			}
			width += (in[1] - in[0]) / float64(len(rows))
		}
		return share / float64(len(rows)), width
	}
	var xs, ys, low, high []float64
	for p := range parts {
		rows := order[p*n/parts : (p+1)*n/parts]
		share, _ := held(rows)
		a, b := metric.ShareInterval(share, len(rows), judgedConfidence)
		xs, ys, low, high = append(xs, float64(p+1)), append(ys, share), append(low, a), append(high, b)
	}
	bottom, _ := extremes(low, []float64{j.Coverage})
	c := newChart("Coverage of the intervals", "fifth of the rows, by what is predicted", "share that holds the truth", [2]float64{0.5, bottom}, [2]float64{parts + 0.5, 1})
	c.straight("chance", "asked for", 0.5, j.Coverage, parts+0.5, j.Coverage)
	c.upright("whisker", xs, low, high)
	c.dots("dot", xs, ys)
	share, width := held(order)
	a, b := metric.ShareInterval(share, n, judgedConfidence)
	c.Note = fmt.Sprintf("In all %s of the intervals hold the truth (95%% interval %s to %s), %s were asked for; their mean width is %s.",
		percentOf(share), percentOf(a), percentOf(b), percentOf(j.Coverage), number(width))
	return c
}
