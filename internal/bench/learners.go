package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// learners lists what make bench-learners compares: boosting of so many leaves with each peer
// (testdata/peers/bench_learners.py) on files of testdata/peers/learners_data.py, without leaves
// binning alone, and forests with scikit-learn's on 100,000 rows.
func learners(folder string, python string, trees int) (all []match) {
	for _, file := range []string{"generated-1", "flights"} {
		for _, leaves := range []int{31, 255, 0} {
			for _, threads := range []int{1, 2} {
				for _, peer := range []string{"lightgbm", "xgboost", "scikit-learn"} {
					if leaves == 0 && peer == "scikit-learn" {
						continue // does not bin without fitting
					}
					name := fmt.Sprintf("learners/%s-%d-%d-%s", file, leaves, threads, peer)
					grown := strconv.Itoa(trees)
					if leaves == 0 {
						name, grown = fmt.Sprintf("learners/%s-binning-%d-%s", file, threads, peer), "0"
					}
					path := folder + "/learners/" + file + ".npy"
					all = append(all, match{
						name: name,
						job:  []string{"boosting", path, strconv.Itoa(leaves), grown},
						peer: &side{name: peer, command: []string{python, "testdata/peers/bench_learners.py", peer, path,
							strconv.Itoa(leaves), grown, strconv.Itoa(threads)}},
						threads: threads,
					})
				}
			}
		}
	}
	for _, kind := range []string{"forest", "extra-trees"} {
		for _, threads := range []int{1, 2} {
			path, rows := folder+"/learners/generated-1.npy", "100000"
			grown := strconv.Itoa(trees)
			all = append(all, match{
				name: fmt.Sprintf("learners/generated-1-%s-%d-scikit-learn", kind, threads),
				job:  []string{kind, path, rows, grown},
				peer: &side{name: "scikit-learn", command: []string{python, "testdata/peers/bench_learners.py", kind, path,
					rows, grown, strconv.Itoa(threads)}},
				threads: threads,
			})
		}
	}
	return all
}

// plant fits a forest to the first rows of a file and returns the seconds that took, and the
// area under the ROC curve on the last fifth.
func plant(ctx context.Context, kind, path, rows, trees string) (seconds, auc float64, err error) {
	params := model.DefaultForest()
	if kind == "extra-trees" {
		params.Extra, params.Bootstrap = true, false
	}
	if params.Trees, err = strconv.Atoi(trees); err != nil {
		return 0, 0, err
	}
	n, err := strconv.Atoi(rows)
	if err != nil {
		return 0, 0, err
	}
	columns, err := readColumns(path)
	if err != nil {
		return 0, 0, err
	}
	return fit(ctx, params, columns, n)
}

// boost fits boosting on the first four fifths of a file and returns the seconds that took,
// and the area under the ROC curve on the rest. Without trees it bins only.
func boost(ctx context.Context, path, leaves, trees string) (seconds, auc float64, err error) {
	params := model.DefaultBoosting()
	params.L2, params.ColumnShare, params.MinLeafRows = 0, 1, 20 // as LightGBM has them
	if params.Leaves, err = strconv.Atoi(leaves); err != nil {
		return 0, 0, err
	}
	if params.Rounds, err = strconv.Atoi(trees); err != nil {
		return 0, 0, err
	}
	columns, err := readColumns(path)
	if err != nil {
		return 0, 0, err
	}
	n := len(columns[0]) * 4 / 5
	if params.Rounds == 0 {
		for j := range columns {
			columns[j] = columns[j][:n]
		}
		begin := time.Now()
		tree.NewTable(columns[:len(columns)-1], nil, nil, n, params.Bins)
		return time.Since(begin).Seconds(), 0, nil
	}
	return fit(ctx, params, columns, n)
}

// fit fits a learner to the first n rows, and tests it on the last fifth of all.
func fit(ctx context.Context, learner model.Learner, columns [][]float64, n int) (seconds, auc float64, err error) {
	last, from := len(columns)-1, len(columns[0])*4/5
	train, test := &dataset.Matrix{Rows: n}, &dataset.Matrix{Rows: len(columns[0]) - from}
	for j, c := range columns[:last] {
		train.Names = append(train.Names, fmt.Sprint("x", j))
		train.Columns = append(train.Columns, c[:n])
		test.Columns = append(test.Columns, c[from:])
	}
	begin := time.Now()
	m, err := learner.Fit(ctx, model.Data{X: train, Y: columns[last][:n], Task: dataset.Binary, Classes: 2}, 1)
	if err != nil {
		return 0, 0, err
	}
	seconds = time.Since(begin).Seconds()
	predicted := make([]float64, 2*test.Rows)
	m.Predict(predicted, test)
	return seconds, area(predicted, columns[last][from:]), nil
}

// area is the share of pairs of classes in order, a tie being half of one (Mann & Whitney
// 1947); predicted holds the probabilities of both classes.
func area(predicted, y []float64) float64 {
	order := make([]int, len(y))
	for i := range order {
		order[i] = i
	}
	at := func(i int) float64 { return predicted[2*i+1] }
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case at(a) < at(b):
			return -1
		case at(a) > at(b):
			return 1
		}
		return 0
	})
	wins, zeros := 0.0, 0.0
	for begin := 0; begin < len(order); {
		end := begin
		ones := 0.0
		for end < len(order) && at(order[end]) == at(order[begin]) {
			ones += y[order[end]]
			end++
		}
		tied := float64(end-begin) - ones
		wins += ones * (zeros + tied/2)
		zeros += tied
		begin = end
	}
	return wins / (zeros * (float64(len(y)) - zeros))
}

// readColumns reads a NumPy file of columns of float32.
func readColumns(path string) ([][]float64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(b, []byte("\x93NUMPY\x01\x00")) {
		return nil, errors.New(path + " is no NumPy file of version 1")
	}
	length := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	header := string(b[10:length])
	var count, rows int
	shape := header[strings.Index(header, "'shape'"):]
	if _, err := fmt.Sscanf(shape, "'shape': (%d, %d)", &count, &rows); err != nil || !strings.Contains(header, "<f4") || strings.Contains(header, "True") {
		return nil, fmt.Errorf("%s has header %s", path, header)
	}
	columns := make([][]float64, count)
	b = b[length:]
	for j := range columns {
		columns[j] = make([]float64, rows)
		for i := range columns[j] {
			columns[j][i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
		b = b[4*rows:]
	}
	return columns, nil
}
