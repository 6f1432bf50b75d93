package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
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
	maxOwn      = 100  // columns of an alert that is shown at each of them
	maxRelated  = 30   // columns beside the target
	maxGaps     = 60   // columns of the missingness matrix
	maxDrifted  = 60   // columns that drifted
	maxTrends   = 60   // columns with a history
	maxRows     = 100  // anomalies, and violations
	maxName     = 80   // characters of a name
	maxWhole    = 1000 // characters of a name in the details
	maxText     = 80   // characters of a value
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var columnsJS string

//go:embed page/theme.js
var themeJS string

// strictJS begins every script.
const strictJS = "\"use strict\";\n"

var pageJS = strictJS + themeJS + columnsJS

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
	Checked                *checkedView
	Drift                  *driftView
	History                *historyView
}

// fact is a number with its name; Note says how exact it is.
type fact struct{ Name, Value, Note string }

// Judgments are what the data was held to, each shown on the page if it is there.
type Judgments struct {
	Checked    bool // it was held to expectations
	Violations []expectation.Violation

	Drift        *profile.Drift   // from the baseline
	Baseline     *profile.Profile // whose distributions are drawn behind the data's
	BaselineName string

	History *profile.History
}

// StatisticsHTML writes a profile as one HTML file: it loads nothing from anywhere, and its
// policy forbids it to. Values of columns that look like personal data are masked. The same
// profile always gives the same bytes.
func StatisticsHTML(w io.Writer, p *profile.Profile, about About, judged Judgments) error {
	at := positions(p)
	v := page{
		About:   about,
		Policy:  "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS),
		CSS:     template.CSS(pageCSS),
		JS:      template.JS(pageJS),
		Facts:   overview(p, about),
		Pairs:   viewPairs(p.Pairs, at),
		Missing: viewMissing(p, at),
		Target:  viewTarget(p.Target, at),
		Checked: viewChecked(judged, at),
		Drift:   viewDrift(p, judged, at),
		History: viewHistory(p, judged.History, at),
	}
	v.alerts(p.Alerts, at)
	v.columns(p, at)
	return pageTemplate.Execute(w, v)
}

// alerts fills what the page begins with.
func (v *page) alerts(alerts []profile.Alert, at positioned) {
	for i, a := range alerts {
		if i == maxAlerts {
			v.MoreAlerts = len(alerts) - maxAlerts
			break
		}
		view := viewAlert(a)
		view.Columns, view.More = at.some(a.Columns, 6)
		if i < maxOpen {
			v.Alerts = append(v.Alerts, view)
		} else {
			v.Folded = append(v.Folded, view)
		}
	}
}

// columns fills the table, each column with its own alerts, the most severe first.
func (v *page) columns(p *profile.Profile, at positioned) {
	own := map[string][]alertView{}
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
			view.SortAlerts = strconv.Itoa(1000*view.Worst.rank + min(len(view.Alerts), 999))
		}
		v.Columns = append(v.Columns, view)
		if !slices.Contains(v.Types, string(p.Columns[i].Type)) {
			v.Types = append(v.Types, string(p.Columns[i].Type))
		}
	}
	v.NotDetail = max(len(v.Columns)-maxDetailed, 0)
	slices.Sort(v.Types)
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
		{Name: "Missing cells", Value: percent(missing, p.Rows*len(p.Columns)), Note: count(missing) + " of " + count(p.Rows*len(p.Columns))},
	}
	if len(p.Alerts) > 0 {
		facts = slices.Insert(facts, 0, fact{Name: "Alerts", Value: count(len(p.Alerts)), Note: severities(p.Alerts)})
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
