package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// About says whose statistics a page shows. What is empty or 0 is not shown.
type About struct {
	Dataset string // name of the data set
	Version string // digest of the version
	Source  string // where the data came from
	Bytes   int64  // size of the data
}

// What the page shows at most, so that it stays below 10 MB of any data; it says what it
// leaves out, and the JSON has it.
const (
	maxListed   = 5000 // columns in the table
	maxDetailed = 1000 // columns with details
	maxOpen     = 12   // alerts that are shown unasked
	maxAlerts   = 200
	maxOwn      = 100 // columns of an alert that is shown at each of them
	maxRelated  = 30  // columns beside the target
	maxGaps     = 60  // columns of the missingness matrix
	maxName     = 80  // characters of a name
	maxText     = 80  // characters of a value
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var pageJS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

type page struct {
	About                  About
	Policy                 string
	CSS                    template.CSS
	JS                     template.JS
	Facts                  []fact
	Alerts, Folded         []alertView // Folded opens when asked to
	MoreAlerts             int
	Types                  []string
	Columns                []columnView
	MoreColumns, NotDetail int
	Pairs                  *pairsView
	Missing                *missingView
	Target                 *targetView
}

// fact is a number with its name; Note says how exact it is.
type fact struct{ Name, Value, Note string }

type alertView struct{ Severity, Icon, Kind, About, Evidence, Remedy string }

// StatisticsHTML writes a profile as one HTML file: it loads nothing from anywhere, and its
// policy forbids it to. Values of columns that look like personal data are masked. The same
// profile always gives the same bytes.
func StatisticsHTML(w io.Writer, p *profile.Profile, about About) error {
	v := page{
		About:   about,
		Policy:  "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS),
		CSS:     template.CSS(pageCSS),
		JS:      template.JS(pageJS),
		Facts:   overview(p, about),
		Pairs:   viewPairs(p.Pairs),
		Missing: viewMissing(p),
		Target:  viewTarget(p.Target),
	}
	for i, a := range p.Alerts {
		if i == maxAlerts {
			v.MoreAlerts = len(p.Alerts) - maxAlerts
			break
		}
		if i < maxOpen {
			v.Alerts = append(v.Alerts, viewAlert(a))
		} else {
			v.Folded = append(v.Folded, viewAlert(a))
		}
	}
	own := map[string][]alertView{} // of each column, the most severe first
	for _, a := range p.Alerts {
		if len(a.Columns) > maxOwn {
			continue
		}
		for _, name := range a.Columns {
			own[name] = append(own[name], viewAlert(a))
		}
	}
	for i := range p.Columns {
		if i == maxListed {
			v.MoreColumns = len(p.Columns) - maxListed
			break
		}
		view := viewColumn(i, &p.Columns[i])
		if view.Alerts = own[p.Columns[i].Name]; len(view.Alerts) > 0 {
			view.Worst = &view.Alerts[0]
		}
		v.Columns = append(v.Columns, view)
		if !slices.Contains(v.Types, string(p.Columns[i].Type)) {
			v.Types = append(v.Types, string(p.Columns[i].Type))
		}
	}
	v.NotDetail = max(len(v.Columns)-maxDetailed, 0)
	slices.Sort(v.Types)
	return pageTemplate.Execute(w, v)
}

// hash names an embedded script or style in a content security policy.
func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// overview is the numbers at the head of the page.
func overview(p *profile.Profile, about About) []fact {
	missing, types := 0, map[string]int{}
	for i := range p.Columns {
		missing += p.Columns[i].Missing
		types[string(p.Columns[i].Type)]++
	}
	facts := []fact{
		{Name: "Rows", Value: count(p.Rows)},
		{Name: "Columns", Value: count(len(p.Columns))},
		{Name: "Missing cells", Value: percent(missing, p.Rows*len(p.Columns)), Note: count(missing)},
	}
	if d := p.Duplicates; d != nil {
		note := percent(d.Rows, p.Rows)
		if d.Error > 0 {
			note += ", ± " + number(d.Error) + " (standard error)"
		}
		facts = append(facts, fact{Name: "Duplicate rows", Value: count(d.Rows), Note: note})
	}
	var list []string
	for name, n := range types {
		list = append(list, fmt.Sprintf("%s %s", count(n), name))
	}
	slices.Sort(list)
	facts = append(facts, fact{Name: "Types", Value: count(len(list)), Note: strings.Join(list, ", ")})
	if about.Bytes > 0 {
		facts = append(facts, fact{Name: "Size", Value: bytesOf(about.Bytes)})
	}
	return facts
}

// bytesOf formats a size in units of 1024.
func bytesOf(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	v := float64(n)
	i := 0
	for ; v >= 1024 && i < len(units)-1; i++ {
		v /= 1024
	}
	return number(round(v, 3)) + " " + units[i]
}

func viewAlert(a profile.Alert) alertView {
	icons := map[profile.Severity]string{profile.SeverityError: "✕", profile.SeverityWarning: "▲", profile.SeverityInfo: "ℹ"}
	v := alertView{Severity: string(a.Severity), Icon: icons[a.Severity], Evidence: safe(a.Evidence), Remedy: safe(a.Remedy),
		Kind: strings.ReplaceAll(string(a.Kind), "_", " ")}
	if v.About = "all rows"; len(a.Columns) > 0 {
		v.About = some(a.Columns, 6)
	}
	return v
}

// some is the first names of a list, and how many more there are.
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
