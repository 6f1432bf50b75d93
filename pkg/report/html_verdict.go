package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
)

// verdictView is the end of a run in a sentence, and what it was decided by.
type verdictView struct {
	Promoted bool
	Sentence string
	Rows     []intervalRow // what it gains, by the rows compared on
	Axis     *axis
	Note     string
}

// intervalRow is a dot with whiskers on an axis that the rows beside it share.
type intervalRow struct {
	Name, Value, Note string
	Whisker, Dot      string // in 300 × 20
	Class             string
}

// axis is the scale of interval rows: where 0 is, and the ends.
type axis struct {
	Zero, Low, High string // Zero is "" if it is not within
	low, high       float64
}

const intervalWidth, intervalMargin, markRadius = 300.0, 6.0, 4.0

// newAxis spans values, and 0 if asked; what is not finite is left out.
func newAxis(zero bool, values ...float64) *axis {
	a := &axis{low: math.Inf(1), high: math.Inf(-1)}
	if zero {
		a.low, a.high = 0, 0
	}
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			a.low, a.high = min(a.low, v), max(a.high, v)
		}
	}
	if a.low > a.high {
		a.low, a.high = 0, 1
	}
	if a.low == a.high {
		reach := float64(max(math.Abs(a.low), 1e-9) * 0.01)
		a.low, a.high = a.low-reach, a.high+reach
	}
	a.Low, a.High = number(a.low), number(a.high)
	if a.low <= 0 && a.high >= 0 {
		a.Zero = fixed2(a.at(0))
	}
	return a
}

func (a *axis) at(v float64) float64 {
	return intervalMargin + float64((intervalWidth-2*intervalMargin)*part(v, a.low, a.high))
}

// interval draws a value and its bounds with a glyph of that radius.
func (a *axis) interval(kind int, r, v, low, high float64) (whisker, dot string) {
	if low < high {
		x, y := fixed1(a.at(low)), fixed1(a.at(high))
		whisker = fmt.Sprintf("M%s 10H%sM%s 6v8M%s 6v8", x, y, x, y)
	}
	return whisker, glyph(kind, a.at(v), 10, r)
}

func viewVerdict(r *Run) verdictView {
	v := verdictView{Promoted: r.Promoted}
	what := fmt.Sprintf("Version %d of %s", r.Version, safe(r.Model))
	if r.Promoted {
		v.Sentence = what + " is champion: " + sentence(r.Reason)
	} else {
		v.Sentence = what + " was not promoted: " + sentence(r.Reason)
	}
	if r.Incomparable != "" && !strings.Contains(r.Reason, r.Incomparable) {
		v.Note = fmt.Sprintf("It could not be compared with version %d: %s", r.Champion, sentence(r.Incomparable))
	}
	if len(r.Compared) == 0 {
		return v
	}
	values := []float64{}
	for _, c := range r.Compared {
		values = append(values, c.Gain, c.Low, c.High)
	}
	v.Axis = newAxis(true, values...)
	for _, c := range r.Compared {
		row := intervalRow{Name: safe(c.On) + " rows", Value: signed(c.Gain),
			Note: fmt.Sprintf("%s of version %d %s, of version %d %s, on %s rows; %s interval %s to %s", safe(c.Metric), r.Version, number(c.Score), r.Champion, number(c.Other),
				count(c.Rows), percentOf(c.Confidence), signed(c.Low), signed(c.High))}
		row.Whisker, row.Dot = v.Axis.interval(0, markRadius, c.Gain, c.Low, c.High)
		v.Rows = append(v.Rows, row)
	}
	v.Note = fmt.Sprintf("How much better version %d is than champion, version %d, on the same rows; right of 0 it is better.", r.Version, r.Champion)
	return v
}

// sentence is a reason with its end.
func sentence(text string) string { return strings.TrimRight(cut(safe(text), maxWhole), ".") + "." }

// signed is a number that says which way.
func signed(v float64) string {
	text := number(v)
	if v > 0 {
		return "+" + text
	}
	return strings.Replace(text, "-", "−", 1)
}

// runFacts are the numbers at the head of the page of a run.
func runFacts(r *Run) []fact {
	var facts []fact
	name := safe(r.Metric)
	if t := r.Tested; t != nil {
		facts = append(facts, fact{name + ", held-out rows", number(t.Score), intervalNote(*t) + ", " + count(r.TestRows) + " rows"})
	}
	note := plural(r.Folds, "fold", "folds")
	if r.StandardError > 0 {
		note = "± " + number(round(r.StandardError, 2)) + " s.e., " + note
	}
	if r.Tested == nil {
		note += "; no rows were held out"
	}
	facts = append(facts, fact{name + ", cross-validated", number(r.Score), note},
		fact{Name: "Rows", Value: count(r.Rows), Note: "learned from, of " + plural(r.Columns, "column", "columns")},
		fact{Name: "Target", Value: shown(r.Target), Note: describeTask(r)},
		fact{Name: "Trials", Value: count(len(r.Trials)), Note: failures(r)},
		fact{Name: "Served", Value: safe(r.Learner), Note: plural(len(r.Members), "member", "members")})
	if c := r.Cost; c != nil {
		name, note := "Would have cost", "quoted "+dollars(c.Quoted)
		if c.Billed {
			name = "Cost"
		}
		if c.ActualSeconds > 0 {
			note += "; trials took " + duration(c.ActualSeconds) + ", quoted " + duration(round(c.QuotedSeconds, 3))
		}
		facts = append(facts, fact{name, dollars(c.Actual), note})
	}
	return facts
}

func intervalNote(t metric.Interval) string {
	if !(t.Low < t.High) {
		return "no interval"
	}
	return fmt.Sprintf("%s to %s, %s interval", number(t.Low), number(t.High), percentOf(t.Confidence))
}

func describeTask(r *Run) string {
	if r.Task == dataset.Regression {
		return "regression"
	}
	return fmt.Sprintf("%s, %s classes", r.Task, count(len(r.Classes)))
}

func failures(r *Run) string {
	failed := 0
	for _, t := range r.Trials {
		if t.Failed != "" {
			failed++
		}
	}
	var notes []string
	if failed > 0 {
		notes = append(notes, count(failed)+" failed")
	}
	if r.Missing > 0 {
		notes = append(notes, count(r.Missing)+" without a result")
	}
	return strings.Join(notes, ", ")
}

func dollars(v float64) string { return "$" + number(round(v, 3)) }
