package profile

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// maxSeenValues is up to how many different values of a column are remembered over versions.
const maxSeenValues = 10_000

// seenValues are the values that a column of categories had in earlier versions, with their
// counts. Once they are not all known, none are new.
type seenValues struct {
	categories
	unknown bool
}

// add takes the values of another version, in which the column may not be.
func (s *seenValues) add(c *Column) {
	if c == nil || c.Count == 0 || s.unknown {
		return
	}
	values := valuesOf(c)
	if values == nil || !values.complete() || len(s.counts)+len(values.counts) > maxSeenValues {
		s.unknown, s.counts = true, nil
		return
	}
	if s.counts == nil {
		s.counts = make(map[string]int, len(values.counts))
	}
	for text, n := range values.counts {
		s.counts[text] += n
	}
	s.rows += values.rows
}

// valuesOf is the values of a column of categories, as far as its sketch knows them; nil of
// other columns, and of those whose values are new each time or not to be named.
func valuesOf(c *Column) *categories {
	if form(c.Type) != dataset.Categorical || c.Identifier != "" || len(c.Personal) > 0 || !c.sound() {
		return nil
	}
	return counted(c)
}

// added finds values that no earlier version has: more of them than those that came up once
// let expect, as Compare judges it, at FalseAlarms for all of so many columns.
func (s *seenValues) added(now *Column, columns int) Anomaly {
	if s.unknown || s.rows < minCompared || now.Count < minCompared {
		return Anomaly{}
	}
	values := valuesOf(now)
	if values == nil {
		return Anomaly{}
	}
	list, t, _ := absent(NewValues, &s.categories, values)
	chance := t.critical(FalseAlarms / float64(columns))
	a := Anomaly{Evidence: percent(t.measure.Value) + " of the values are in no earlier version" + such(list)}
	switch {
	case len(list) == 0 || t.measure.Value < max(t.measure.Moderate, chance):
		return Anomaly{}
	case t.measure.Value >= max(t.measure.Severe, chance):
		a.Verdict = Severe
	default:
		a.Verdict = Moderate
	}
	return a
}
