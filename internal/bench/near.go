package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// Rows of which neighbours are looked for and a perceptron trained on, and rows to predict.
const (
	nearRows    = 100_000
	nearQueries = 2_000
)

// nearLearners lists what make bench-learners compares of nearest neighbours and perceptrons:
// the same work as scikit-learn's (testdata/peers/bench_near.py).
func nearLearners(folder, python string) (all []match) {
	path := folder + "/learners/generated-1.npy"
	for _, name := range []string{"knn", "mlp"} {
		for _, threads := range []int{1, 2} {
			all = append(all, match{
				name: fmt.Sprintf("learners/%s-%d-scikit-learn", name, threads),
				job:  []string{name, path},
				peer: &side{name: "scikit-learn", command: []string{python, "testdata/peers/bench_near.py", name, path,
					fmt.Sprint(nearRows), fmt.Sprint(nearQueries), fmt.Sprint(threads)}},
				threads: threads,
			})
		}
	}
	for _, rows := range []string{"10000", "100000"} {
		for _, columns := range []string{"2", "4", "6", "8", "16"} {
			for _, way := range []string{"kd_tree", "ball_tree", "brute"} {
				all = append(all, match{
					name:    fmt.Sprintf("learners/neighbours-%s-%s-of-%s-scikit-learn", way, rows, columns),
					job:     []string{"neighbours", columns, rows},
					peer:    &side{name: "scikit-learn", command: []string{python, "testdata/peers/bench_near.py", way, columns, rows, fmt.Sprint(nearQueries), "1"}},
					threads: 1,
				})
			}
		}
	}
	return all
}

// neighbours fits rows of independent normal columns and predicts nearQueries more from the nearest 20,
// and returns the seconds of both. Whether a tree is made is for the learner to know.
func neighbours(ctx context.Context, columns, rows string) (float64, error) {
	width, err := strconv.Atoi(columns)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(rows)
	if err != nil {
		return 0, err
	}
	random := rand.New(rand.NewPCG(18, 0))
	draw := func(rows int) *dataset.Matrix {
		x := &dataset.Matrix{Rows: rows, Names: make([]string, width), Columns: make([][]float64, width)}
		for j := range x.Columns {
			x.Names[j], x.Columns[j] = fmt.Sprint("x", j), make([]float64, rows)
			for i := range x.Columns[j] {
				x.Columns[j][i] = random.NormFloat64()
			}
		}
		return x
	}
	x, queries, predicted := draw(n), draw(nearQueries), make([]float64, nearQueries)
	learner := model.KNN{K: 20, Weights: "distance"}
	begin := time.Now()
	m, err := learner.Fit(ctx, model.Data{X: x, Y: x.Columns[0], Task: dataset.Regression}, 1)
	if err != nil {
		return 0, err
	}
	m.Predict(predicted, queries)
	return time.Since(begin).Seconds(), nil
}

// near finds the five nearest of the first rows to the last rows of a file, or trains a layer of
// 64 units for ten epochs of batches of 200 on the first rows. It returns the seconds of that,
// and the area under the ROC curve on the last rows. Columns are standardized first.
func near(ctx context.Context, name, path string) (seconds, auc float64, err error) {
	columns, err := readColumns(path)
	if err != nil {
		return 0, 0, err
	}
	last := len(columns) - 1
	x, queries := &dataset.Matrix{Rows: nearRows}, &dataset.Matrix{Rows: nearQueries}
	of := func(c []float64) (fitted, asked []float64) { return c[:nearRows], c[len(c)-nearQueries:] }
	for j, c := range columns[:last] {
		standardize(c)
		fitted, asked := of(c)
		x.Names, x.Columns, queries.Columns = append(x.Names, fmt.Sprint("x", j)), append(x.Columns, fitted), append(queries.Columns, asked)
	}
	y, classes := of(columns[last])
	var learner model.Learner = model.KNN{K: 5, Weights: "uniform"}
	if name == "mlp" {
		learner = model.MLP{Hidden: []int{64}, Members: 1, LearningRate: 0.001, BatchSize: 200, Epochs: 10, Patience: 1}
	}
	begin := time.Now()
	m, err := learner.Fit(ctx, model.Data{X: x, Y: y, Task: dataset.Binary, Classes: 2}, 1)
	if err != nil {
		return 0, 0, err
	}
	predicted := make([]float64, 2*nearQueries)
	m.Predict(predicted, queries)
	seconds = time.Since(begin).Seconds()
	return seconds, area(predicted, classes), nil
}
