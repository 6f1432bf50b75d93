package training

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Segmented is how good a version is by the values of a column.
type Segmented struct {
	Column string `json:"column"`
	On     Rows   `json:"on"` // held-out or out-of-fold rows
	// Segments are the values, the most frequent first; of more than there is room for, and of
	// numbers, several are one.
	Segments []Segment `json:"segments"`
	// Gaps are, by metric, how far apart the segments of enough rows are.
	Gaps map[string]SegmentGap `json:"gaps"`
}

// Segment is the rows of one value.
type Segment struct {
	Value string `json:"value"`
	Rows  int    `json:"rows"`
	// Scores are by metric, those that these rows have: of rows of one class there is no area
	// under a curve.
	Scores map[string]metric.Interval `json:"scores"`
}

// SegmentGap is the distance of the highest and the lowest score, with its confidence interval.
type SegmentGap struct {
	Highest string  `json:"highest"` // values of the column
	Lowest  string  `json:"lowest"`
	Gap     float64 `json:"gap"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	// Bound is segments.max_gap, if it has one for the metric.
	Bound *float64 `json:"bound,omitempty"`
}

// A segment of fewer rows than leastSegment has scores but no part in gaps: they would be of
// chance. Beyond mostSegments values the rarest are one segment.
const (
	leastSegment = 30
	mostSegments = 20
	otherValues  = "(other values)"
	noValue      = "(missing)"
)

// segmentsOf are the columns of segments, as categories: numbers are cut into quarters. Nil if
// the config names none.
func segmentsOf(table *dataset.Table, s SegmentsConfig) (*dataset.Table, error) {
	if len(s.Columns) == 0 {
		return nil, nil
	}
	columns := make([]dataset.Column, len(s.Columns))
	for i, name := range s.Columns {
		c := table.Column(name)
		if c == nil {
			return nil, &ConfigError{[]Fault{{Pointer: fmt.Sprintf("/segments/columns/%d", i), Detail: fmt.Sprintf("the data has no column %q", name)}}}
		}
		columns[i] = dataset.Column{Name: name, Type: dataset.Categorical, Levels: c.Levels, Codes: c.Codes}
		if !c.Type.Coded() {
			columns[i].Levels, columns[i].Codes = quarters(c.Values)
		}
	}
	return dataset.NewTable(columns...)
}

// quarters cuts values at their quartiles; up to four different ones stay as they are.
func quarters(values []float64) (levels []string, codes []int32) {
	sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(sorted)
	distinct := slices.Compact(slices.Clone(sorted))
	show := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	var ends []float64 // of all segments but the last: the values below
	if len(distinct) == 0 {
		return nil, slices.Repeat([]int32{-1}, len(values))
	}
	if len(distinct) <= 4 {
		for i, v := range distinct {
			levels = append(levels, show(v))
			if i > 0 {
				ends = append(ends, v)
			}
		}
	} else {
		for k := 1; k < 4; k++ {
			if end := sorted[k*len(sorted)/4]; end > sorted[0] && (len(ends) == 0 || end > ends[len(ends)-1]) {
				ends = append(ends, end)
			}
		}
		levels = append(levels, "below "+show(ends[0]))
		for i, end := range ends[1:] {
			levels = append(levels, fmt.Sprintf("%s to below %s", show(ends[i]), show(end)))
		}
		levels = append(levels, show(ends[len(ends)-1])+" and above")
	}
	sortedLevels := slices.Sorted(slices.Values(levels)) // as those of a table are
	codes = make([]int32, len(values))
	for i, v := range values {
		codes[i] = -1
		if !math.IsNaN(v) {
			at, equal := slices.BinarySearch(ends, v)
			if equal {
				at++
			}
			place, _ := slices.BinarySearch(sortedLevels, levels[at])
			codes[i] = int32(place)
		}
	}
	return sortedLevels, codes
}

// segments scores a version for each value of each column: on the rows that were held out or,
// where none were, out of fold.
func (e *Engine) segments(ctx context.Context, plan Plan, p *pipeline.Pipeline) ([]Segmented, error) {
	if len(plan.Config.Segments.Columns) == 0 {
		return nil, nil
	}
	data, err := e.data(ctx, plan.Run)
	if err != nil {
		return nil, err
	}
	on, rows := HeldOut, data.test
	var predicted []float64
	if rows.Inputs != nil {
		predicted, err = p.Predict(rows.Inputs)
	} else {
		on, rows = OutOfFold, data.Data
		predicted, err = e.predictions(ctx, plan.Run, finalPredictions, plan.Rows, plan.Target.Outputs())
	}
	if err != nil {
		return nil, err
	}
	all := make([]Segmented, len(rows.Segments.Columns))
	for i := range all {
		all[i] = Segmented{Column: rows.Segments.Columns[i].Name, On: on, Gaps: map[string]SegmentGap{}}
		names, groups := grouped(&rows.Segments.Columns[i])
		for g, name := range names {
			of := slices.DeleteFunc(groups[g], func(row int) bool { return math.IsNaN(predicted[row*plan.Target.Outputs()]) })
			if len(of) == 0 {
				continue
			}
			s, err := plan.segment(ctx, p, rows.Select(of), ofRows(predicted, of, plan.Target.Outputs()))
			if err != nil {
				return nil, fmt.Errorf("segment %s of %s: %w", name, all[i].Column, err)
			}
			s.Value = name
			all[i].Segments = append(all[i].Segments, s)
		}
		all[i].findGaps(plan.Config.Segments.MaxGap)
	}
	return all, nil
}

// grouped are the rows of each value, the most frequent first.
func grouped(c *dataset.Column) (names []string, rows [][]int) {
	groups := make([][]int, len(c.Levels)+1)
	for row, code := range c.Codes {
		groups[code+1] = append(groups[code+1], row)
	}
	order := make([]int, 0, len(groups))
	for g := range groups {
		if len(groups[g]) > 0 {
			order = append(order, g)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(groups[b]) - len(groups[a]) })
	for i, g := range order {
		switch {
		case i >= mostSegments:
			last := len(rows) - 1
			names[last], rows[last] = otherValues, append(rows[last], groups[g]...)
		case g == 0:
			names, rows = append(names, noValue), append(rows, groups[g])
		default:
			names, rows = append(names, c.Levels[g-1]), append(rows, groups[g])
		}
	}
	return names, rows
}

// segment scores rows by the run's metric, those that are bounded and, for two classes, those
// of how the classes are treated.
func (p *Plan) segment(ctx context.Context, by *pipeline.Pipeline, rows pipeline.Data, predicted []float64) (Segment, error) {
	s := Segment{Rows: len(rows.Y), Scores: map[string]metric.Interval{}}
	outputs := p.Target.Outputs()
	decided := predicted
	if outputs > 1 { // all on the class that is served
		decided = make([]float64, len(predicted))
		for row := range rows.Y {
			decided[row*outputs+by.Decide(predicted[row*outputs:][:outputs])] = 1
		}
	}
	names := append(slices.Sorted(maps.Keys(p.Config.Segments.MaxGap)), p.Metric)
	if p.Target.Task == dataset.Binary {
		names = append(names, selectionRate, "recall", "specificity")
	}
	for _, name := range names {
		y, of := rows.Y, predicted
		scored := name
		switch name {
		case selectionRate: // the share of rows that are served as if they were of class 1
			scored, of = "accuracy", decided
			y = slices.Repeat([]float64{1}, len(rows.Y))
		case "recall", "specificity", "precision", "f1", "accuracy", "balanced_accuracy":
			of = decided
		}
		m, err := metric.ByName(scored)
		if err != nil {
			return s, err
		}
		in, err := m.Interval(ctx, y, of, rows.Weights, outputs, testConfidence, seed.Derive(p.Config.Seed, "segments"))
		switch {
		case errors.Is(err, metric.ErrUndefined):
			continue
		case err != nil:
			return s, err
		}
		s.Scores[name] = in
	}
	return s, nil
}

// findGaps compares the highest with the lowest score of each metric. The segments are of
// different rows, so the spreads of their scores add up as squares (Newcombe 1998).
func (s *Segmented) findGaps(bounds map[string]float64) {
	names := map[string]bool{}
	for _, segment := range s.Segments {
		for name := range segment.Scores {
			names[name] = true
		}
	}
	for name := range names {
		var high, low *Segment
		for i := range s.Segments {
			segment := &s.Segments[i]
			in, scored := segment.Scores[name]
			if !scored || segment.Rows < leastSegment {
				continue
			}
			if high == nil || in.Score > high.Scores[name].Score {
				high = segment
			}
			if low == nil || in.Score < low.Scores[name].Score {
				low = segment
			}
		}
		if high == low {
			continue // one segment, or none: nothing is apart
		}
		a, b := high.Scores[name], low.Scores[name]
		gap := SegmentGap{Highest: high.Value, Lowest: low.Value, Gap: a.Score - b.Score}
		gap.Low = gap.Gap - math.Hypot(a.Score-a.Low, b.High-b.Score)
		gap.High = gap.Gap + math.Hypot(a.High-a.Score, b.Score-b.Low)
		if bound, bounded := bounds[name]; bounded {
			gap.Bound = &bound
		}
		s.Gaps[name] = gap
	}
}

// unequal says which bound is broken, the first of them; "" if all are kept.
func unequal(all []Segmented) string {
	for _, s := range all {
		for _, name := range slices.Sorted(maps.Keys(s.Gaps)) {
			if g := s.Gaps[name]; g.Bound != nil && g.Gap > *g.Bound {
				return fmt.Sprintf("%s of %s is %.4g apart between %q and %q (%.4g to %.4g at %.4g %%), more than segments.max_gap of %.4g",
					name, s.Column, g.Gap, g.Highest, g.Lowest, g.Low, g.High, 100*testConfidence, *g.Bound)
			}
		}
	}
	return ""
}
