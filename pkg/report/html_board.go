package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// boardView is the leaderboard: a line for each trial, with its score and two standard errors
// over the folds on one axis.
type boardView struct {
	Metric, Note string
	Rows         []trialView
	Axis         *axis
	More         string // how many are left out
	Timed        bool
	Key          []shape
}

type trialView struct {
	Rank, Trial, Learner, Params, Score, Error string
	Took, Cost                                 string
	Failed, Partial                            string
	Whisker, Dot, Class                        string
	First                                      bool
}

// glyphsOf gives each learner of a run a mark, in the order of their names.
func glyphsOf(r *Run) map[string]int {
	var names []string
	for _, t := range r.Trials {
		if !slices.Contains(names, t.Learner) {
			names = append(names, t.Learner)
		}
	}
	slices.Sort(names)
	kinds := make(map[string]int, len(names))
	for i, name := range names {
		kinds[name] = i
	}
	return kinds
}

// glyphClass is how a mark is drawn: the first kinds are filled, the others are lines.
func glyphClass(kind int) string {
	if kind%glyphKinds >= 5 {
		return "mk"
	}
	return "mf"
}

// keyOf says which mark is which learner's, by name.
func keyOf(kinds map[string]int) []shape {
	var key []shape
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[name]
		key = append(key, shape{Class: glyphClass(kind), Path: glyph(kind, 12, 6, 4), Name: shown(name)})
	}
	return key
}

func viewBoard(r *Run, kinds map[string]int) boardView {
	v := boardView{Metric: safe(r.Metric), Key: keyOf(kinds)}
	rows := r.Trials[:min(len(r.Trials), maxTrials)]
	if left := r.Trials[len(rows):]; len(left) > 0 {
		failed := 0
		for _, t := range left {
			if t.Failed != "" {
				failed++
			}
		}
		v.More = plural(len(left), "more trial is", "more trials are") + " not shown"
		if failed > 0 {
			v.More += ", " + count(failed) + " of them failed"
		}
		v.More += "; leaderboard.json of the run has them all."
	}
	v.Axis = newAxis(false, spread(rows)...)
	digits := 4
	if len(rows) > 0 {
		digits = scoreDigits(rows[0])
	}
	for i, t := range rows {
		v.Timed = v.Timed || t.Seconds > 0
		v.Rows = append(v.Rows, v.trial(t, i, digits, kinds[t.Learner]))
	}
	v.Note = "Whiskers are two standard errors over the folds. A score that was the best of many is a bit too good."
	if len(rows) > 0 && rows[0].StandardError == 0 {
		v.Note = "With a single fold there is no standard error. A score that was the best of many is a bit too good."
	}
	return v
}

// spread is what the axis of the leaderboard spans: the trials' scores and whiskers, as far as
// they are no outliers beyond the range of the better half.
func spread(rows []LeaderboardRow) []float64 {
	var scores, values []float64
	for _, t := range rows {
		if t.Failed == "" && !math.IsNaN(t.Score) {
			scores = append(scores, t.Score)
		}
	}
	if len(scores) == 0 {
		return nil
	}
	best, middle := scores[0], scores[len(scores)/2]
	reach := 4 * math.Abs(middle-best)
	for _, t := range rows {
		if t.Failed != "" || reach > 0 && math.Abs(t.Score-best) > reach {
			continue
		}
		values = append(values, t.Score-2*t.StandardError, t.Score+2*t.StandardError)
	}
	return values
}

func (v *boardView) trial(t LeaderboardRow, place, digits, kind int) trialView {
	row := trialView{Trial: shown(t.Trial), Learner: shown(t.Learner), Params: cut(params(t.Params), 300), Partial: safe(t.Partial)}
	if t.Seconds > 0 {
		row.Took, row.Cost = duration(round(t.Seconds, 3)), dollars(t.Dollars)
	}
	if t.Failed != "" {
		row.Failed = cut(safe(t.Failed), 300)
		return row
	}
	row.Score, row.First = fixed(t.Score, digits), place == 0
	if t.Partial == "" {
		row.Rank = strconv.Itoa(place + 1)
	}
	if t.StandardError > 0 {
		row.Error = fixed(t.StandardError, digits)
	}
	row.Class = glyphClass(kind)
	if t.Score < v.Axis.low || t.Score > v.Axis.high {
		return row // off the axis: its number says it
	}
	row.Whisker, row.Dot = v.Axis.interval(kind, 1.5*markRadius, t.Score, t.Score-2*t.StandardError, t.Score+2*t.StandardError)
	return row
}

// viewSearch is how the search went: the score of each trial in the order of trials, and the best so
// far; nil of less than three.
func viewSearch(r *Run, kinds map[string]int) *chart {
	var trials []LeaderboardRow
	for _, t := range r.Trials {
		if t.Failed == "" && t.Partial == "" && !math.IsNaN(t.Score) {
			trials = append(trials, t)
		}
	}
	if len(trials) < 3 {
		return nil
	}
	slices.SortStableFunc(trials, func(a, b LeaderboardRow) int { return a.Number - b.Number })
	trials = trials[:min(len(trials), maxHistory)]
	axis := newAxis(false, spread(r.Trials)...)
	c := newChart("Score by trial, and the best so far", "trial", safe(r.Metric), [2]float64{0, axis.low}, [2]float64{float64(trials[len(trials)-1].Number + 1), axis.high})
	byLearner := map[string]*strings.Builder{}
	var xs, ys []float64
	best := math.NaN()
	outside := 0
	for _, t := range trials {
		x := float64(t.Number)
		if better(t.Score, best, r.Greater) {
			xs, ys = append(xs, x, x), append(ys, best, t.Score)
			best = t.Score
		}
		if t.Score < axis.low || t.Score > axis.high {
			outside++
			continue
		}
		if byLearner[t.Learner] == nil {
			byLearner[t.Learner] = &strings.Builder{}
		}
		byLearner[t.Learner].WriteString(glyph(kinds[t.Learner], c.across(x), c.above(t.Score), 3.5))
	}
	xs, ys = append(xs, c.high[0]), append(ys, best)
	c.curve("went", "best so far", xs, ys)
	for _, learner := range slices.Sorted(maps.Keys(byLearner)) {
		key := keyOf(map[string]int{learner: kinds[learner]})[0]
		c.plotted(key.Class, byLearner[learner].String(), "")
		c.Key = append(c.Key, key)
	}
	if outside > 0 {
		c.Note = plural(outside, "trial is", "trials are") + " beyond the axis."
	}
	return c
}

// better is whether a score is better than another, every number than NaN.
func better(a, b float64, greater bool) bool {
	return math.IsNaN(b) || greater && a > b || !greater && a < b
}

// ensembleView is what is served, and how it was put together.
type ensembleView struct {
	Members []memberView
	More    string
	Path    *chart
	Note    string
}

type memberView struct{ Trial, Learner, Params, Weight, Width string }

func viewEnsemble(r *Run) *ensembleView {
	if len(r.Members) == 0 {
		return nil
	}
	v := &ensembleView{}
	most := 0.0
	for _, m := range r.Members {
		most = max(most, m.Weight)
	}
	for i, m := range r.Members {
		if i == maxMembers {
			v.More = plural(len(r.Members)-i, "more member is", "more members are") + " not shown."
			break
		}
		v.Members = append(v.Members, memberView{Trial: shown(m.Trial), Learner: shown(m.Learner), Params: cut(params(m.Params), 300),
			Weight: percentOf(m.Weight), Width: fixed2(100 * m.Weight / most)})
	}
	if r.Alone != nil && r.Together != nil {
		v.Note = fmt.Sprintf("Chosen and weighed on some folds and scored on the others, the ensemble has %s %s, the best trial alone %s; the better of the two is served.",
			safe(r.Metric), number(*r.Together), number(*r.Alone))
	}
	if len(r.Steps) > 1 {
		low, high := math.Inf(1), math.Inf(-1)
		var xs, ys []float64
		for i, s := range r.Steps {
			xs, ys = append(xs, float64(i+1)), append(ys, s.Score)
			low, high = min(low, s.Score), max(high, s.Score)
		}
		v.Path = newChart("Greedy selection", "models in the mean", safe(r.Metric), [2]float64{0.5, low}, [2]float64{float64(len(r.Steps)) + 0.5, high})
		v.Path.curve("went", "", xs, ys)
		v.Path.dots("dot", xs, ys)
		var names []string
		for _, s := range r.Steps {
			names = append(names, shown(s.Trial))
		}
		v.Path.Note = "Added in this order: " + cut(strings.Join(names, ", "), maxWhole) + ". On the rows that the steps were chosen by."
	}
	return v
}
