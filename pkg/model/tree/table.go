package tree

import (
	"context"
	"math"
	"runtime"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Table is a matrix as bins, what trees are grown on.
type Table struct {
	rows    int
	columns []column
	weights []float64 // nil: 1 for each
}

// column is a column as bins.
type column struct {
	binning
	source   int     // its index in the matrix
	bins     []uint8 // one per row
	monotone int8    // 1 if values of leaves may not fall with the column's, -1 if they may not rise
}

// Columns is how many columns vary.
func (t *Table) Columns() int { return len(t.columns) }

// NewTable bins every column that can split the rows into at most limit bins each, 2 to
// MaxBins; columns that are constant and have no missing values, or are missing throughout,
// are left out. Column j holds the indices of categories[j] categories, or numbers if that is
// 0 or categories is nil. Weights are positive, one per row; nil means 1. It works on all
// cores.
func NewTable(columns [][]float64, categories []int, weights []float64, rows, limit int) *Table {
	t := &Table{rows: rows, weights: weights}
	scaled := newWeights(weights, rows, 1)
	binned := make([]column, len(columns))
	pool := sync.Pool{New: func() any { return &binner{weights: scaled, limit: limit} }}
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), len(columns), runtime.GOMAXPROCS(0), func(j int) error {
		w := pool.Get().(*binner)
		defer pool.Put(w)
		if allMissing(columns[j]) {
			return nil
		}
		var b binning
		if categories != nil && categories[j] > 0 {
			b = w.binCategories(columns[j], categories[j])
		} else {
			b = w.bin(columns[j])
		}
		if b.cells() < 2 {
			return nil
		}
		bins := make([]uint8, rows)
		if b.codes != nil {
			b.assignCategories(bins, columns[j])
		} else {
			b.assign(bins, columns[j])
		}
		binned[j] = column{binning: b, source: j, bins: bins}
		return nil
	})
	for _, c := range binned {
		if c.bins != nil {
			t.columns = append(t.columns, c)
		}
	}
	return t
}

func allMissing(values []float64) bool {
	for _, v := range values {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}
