package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// knn is a fitted KNN: the rows, times Scale, with their targets and weights.
type knn struct {
	knnParams
	rows    panels
	tree    *kdTree // in whose order the rows are; nil where they are in their own, and all looked at
	y       []float64
	weights []float64 // positive

	shares []float64 // of the classes; nil for regression
	whole  bool      // all weights are whole numbers, so that their sums are exact
}

type knnParams struct {
	KNN     KNN `json:"knn"`
	Columns int `json:"columns"`
	Classes int `json:"classes"` // 0 for regression
	// Scale, a power of two, brings the rows' largest magnitude near 1, so that no square
	// overflows.
	Scale float64 `json:"scale"`
}

func (m *knn) Inputs() int { return m.Columns }

func (m *knn) Outputs() int { return max(1, m.Classes) }

const (
	// knnQueries is how many rows look for neighbours side by side: a worker's piece of work.
	knnQueries = 64
	// knnFarthest bounds the scaled values of a row to predict: squares of so many columns as
	// there can be sum to a finite number, and whoever is as far off has no neighbours anyway.
	knnFarthest = 0x1p480
	// knnCache is how many numbers of training rows are compared with all queries before the
	// next are: a quarter of a megabyte, which the second-level cache holds.
	knnCache = 1 << 15
)

// Predict finds the neighbours of each row and answers by them.
func (m *knn) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.Columns, m.Outputs())
	blocks := (x.Rows + knnQueries - 1) / knnQueries
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), blocks, 0, func(block int) error {
		begin := block * knnQueries
		end := min(begin+knnQueries, x.Rows)
		m.predictBlock(dst[begin*m.Outputs():end*m.Outputs()], x, begin, end)
		return nil
	})
}

func (m *knn) predictBlock(dst []float64, x *dataset.Matrix, begin, end int) {
	n := end - begin
	queries := make([]float64, (n+lanesQ-1)/lanesQ*lanesQ*m.Columns)
	missing := make([]bool, n)
	for j, column := range x.Columns {
		for i, v := range column[begin:end] {
			missing[i] = missing[i] || math.IsNaN(v)
			queries[(i/lanesQ*m.Columns+j)*lanesQ+i%lanesQ] = max(-knnFarthest, min(knnFarthest, float64(v*m.Scale)))
		}
	}
	found := make([]neighbours, n)
	for i := range found {
		found[i] = neighbours{k: float64(m.KNN.K), worst: math.Inf(1), weights: m.weights}
		if !m.whole {
			found[i].slack = 1e-9 * float64(m.KNN.K)
		}
	}
	if m.tree != nil {
		m.searchTree(found, missing, queries)
	} else {
		m.search(found, queries)
	}
	for i := range found {
		out := dst[i*m.Outputs() : (i+1)*m.Outputs()]
		if missing[i] {
			for c := range out {
				out[c] = math.NaN()
			}
			continue
		}
		of, total := found[i].take()
		m.answer(out, of, total)
	}
}

// search compares with all rows, several at a time, in pieces that stay in the cache for all queries.
func (m *knn) search(found []neighbours, queries []float64) {
	groups := m.rows.groups()
	step := max(1, min(knnCache/(lanesR*max(1, m.Columns)), 64))
	squares, near := make([]float64, step*lanesQ*lanesR), make([]uint32, step)
	for from := 0; from < groups; from += step {
		to := min(from+step, groups)
		for i := 0; i < len(found); i += lanesQ {
			of := found[i:min(i+lanesQ, len(found))]
			var worst [lanesQ]float64
			for a := range of {
				worst[a] = of[a].worst
			}
			m.rows.squares(squares, near, queries[i*m.Columns:], &worst, from, to)
			for g, set := range near[:to-from] {
				for a := 0; set != 0; a, set = a+1, set>>lanesR {
					of[a].scan((*[lanesR]float64)(squares[(g*lanesQ+a)*lanesR:]), uint8(set), (from+g)*lanesR, len(m.y))
				}
			}
		}
	}
}

// searchTree takes each query by itself, but those with missing values.
func (m *knn) searchTree(found []neighbours, missing []bool, queries []float64) {
	s := kdSearch{tree: m.tree, rows: m.rows, query: make([]float64, m.Columns)}
	for i := range found {
		if missing[i] {
			continue
		}
		for j := range s.query {
			s.query[j] = queries[(i/lanesQ*m.Columns+j)*lanesQ+i%lanesQ]
		}
		s.found = &found[i]
		s.run()
	}
}

// answer turns neighbours and the sum of their weights into a prediction.
func (m *knn) answer(out []float64, of []neighbour, total float64) {
	m.weigh(of, total)
	if m.Classes == 0 {
		low, high, mean := math.Inf(1), math.Inf(-1), 0.0
		for _, n := range of {
			y := m.y[n.row]
			low, high = min(low, y), max(high, y)
			mean += float64(n.weight / total * y)
		}
		out[0] = max(low, min(high, mean)) // where it is but for rounding
		return
	}
	for c, share := range m.shares {
		out[c] = float64(m.KNN.Smoothing * share)
	}
	for _, n := range of {
		out[int(m.y[n.row])] += n.weight
	}
	sum := num.Sum(out)
	for c := range out {
		out[c] /= sum
	}
}

// weigh gives neighbours weights by distance, keeping their sum.
func (m *knn) weigh(of []neighbour, total float64) {
	if m.KNN.Weights != distanceWeights {
		return
	}
	nearest := of[0].distance // which are sorted
	sum := 0.0
	for i := range of {
		// Relative to the nearest, so that no inverse overflows.
		switch d := of[i].distance; {
		case d == nearest: // and so where both are 0
		case nearest == 0:
			of[i].weight = 0
		default:
			of[i].weight *= math.Sqrt(nearest / d)
		}
		sum += of[i].weight
	}
	for i := range of {
		of[i].weight *= total / sum
	}
}

// State stores the rows as they are searched, row by row.
func (m *knn) State() State {
	n := len(m.y)
	params, _ := json.Marshal(m.knnParams) // finite numbers always marshal
	flat := make([]float64, 0, n*m.Columns)
	places := make([]int32, n) // of the rows
	for place := range places {
		row := place
		if m.tree != nil {
			row = int(m.tree.rows[place])
		}
		places[row] = int32(place)
	}
	for _, place := range places {
		for j := range m.Columns {
			flat = append(flat, m.rows.at(int(place), j))
		}
	}
	return State{Learner: knnName, Params: params, Tensors: map[string]safetensors.Tensor{
		"rows":    safetensors.FromF64(flat, n, m.Columns),
		"targets": safetensors.FromF64(m.y, n),
		"weights": safetensors.FromF64(m.weights, n),
	}}
}

func loadKNN(s State) (Model, error) {
	m := &knn{}
	if err := decodeStateParams(s, &m.knnParams); err != nil {
		return nil, err
	}
	if err := m.KNN.Validate(); err != nil {
		return nil, err
	}
	rows, err := matrixF64(s, "rows")
	if err != nil {
		return nil, err
	}
	if m.y, err = tensorF64(s, "targets"); err != nil {
		return nil, err
	}
	if m.weights, err = tensorF64(s, "weights"); err != nil {
		return nil, err
	}
	if err := m.check(rows, s.Tensors["rows"].Shape[1]); err != nil {
		return nil, err
	}
	m.lay(kdPays(len(m.y), m.Columns, m.KNN.K), func(i, j int) float64 { return rows[i][j] })
	m.finish()
	return m, nil
}

func (m *knn) check(rows [][]float64, columns int) error {
	switch n := len(rows); {
	case n == 0:
		return errors.New("no rows")
	case len(m.y) != n || len(m.weights) != n:
		return fmt.Errorf("%d rows, %d targets, %d weights", n, len(m.y), len(m.weights))
	case m.Columns != columns || n > maxKNN/(m.Columns+2):
		return fmt.Errorf("%d rows of %d columns, where %d are said", n, columns, m.Columns)
	case m.Classes < 0 || m.Classes == 1 || m.Classes > 1<<16:
		return fmt.Errorf("%d classes", m.Classes)
	case !(m.Scale > 0) || math.IsInf(m.Scale, 0):
		return fmt.Errorf("scale %v", m.Scale)
	}
	for i, row := range rows {
		for _, v := range row {
			if !(math.Abs(v) <= 0x1p24) { // 2 from Fit, but for the largest of numbers
				return fmt.Errorf("row %d holds %v", i, v)
			}
		}
	}
	sum := 0.0
	for i, y := range m.y {
		if sum += m.weights[i]; !(m.weights[i] > 0) || math.IsInf(sum, 0) {
			return fmt.Errorf("row %d has weight %v", i, m.weights[i])
		}
		if math.IsNaN(y) || math.IsInf(y, 0) || m.Classes > 0 && !(y >= 0 && y < float64(m.Classes) && y == math.Trunc(y)) {
			return fmt.Errorf("row %d has target %v", i, y)
		}
	}
	return nil
}
