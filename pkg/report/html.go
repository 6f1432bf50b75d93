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
	maxName     = 80   // characters of a name
	maxText     = 80   // characters of a value
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
	Types                  []string
	Columns                []columnView
	MoreColumns, NotDetail int
}

// fact is a number with its name; Note says how exact it is.
type fact struct{ Name, Value, Note string }

// StatisticsHTML writes a profile as one HTML file: it loads nothing from anywhere, and its
// policy forbids it to. It shows the most frequent values as
// they are, personal data too. The same profile always gives the same bytes.
func StatisticsHTML(w io.Writer, p *profile.Profile, about About) error {
	v := page{
		About:  about,
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS),
		CSS:    template.CSS(pageCSS),
		JS:     template.JS(pageJS),
		Facts:  overview(p, about),
	}
	for i := range p.Columns {
		if i == maxListed {
			v.MoreColumns = len(p.Columns) - maxListed
			break
		}
		v.Columns = append(v.Columns, viewColumn(i, &p.Columns[i]))
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

// shown is a name from the data as the page shows it.
func shown(name string) string {
	if name = safe(name); name == "" {
		return "(no name)"
	}
	return cut(name, maxName)
}
