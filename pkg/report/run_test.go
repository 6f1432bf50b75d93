package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/chromium"
	"github.com/foretell-ml/foretell/pkg/metric"
)

func runPageOf(t *testing.T, r *Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := RunHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const hostile = `<script>alert("x")</script>` + "\x1b[31m|`"

// madeUp is a run of so many columns and classes with everything in it, its names hostile.
func madeUp(task dataset.Task, columns, classes, rows int) *Run {
	alone, together := 0.81, 0.83
	r := &Run{
		Model: "broad", Version: 3, Run: "broad-0123456789ab", Target: "target " + hostile, Task: task, Learner: "ensemble", Metric: "roc_auc", Greater: true, Score: 0.8312, StandardError: 0.0042,
		Tested: &metric.Interval{Score: 0.8271, Low: 0.8119, High: 0.8423, Confidence: 0.95}, Rows: 8000, TestRows: rows, Columns: columns, Folds: 5,
		Cost:     &Cost{Quoted: 0.0123, Actual: 0.0101, QuotedSeconds: 100, ActualSeconds: 84},
		Promoted: true, Reason: "gains 0.011", Champion: 2, Alone: &alone, Together: &together,
		Compared: []Compared{{"held-out", metric.Comparison{Metric: "roc_auc", Score: 0.8271, Other: 0.8161, Gain: 0.011, Low: 0.0021, High: 0.0199, Confidence: 0.95, Rows: 2000}}},
		Warnings: []string{"column " + hostile + " is constant"}, Lineage: []Named{{"Data", hostile}}, Config: "model: broad\ndata: {source: '" + hostile + "'}\n", ImportanceOf: "2000 held-out rows",
		Segments: []Segmented{{Column: hostile, On: "held-out", Segments: []Segment{{hostile, 70, &metric.Interval{Score: 0.8, Low: 0.7, High: 0.9, Confidence: 0.95}}, {"b", 3, nil}}, Gaps: []string{"recall: 0.1 between " + hostile + " and b"}}},
	}
	learners := []string{"baseline", "bayes", "boosting", "forest", "glm", "knn", "linear", "logistic", "mlp", hostile}
	for i := range 70 {
		row := LeaderboardRow{Trial: fmt.Sprintf("%03d-%s", i, learners[i%10]), Learner: learners[i%10], Number: (i*37)%70 + 1, Score: 0.83 - 0.002*float64(i), StandardError: 0.004,
			Params: map[string]any{"rounds": 100 + i, "name": hostile}, Seconds: 1.5, Dollars: 0.00007}
		if i >= 66 {
			row.Score, row.StandardError, row.Failed = 0, 0, "diverged "+hostile
		}
		r.Trials = append(r.Trials, row)
	}
	for i := range 3 {
		r.Members = append(r.Members, Member{r.Trials[i].Trial, r.Trials[i].Learner, r.Trials[i].Params, []float64{0.5, 0.3, 0.2}[i]})
		r.Steps = append(r.Steps, Step{r.Trials[i].Trial, 0.82 + 0.001*float64(i)})
	}
	j := &Judged{On: "held-out", Threshold: math.NaN(), Decision: "Class " + hostile + " is served."}
	if task != dataset.Regression {
		for k := range classes {
			r.Classes = append(r.Classes, fmt.Sprintf("%s %d", hostile, k))
		}
		j.Threshold = 0.5
	} else {
		classes = 1
		j.Coverage = 0.9
	}
	for row := range rows {
		noise := math.Sin(float64(row) * 12.9898)
		if task == dataset.Regression {
			v := 10 + 5*math.Cos(float64(row))
			j.Predicted, j.Y = append(j.Predicted, v), append(j.Y, v+noise)
			j.Intervals = append(j.Intervals, [2]float64{v - 0.95, v + 0.95})
			continue
		}
		class := row % classes
		sum, best := 0.0, 0
		of := make([]float64, classes)
		for k := range of {
			of[k] = 0.5 + 0.5*math.Sin(float64(row*k)+1)
			if k == class {
				of[k] += 1 + noise
			}
			sum += of[k]
		}
		for k := range of {
			if of[k] /= sum; of[k] > of[best] {
				best = k
			}
		}
		j.Predicted, j.Y, j.Decided = append(j.Predicted, of...), append(j.Y, float64(class)), append(j.Decided, best)
	}
	r.Judged = j
	for i := range columns {
		r.Importance = append(r.Importance, Importance{fmt.Sprintf("%s %d", hostile, i), 0.1 / float64(i+1), 0.08 / float64(i+1), 0.12 / float64(i+1)})
	}
	for i := range min(columns, maxDependence) {
		d := Dependence{Column: fmt.Sprintf("%s %d", hostile, i), Values: []float64{0, 1, 2, 5}, Rug: []float64{0, 0.5, 1, 3}, Lines: []Line{{"", []float64{0.1, 0.2, 0.4, 0.3}}}}
		switch i {
		case 1:
			d = Dependence{Column: hostile, Labels: []string{hostile, "b"}, Lines: []Line{{hostile, []float64{0.1, 0.2}}, {"two", []float64{0.3, 0.2}}}}
		case 2:
			d.Time, d.Values, d.Rug = true, []float64{1.6e15, 1.61e15, 1.62e15, 1.7e15}, nil
		}
		r.Dependence = append(r.Dependence, d)
	}
	r.SwarmOf = "150 held-out rows"
	for k := range max(1, min(classes, 4)) {
		swarm := Swarm{}
		if classes > 2 {
			swarm.Class = fmt.Sprintf("%s %d", hostile, k)
		}
		for i := range min(columns, 5) {
			column := SwarmColumn{Column: fmt.Sprintf("%s %d", hostile, i)}
			for row := range 150 {
				at := math.Sin(float64(row*(i+3)) * 1.7)
				column.Adds = append(column.Adds, at*at*at/float64(10*(i+1)))
				switch {
				case i == 1: // categories
				case row%40 == 39:
					column.Levels = append(column.Levels, math.NaN())
				default:
					column.Levels = append(column.Levels, (at+1)/2)
				}
			}
			swarm.Columns = append(swarm.Columns, column)
		}
		r.Swarms = append(r.Swarms, swarm)
	}
	r.Learning = []Learning{
		{Rounds: true, At: []float64{10, 20, 40}, Fitted: []float64{0.8, 0.9, 0.95}, Judged: []float64{0.78, 0.83, 0.82}, Folds: 1, Trial: hostile},
		{At: []float64{100, 400, 1000}, Fitted: []float64{0.99, 0.95, math.NaN()}, Judged: []float64{0.7, 0.78, 0.82}, Low: []float64{0.68, 0.77, 0.81}, High: []float64{0.72, 0.79, 0.83}, Folds: 5, Trial: hostile},
	}
	return r
}

// Whatever names and labels hold, the page has no script but ours and nothing that does not
// print, and the same run gives the same bytes.
func TestRunHTMLIsSafeAndDeterministic(t *testing.T) {
	for task, classes := range map[dataset.Task]int{dataset.Binary: 2, dataset.Multiclass: 5, dataset.Regression: 0} {
		page := runPageOf(t, madeUp(task, 30, classes, 500))
		if n := strings.Count(page, "<script>"); n != 1 {
			t.Errorf("%s: %d scripts", task, n)
		}
		if strings.Contains(page, "alert(\"x\")") || strings.ContainsAny(page, "\x1b") || strings.Contains(page, "NaN") || strings.Contains(page, "Inf") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: the page has a script of the data's, control characters, NaN or what the template refused", task)
		}
		for _, outside := range []string{"http://", "https://", "src=", "@import", "url("} {
			if strings.Contains(page, outside) {
				t.Errorf("%s: the page has %q", task, outside)
			}
		}
		if again := runPageOf(t, madeUp(task, 30, classes, 500)); again != page {
			t.Errorf("%s: the same run gives another page", task)
		}
		var card bytes.Buffer
		if err := CardMarkdown(&card, hostileCard()); err != nil {
			t.Fatal(err)
		}
		if text := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(card.String(), ""); strings.Contains(text, "<script>") || strings.Contains(card.String(), "\x1b") {
			t.Errorf("the card has HTML of the data's outside code spans: %s", text)
		}
	}
}

func hostileCard() *Card {
	low, high := 0.7, 0.9
	return &Card{Model: "m", Version: 1, Run: "m-0123456789ab", Digest: "abc", Predicts: CardTarget{Column: hostile, Task: dataset.Binary, Classes: []string{hostile, "b"}, Decision: hostile},
		Inputs: []CardInput{{Column: hostile, Type: dataset.Numeric, Min: &low, Max: &high}}, Training: CardTraining{Source: hostile, Rows: 10, HeldOut: 5, Folds: 5, Scheme: "kfold"},
		Quality:   CardQuality{Metric: "roc_auc", Greater: true, Confidence: 0.95, Tested: []CardScore{{"roc_auc", 0.8, &low, &high}}, CrossValidated: []CardScore{{Metric: "roc_auc", Score: 0.81}}},
		Selection: CardSelection{Strategy: "random", Trials: 3, Members: []CardMember{{Learner: "glm", Params: map[string]any{hostile: hostile}, Weight: 1}}},
		Verdict:   CardVerdict{Reason: hostile}, Importance: []CardImportance{{hostile, 0.1, 0.05, 0.15}}, Limits: []string{"one " + hostile}, Warnings: []string{hostile}}
}

// The page is bounded however much there is to show.
func TestRunHTMLSize(t *testing.T) {
	for _, c := range []struct {
		task          dataset.Task
		classes, rows int
	}{{dataset.Multiclass, 100, 5000}, {dataset.Binary, 2, 50_000}, {dataset.Regression, 0, 50_000}} {
		r := madeUp(c.task, 300, c.classes, c.rows)
		for len(r.Trials) < 3000 {
			r.Trials = append(r.Trials[:1:1], r.Trials...)
		}
		n := len(runPageOf(t, r))
		if t.Logf("%s: %d bytes", c.task, n); n > 2_000_000 {
			t.Errorf("%s, 300 columns, %d classes: %d bytes, want less than 2 MB", c.task, c.classes, n)
		}
	}
}

// The numbers of the page are those of the run.
func TestRunHTMLNumbers(t *testing.T) {
	r := madeUp(dataset.Binary, 30, 2, 500)
	page := runPageOf(t, r)
	for _, want := range []string{
		"Version 3 of broad is champion: gains 0.011.", "roc_auc of version 3 0.8271, of version 2 0.8161, on 2000 rows; 95% interval &#43;0.0021 to &#43;0.0199", ">&#43;0.011<",
		"<dd>0.8271<small>0.8119 to 0.8423, 95% interval, 500 rows</small>", "<dd>0.8312<small>± 0.0042 s.e., 5 folds</small>", "<dd>70<small>4 failed</small>",
		"Would have cost</dt><dd>$0.0101<small>quoted $0.0123; trials took 84 s, quoted 100 s</small>",
		"20 more trials are not shown, 4 of them failed", "the ensemble has roc_auc 0.83, the best trial alone 0.81", "10 more columns are not shown", ">50%<", "column &lt;script&gt;",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	r.Promoted, r.Reason = false, "the gain may be chance"
	r.Tested, r.Champion, r.Compared, r.Cost = nil, 0, nil, nil
	page = runPageOf(t, r)
	for _, want := range []string{"Version 3 of broad was not promoted: the gain may be chance.", "5 folds; no rows were held out"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if empty := runPageOf(t, &Run{Task: dataset.Regression}); !strings.Contains(empty, "Leaderboard") {
		t.Error("a run of nothing has no page")
	}
}

// A curve is where its points are: at hand of three points of an axis from 0 to 1.
func TestChartDrawsWhereItShould(t *testing.T) {
	c := newChart("t", "x", "y", [2]float64{0, 10}, [2]float64{10, 30})
	c.curve("went", "", []float64{0, 5, 10}, []float64{10, 20, 30})
	last := c.Shapes[len(c.Shapes)-1]
	if want := "M54 228L221 119L388 10"; last.Path != want { // 54 to 388 across, 228 up to 10
		t.Errorf("path %s, want %s", last.Path, want)
	}
	if got := ticks(0, 1, 6); fmt.Sprint(got) != "[0 0.2 0.4 0.6000000000000001 0.8 1]" || tick(got[3]) != "0.6" {
		t.Errorf("ticks %v", got)
	}
	for _, c := range []struct{ low, high float64 }{{-3, 17}, {0.001, 0.0013}, {1e9, 3e9}, {5, 5}, {math.NaN(), 1}} {
		if list := ticks(c.low, c.high, 6); len(list) > mostTicks+1 || c.high > c.low && len(list) < 2 {
			t.Errorf("%v to %v: ticks %v", c.low, c.high, list)
		}
	}
}

// The search went from trial to trial: the best so far steps down the page.
func TestSearchIsDrawn(t *testing.T) {
	r := &Run{Metric: "rmse", Trials: []LeaderboardRow{{Trial: "c", Learner: "a", Number: 3, Score: 1}, {Trial: "a", Learner: "a", Number: 1, Score: 2}, {Trial: "b", Learner: "b", Number: 2, Score: 3}}}
	c := viewSearch(r, glyphsOf(r))
	if c.low != [2]float64{0, 1} || c.high != [2]float64{4, 3} {
		t.Errorf("axes %v to %v", c.low, c.high)
	}
	// Trial 1 is at a quarter of 54 to 388 and half of 228 to 10, trial 3 at three quarters and at the bottom.
	if best := c.Shapes[2]; best.Path != "M137.5 119L304.5 119L304.5 228L388 228" {
		t.Errorf("the best so far: %s", best.Path)
	}
	r.Greater = true
	if best := viewSearch(r, glyphsOf(r)).Shapes[2]; best.Path != "M137.5 119L221 119L221 10L388 10" {
		t.Errorf("the best so far, greater is better: %s", best.Path)
	}
	e := viewEnsemble(&Run{Members: []Member{{"a", "x", nil, 1}}, Steps: []Step{{"a", 2}, {"b", 1}}})
	if e.Path.low != [2]float64{0.5, 1} || e.Path.high != [2]float64{2.5, 2} {
		t.Errorf("path from %v to %v", e.Path.low, e.Path.high)
	}
}

// The table by class has scikit-learn's precision, recall and F1.
func TestClassesAgreeWithScikitLearn(t *testing.T) {
	var golden struct {
		Confusion struct {
			Y                     []float64
			Decided, Support      []int
			Precision, Recall, F1 []float64
		}
	}
	text, err := os.ReadFile("../../testdata/golden/curves_sklearn.json")
	if err == nil {
		err = json.Unmarshal(text, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	g := golden.Confusion
	r := &Run{Task: dataset.Multiclass, Classes: []string{"a", "b", "c", "d"}, Judged: &Judged{Y: g.Y, Decided: g.Decided, Predicted: make([]float64, 4*len(g.Y))}}
	for k, row := range viewConfusion(r).classes(r.Classes) {
		for what, pair := range map[string][2]string{"rows": {row.Rows, fmt.Sprint(g.Support[k])}, "precision": {row.Precision, fmt.Sprintf("%.3f", g.Precision[k])},
			"recall": {row.Recall, fmt.Sprintf("%.3f", g.Recall[k])}, "F1": {row.F1, fmt.Sprintf("%.3f", g.F1[k])}} {
			if pair[0] != pair[1] {
				t.Errorf("class %d: %s %s, want %s", k, what, pair[0], pair[1])
			}
		}
	}
}

// Coverage counts the intervals that hold the truth: of five rows, four.
func TestCoverageIsCounted(t *testing.T) {
	j := &Judged{Y: []float64{1, 2, 3, 4, 5}, Predicted: []float64{1, 2, 3, 4, 7}, Coverage: 0.9}
	for _, p := range j.Predicted {
		j.Intervals = append(j.Intervals, [2]float64{p - 1, p + 1})
	}
	// Wilson's interval of 4 of 5 is 0.3755 to 0.9638 (scipy.stats.binomtest(4, 5).proportion_ci(method="wilson")).
	if c := coverage(j); !strings.Contains(c.Note, "In all 80% of the intervals hold the truth (95% interval 37.6% to 96.4%), 90% were asked for; their mean width is 2.") {
		t.Error(c.Note)
	}
	if coverage(&Judged{Y: j.Y, Predicted: j.Predicted}) != nil {
		t.Error("coverage without intervals")
	}
}

// TestRunPageInBrowser looks at the page of a run in a wide and in a narrow window, in the dark
// and on paper.
func TestRunPageInBrowser(t *testing.T) {
	b := &tab{chromium.Start(t, os.Getenv(chromium.Env))}
	for task, classes := range map[dataset.Task]int{dataset.Binary: 2, dataset.Multiclass: 40, dataset.Regression: 0} {
		path := filepath.Join(t.TempDir(), "run.html")
		if err := os.WriteFile(path, []byte(runPageOf(t, madeUp(task, 30, classes, 500))), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{1280, 400} {
			t.Run(fmt.Sprintf("%s/width=%d", task, width), func(t *testing.T) {
				b.T = t
				b.Open("file://"+path, width, 900)
				b.fits(width)
				b.prints()
				b.opensAll(width)
				var dark bool
				b.Evaluate(`(() => { document.getElementById("theme").click(); return document.documentElement.dataset.theme === "dark" })()`, &dark)
				if !dark {
					t.Error("the button does not make it dark")
				}
				for _, fault := range b.Faults() {
					t.Error(fault)
				}
			})
		}
	}
}
