package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model/tree"
	"github.com/foretell-ml/foretell/pkg/model/tree/walk"
)

// servings lists what make bench-serving compares: seconds per row on one thread, of rows alone
// and of 10,000 at a time, with models that bench_serving.py made in folders by their size.
func servings(folder, python string) (all []match) {
	for _, size := range []string{"100x31", "1000x255"} {
		for _, rows := range []string{"1", "10000"} {
			for _, peer := range []string{"ifs-in-C", "tl2cgen", "lightgbm", "leaves", "onnxruntime", "xgboost", "treelite"} {
				if peer == "treelite" && rows == "1" {
					continue // it has no way for a row but a call of the way for many
				}
				path := folder + "/serving/" + size
				command := []string{python, "testdata/peers/bench_serving.py", peer, path, rows}
				if peer == "leaves" {
					command = []string{folder + "/leaves", path, rows}
				}
				all = append(all, match{
					name:    fmt.Sprintf("serving/%s-rows-%s-%s", size, rows, peer),
					job:     []string{"serving", path, rows},
					peer:    &side{name: peer, command: command},
					threads: 1,
				})
			}
		}
	}
	return append(all, explanations(folder, python)...)
}

// serve predicts the rows of a folder by the trees in LightGBM's text, as a request would:
// columns in, probabilities out. It returns the median seconds per row, and the area under the
// ROC curve.
func serve(folder string, single bool) (seconds, auc float64, err error) {
	forest, _, err := openLightGBM(folder)
	if err != nil {
		return 0, 0, err
	}
	x, labels, err := servedRows(folder)
	if err != nil {
		return 0, 0, err
	}
	n, columns := x.Rows, x.Columns
	trees, sums, out := walk.New(forest.Store()), make([]float64, n), make([]float64, 2*n)
	step := n
	if single {
		step = 1
	}
	var times []float64
	for begin := time.Now(); len(times) == 0 || time.Since(begin) < time.Second; {
		start := time.Now()
		clear(sums)
		for i := 0; i < n; i += step {
			trees.Add(sums[i:i+step], 1, columns, i, i+step)
			for k := i; k < i+step; k++ {
				out[2*k+1] = 1 / (1 + math.Exp(-sums[k]))
			}
		}
		times = append(times, time.Since(start).Seconds()/float64(n))
	}
	slices.Sort(times)
	return times[len(times)/2], area(out, labels), nil
}

// servedRows are the rows of a folder, and their labels.
func servedRows(folder string) (*dataset.Matrix, []float64, error) {
	labels, err := readDoubles(folder + "/labels.f64")
	if err != nil {
		return nil, nil, err
	}
	flat, err := readDoubles(folder + "/rows.f64")
	if err != nil {
		return nil, nil, err
	}
	x := &dataset.Matrix{Rows: len(labels), Columns: make([][]float64, len(flat)/len(labels))}
	for j := range x.Columns {
		x.Columns[j] = make([]float64, x.Rows)
		for i := range x.Rows {
			x.Columns[j][i] = flat[i*len(x.Columns)+j]
		}
	}
	return x, labels, nil
}

func openLightGBM(folder string) (*tree.Forest, *tree.Record, error) {
	f, err := os.Open(folder + "/model.txt")
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return readLightGBM(bufio.NewReader(f))
}

// readLightGBM reads the trees of a model of LightGBM without categories, and how many training rows
// came to each node.
func readLightGBM(from *bufio.Reader) (*tree.Forest, *tree.Record, error) {
	forest, record := &tree.Forest{}, &tree.Record{}
	fields := map[string][]float64{}
	for {
		line, err := from.ReadString('\n')
		name, text, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "num_leaves", "split_feature", "threshold", "decision_type", "left_child", "right_child", "leaf_value", "internal_count", "leaf_count":
			fields[name] = nil
			for word := range strings.FieldsSeq(text) {
				v, err := strconv.ParseFloat(word, 64)
				if err != nil {
					return nil, nil, fmt.Errorf("%s: %w", name, err)
				}
				fields[name] = append(fields[name], v)
			}
		case "shrinkage": // the last line of a tree
			if err := forest.Append(treeOf(fields), nil); err != nil {
				return nil, nil, err
			}
			cover := append(fields["internal_count"], fields["leaf_count"]...)
			record.Append(cover, make([]float64, len(cover)))
		}
		if err != nil {
			return forest, record, nil // the end
		}
	}
}

// treeOf is a tree of LightGBM: splits by number, and behind them leaves, whose number n is
// written -n-1 where a child is named.
func treeOf(fields map[string][]float64) (nodes []tree.Node) {
	splits := len(fields["leaf_value"]) - 1
	child := func(v float64) int32 {
		if v < 0 {
			return int32(splits) + int32(-v) - 1
		}
		return int32(v)
	}
	for i := range splits {
		kind := int(fields["decision_type"][i]) // bit 1: missing goes left; 2 and 3: what is missing
		nodes = append(nodes, tree.Node{Threshold: fields["threshold"][i], Feature: int32(fields["split_feature"][i]),
			Left: child(fields["left_child"][i]), Right: child(fields["right_child"][i]), MissingLeft: kind&2 != 0 && kind>>2 == 2})
	}
	for _, v := range fields["leaf_value"] {
		nodes = append(nodes, tree.Node{Feature: -1, Value: v})
	}
	return nodes
}

func readDoubles(path string) ([]float64, error) {
	b, err := os.ReadFile(path)
	values := make([]float64, len(b)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return values, err
}
