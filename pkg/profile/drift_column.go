package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// driftOf measures what can be compared of a column that both have. What it says about
// verdicts is what no test has to decide.
func driftOf(a, b *Column) (c ColumnDrift, tests []test) {
	c = ColumnDrift{Name: a.Name, Baseline: a.Type, Current: b.Type, Verdict: Unjudged}
	if !a.sound() || !b.sound() {
		c.words.unjudged = "the counts in its profile contradict each other"
		return c, nil
	}
	personal := len(a.Personal) > 0 || len(b.Personal) > 0
	if personal { // by the forms of its values, which is what stored profiles have of them
		x, y := a.masked(), b.masked()
		a, b = &x, &y
	}
	before, now := a.Count+a.Missing, b.Count+b.Missing
	if before > 0 {
		c.MissingBaseline = finite(float64(a.Missing) / float64(before))
	}
	if now > 0 {
		c.MissingCurrent = finite(float64(b.Missing) / float64(now))
	}
	switch {
	case a.Count > 0 && b.Count > 0 && form(a.Type) != form(b.Type):
		c.Verdict = Severe
		c.words.type_ = fmt.Sprintf("the type went from %s to %s", a.Type, b.Type)
	case a.Identifier != "" && b.Identifier != "":
		c.words.unjudged = "it names rows, so that its values are new each time"
	case personal && form(a.Type) == dataset.Numeric:
		c.words.unjudged = "personal data, of which no values are kept"
	case a.Count < minCompared || b.Count < minCompared:
		c.words.unjudged = fmt.Sprintf("fewer than %d values on a side: their distributions are not compared", minCompared)
	case form(a.Type) == dataset.Numeric || form(a.Type) == dataset.Timestamp:
		p, q := distributions(a, b)
		if p == nil || q == nil {
			c.words.unjudged = "its distribution is not in both profiles"
			break
		}
		c.Approximate = p.approximate || q.approximate
		sd := 0.0
		if a.Numeric != nil && a.Numeric.SD != nil {
			sd = *a.Numeric.SD
		}
		tests = compareNumbers(p, q, sd)
		c.words.values = movement(a, b)
		c.timeWentOn = wentOn(a, b)
	default:
		p, q := categoriesOf(a, b)
		c.Approximate = p.approximate || q.approximate
		tests = compareCategories(p, q)
		if !personal { // else forms: no words for a message
			c.words.values = shift(p, q)
		}
		for _, side := range []struct {
			kind MeasureKind
			p, q *categories
			list *[]Share
		}{{NewValues, p, q, &c.New}, {VanishedValues, q, p, &c.Vanished}} {
			if list, t, ok := absent(side.kind, side.p, side.q); ok {
				tests = append(tests, t)
				if !personal {
					*side.list = list
				}
			}
		}
	}
	if before > 0 && now > 0 {
		tests = append(tests, compareShares(MissingShare, a.Missing, before, b.Missing, now))
	}
	return c, tests
}

// sound reports that the counts of a column fit each other. A profile that was read may be
// anybody's.
func (c *Column) sound() bool {
	least, rest := min(c.Count, c.Missing, c.Distinct, c.TopError, c.Infinite.Negative, c.Infinite.Positive), c.Count
	for _, v := range c.Top {
		least = min(least, v.Count)
		rest -= max(0, v.Count)
		if rest < 0 {
			return false
		}
	}
	const most = 1 << 52 // exact as float64, in sums too
	return least >= 0 && c.Count <= most && c.Missing <= most && c.TopError <= most &&
		c.Infinite.Negative <= c.Count && c.Infinite.Positive <= c.Count-c.Infinite.Negative
}

// form is the type by which values are compared: categories and texts are told apart by how
// many there are.
func form(t dataset.Type) dataset.Type {
	if t.Coded() {
		return dataset.Categorical
	}
	return t
}

// wentOn reports that moments moved forward and nothing else did: every quantile is later.
func wentOn(a, b *Column) bool {
	if a.Type != dataset.Timestamp || a.Numeric == nil || b.Numeric == nil {
		return false
	}
	p, q := &a.Numeric.Quantiles, &b.Numeric.Quantiles
	return q.P01 >= p.P01 && q.P05 > p.P05 && q.P25 > p.P25 && q.P50 > p.P50 && q.P75 > p.P75 && q.P95 > p.P95 && q.P99 >= p.P99
}

// words are what is to be said about a column if its measures say so.
type words struct{ type_, unjudged, values string }

// movement says how numbers or moments differ; "" if median and deviation do not show it.
func movement(a, b *Column) string {
	switch {
	case a.Numeric == nil || b.Numeric == nil:
		return "only infinities are left on a side"
	case a.Period != nil && b.Period != nil:
		return fmt.Sprintf("moments went from %s … %s to %s … %s", a.Period.First, a.Period.Last, b.Period.First, b.Period.Last)
	}
	var parts []string
	if p, q := short(a.Numeric.Quantiles.P50), short(b.Numeric.Quantiles.P50); p != q {
		parts = append(parts, fmt.Sprintf("the median went from %s to %s", p, q))
	}
	if s, t := a.Numeric.SD, b.Numeric.SD; s != nil && t != nil && short(*s) != short(*t) {
		parts = append(parts, fmt.Sprintf("the standard deviation went from %s to %s", short(*s), short(*t)))
	}
	return strings.Join(parts, ", ")
}

// shift names the category whose share changed most.
func shift(p, q *categories) string {
	text, most := "", 0.0
	var from, to float64
	for _, level := range union(p, q) {
		x, _ := p.count(level)
		y, _ := q.count(level)
		before, now := float64(x)/float64(p.rows), float64(y)/float64(q.rows)
		if d := max(now-before, before-now); d > most+1e-12 { // of equal ones the first, whatever rounding says
			text, most, from, to = level, d, before, now
		}
	}
	if most == 0 {
		return ""
	}
	return fmt.Sprintf("%s went from %s to %s of the values", quoted(text), percent(from), percent(to))
}

// conclude makes the verdict of what was measured, and its reason.
func (c *ColumnDrift) conclude() {
	if c.Reason != "" {
		return // of one side only
	}
	var reasons []string
	if c.words.type_ != "" {
		reasons = append(reasons, c.words.type_)
	}
	var distances []string
	real, great := false, false
	for i := range c.Measures {
		m := &c.Measures[i]
		if c.timeWentOn && m.Kind != MissingShare {
			continue
		}
		c.Verdict = worse(c.Verdict, m.Verdict)
		real = real || m.significant
		great = great || m.great
		if m.Verdict.rank() < Moderate.rank() {
			continue
		}
		switch m.Kind {
		case MissingShare:
			reasons = append(reasons, fmt.Sprintf("missing values went from %s to %s", percent(*c.MissingBaseline), percent(*c.MissingCurrent)))
		case NewValues:
			reasons = append(reasons, percent(m.Value)+" of the values are new"+such(c.New))
		case VanishedValues:
			reasons = append(reasons, percent(m.Value)+" of the earlier values are gone"+such(c.Vanished))
		default:
			distances = append(distances, fmt.Sprintf("%s %s", m.Kind.Symbol(), short(m.Value)))
		}
	}
	if len(distances) > 0 {
		text := c.words.values
		if text == "" {
			text = "the values are spread differently"
		}
		reasons = append(reasons, fmt.Sprintf("%s (%s)", text, strings.Join(distances, ", ")))
	}
	switch {
	case len(reasons) > 0:
		c.Reason = strings.Join(reasons, "; ")
	case c.timeWentOn:
		c.Verdict, c.Reason = Stable, "time went on: "+c.words.values
	case c.words.unjudged != "":
		c.Verdict, c.Reason = Unjudged, c.words.unjudged
	case real:
		c.Reason = "beyond chance, but small"
	case great:
		c.Reason = "may be chance: too few rows to tell"
	case len(c.Measures) == 0:
		c.Reason = "there is nothing to compare"
	default:
		c.Reason = "within chance"
	}
}

// such names the first of the values.
func such(list []Share) string {
	if len(list) == 0 {
		return ""
	}
	return ", such as " + quoted(list[0].Value)
}

// Symbol is how tables head the measure.
func (k MeasureKind) Symbol() string {
	switch k {
	case PSI:
		return "PSI"
	case JensenShannon:
		return "JS"
	case KolmogorovSmirnov:
		return "KS"
	case Wasserstein:
		return "W1"
	case ChiSquared:
		return "V"
	}
	return strings.ReplaceAll(string(k), "_", " ")
}

// short is a number with four significant digits.
func short(v float64) string {
	if size := math.Abs(v); size >= 1e4 && size < 1e12 {
		return strconv.FormatFloat(v, 'f', 0, 64) // 219312 rather than 2.193e+05
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
