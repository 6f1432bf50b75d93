package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// explanations lists what make bench-serving compares besides predictions: seconds per row to say
// what each column contributes, of a row alone and of 1,000 or 100 at a time, by the same trees, with
// LightGBM's pred_contrib, and against a background of 100 rows with shap. Ours ends with an error if
// contributions are others than LightGBM's.
func explanations(folder, python string) (all []match) {
	for _, size := range []string{"100x31", "1000x255"} {
		path := folder + "/serving/" + size
		many := "1000"
		if size == "1000x255" {
			many = "100" // of the large model LightGBM's take minutes
		}
		for _, rows := range []string{"1", many} {
			all = append(all, match{
				name:    fmt.Sprintf("serving/explain-%s-rows-%s-lightgbm", size, rows),
				job:     []string{"explain", path, rows, "path"},
				peer:    &side{name: "lightgbm", command: []string{python, "testdata/peers/bench_serving.py", "explain-lightgbm", path, rows}},
				threads: 1,
			})
		}
		if size == "100x31" {
			all = append(all, match{
				name:    fmt.Sprintf("serving/explain-%s-background-shap", size),
				job:     []string{"explain", path, "100", "background"},
				peer:    &side{name: "shap", command: []string{python, "testdata/peers/bench_serving.py", "explain-shap", path, "100"}},
				threads: 1,
			})
		}
	}
	return all
}

// background is how many rows contributions are against, the last ones.
const background = 100

// explain explains rows of a folder by the trees in LightGBM's text, so many at a time, and returns
// the median seconds per row, the area under the ROC curve of what contributions sum to, and how far
// they are from LightGBM's contributions at most, where those are of the same kind.
func explain(folder, at string, against bool) (seconds, auc, differs float64, err error) {
	m, x, labels, err := explainable(folder)
	if err != nil {
		return 0, 0, 0, err
	}
	var others *dataset.Matrix
	if against {
		others = x.Select(span(x.Rows-background, x.Rows))
	}
	e, err := model.ExplainerOf(m, others)
	if err != nil {
		return 0, 0, 0, err
	}
	step, n := 1, 20
	if at != "1" {
		if _, err := fmt.Sscan(at, &step); err != nil {
			return 0, 0, 0, err
		}
		n = step
	}
	var parts []*dataset.Matrix
	for i := 0; i < n; i += step {
		parts = append(parts, x.Select(span(i, i+step)))
	}
	width := len(x.Columns) + 1
	all := make([]float64, n*width)
	var times []float64
	for begin := time.Now(); len(times) == 0 || time.Since(begin) < time.Second; {
		start := time.Now()
		for i, part := range parts {
			e.Explain(all[i*step*width:(i+1)*step*width], part)
		}
		times = append(times, time.Since(start).Seconds()/float64(n))
	}
	slices.Sort(times)
	if !against {
		if differs, err = fromContributions(folder, all); err != nil {
			return 0, 0, 0, err
		}
	}
	out := make([]float64, 2*n)
	for i := range n {
		for _, v := range all[i*width : (i+1)*width] {
			out[2*i+1] += v
		}
	}
	return times[len(times)/2], area(out, labels[:n]), differs, nil
}

// explainable is the model of a folder, which knows how many training rows came to each node, and
// its rows.
func explainable(folder string) (model.Model, *dataset.Matrix, []float64, error) {
	forest, record, err := openLightGBM(folder)
	if err != nil {
		return nil, nil, nil, err
	}
	x, labels, err := servedRows(folder)
	if err != nil {
		return nil, nil, nil, err
	}
	params, err := json.Marshal(map[string]any{"objective": "logistic", "base": []float64{0}, "features": len(x.Columns), "trees": forest.Trees()})
	if err != nil {
		return nil, nil, nil, err
	}
	tensors := forest.Tensors()
	record.Tensors(tensors)
	m, err := model.Load(model.State{Learner: "boosting", Params: params, Tensors: tensors})
	return m, x, labels, err
}

// fromContributions is how far values are from those that bench_serving.py had of LightGBM for the
// first rows; an error if that is more than rounding.
func fromContributions(folder string, values []float64) (differs float64, err error) {
	want, err := readDoubles(folder + "/contributions.f64")
	if err != nil {
		return 0, err
	}
	for i := range min(len(want), len(values)) {
		differs = max(differs, math.Abs(values[i]-want[i]))
	}
	if !(differs < 1e-9) {
		return differs, fmt.Errorf("contributions differ from LightGBM's by %v", differs)
	}
	return differs, nil
}

func span(begin, end int) []int {
	rows := make([]int, end-begin)
	for i := range rows {
		rows[i] = begin + i
	}
	return rows
}
