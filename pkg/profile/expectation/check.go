package expectation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// Violation is an expectation that a data set does not fulfill, or of which its profile
// cannot tell.
type Violation struct {
	// Column is "" if it is about the data set.
	Column string `json:"column,omitempty"`
	// Rule is the key of the expectation, or "present" of a column that is not there.
	Rule string `json:"rule"`
	// Expected and Found are for people.
	Expected string `json:"expected"`
	Found    string `json:"found"`
	// Rows is how many rows break the rule, where the profile can tell; About says that it is
	// an estimate or a lower bound.
	Rows  int  `json:"rows,omitempty"`
	About bool `json:"about,omitempty"`
	// Undecided says that the profile cannot tell whether the rule is broken; Found says why.
	Undecided bool `json:"undecided,omitempty"`
}

// String is the violation in one line.
func (v Violation) String() string {
	s := "expected " + v.Expected + ", found " + v.Found
	if v.Undecided {
		s = "cannot be decided: expected " + v.Expected + ", but found " + v.Found
	}
	if v.Rows > 0 {
		about := ""
		if v.About {
			about = "about "
		}
		s += fmt.Sprintf(" (%s%d rows)", about, v.Rows)
	}
	if v.Column != "" {
		return fmt.Sprintf("column %q: %s", v.Column, s)
	}
	return s
}

// Broken counts the violations that are decided.
func Broken(violations []Violation) (n int) {
	for _, v := range violations {
		if !v.Undecided {
			n++
		}
	}
	return n
}

// Check compares a profile with the expectations and returns all that it does not fulfill or
// cannot decide, in the order of the expectations; none if it fulfills them all.
func (e *Expectations) Check(p *profile.Profile) []Violation {
	var found []Violation
	if outside(e.Rows, p.Rows, p.Rows) {
		found = append(found, Violation{Rule: "rows", Expected: e.Rows.String() + " rows", Found: strconv.Itoa(p.Rows)})
	}
	names := make([]string, len(p.Columns))
	columns := make(map[string]*profile.Column, len(p.Columns))
	for i := range p.Columns {
		names[i] = p.Columns[i].Name
		columns[names[i]] = &p.Columns[i]
	}
	expected := make(map[string]bool, len(e.Columns))
	for i := range e.Columns {
		c := &e.Columns[i]
		expected[c.Name] = true
		actual := columns[c.Name]
		if actual == nil {
			found = append(found, Violation{Column: c.Name, Rule: "present", Expected: "the column", Found: "none of that name" + meant(c.Name, names)})
			continue
		}
		found = append(found, c.check(actual, p.Rows)...)
	}
	if e.OtherColumns == Refused {
		for _, name := range names {
			if !expected[name] {
				found = append(found, Violation{Column: name, Rule: "other_columns", Expected: "no other columns", Found: "this one"})
			}
		}
	}
	return found
}

// meant is the column that was probably meant, if there is one.
func meant(name string, names []string) string {
	if n := nearest.Name(name, names); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

// inspection collects the violations of one column.
type inspection struct {
	want  *Column
	have  *profile.Column
	found []Violation
}

func (i *inspection) add(v Violation) {
	v.Column = i.have.Name
	i.found = append(i.found, v)
}

// check compares one column.
func (c *Column) check(have *profile.Column, rows int) []Violation {
	i := &inspection{want: c, have: have}
	if c.Missing != nil && float64(have.Missing) > float64(*c.Missing*float64(rows)) {
		i.add(Violation{Rule: "missing", Expected: "at most " + share(*c.Missing) + " missing", Found: share(float64(have.Missing) / float64(rows)), Rows: have.Missing})
	}
	if have.Count == 0 {
		return i.found // there is no value that could break a rule, or have a type
	}
	if !i.typed() {
		return i.found // every other rule would say the same again
	}
	i.unique()
	i.numbers()
	i.period()
	i.values()
	i.length()
	i.order()
	return i.found
}

// typed checks the type, and that each rule suits the type that is there.
func (i *inspection) typed() bool {
	c, have := i.want, i.have
	if c.Type != "" && c.Type != have.Type && !(c.Type.Coded() && have.Type.Coded()) {
		v := Violation{Rule: "type", Expected: string(c.Type), Found: string(have.Type)}
		if k := have.Kinds; k != (profile.Kinds{}) { // the values that are not of the kind
			fit := map[dataset.Type]int{dataset.Numeric: k.Number, dataset.Boolean: k.Boolean, dataset.Timestamp: k.Timestamp}
			if n, ok := fit[c.Type]; ok {
				v.Rows = have.Count - n
			}
		}
		i.add(v)
		return false
	}
	before := len(i.found)
	for _, r := range []struct {
		rule string
		set  bool
		fits bool
		want string
	}{
		{"integer", c.Integer, have.Type == dataset.Numeric, "whole numbers"},
		{"range", c.Range != nil, have.Type == dataset.Numeric, "numbers"},
		{"period", c.Period != nil, have.Type == dataset.Timestamp, "moments"},
		{"length", c.Length != nil, have.Type.Coded(), "texts"},
	} {
		if r.set && !r.fits {
			i.add(Violation{Rule: r.rule, Expected: r.want, Found: "a " + string(have.Type) + " column"})
		}
	}
	return len(i.found) == before
}

// unique checks that no value comes twice.
func (i *inspection) unique() {
	c := i.have
	if !i.want.Unique || c.Order == profile.StrictlyIncreasing || c.Order == profile.StrictlyDecreasing {
		return
	}
	v := Violation{Rule: "unique", Expected: "no value twice"}
	repeats := 0 // at least
	for _, t := range c.Top {
		repeats += max(t.Count-1, 0)
	}
	distance, spread := float64(c.Count-c.Distinct), float64(c.DistinctError*float64(c.Distinct))
	switch {
	case c.DistinctError == 0 && c.Distinct < c.Count:
		v.Rows = c.Count - c.Distinct
		v.Found = fmt.Sprintf("%d different values in %d rows", c.Distinct, c.Count)
	case c.DistinctError == 0:
		return
	case distance > 4*spread: // of a normal distribution, once in 30,000
		v.Rows, v.About = max(c.Count-c.Distinct, repeats), true
		v.Found = fmt.Sprintf("about %d different values in %d rows", c.Distinct, c.Count)
	case repeats > 0:
		v.Rows, v.About = repeats, true
		v.Found = fmt.Sprintf("%q in %d rows", i.shown(c.Top[0].Value), c.Top[0].Count)
	default:
		v.Undecided = true
		v.Found = fmt.Sprintf("the number of different values to ±%s: about %d in %d rows", share(c.DistinctError), c.Distinct, c.Count)
	}
	i.add(v)
}

// numbers checks what is expected of a numeric column, which has values, perhaps only
// infinite ones.
func (i *inspection) numbers() {
	c := i.have
	infinite := c.Infinite.Negative + c.Infinite.Positive
	if s := c.Numeric; i.want.Integer && s != nil && s.Integers < c.Count-infinite {
		n := c.Count - infinite - s.Integers
		i.add(Violation{Rule: "integer", Expected: "whole numbers", Found: fmt.Sprintf("%d that are not", n), Rows: n})
	}
	if r := i.want.Range; r != nil {
		low, high := c.Infinite.Negative > 0, c.Infinite.Positive > 0
		least, greatest := "-∞", "∞"
		if c.Numeric != nil {
			low = low || r.Min != nil && c.Numeric.Min < *r.Min
			high = high || r.Max != nil && c.Numeric.Max > *r.Max
			if c.Infinite.Negative == 0 {
				least = i.shown(number(c.Numeric.Min))
			}
			if c.Infinite.Positive == 0 {
				greatest = i.shown(number(c.Numeric.Max))
			}
		}
		if r.Min != nil && low {
			i.add(i.outside("range", "at least "+number(*r.Min), least, *r.Min, false))
		}
		if r.Max != nil && high {
			i.add(i.outside("range", "at most "+number(*r.Max), greatest, *r.Max, true))
		}
	}
}

// outside is the violation of one end of a range.
func (i *inspection) outside(rule, expected, found string, limit float64, above bool) Violation {
	v := Violation{Rule: rule, Expected: expected, Found: found}
	if i.have.Numeric == nil {
		v.Rows = i.have.Infinite.Negative
		if above {
			v.Rows = i.have.Infinite.Positive
		}
		return v
	}
	if rows, about, known := beyond(i.have, limit, above); known {
		v.Rows, v.About = rows, about
	}
	return v
}

// period checks the moments of a timestamp column.
func (i *inspection) period() {
	p, c := i.want.Period, i.have
	if p == nil || c.Numeric == nil || c.Period == nil {
		return
	}
	if first, err := moment(p.First); err == nil && c.Numeric.Min < first {
		i.add(i.outside("period", "not before "+p.First, c.Period.First, first, false))
	}
	if last, err := moment(p.Last); err == nil && c.Numeric.Max > last {
		i.add(i.outside("period", "not after "+p.Last, c.Period.Last, last, true))
	}
}

// values checks the allowed values.
func (i *inspection) values() {
	w, c := i.want, i.have
	if len(w.Values) == 0 {
		return
	}
	allowed := make(map[string]bool, len(w.Values))
	for _, v := range w.Values {
		allowed[i.canonical(string(v))] = true
	}
	all, complete := levels(c)
	var others []level
	rows, seen := 0, 0
	for _, l := range all {
		seen += l.rows
		if !allowed[i.canonical(l.value)] {
			others = append(others, l)
			rows += l.rows
		}
	}
	tolerated := float64(w.OtherValues * float64(c.Count))
	expected := fmt.Sprintf("one of %d values", len(w.Values))
	if w.OtherValues > 0 {
		expected += fmt.Sprintf(", at most %s others", share(w.OtherValues))
	}
	v := Violation{Rule: "values", Expected: expected, Rows: rows, About: !complete}
	switch {
	case float64(rows) > tolerated:
		v.Found = i.quote(others)
	case complete || float64(rows+c.Count-seen) <= tolerated:
		return
	case c.DistinctError == 0 && c.Distinct > len(w.Values) && tolerated < 1:
		v.Found = fmt.Sprintf("%d different values", c.Distinct)
		v.Rows = max(rows, c.Distinct-len(w.Values))
	default:
		v.Undecided = true
		v.Found = fmt.Sprintf("the values of %d of %d rows only", seen, c.Count)
	}
	i.add(v)
}

// canonical is a value in the form in which equal ones are equal.
func (i *inspection) canonical(value string) string {
	if i.have.Type == dataset.Numeric {
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			return number(v)
		}
	}
	return value
}

// shown is a value as a report may show it: masked in a column of personal data.
func (i *inspection) shown(value string) string {
	if len(i.have.Personal) > 0 {
		return profile.Mask(value)
	}
	return value
}

// quote lists the most frequent of some values.
func (i *inspection) quote(all []level) string {
	slices.SortStableFunc(all, func(a, b level) int { return b.rows - a.rows })
	var list []string
	for _, l := range all[:min(len(all), 3)] {
		value := i.shown(l.value)
		if r := []rune(value); len(r) > 40 {
			value = string(r[:40]) + "…"
		}
		list = append(list, fmt.Sprintf("%q", value))
	}
	if len(all) > 3 {
		list = append(list, fmt.Sprintf("%d more", len(all)-3))
	}
	return strings.Join(list, ", ")
}

// length checks the lengths of texts.
func (i *inspection) length() {
	l, t := i.want.Length, i.have.Text
	if l == nil || t == nil || !outside(l, t.MinLength, t.MaxLength) {
		return
	}
	i.add(Violation{Rule: "length", Expected: l.String() + " characters", Found: fmt.Sprintf("%d to %d", t.MinLength, t.MaxLength)})
}

// order checks how the values follow one another.
func (i *inspection) order() {
	want, have := i.want.Order, i.have.Order
	if want == "" || want == have || i.have.Count < 2 {
		return
	}
	loose := map[profile.Order]profile.Order{profile.StrictlyIncreasing: profile.Increasing, profile.StrictlyDecreasing: profile.Decreasing}
	constant := i.have.Distinct == 1 && i.have.DistinctError == 0
	if loose[have] == want || constant && loose[want] == "" {
		return
	}
	found := "no order"
	if have != "" {
		found = words(have)
	}
	i.add(Violation{Rule: "order", Expected: words(want), Found: found})
}

func words(o profile.Order) string { return strings.ReplaceAll(string(o), "_", " ") }

// outside reports whether low or high is out of bounds.
func outside(w *Whole, low, high int) bool {
	return w != nil && (w.Min != nil && low < *w.Min || w.Max != nil && high > *w.Max)
}

// String is the bounds in words.
func (w *Whole) String() string {
	switch {
	case w.Min != nil && w.Max != nil && *w.Min == *w.Max:
		return strconv.Itoa(*w.Min)
	case w.Min != nil && w.Max != nil:
		return fmt.Sprintf("%d to %d", *w.Min, *w.Max)
	case w.Min != nil:
		return fmt.Sprintf("at least %d", *w.Min)
	case w.Max != nil:
		return fmt.Sprintf("at most %d", *w.Max)
	}
	return "any number of"
}

// share is a share in percent: three digits, and more where these would say all.
func share(v float64) string {
	for digits := 3; ; digits++ {
		text := strconv.FormatFloat(float64(100*v), 'g', digits, 64)
		if text != "100" || v == 1 || digits > 15 {
			return text + "%"
		}
	}
}
