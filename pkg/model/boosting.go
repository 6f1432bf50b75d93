package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// Boosting is gradient boosting of regression trees (Friedman 2001) with second-order gains
// (Chen & Guestrin 2016) on histograms of binned columns, grown leaf-wise. It minimizes the
// loss that Objective names, with one tree per round, or per round and class if there are
// three classes or more.
//
// Missing values (NaN) need no imputing: each split learns which way they go. Columns need
// no scaling either, since only the order of their values counts. Columns of categories need
// no encoding: a split sends a set of categories one way, and those that no row of training
// had go where missing ones go. Of more categories than bins, the rare ones are one.
//
// Gradients are summed as integers, so a model does not depend on the order of the rows
// (unless rows are sampled) nor on the machine. A row of weight 0 is left out. An integer
// weight acts as so many repeats (again unless rows are sampled): exactly, up to a weight
// of 1024 or MinLeafRows, whichever is less, and up to rounding above.
type Boosting struct {
	// Objective is the loss. For regression: squared_error, the default, predicts means;
	// absolute_error medians; quantile the quantile Alpha; huber is squared error for residuals
	// up to Alpha and absolute error beyond; poisson, gamma and tweedie predict means above 0 by
	// a score that is their logarithm, for targets of 0 and more (gamma: above 0), and take
	// Data.Offset. For two classes logistic, for more softmax. Default: that of the task. Leaves
	// of absolute_error, quantile and huber are quantiles of residuals, which L1 and L2 do not
	// shrink and Monotone cannot order.
	Objective string `json:"objective"`
	// Alpha is the quantile to predict, between 0 and 1, or the residual, above 0 and in units of
	// the target, from which on huber is linear. Default 0.9.
	Alpha float64 `json:"alpha"`
	// Power is that of the mean which the variance follows, for tweedie: 1 (poisson) to 2
	// (gamma), both excluded. Default 1.5.
	Power float64 `json:"power"`
	// Balanced gives all classes the same weight in sum, as in Logistic. Default false.
	Balanced bool `json:"balanced"`
	// Rounds is the number of boosting rounds, at least 1. Default 100. Fewer are kept if
	// no tree can be split any more, or by early stopping.
	Rounds int `json:"rounds"`
	// EarlyStopping ends the fit after so many rounds in a row without a lower loss on rows
	// held out, and keeps the rounds up to the lowest. 0, the default, is off.
	EarlyStopping int `json:"early_stopping"`
	// ValidationShare is the share of rows held out for that, of each class the same: above 0
	// and below 1. Default 0.1.
	ValidationShare float64 `json:"validation_share"`
	// LearningRate scales each tree's contribution, above 0 and at most 1. Default 0.1.
	LearningRate float64 `json:"learning_rate"`
	// Leaves is the most leaves of a tree, 2 to 65536. Default 31.
	Leaves int `json:"leaves"`
	// MaxDepth is the most splits from root to leaf; 0, the default, is no bound.
	MaxDepth int `json:"max_depth"`
	// MinLeafRows is the least number of rows of a leaf. 0, the default, is 20 for up to 2,000
	// rows, on which smaller leaves fit noise, and where leaves are quantiles; else 7. A row of weight w counts as ⌊w⌋
	// rows, and as one if w is less than that.
	MinLeafRows int `json:"min_leaf_rows"`
	// MinLeafHessian is the least sum of second derivatives in a leaf, at least 0. Default
	// 1e-3. A row's is its weight, for log loss p(1-p) times it, for poisson the mean predicted
	// times it; so small rates want a smaller bound.
	MinLeafHessian float64 `json:"min_leaf_hessian"`
	// L1 is taken off the absolute gradient of a leaf, at least 0. Default 0.
	L1 float64 `json:"l1"`
	// L2 is added to a leaf's hessian and so shrinks its value, at least 0. Default 1: without it
	// Newton's steps are too long where classes are all but certain and hessians near 0.
	L2 float64 `json:"l2"`
	// MaxDelta is the most that a leaf may add to a score, before the learning rate; 0, the
	// default, is no bound.
	MaxDelta float64 `json:"max_delta"`
	// MinGain is what a split must gain in ΣG²/(H+L2), at least 0. Default 0.
	MinGain float64 `json:"min_gain"`
	// Bins is the most bins of a column, 2 to 255, missing values not counted. Default 255.
	Bins int `json:"bins"`
	// RowShare is the share of rows, drawn without replacement, that each tree is grown
	// on: above 0 and at most 1. Default 1.
	RowShare float64 `json:"row_share"`
	// ColumnShare is the share of columns that each tree may split on, at most 1; at least one.
	// Which, is dealt so that all are left out about equally often, whatever their order. 0, the
	// default, is 0.8, and 1 where leaves are quantiles or up to four columns vary.
	ColumnShare float64 `json:"column_share"`
	// NodeColumnShare is the share of a tree's columns that each node may be split on, drawn
	// for each: above 0 and at most 1; at least one column is drawn. Default 1.
	NodeColumnShare float64 `json:"node_column_share"`
	// TopShare and OtherShare sample rows by their gradients (GOSS; Ke et al. 2017): each tree
	// sees the share TopShare of rows whose gradients are largest, and of the others the share
	// OtherShare of all, drawn, which count for all of the others. The first 1/LearningRate
	// rounds see all rows. Both 0, the default, is no such sampling; else both are above 0,
	// they sum to less than 1, and RowShare is 1.
	TopShare   float64 `json:"top_share"`
	OtherShare float64 `json:"other_share"`
	// CategorySmooth is the hessian that draws a category's value to 0 when categories are put
	// in order to be split, at least 0. Default 10.
	CategorySmooth float64 `json:"category_smooth"`
	// CategoryL2 is added to L2 when splits by sets of categories are judged, since a set fits
	// more than a cut, at least 0. Default 10.
	CategoryL2 float64 `json:"category_l2"`
	// Monotone names columns with which predictions may not fall (1) or not rise (-1). Columns
	// of categories cannot be among them. Default none.
	Monotone map[string]int `json:"monotone"`
	// Interactions are sets of columns that may act together: the splits above a leaf are all
	// on columns of one set. A column in none is a set of its own. Default: all together.
	Interactions [][]string `json:"interactions"`
}

var _ Learner = Boosting{}

// DefaultBoosting returns the defaults. They are LightGBM's, but that trees go without a fifth
// of the columns, and for MinLeafRows and L2: docs/learners.md has what these are worth.
func DefaultBoosting() Boosting {
	return Boosting{
		Alpha:           0.9,
		Power:           1.5,
		Rounds:          100,
		ValidationShare: 0.1,
		LearningRate:    0.1,
		Leaves:          31,
		MinLeafHessian:  1e-3,
		L2:              1,
		Bins:            tree.MaxBins,
		RowShare:        1,
		NodeColumnShare: 1,
		CategorySmooth:  10,
		CategoryL2:      10,
	}
}

// Validate returns every fault of the parameters, each a *ParamError, or nil.
func (b Boosting) Validate() error {
	var errs []error
	check := func(ok bool, param string, value any, want string) {
		if !ok {
			errs = append(errs, &ParamError{boostingName, param, fmt.Errorf("is %v, want %s", value, want)})
		}
	}
	const most = 1 << 20
	b.checkObjective(check)
	check(b.EarlyStopping >= 0, "early_stopping", b.EarlyStopping, "0 (off) or more")
	check(0 < b.ValidationShare && b.ValidationShare < 1, "validation_share", b.ValidationShare, "above 0 and below 1")
	check(1 <= b.Rounds && b.Rounds <= most, "rounds", b.Rounds, "1 to 1048576")
	check(0 < b.LearningRate && b.LearningRate <= 1, "learning_rate", b.LearningRate, "above 0 and at most 1")
	check(2 <= b.Leaves && b.Leaves <= 65536, "leaves", b.Leaves, "2 to 65536")
	check(b.MaxDepth >= 0, "max_depth", b.MaxDepth, "0 (no bound) or more")
	check(0 <= b.MinLeafRows && b.MinLeafRows <= most, "min_leaf_rows", b.MinLeafRows, "0 (by the rows) or 1 to 1048576")
	check(0 <= b.MinLeafHessian && b.MinLeafHessian <= 1e300, "min_leaf_hessian", b.MinLeafHessian, "0 or more")
	check(0 <= b.L1 && b.L1 <= 1e300, "l1", b.L1, "0 or more")
	check(0 <= b.L2 && b.L2 <= 1e300, "l2", b.L2, "0 or more")
	check(0 <= b.MaxDelta && b.MaxDelta <= 1e300, "max_delta", b.MaxDelta, "0 (no bound) or more")
	check(0 <= b.MinGain && b.MinGain <= 1e300, "min_gain", b.MinGain, "0 or more")
	check(2 <= b.Bins && b.Bins <= tree.MaxBins, "bins", b.Bins, "2 to 255")
	check(0 < b.RowShare && b.RowShare <= 1, "row_share", b.RowShare, "above 0 and at most 1")
	check(0 <= b.ColumnShare && b.ColumnShare <= 1, "column_share", b.ColumnShare, "0 (by the objective) to 1")
	check(0 < b.NodeColumnShare && b.NodeColumnShare <= 1, "node_column_share", b.NodeColumnShare, "above 0 and at most 1")
	check(0 <= b.TopShare && b.TopShare < 1, "top_share", b.TopShare, "0 or more and below 1")
	check(0 <= b.OtherShare && b.TopShare+b.OtherShare < 1 && (b.OtherShare > 0) == (b.TopShare > 0) && (b.TopShare == 0 || b.RowShare == 1),
		"other_share", b.OtherShare, "above 0 if top_share is, less than 1 with it, and without row_share")
	check(0 <= b.CategorySmooth && b.CategorySmooth <= 1e300, "category_smooth", b.CategorySmooth, "0 or more")
	check(0 <= b.CategoryL2 && b.CategoryL2 <= 1e300, "category_l2", b.CategoryL2, "0 or more")
	for _, name := range slices.Sorted(maps.Keys(b.Monotone)) {
		check(b.Monotone[name] == 1 || b.Monotone[name] == -1, "monotone", b.Monotone[name], fmt.Sprintf("1 or -1 for column %q", name))
	}
	return errors.Join(errs...)
}

// checkObjective checks what the objective wants of params.
func (b Boosting) checkObjective(check func(ok bool, param string, value any, want string)) {
	o := boostingObjective(b.Objective)
	check(o == "" || o.known(), "objective", b.Objective, fmt.Sprintf("one of %v, %s, %s, or nothing for the task's", regressionObjectives, logLoss, softmaxLoss))
	most := math.MaxFloat64
	if o != huberLoss {
		most = math.Nextafter(1, 0)
	}
	check(0 < b.Alpha && b.Alpha <= most, "alpha", b.Alpha, "above 0, and below 1 unless the objective is huber")
	check(1 < b.Power && b.Power < 2, "power", b.Power, "above 1 and below 2")
	check(b.TopShare == 0 || o != absoluteError && o != quantileLoss, "top_share", b.TopShare, fmt.Sprintf("0 with objective %q, whose gradients are all as large", o))
	// Quantiles of leaves can turn round what the splits put in order.
	check(len(b.Monotone) == 0 || !o.ordered(), "monotone", b.Monotone, fmt.Sprintf("none with objective %q", o))
}

// Fit grows the trees. It returns ctx's error if ctx ends, which is checked before every
// tree. Fewer than 2×MinLeafRows rows give a constant model. A target too large for
// its gradients, or with early stopping its losses, to be finite is an error.
func (b Boosting) Fit(ctx context.Context, data Data, seed uint64) (Model, error) {
	m, err := b.fit(ctx, data, nil, seed)
	if err != nil {
		return nil, fmt.Errorf("boosting: %w", err)
	}
	return m, nil
}

// fit fits from the beginning, or goes on from a model.
func (b Boosting) fit(ctx context.Context, data Data, from *boosted, seed uint64) (*boosted, error) {
	run, err := b.begin(data, seed)
	if err != nil {
		return nil, err
	}
	if from != nil {
		if err := run.from(from); err != nil {
			return nil, err
		}
	}
	return run.model, run.rounds(ctx, run.done+b.Rounds)
}

// begin is a fit before its first round.
func (b Boosting) begin(data Data, seed uint64) (*boostingRun, error) {
	if err := errors.Join(b.Validate(), data.Validate()); err != nil {
		return nil, err
	}
	if err := b.inRange(data); err != nil {
		return nil, err
	}
	if b.Balanced && !data.Task.Classification() {
		return nil, &ParamError{boostingName, "balanced", errors.New("is for classes, and a regression has none")}
	}
	return newBoostingRun(b, data, seed)
}
