package validate

import (
	"fmt"
	"math"
	"sort"
)

// TimeSeries splits rows by their time: every fold tests on rows later than those it learned
// from, as the model will be used.
//
// The rows, in the order of time, are cut into Folds + 1 pieces of the same size (the first
// takes what is left over); each fold tests on one of them, from the second on, and learns from
// what came before. Rows of one time stay together: a cut between them moves to the nearer end
// of their time. With different times the folds are those of scikit-learn's TimeSeriesSplit.
type TimeSeries struct {
	Folds int // 1 or more
	// Gap is the time between what is learned from and what is tested, in the unit of the times:
	// rows learned from are earlier than the test's first by more than that. It is as long as it
	// takes to know a target, so that no fold learns what was not known then.
	Gap float64
	// Sliding lets every fold learn from as many rows as the first, the latest ones, rather than
	// from all.
	Sliding bool
}

// Split returns the folds of rows of these times, in the order of time.
func (t TimeSeries) Split(times []float64) ([]Fold, error) {
	if t.Folds < 1 || !(t.Gap >= 0) || math.IsInf(t.Gap, 1) {
		return nil, fmt.Errorf("%d folds with a gap of %v: want one fold or more and a gap of 0 or more", t.Folds, t.Gap)
	}
	line, err := newTimeline(times)
	if err != nil {
		return nil, err
	}
	n, size := len(times), len(times)/(t.Folds+1)
	cuts := make([]int, t.Folds+1)
	for i := range cuts {
		cuts[i] = line.nearestCut(n - (t.Folds-i)*size)
		if size == 0 || cuts[i] == 0 || i > 0 && cuts[i] <= cuts[i-1] {
			return nil, fmt.Errorf("%d folds need rows of %d different times, about as many of each: there are %d rows of %d times, and those of one time stay together",
				t.Folds, t.Folds+1, n, line.different())
		}
	}
	folds := make([]Fold, t.Folds)
	for i := range folds {
		end := line.before(line.at(cuts[i])-t.Gap, cuts[i])
		start := 0
		if t.Sliding && end > cuts[0] {
			start = line.startOf(end - cuts[0])
		}
		if start >= end {
			return nil, fmt.Errorf("fold %d has no row to learn from: none is earlier than its test by more than the gap of %v", i+1, t.Gap)
		}
		folds[i] = Fold{Train: line.rows(start, end), Test: line.rows(cuts[i], cuts[i+1])}
	}
	return folds, nil
}

// Latest cuts off the latest rows, about a share of them, to be tested at last, and what lies
// within the gap before them, which belongs to neither side. Rows of one time stay together.
func (t TimeSeries) Latest(times []float64, share float64) (Fold, error) {
	line, err := newTimeline(times)
	if err != nil {
		return Fold{}, err
	}
	cut := line.nearestCut(len(times) - int(math.Round(float64(len(times))*share)))
	if cut == 0 || cut == len(times) {
		return Fold{}, fmt.Errorf("no share of about %v can be cut off: there are %d rows of %d times, and those of one time stay together", share, len(times), line.different())
	}
	end := line.before(line.at(cut)-t.Gap, cut)
	if end == 0 {
		return Fold{}, fmt.Errorf("no row is earlier than the latest by more than the gap of %v", t.Gap)
	}
	return Fold{Train: line.rows(0, end), Test: line.rows(cut, len(times))}, nil
}

// timeline is rows in the order of time.
type timeline struct {
	times []float64
	order []int
}

func newTimeline(times []float64) (timeline, error) {
	line := timeline{times, make([]int, len(times))}
	for row, v := range times {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return line, fmt.Errorf("row %d has no time", row+1)
		}
		line.order[row] = row
	}
	sort.SliceStable(line.order, func(i, j int) bool { return times[line.order[i]] < times[line.order[j]] })
	return line, nil
}

// at is the time of position i.
func (l timeline) at(i int) float64 { return l.times[l.order[i]] }

// startOf is the first position of the time of position i.
func (l timeline) startOf(i int) int {
	return sort.Search(i, func(j int) bool { return l.at(j) >= l.at(i) })
}

// before is how many of the first end positions are of a time before the given one.
func (l timeline) before(time float64, end int) int {
	return sort.Search(end, func(j int) bool { return l.at(j) >= time })
}

// nearestCut moves a cut before position i so that it parts no rows of one time.
func (l timeline) nearestCut(i int) int {
	if i <= 0 || i >= len(l.order) {
		return max(0, min(i, len(l.order)))
	}
	start := l.startOf(i)
	end := i + sort.Search(len(l.order)-i, func(j int) bool { return l.at(i+j) > l.at(i) })
	if i-start <= end-i {
		return start
	}
	return end
}

// different counts the times that differ.
func (l timeline) different() (n int) {
	for i := range l.order {
		if i == 0 || l.at(i) != l.at(i-1) {
			n++
		}
	}
	return n
}

// rows are those of the positions from start to before end, ascending.
func (l timeline) rows(start, end int) []int {
	rows := append([]int(nil), l.order[start:end]...)
	sort.Ints(rows)
	return rows
}
