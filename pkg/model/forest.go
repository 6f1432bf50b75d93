package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// Forest is a random forest (Breiman 2001) or, with Extra, extremely randomized trees (Geurts,
// Ernst & Wehenkel 2006): deep trees, grown independently on rows and columns drawn at random,
// whose mean is the prediction. Splits reduce the variance of a value, or Gini's impurity of
// classes; leaves hold means and shares of classes.
//
// Missing values (NaN) need no imputing: each split learns which way they go. Columns need
// no scaling, since only the order of their values counts. Categories are taken as they are:
// each tree puts them in an order, by the target's mean among its rows (with Extra and classes, any),
// and cuts them like numbers.
//
// Rows and columns are drawn by what they hold, not by where they stand, and sums are integers:
// a forest does not depend on the order of the rows and, but for columns that are equal, of the
// columns, nor on the machine. A row of weight 0 is left out, and one of a whole weight w is
// drawn like w rows, exactly as long as weights sum to no more than 2^22. A row of another
// weight is drawn like ⌊w⌋ rows (like one if w < 1) that count for a little more or less.
type Forest struct {
	// Trees is the number of trees, 1 to 65536. Default 100.
	Trees int `json:"trees"`
	// Extra cuts columns at random places rather than the best: faster, with more bias and less
	// variance. Default false.
	Extra bool `json:"extra"`
	// MaxDepth is the most splits from root to leaf; 0, the default, is no bound.
	MaxDepth int `json:"max_depth"`
	// MinLeafRows is the least number of rows of a leaf, at least 1. Default 1. A row counts as
	// often as it was drawn.
	MinLeafRows int `json:"min_leaf_rows"`
	// ColumnShare is the share of columns looked at for each split, above 0 and at most 1; at
	// least one column is. 0, the default, is √p of p columns for classes, and half of them
	// for a value.
	ColumnShare float64 `json:"column_share"`
	// Bootstrap draws as many rows as there are, with replacement, for each tree. Default true;
	// false grows each on all rows, as extremely randomized trees are in the paper.
	Bootstrap bool `json:"bootstrap"`
	// Balanced gives all classes the same weight in sum, as scikit-learn's
	// class_weight="balanced" does. Default false.
	Balanced bool `json:"balanced"`
	// Bins is the most bins of a column, 2 to 255, missing values not counted. Default 255.
	Bins int `json:"bins"`
	// OutOfBag keeps predictions of the rows fitted, each by the trees that did not see it, and
	// their score: see the interface of that name. It needs Bootstrap. Default false.
	OutOfBag bool `json:"out_of_bag"`
}

var _ Learner = Forest{}

// DefaultForest returns the defaults.
func DefaultForest() Forest {
	return Forest{Trees: 100, MinLeafRows: 1, Bootstrap: true, Bins: tree.MaxBins}
}

// Validate returns every fault of the parameters, each a *ParamError, or nil.
func (f Forest) Validate() error {
	var errs []error
	check := func(ok bool, param string, value any, want string) {
		if !ok {
			errs = append(errs, &ParamError{forestName, param, fmt.Errorf("is %v, want %s", value, want)})
		}
	}
	check(1 <= f.Trees && f.Trees <= 65536, "trees", f.Trees, "1 to 65536")
	check(f.MaxDepth >= 0, "max_depth", f.MaxDepth, "0 (no bound) or more")
	check(1 <= f.MinLeafRows && f.MinLeafRows <= 1<<20, "min_leaf_rows", f.MinLeafRows, "1 to 1048576")
	check(0 <= f.ColumnShare && f.ColumnShare <= 1, "column_share", f.ColumnShare, "0 (by the task) to 1")
	check(2 <= f.Bins && f.Bins <= tree.MaxBins, "bins", f.Bins, "2 to 255")
	check(!f.OutOfBag || f.Bootstrap, "out_of_bag", f.OutOfBag, "bootstrap with it, since else every tree sees every row")
	return errors.Join(errs...)
}

// Fit grows the trees, each on one core. It returns ctx's error if ctx ends, which is checked
// before every tree. Targets whose differences overflow are an error.
func (f Forest) Fit(ctx context.Context, data Data, seed uint64) (Model, error) {
	if err := errors.Join(f.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	if err := data.noOffset(); err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	for _, y := range data.Y {
		if math.IsInf(y*float64(f.Trees), 0) { // the sum over the trees
			return nil, fmt.Errorf("forest: %w", errTargetSum)
		}
	}
	m, err := f.grow(ctx, data, seed)
	if err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	return m, nil
}

var errTargetSum = errors.New("the target is too large: its sum over the trees overflows; scale it down")
