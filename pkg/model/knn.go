package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// KNN is k nearest neighbours: a row's prediction is the mean of the K rows of the training
// data that are nearest to it. It has nothing to fit, bends to any shape, and is worth having
// beside models that assume one; but it weighs all columns alike, so that idle ones mislead it,
// and its model is the training data: 8 bytes per number, see maxKNN.
//
// The search is exact: by a tree where that is sooner, among few columns and many rows, and else by a
// look at all rows; both find the same. Rows of the same distance count in the order of the training
// data.
// A row of weight w counts as w rows: neighbours are taken until their weights sum to K, the
// last with what is left.
type KNN struct {
	// K is how many neighbours are asked, 1 to 1,048,576. Default 20. All are, where there
	// are fewer.
	K int `json:"k"`
	// Weights says how much a neighbour counts: "uniform" all the same, "distance" by the
	// inverse of its distance. Default "distance". Neighbours at distance 0 count alone.
	Weights string `json:"weights"`
	// Smoothing is how many rows, of the classes as they are shared among all rows, are added
	// to the neighbours of a row to classify, 0 or more. Default 1. With 0 a class that no
	// neighbour has gets probability 0, which costs all in log loss. Regression has no use
	// for it.
	Smoothing float64 `json:"smoothing"`
}

var _ Learner = KNN{}

const (
	uniformWeights  = "uniform"
	distanceWeights = "distance"
)

// maxKNN bounds the numbers of a model, rows × (columns + 2), 8 bytes each: 512 MB, which
// the artifact takes as well.
const maxKNN = 1 << 26

// DefaultKNN returns the defaults.
func DefaultKNN() KNN { return KNN{K: 20, Weights: distanceWeights, Smoothing: 1} }

// Validate returns every fault of the parameters, each a *ParamError, or nil.
func (k KNN) Validate() error {
	var errs []error
	if !(1 <= k.K && k.K <= 1<<20) {
		errs = append(errs, &ParamError{knnName, "k", fmt.Errorf("is %d, want 1 to 1048576", k.K)})
	}
	if k.Weights != uniformWeights && k.Weights != distanceWeights {
		errs = append(errs, &ParamError{knnName, "weights", fmt.Errorf("is %q, want %q or %q", k.Weights, uniformWeights, distanceWeights)})
	}
	if !(k.Smoothing >= 0 && k.Smoothing <= 1e9) {
		errs = append(errs, &ParamError{knnName, "smoothing", fmt.Errorf("is %v, want 0 to 1e9", k.Smoothing)})
	}
	return errors.Join(errs...)
}

// Fit lays the rows out for the search; seed is not used. Missing values and categories are
// refused.
func (k KNN) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := errors.Join(k.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("knn: %w", err)
	}
	if err := errors.Join(data.complete(), data.noOffset()); err != nil {
		return nil, fmt.Errorf("knn: %w", err)
	}
	kept, weights := data.weighted()
	columns := kept.X.Columns
	if rows := len(kept.Y); rows > maxKNN/(len(columns)+2) {
		return nil, fmt.Errorf("knn: %w", &SizeError{"rows", rows, maxKNN / (len(columns) + 2),
			"a nearest-neighbour model holds all of them; train on a sample"})
	}
	largest := 0.0
	for _, c := range columns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, v := range c {
			largest = max(largest, v, -v)
		}
	}
	m := &knn{
		knnParams: knnParams{KNN: k, Columns: len(columns), Classes: data.Classes, Scale: unitScale([]float64{largest})},
		y:         slices.Clone(kept.Y),
		weights:   slices.Clone(weights),
	}
	m.lay(kdPays(len(m.y), m.Columns, k.K), func(i, j int) float64 { return float64(columns[j][i] * m.Scale) })
	m.finish()
	return m, nil
}

// lay lays the rows out as they are searched, in a tree or as they come.
func (m *knn) lay(tree bool, at func(i, j int) float64) {
	rows := len(m.y)
	if !tree {
		m.rows = newPanels(rows, m.Columns, at)
		return
	}
	m.tree = newKDTree(rows, m.Columns, at)
	m.rows = newPanels(rows, m.Columns, func(i, j int) float64 { return at(int(m.tree.rows[i]), j) })
}

// finish fills in what follows from the rows.
func (m *knn) finish() {
	m.whole = true
	for _, w := range m.weights {
		m.whole = m.whole && w == float64(int64(min(w, 1<<52)))
	}
	if m.Classes == 0 {
		return
	}
	sums := make([]num.Twofold, m.Classes)
	for i, class := range m.y {
		sums[int(class)].Add(m.weights[i])
	}
	total := num.Sum(m.weights)
	m.shares = make([]float64, m.Classes)
	for class, sum := range sums {
		m.shares[class] = sum.Value() / total
	}
}
