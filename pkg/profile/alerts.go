package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/sketch"
)

// maxAlerts is how many alerts of one kind and severity are listed one by one: of wide data
// the weakest are one alert together, so that a hundred constant columns do not bury the one
// that leaks the target.
const maxAlerts = 10

// maxAlertColumns is how many columns an alert names.
const maxAlertColumns = 100

// finding is an alert with what it is ordered by.
type finding struct {
	Alert
	column   int     // of the first of Columns; -1: all rows
	strength float64 // among those of a kind and severity
}

// judge collects what is found in a profile.
type judge struct {
	*Profile
	options  Options
	columns  map[string]int
	findings []finding
}

// alerts judges a profile by itself: no rows are read, and what the profile lacks, such as
// sketches, is not judged. The order is that of severity, then of kind as AlertKind lists
// them, then the strongest first, then that of the columns.
func alerts(p *Profile, o Options) []Alert {
	if p.Rows == 0 {
		return nil
	}
	j := &judge{Profile: p, options: o, columns: make(map[string]int, len(p.Columns))}
	for i := range p.Columns {
		j.columns[p.Columns[i].Name] = i
	}
	for i := range p.Columns {
		c := &p.Columns[i]
		if j.filled(i, c) {
			j.values(i, c)
			j.texts(i, c)
			j.numbers(i, c)
			j.moments(i, c)
		}
	}
	j.duplicates()
	j.correlated()
	j.target()
	return j.list()
}

// isTarget says whether a column is to be predicted: what harms a feature may ruin a target.
func (j *judge) isTarget(c *Column) bool { return c.Name == j.options.Target && c.Name != "" }

// harm is the severity of what is a warning in a feature and an error in the target.
func (j *judge) harm(c *Column) Severity {
	if j.isTarget(c) {
		return SeverityError
	}
	return SeverityWarning
}

// about adds an alert on one column.
func (j *judge) about(column int, kind AlertKind, severity Severity, strength float64, evidence, remedy string) {
	j.findings = append(j.findings, finding{
		Alert:  Alert{Kind: kind, Severity: severity, Columns: []string{j.Columns[column].Name}, Evidence: evidence, Remedy: remedy},
		column: column, strength: strength,
	})
}

// The order of kinds and severities.
var (
	kindOrder = []AlertKind{
		AlertConstant, AlertNearlyConstant, AlertMissing, AlertCardinality, AlertIdentifier, AlertUnnamed, AlertInexact,
		AlertSkew, AlertOutliers,
		AlertInfinite, AlertMixedTypes, AlertVariants, AlertDates, AlertImbalance, AlertDuplicates, AlertCorrelated, AlertLeakage,
		AlertFuture, AlertCap, AlertPersonal,
	}
	severityOrder = []Severity{SeverityError, SeverityWarning, SeverityInfo}
)

// list puts the findings in order and the surplus of each kind together.
func (j *judge) list() []Alert {
	slices.SortStableFunc(j.findings, func(a, b finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(severityOrder, a.Severity), slices.Index(severityOrder, b.Severity)),
			cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind)),
			cmp.Compare(b.strength, a.strength),
			cmp.Compare(a.column, b.column))
	})
	var list []Alert
	for rest := j.findings; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(f finding) bool { return f.Severity != rest[0].Severity || f.Kind != rest[0].Kind })
		if n < 0 {
			n = len(rest)
		}
		alike := rest[:n]
		rest = rest[n:]
		var surplus []finding
		if n > maxAlerts {
			alike, surplus = alike[:maxAlerts-1], alike[maxAlerts-1:]
		}
		for _, f := range alike {
			list = append(list, f.Alert)
		}
		if len(surplus) > 0 {
			list = append(list, j.together(surplus))
		}
	}
	return list
}

// together is one alert for many of a kind.
func (j *judge) together(surplus []finding) Alert {
	is := map[int]bool{}
	for _, f := range surplus {
		for _, name := range f.Columns {
			is[j.columns[name]] = true
		}
	}
	a := Alert{Kind: surplus[0].Kind, Severity: surplus[0].Severity, Columns: j.named(is)}
	a.Remedy = strings.ReplaceAll(surplus[0].Remedy, drop(surplus[0].Columns[0]), "data.drop: all of these")
	a.Evidence = fmt.Sprintf("the same of %s more columns, the strongest %s: %s", countText(len(is)), quoted(surplus[0].Columns[0]), surplus[0].Evidence)
	return a
}

// named lists columns by name, in the data set's order and not too many.
func (j *judge) named(is map[int]bool) []string {
	var names []string
	for i := range j.Columns {
		if is[i] && len(names) < maxAlertColumns {
			names = append(names, j.Columns[i].Name)
		}
	}
	return names
}

// shown is a value of a column as a report may show it.
func (c *Column) shown(v Value) string {
	if len(c.Personal) > 0 {
		return quoted(v.Mask())
	}
	return quoted(v.Value)
}

// examples shows some values with their counts.
func (c *Column) examples(values []Value) string {
	const most = 5
	var texts []string
	for _, v := range values[:min(len(values), most)] {
		texts = append(texts, fmt.Sprintf("%s (%s)", c.shown(v), countText(v.Count)))
	}
	if len(values) > most {
		texts = append(texts, "…")
	}
	return strings.Join(texts, ", ")
}

// drop is the remedy that leaves columns out of the training.
func drop(names ...string) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = quoted(name)
	}
	return fmt.Sprintf("data.drop: [%s]", strings.Join(texts, ", "))
}

// quantilesOf reads the sketch of a column's numbers; nil if it has none.
func quantilesOf(c *Column) *sketch.Quantiles {
	if c.Sketches == nil || len(c.Sketches.Quantiles) == 0 {
		return nil
	}
	q := new(sketch.Quantiles)
	if q.UnmarshalBinary(c.Sketches.Quantiles) != nil || q.N() == 0 {
		return nil // a profile that someone else wrote: judged by what can be read
	}
	return q
}
