package report

import (
	"html/template"
	"io"
	"strings"

	_ "embed"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
)

// Run is a training run and the version that it made, for its page. It holds what was recorded
// and what the final model predicts; the page computes its curves of that.
type Run struct {
	Model   string
	Version int
	Run     string
	Target  string
	Task    dataset.Task
	Classes []string // nil for regression
	Learner string

	Metric        string
	Greater       bool    // whether a greater score is a better one
	Score         float64 // cross-validated
	StandardError float64 // of Score over the folds; 0 if it is not known
	// Tested is the score on rows that no trial saw; nil if none were held out.
	Tested *metric.Interval

	Rows, TestRows, Columns, Folds int
	Cost                           *Cost // nil if the run was not timed

	Promoted     bool
	Reason       string
	Champion     int // the version it was compared with; 0 without
	Incomparable string
	Compared     []Compared

	Trials  []LeaderboardRow // best first, failed ones last
	Missing int              // trials without a result

	Members         []Member
	Steps           []Step   // of the greedy selection; nil if there was none
	Alone, Together *float64 // cross-fitted scores of the best trial and of the ensemble

	Segments   []Segmented
	Judged     *Judged // nil: there are no predictions to judge
	Importance []Importance
	// ImportanceOf says on which rows, as "2,000 held-out rows".
	ImportanceOf string
	Dependence   []Dependence
	// Swarms are what the columns that matter most add to single predictions; SwarmOf says of which.
	Swarms  []Swarm
	SwarmOf string
	// Learning is how the score goes with rows and with rounds.
	Learning []Learning

	Warnings []string
	Lineage  []Named
	Config   string // resolved, as YAML
}

// Cost is what a run was quoted at and took, in dollars, and the seconds of its trials.
type Cost struct {
	Quoted, Actual               float64
	QuotedSeconds, ActualSeconds float64
	Billed                       bool
}

// Compared is a comparison with champion on some rows.
type Compared struct {
	On string
	metric.Comparison
}

// Member is a configuration that has a part in the version.
type Member struct {
	Trial, Learner string
	Params         map[string]any
	Weight         float64
}

// Step is a trial that the greedy selection added, and the score with it.
type Step struct {
	Trial string
	Score float64
}

// Named is a text with its name.
type Named struct{ Name, Value string }

// Segmented is how good the version is by the values of a column.
type Segmented struct {
	Column, On string
	Segments   []Segment
	Gaps       []string // in words
}

// Segment is the rows of one value; Score is nil if they have none.
type Segment struct {
	Value string
	Rows  int
	Score *metric.Interval
}

// Judged are rows that the model did not learn from, and what is predicted for them.
type Judged struct {
	On        string // which rows they are: "held-out" or "out-of-fold"
	Y         []float64
	Weights   []float64 // nil: 1 for all
	Predicted []float64 // rows × outputs
	Decided   []int     // the class that is served for each row; nil for regression
	// Decision says how classes are decided, Threshold from which probability on class 1 is
	// served, of two classes; NaN if it is no threshold.
	Decision  string
	Threshold float64
	// Intervals are those of values, with Coverage; nil without.
	Intervals [][2]float64
	Coverage  float64
}

// Importance is what the run's metric loses when a column is shuffled, with 95 % bounds.
type Importance struct {
	Column          string
	Drop, Low, High float64
}

// Dependence is what is predicted in the mean over some rows when a column has one value in all
// of them (Friedman 2001).
type Dependence struct {
	Column string
	Time   bool      // values are microseconds since 1970
	Values []float64 // rising; nil for categories
	Labels []string  // of categories
	Rug    []float64 // values of rows
	Lines  []Line    // one for regression and two classes
}

// Line is a curve over the values of a Dependence; Name is a class, "" if there is only one.
type Line struct {
	Name string
	Mean []float64
}

// What the page of a run shows at most; it says what it leaves out.
const (
	maxTrials     = 50
	maxHistory    = 2000 // trials in the search history
	maxMembers    = 50
	maxClasses    = 100
	maxPoints     = 300  // of a curve
	maxScattered  = 2000 // rows in a plot of rows
	maxImportance = 20
	maxDependence = 6
	maxWarnings   = 100
	maxConfig     = 100_000 // bytes
)

//go:embed page/run.html
var runHTML string

//go:embed page/run.css
var runCSS string

var runTemplate = template.Must(template.New("run").Parse(runHTML))

type runPage struct {
	Run      *Run
	Policy   string
	CSS      template.CSS
	JS       template.JS
	Verdict  verdictView
	Facts    []fact
	Board    boardView
	History  *chart
	Ensemble *ensembleView
	Segments []segmentsView
	Judged   *judgedView
	Matters  *mattersView
	Depends  []chart
	Swarms   *swarmsView
	Learning []*chart
	Warnings []string
	More     int // warnings
	Lineage  []fact
	Config   string
}

// RunHTML writes a run as one HTML file: it loads nothing from anywhere, and its policy forbids
// it to. The same run always gives the same bytes.
func RunHTML(w io.Writer, r *Run) error {
	css, js := pageCSS+runCSS, strictJS+themeJS
	v := runPage{
		Run: &Run{Model: safe(r.Model), Run: safe(r.Run), Version: r.Version, Target: shown(r.Target)}, CSS: template.CSS(css), JS: template.JS(js),
		Policy:  "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(css) + "; script-src " + hash(js),
		Verdict: viewVerdict(r), Facts: runFacts(r), Ensemble: viewEnsemble(r), Judged: viewJudged(r), Matters: viewMatters(r), Swarms: viewSwarms(r),
	}
	glyphs := glyphsOf(r)
	for _, s := range r.Segments {
		v.Segments = append(v.Segments, viewSegments(s))
	}
	v.Board, v.History = viewBoard(r, glyphs), viewSearch(r, glyphs)
	for _, d := range r.Dependence[:min(len(r.Dependence), maxDependence)] {
		v.Depends = append(v.Depends, viewDependence(r, d))
	}
	for _, l := range r.Learning {
		v.Learning = append(v.Learning, viewLearning(r, l))
	}
	for i, warning := range r.Warnings {
		if i == maxWarnings {
			v.More = len(r.Warnings) - i
			break
		}
		v.Warnings = append(v.Warnings, cut(safe(warning), maxWhole))
	}
	for _, l := range r.Lineage {
		v.Lineage = append(v.Lineage, fact{Name: safe(l.Name), Value: cut(safe(l.Value), maxWhole)})
	}
	v.Config = safeLines(r.Config, maxConfig)
	return runTemplate.Execute(w, v)
}

// safeLines is text of several lines, of at most so many bytes.
func safeLines(content string, most int) string {
	lines := strings.Split(content, "\n")
	size := 0
	for i, line := range lines {
		lines[i] = safe(line)
		if size += len(lines[i]) + 1; size > most {
			lines = append(lines[:i], "…")
			break
		}
	}
	return strings.Join(lines, "\n")
}
