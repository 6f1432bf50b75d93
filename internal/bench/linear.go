package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// linearRows is how many rows of a file the linear learners are compared on.
const linearRows = 100_000

// linearNames are the learners of linearLearners, each a job.
var linearNames = []string{"linear", "lasso", "logistic", "multinomial", "bayes"}

// linearLearners lists what make bench-learners compares of the linear family, and naive Bayes: each
// against scikit-learn (testdata/peers/bench_linear.py), with the same penalty and each side's own idea
// of when it is done.
func linearLearners(folder, python string) (all []match) {
	path := folder + "/learners/generated-1.npy"
	for _, name := range linearNames {
		for _, threads := range []int{1, 2} {
			all = append(all, match{
				name:    fmt.Sprintf("learners/%s-%d-scikit-learn", name, threads),
				job:     []string{name, path},
				peer:    &side{name: "scikit-learn", command: []string{python, "testdata/peers/bench_linear.py", name, path, fmt.Sprint(linearRows), fmt.Sprint(threads)}},
				threads: threads,
			})
		}
	}
	return all
}

// fitLinear fits one of them to the first rows of a file and returns the seconds.
// Columns are standardized first. The target of a regression is the last feature; of more
// classes, five by its size.
func fitLinear(ctx context.Context, name, path string) (float64, error) {
	columns, err := readColumns(path)
	if err != nil {
		return 0, err
	}
	for j := range columns {
		columns[j] = columns[j][:linearRows]
	}
	last := len(columns) - 1
	d := model.Data{X: &dataset.Matrix{Rows: linearRows}, Y: columns[last], Task: dataset.Binary, Classes: 2}
	for j, c := range columns[:last] {
		standardize(c)
		d.X.Names, d.X.Columns = append(d.X.Names, fmt.Sprint("x", j)), append(d.X.Columns, c)
	}
	var learner model.Learner = model.DefaultLogistic()
	switch name {
	case "logistic":
	case "bayes":
		learner = model.DefaultBayes()
	default:
		d.Y, d.X.Names, d.X.Columns = columns[last-1], d.X.Names[:last-1], d.X.Columns[:last-1]
		d.Task, d.Classes = dataset.Regression, 0
		learner = model.DefaultLinear()
	}
	switch name {
	case "lasso":
		learner = model.Linear{L1: 0.01 * 2 * linearRows, Degree: 1, Intercept: true}
	case "multinomial":
		d.Task, d.Classes, learner = dataset.Multiclass, 5, model.DefaultLogistic()
		for i, v := range d.Y {
			d.Y[i] = min(4, max(0, math.Floor(2*v+2.5)))
		}
	}
	begin := time.Now()
	_, err = learner.Fit(ctx, d, 1)
	return time.Since(begin).Seconds(), err
}

// standardize gives a column mean 0 and standard deviation 1.
func standardize(column []float64) {
	mean, square := 0.0, 0.0
	for _, v := range column {
		mean += v / float64(len(column))
	}
	for _, v := range column {
		square += (v - mean) * (v - mean) / float64(len(column))
	}
	for i, v := range column {
		column[i] = (v - mean) / math.Sqrt(square)
	}
}
