package report

import (
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// alertView is an alert as the page and the terminal show it. About is the columns in one
// text, Columns and More the same for the page.
type alertView struct {
	Severity, Icon, Kind, About, Evidence, Remedy string
	Columns                                       []linked
	More                                          string
	rank                                          int // the greater the more severe
}

// severityRanks has the most severe first.
var severityRanks = []struct {
	severity profile.Severity
	icon     string
	one      string
	many     string
}{
	{profile.SeverityError, "✕", "error", "errors"},
	{profile.SeverityWarning, "▲", "warning", "warnings"},
	{profile.SeverityInfo, "ℹ", "info", "info"},
}

func viewAlert(a profile.Alert) alertView {
	v := alertView{Severity: string(a.Severity), Evidence: safe(a.Evidence), Remedy: safe(a.Remedy),
		Kind: strings.ReplaceAll(string(a.Kind), "_", " ")}
	for i, r := range severityRanks {
		if r.severity == a.Severity {
			v.Icon, v.rank = r.icon, len(severityRanks)-i
		}
	}
	if v.About = "all rows"; len(a.Columns) > 0 {
		v.About = some(a.Columns, 6)
	}
	return v
}

// severities is how many alerts there are of each.
func severities(alerts []profile.Alert) string {
	var list []string
	for _, r := range severityRanks {
		n := 0
		for _, a := range alerts {
			if a.Severity == r.severity {
				n++
			}
		}
		if n > 0 {
			list = append(list, plural(n, r.one, r.many))
		}
	}
	return strings.Join(list, ", ")
}

// linked is a name that leads to the column's line, if Index is not below 0.
type linked struct {
	Name  string
	Index int
}

// positioned is where in the table a column is.
type positioned map[string]int

func positions(p *profile.Profile) positioned {
	at := positioned{}
	for i := range p.Columns {
		at[p.Columns[i].Name] = i
	}
	return at
}

func (at positioned) link(name string) linked {
	if i, found := at[name]; found && i < maxListed {
		return linked{shown(name), i}
	}
	return linked{shown(name), -1}
}

// some is the first names of a list, and how many more there are.
func (at positioned) some(names []string, most int) (list []linked, more string) {
	for _, name := range names[:min(len(names), most)] {
		list = append(list, at.link(name))
	}
	if n := len(names) - most; n > 0 {
		more = fmt.Sprintf("and %s more", count(n))
	}
	return list, more
}

// some is the same as one text.
func some(names []string, most int) string {
	list := make([]string, min(len(names), most))
	for i := range list {
		list[i] = shown(names[i])
	}
	text := strings.Join(list, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %s more", count(more))
	}
	return text
}

// shown is a name from the data as the page shows it.
func shown(name string) string {
	if name = safe(name); name == "" {
		return "(no name)"
	}
	return cut(name, maxName)
}

// middle shortens a name to so many characters by taking some out of its middle: names of
// wide data are told apart by how they end.
func middle(name string, most int) string {
	runes := []rune(shown(name))
	if len(runes) > most {
		head := (most - 1) / 2
		runes = append(append(runes[:head:head], '…'), runes[len(runes)-(most-1-head):]...)
	}
	return string(runes)
}
