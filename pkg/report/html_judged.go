package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
)

// judgedView is how good predictions of rows are that the model did not learn from.
type judgedView struct {
	Note      string
	Charts    []*chart
	Confusion *confusionView
	Classes   []classRow
}

// judgedConfidence is that of every interval in the plots of judged rows.
const judgedConfidence = 0.95

func viewJudged(r *Run) *judgedView {
	j := r.Judged
	if j == nil || len(j.Y) == 0 {
		return nil
	}
	v := &judgedView{Note: "On " + count(len(j.Y)) + " " + safe(j.On) + " rows, which the predictions’ models did not learn from."}
	if r.Task == dataset.Regression {
		v.Charts = []*chart{actual(r), residuals(j), normality(j), coverage(j)}
	} else {
		outputs := len(r.Classes)
		if outputs == 2 {
			v.Charts = binary(r)
		} else {
			v.Charts = []*chart{reliabilityOfTop(j, outputs)}
		}
		v.Confusion = viewConfusion(r)
		v.Classes = v.Confusion.classes(r.Classes)
	}
	v.Charts = slices.DeleteFunc(v.Charts, func(c *chart) bool { return c == nil })
	return v
}

// column is an output of all rows.
func column(predicted []float64, outputs, k int) []float64 {
	of := make([]float64, len(predicted)/outputs)
	for i := range of {
		of[i] = predicted[i*outputs+k]
	}
	return of
}

// spaced are at most so many places of n, evenly spread, the first and the last among them.
func spaced(n, most int) []int {
	if n <= most {
		most = n
	}
	places := make([]int, most)
	for i := range places {
		places[i] = i * (n - 1) / max(most-1, 1)
	}
	return places
}

// binary are the plots of two classes.
func binary(r *Run) []*chart {
	j := r.Judged
	p := column(j.Predicted, 2, 1)
	cuts := metric.Cuts(j.Y, p, j.Weights)
	charts := []*chart{reliability("Reliability", j.Y, p, j.Weights, "probability of "+shown(r.Classes[1]))}
	if last := cuts[len(cuts)-1]; !(last.Positive > 0 && last.Negative > 0) {
		return charts
	}
	rates := make([]metric.Cut, 0, maxPoints)
	for _, i := range spaced(len(cuts), maxPoints) {
		rates = append(rates, cuts[i])
	}
	of := func(rate func(metric.Cut) float64) []float64 {
		list := make([]float64, len(rates))
		for i, c := range rates {
			list[i] = rate(c)
		}
		return list
	}
	recall, precision, taken := of(metric.Cut.Recall), of(metric.Cut.Precision), of(metric.Cut.Taken)
	unit := [2]float64{1, 1}

	roc := newChart("ROC", "false positive rate", "true positive rate", [2]float64{}, unit)
	roc.straight("chance", "chance", 0, 0, 1, 1)
	roc.curve("went", "model", of(metric.Cut.FalseRate), recall)
	roc.scored(r, "roc_auc", "Area under the curve")

	share := rates[0].Positive / (rates[0].Positive + rates[0].Negative)
	pr := newChart("Precision and recall", "recall", "precision", [2]float64{}, unit)
	pr.straight("chance", "chance", 0, share, 1, share)
	pr.curve("went", "model", recall[1:], precision[1:])
	pr.scored(r, "average_precision", "Average precision")

	gain := newChart("Gain", "share of rows taken, likeliest first", "share of the class found", [2]float64{}, unit)
	gain.straight("chance", "chance", 0, 0, 1, 1)
	gain.curve("went", "model", taken, recall)

	lifts := of(metric.Cut.Lift)[1:]
	most := 1.0
	for _, l := range lifts {
		most = max(most, l)
	}
	lift := newChart("Lift", "share of rows taken, likeliest first", "times as frequent", [2]float64{}, [2]float64{1, most})
	lift.straight("chance", "chance", 0, 1, 1, 1)
	lift.curve("went", "model", taken[1:], lifts)
	return append([]*chart{roc, pr}, append(charts, byThreshold(j, rates[1:]), gain, lift)...)
}

// scored notes the score that a curve stands for.
func (c *chart) scored(r *Run, name, called string) {
	m, err := metric.ByName(name)
	if err != nil {
		return
	}
	if score, err := m.Score(r.Judged.Y, r.Judged.Predicted, r.Judged.Weights, 2); err == nil {
		c.Note = called + " " + number(score) + "."
	}
}

func byThreshold(j *Judged, rates []metric.Cut) *chart {
	c := newChart("What a threshold does", "threshold", "", [2]float64{}, [2]float64{1, 1})
	xs := make([]float64, len(rates))
	for i, cut := range rates {
		xs[i] = cut.Threshold
	}
	for _, line := range []struct {
		class, name string
		of          func(metric.Cut) float64
	}{{"went", "precision", metric.Cut.Precision}, {"went dash", "recall", metric.Cut.Recall}, {"went dots", "F1", metric.Cut.F1}} {
		ys := make([]float64, len(rates))
		for i, cut := range rates {
			ys[i] = line.of(cut)
		}
		c.curve(line.class, line.name, xs, ys)
	}
	if !math.IsNaN(j.Threshold) {
		c.straight("at", "served", j.Threshold, 0, j.Threshold, 1)
	}
	return c
}

// reliability compares probabilities with what happened.
func reliability(title string, happened, p, weights []float64, of string) *chart {
	const bins = 10
	c := newChart(title, of, "share it came true for", [2]float64{}, [2]float64{1, 1})
	c.straight("chance", "as said", 0, 0, 1, 1)
	var xs, ys, low, high []float64
	for _, bin := range metric.Reliability(happened, p, weights, bins, judgedConfidence) {
		xs, ys, low, high = append(xs, bin.Said), append(ys, bin.Seen), append(low, bin.Low), append(high, bin.High)
	}
	c.upright("whisker", xs, low, high)
	c.curve("went", "", xs, ys)
	c.dots("dot", xs, ys)
	c.Note = "In ten bins, with 95% intervals."
	return c
}

func reliabilityOfTop(j *Judged, outputs int) *chart {
	happened, p := make([]float64, len(j.Y)), make([]float64, len(j.Y))
	for row, class := range j.Y {
		of := j.Predicted[row*outputs : (row+1)*outputs]
		top := slices.Index(of, slices.Max(of))
		if p[row] = of[top]; top == int(class) {
			happened[row] = 1
		}
	}
	return reliability("Reliability of the likeliest class", happened, p, j.Weights, "its probability")
}

// confusionView counts rows by their class and the class that was decided, as a map.
type confusionView struct {
	Note                string
	Width, Height       int
	Classes             []cells
	Rows, Columns       []label // names
	Numbers             []label
	counts              []int
	size                int
	Left, Top, PlotSize int
}

// Above so many classes the cells of a confusion matrix have no numbers, and only some names.
const mostNumbered = 12

func viewConfusion(r *Run) *confusionView {
	j, n := r.Judged, len(r.Classes)
	v := &confusionView{Note: "Rows are the true classes, columns what was decided; the darker, the greater the share of the class. " + safe(j.Decision),
		counts: metric.Confusion(j.Y, j.Decided, n), size: n}
	mapped := min(n, maxClasses)
	if mapped < n {
		v.Note += fmt.Sprintf(" Only the first %d of %d classes are in the map.", mapped, n)
	}
	cell := min(max(480/mapped, 7), 64)
	v.Left, v.Top, v.PlotSize = 130, 96, cell*mapped
	v.Width, v.Height = v.Left+cell*mapped+70, v.Top+cell*mapped
	every := max(1, int(math.Ceil(12/float64(cell))))
	paths := map[string]*strings.Builder{}
	for i := range mapped {
		total := 0
		for _, k := range v.counts[i*n : (i+1)*n] {
			total += k
		}
		at := fixed2(float64((float64(i)+0.5)*float64(cell)) + 4 + float64(v.Top))
		if i%every == 0 {
			name := middle(r.Classes[i], heatNames/8)
			v.Rows = append(v.Rows, label{X: strconv.Itoa(v.Left - 6), Y: at, Text: name})
			v.Columns = append(v.Columns, label{X: fixed2(float64(v.Left) + float64((float64(i)+0.5)*float64(cell))), Y: strconv.Itoa(v.Top - 6), Text: name})
		}
		for k := range mapped {
			share, rows := 0.0, v.counts[i*n+k]
			if total > 0 {
				share = float64(rows) / float64(total)
			}
			class := "z"
			if rows > 0 {
				class = map[bool]string{true: "p1", false: heatClass(share)}[share < 0.1]
			}
			if paths[class] == nil {
				paths[class] = &strings.Builder{}
			}
			heatCell(paths[class], v.Left+k*cell, v.Top+i*cell, cell-1, class)
			if mapped <= mostNumbered {
				ink := ""
				if share >= 0.7 {
					ink = "dark"
				}
				v.Numbers = append(v.Numbers, label{X: fixed2(float64(v.Left) + float64((float64(k)+0.5)*float64(cell))), Y: at, Text: count(rows), Class: ink})
			}
		}
	}
	for _, class := range []string{"z", "p1", "p2", "p3"} {
		if paths[class] != nil {
			v.Classes = append(v.Classes, cells{class, paths[class].String()})
		}
	}
	return v
}

// classRow is how good the decisions for a class are.
type classRow struct{ Name, Rows, Precision, Recall, F1 string }

// classes is the table of at most maxClasses classes; a rate that no row defines is "–".
func (v *confusionView) classes(names []string) []classRow {
	n := v.size
	var rows []classRow
	for k := range min(n, maxClasses) {
		of, taken := 0, 0
		for i := range n {
			of += v.counts[k*n+i]
			taken += v.counts[i*n+k]
		}
		right := v.counts[k*n+k]
		rows = append(rows, classRow{shown(names[k]), count(of), rate(right, taken), rate(right, of), rate(2*right, of+taken)})
	}
	return rows
}

// rate is a share with three digits.
func rate(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(part)/float64(whole), 'f', 3, 64)
}
