package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Swarm is what columns add to predictions, row by row: Shapley values in the unit of what is
// predicted.
type Swarm struct {
	Class   string // whose probability it is, of more than two; else ""
	Columns []SwarmColumn
}

// SwarmColumn is a column in a swarm.
type SwarmColumn struct {
	Column string
	Adds   []float64 // by row
	// Levels are how high the value of a row is among those of the rows, from 0 to 1; NaN where it
	// is missing. Nil of categories, which have no order.
	Levels []float64
}

// Of a swarm: the height of a column's band, and the size of a mark.
const (
	swarmBand = 30.0
	swarmMark = 2.6
	swarmInks = 5 // from the least values to the greatest
)

// Marks of values that have no level.
const (
	glyphCategory = 5
	glyphMissing  = 6
)

// swarmsView is the beeswarms of a run, one for each class.
type swarmsView struct {
	Note   string
	Charts []*chart
	Key    []shape
}

func viewSwarms(r *Run) *swarmsView {
	if len(r.Swarms) == 0 {
		return nil
	}
	what := "to the predicted " + shown(r.Target)
	if r.Task.Classification() {
		what = "to the probability"
	}
	v := &swarmsView{Note: fmt.Sprintf("What each column adds %s, of %s: Shapley values of what is served, sampled. A mark is a row: hollow where the column’s value is low, filled where it is high. Columns are ordered by how much they add, whichever way, in the mean.",
		what, safe(r.SwarmOf))}
	for _, s := range r.Swarms {
		v.Charts = append(v.Charts, viewSwarm(r, s))
	}
	v.Key = []shape{
		{Class: "bee i0", Path: glyph(0, 12, 6, 4), Name: "low value"},
		{Class: "bee i2", Path: glyph(0, 12, 6, 4), Name: "middle"},
		{Class: "bee i4", Path: glyph(0, 12, 6, 4), Name: "high value"},
		{Class: "mk thin", Path: glyph(glyphCategory, 12, 6, 4), Name: "category, or several columns"},
	}
	if r.Swarms[0].misses() {
		v.Key = append(v.Key, shape{Class: "mk thin", Path: glyph(glyphMissing, 12, 6, 4), Name: "missing"})
	}
	return v
}

// misses tells whether a value is missing.
func (s Swarm) misses() bool {
	return slices.ContainsFunc(s.Columns, func(c SwarmColumn) bool { return slices.ContainsFunc(c.Levels, math.IsNaN) })
}

func viewSwarm(r *Run, s Swarm) *chart {
	of := "adds to " + shown(r.Target)
	switch {
	case s.Class != "":
		of = "adds to the probability of " + shown(s.Class)
	case r.Task.Classification() && len(r.Classes) == 2:
		of = "adds to the probability of " + shown(r.Classes[1])
	}
	lists := [][]float64{{0}}
	for _, column := range s.Columns {
		lists = append(lists, column.Adds)
	}
	low, high := extremes(lists...)
	margin := float64((high - low) * 0.04)
	c := &chart{Title: shownClass(s.Class), Label: "What columns add to each prediction", X: cut(of, 50), Width: chartWidth, left: 120,
		Height: roomTop + roomBottom + float64(swarmBand*float64(len(s.Columns))), low: [2]float64{low - margin, 0}, high: [2]float64{high + margin, 1}}
	if !(c.high[0] > c.low[0]) {
		c.low[0], c.high[0] = -1, 1
	}
	c.gridAcross()
	c.plotted("zero", fmt.Sprintf("M%s %sV%s", fixed2(c.across(0)), fixed2(roomTop), fixed2(c.Height-roomBottom)), "")
	for i, column := range s.Columns {
		middleOf := roomTop + float64(swarmBand*(float64(i)+0.5))
		c.Texts = append(c.Texts, label{X: fixed2(c.left - 6), Y: fixed2(middleOf + 4), Text: middle(column.Column, 16), Class: "end"})
		c.bees(column, middleOf)
	}
	return c
}

// bees draws the marks of a column around the middle of its band, those that would hide each other
// beside one another. Where they are so many that they would be one blot, those of one ink are
// drawn as a bar of their length.
func (c *chart) bees(column SwarmColumn, middleOf float64) {
	const step = 2*swarmMark + 0.4
	stacks := map[int][]int{}
	for row, v := range column.Adds {
		if !math.IsNaN(v) {
			at := int(math.Round(c.across(v) / step))
			stacks[at] = append(stacks[at], row)
		}
	}
	paths := map[string]*strings.Builder{}
	draw := func(class, path string) {
		if paths[class] == nil {
			paths[class] = &strings.Builder{}
		}
		paths[class].WriteString(path)
	}
	for _, at := range slices.Sorted(maps.Keys(stacks)) {
		rows := stacks[at]
		if column.Levels != nil { // so that the inks lie in layers rather than at random
			slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(column.Levels[a], column.Levels[b]) })
		}
		apart := min(step, (swarmBand-2*swarmMark-2)/float64(max(len(rows)-1, 1)))
		top := middleOf - float64(float64(len(rows)-1)/2*apart)
		for first := 0; first < len(rows); {
			class, kind := column.ink(rows[first])
			last := first
			for apart < swarmMark && last+1 < len(rows) && kind == 0 && class == column.inkClass(rows[last+1]) {
				last++
			}
			if y := top + float64(float64(first)*apart); last > first {
				draw(class, capsule(float64(at)*step, y, top+float64(float64(last)*apart), swarmMark))
			} else {
				draw(class, glyph(kind, c.across(column.Adds[rows[first]]), y, swarmMark))
			}
			first = last + 1
		}
	}
	for _, class := range slices.Sorted(maps.Keys(paths)) {
		c.plotted(class, paths[class].String(), "")
	}
}

// ink is how the mark of a row is drawn.
func (s SwarmColumn) ink(row int) (class string, kind int) {
	switch {
	case s.Levels == nil:
		return "mk thin", glyphCategory
	case math.IsNaN(s.Levels[row]):
		return "mk thin", glyphMissing
	}
	return fmt.Sprintf("bee i%d", min(int(s.Levels[row]*swarmInks), swarmInks-1)), 0
}

func (s SwarmColumn) inkClass(row int) string {
	class, _ := s.ink(row)
	return class
}

// capsule is an upright bar with round ends, which are around two points.
func capsule(x, from, to, r float64) string {
	f := fixed1
	return fmt.Sprintf("M%s %sa%s %s 0 0 1 %s 0V%sa%s %s 0 0 1 -%s 0z", f(x-r), f(from), f(r), f(r), f(2*r), f(to), f(r), f(r), f(2*r))
}
