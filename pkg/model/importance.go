package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Importance is a Model that knows what its fit made of each column. Both measures favour
// columns of many distinct values, and say nothing of rows not fitted: Permute does.
type Importance interface {
	// Gains is how much the splits on each column took off the loss, in its own units, by the
	// rows fitted; nil if the model is of a version that did not keep it.
	Gains() []float64
	// Splits is how many splits are on each column.
	Splits() []int
}

var _ Importance = (*boosted)(nil)

func (m *boosted) Gains() []float64 {
	trees, gain := m.trees(), m.record().Gain
	if gain == nil && len(trees.Nodes) > 0 {
		return nil
	}
	gains := make([]float64, m.features)
	for i, n := range trees.Nodes {
		if n.Feature >= 0 {
			gains[n.Feature] = min(gains[n.Feature]+gain[i], math.MaxFloat64)
		}
	}
	return gains
}

func (m *boosted) Splits() []int { return m.splits(m.features) }

// splits is how many splits are on each of so many features.
func (w *woods) splits(features int) []int {
	splits := make([]int, features)
	for _, n := range w.trees().Nodes {
		if n.Feature >= 0 {
			splits[n.Feature]++
		}
	}
	return splits
}

// Permuted is what a score loses when the values of one column are shuffled among the rows
// (Breiman 2001): what the model owes to the column, other columns as they are. Columns that
// say the same share what they are worth, so that each may seem to be worth nothing.
type Permuted struct {
	Column int
	// Drop is the mean over the repeats, negative if shuffling helped, and Low and High bound
	// it with the confidence asked for, by Student's distribution: how sure the mean is given
	// these rows. With one repeat they are infinite.
	Drop, Low, High float64
	Drops           []float64 // of each repeat
}

// Permutation is how Permute goes about it.
type Permutation struct {
	Repeats    int     // of each column, 1 to 1000
	Confidence float64 // of the bounds, above 0 and below 1
}

// DefaultPermutation shuffles ten times and bounds with 95 % confidence.
func DefaultPermutation() Permutation { return Permutation{Repeats: 10, Confidence: 0.95} }

// Permute returns for every column what the score loses by shuffling it, in the order of
// columns. score judges predictions of the rows of x, as Predict writes them; more is better;
// it is called from several goroutines. It takes columns × repeats predictions of x, and ends
// with ctx's error if ctx ends.
func Permute(ctx context.Context, m Model, x *dataset.Matrix, score func(predictions []float64) float64, p Permutation, seedOfShuffles uint64) ([]Permuted, error) {
	if p.Repeats < 1 || p.Repeats > 1000 || !(p.Confidence > 0 && p.Confidence < 1) {
		return nil, fmt.Errorf("permute: %d repeats with confidence %v, want 1 to 1000 and between 0 and 1", p.Repeats, p.Confidence)
	}
	if x.Rows == 0 {
		return nil, errors.New("permute: no rows")
	}
	if len(x.Columns) != m.Inputs() {
		return nil, fmt.Errorf("permute: %d columns, want %d", len(x.Columns), m.Inputs())
	}
	predictions := make([]float64, x.Rows*m.Outputs())
	m.Predict(predictions, x)
	whole := score(predictions)
	all := make([]Permuted, len(x.Columns))
	for j := range all {
		all[j] = Permuted{Column: j, Drops: make([]float64, p.Repeats)}
	}
	err := par.For(ctx, len(all)*p.Repeats, 0, func(i int) error {
		j, repeat := i/p.Repeats, i%p.Repeats
		values := slices.Clone(x.Columns[j])
		seed.Rand(seed.Derive(seedOfShuffles, "permute", j, repeat)).Shuffle(len(values), func(a, b int) {
			values[a], values[b] = values[b], values[a]
		})
		of := make([]float64, len(predictions))
		m.Predict(of, withColumn(x, j, values))
		all[j].Drops[repeat] = whole - score(of)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("permute: %w", err)
	}
	for j := range all {
		all[j].bound(p.Confidence)
	}
	return all, nil
}

// bound takes the mean of the drops and its bounds.
func (p *Permuted) bound(confidence float64) {
	n := float64(len(p.Drops))
	for _, d := range p.Drops {
		p.Drop += d / n
	}
	p.Low, p.High = math.Inf(-1), math.Inf(1)
	if n == 1 {
		return
	}
	squares := 0.0
	for _, d := range p.Drops {
		squares += float64((d - p.Drop) * (d - p.Drop))
	}
	reach := float64(studentQuantile(confidence, n-1) * math.Sqrt(squares/(n-1)/n))
	p.Low, p.High = p.Drop-reach, p.Drop+reach
}

// withColumn is x with other values in column j.
func withColumn(x *dataset.Matrix, j int, values []float64) *dataset.Matrix {
	changed := *x
	changed.Columns = slices.Clone(x.Columns)
	changed.Columns[j] = values
	return &changed
}
