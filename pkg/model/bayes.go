package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Bayes is naive Bayes: it takes the columns for independent within each class, numbers for
// normally distributed and categories for drawn with fixed probabilities. That is seldom so,
// but it is fitted in one look at the data, takes any number of columns, and a missing value
// is simply not looked at. Its probabilities are too bold if columns say the same twice:
// calibrate them.
type Bayes struct {
	// Smoothing is how many rows are added to each category of each class, above 0. Default 1
	// (Laplace). Without it a category that a class never had would rule the class out.
	Smoothing float64 `json:"smoothing"`
	// VarianceShare of a column's variance is added to that of each class, 0 or more. Default
	// 1e-9: it only matters where a class has a single value.
	VarianceShare float64 `json:"variance_share"`
}

var _ Learner = Bayes{}

// DefaultBayes returns the defaults, which are scikit-learn's.
func DefaultBayes() Bayes { return Bayes{Smoothing: 1, VarianceShare: 1e-9} }

// Validate returns every fault of the parameters, each a *ParamError, or nil.
func (b Bayes) Validate() error {
	var errs []error
	if !(b.Smoothing > 0 && b.Smoothing <= 1e9) {
		errs = append(errs, &ParamError{bayesName, "smoothing", fmt.Errorf("is %v, want above 0 and at most 1e9", b.Smoothing)})
	}
	if !(b.VarianceShare >= 0 && b.VarianceShare <= 1) {
		errs = append(errs, &ParamError{bayesName, "variance_share", fmt.Errorf("is %v, want 0 to 1", b.VarianceShare)})
	}
	return errors.Join(errs...)
}

// Fit counts and takes means; seed is not used. A class without weight is never predicted.
// Columns that are constant, or nowhere known, are not looked at.
func (b Bayes) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := errors.Join(b.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("bayes: %w", err)
	}
	if !data.Task.Classification() {
		return nil, &TaskError{bayesName, data.Task, []dataset.Task{dataset.Binary, dataset.Multiclass}}
	}
	kept, weights := data.weighted()
	m := &bayes{columns: make([]bayesColumn, len(kept.X.Columns)), priors: make([]float64, data.Classes)}
	rows := byClass(kept.Y, data.Classes)
	total := weigh(weights, nil)
	for class, of := range rows {
		m.priors[class] = math.Inf(-1)
		if len(of) > 0 {
			m.priors[class] = num.Log(weigh(weights, of) / total)
		}
	}
	err := par.For(ctx, len(m.columns), 0, func(j int) error {
		if kept.X.Categorical(j) {
			m.columns[j] = b.categories(kept.X.Columns[j], kept.X.Categories[j], rows, weights)
		} else {
			m.columns[j] = b.normals(kept.X.Columns[j], rows, weights)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// byClass are the rows of each class.
func byClass(y []float64, classes int) [][]int {
	counts := make([]int, classes)
	for _, class := range y {
		counts[int(class)]++
	}
	rows, all := make([][]int, classes), make([]int, len(y))
	for class, n := range counts {
		rows[class], all = all[:0:n], all[n:]
	}
	for i, class := range y {
		rows[int(class)] = append(rows[int(class)], i)
	}
	return rows
}

// weigh sums the weights of the given rows, or of all if nil.
func weigh(weights []float64, rows []int) float64 {
	if rows == nil {
		return num.Sum(weights)
	}
	var sum num.Twofold
	for _, i := range rows {
		sum.Add(weights[i])
	}
	return sum.Value()
}

// normals is the mean and deviation of a column in each class, in units of Scale. A class in
// which no value is known has those of all rows: it learns nothing from the column.
func (b Bayes) normals(values []float64, rows [][]int, weights []float64) bayesColumn {
	scale := presentScale(values)
	mean, variance, known := moments(values, scale, nil, weights)
	if !known || !(variance > 0) {
		return bayesColumn{}
	}
	c := bayesColumn{Scale: scale, Means: make([]float64, len(rows)), Precisions: make([]float64, len(rows))}
	floor := float64(b.VarianceShare * variance)
	for class, of := range rows {
		m, v, known := moments(values, scale, of, weights)
		if len(of) == 0 || !known {
			m, v = mean, variance
		}
		// A class of one value has no variance of its own, and none is added if the share is 0;
		// rows of next to no weight leave all of it so small that its inverse would overflow.
		c.Means[class], c.Precisions[class] = m, 1/max(v+floor, 1e-30*variance, 1e-300)
	}
	return c
}

// presentScale is the power of two that brings the largest magnitude that is present near 1.
func presentScale(values []float64) float64 {
	largest := 0.0
	for _, v := range values {
		if a := math.Abs(v); a > largest {
			largest = a
		}
	}
	return unitScale([]float64{largest})
}

// moments is the weighted mean and variance (over Σw) of values times scale, of the given
// rows, or of all if nil, that are present.
func moments(values []float64, scale float64, rows []int, weights []float64) (mean, variance float64, known bool) {
	n := len(rows)
	if rows == nil {
		n = len(values)
	}
	at := func(k int) int {
		if rows == nil {
			return k
		}
		return rows[k]
	}
	var total, sum, squares num.Twofold
	for k := range n {
		if v := values[at(k)]; !math.IsNaN(v) {
			total.Add(weights[at(k)])
			sum.AddProduct(weights[at(k)], float64(v*scale))
		}
	}
	if total.Value() == 0 {
		return 0, 0, false
	}
	mean = sum.Value() / total.Value()
	for k := range n {
		if v := values[at(k)]; !math.IsNaN(v) {
			d := float64(v*scale) - mean
			squares.AddProduct(weights[at(k)], float64(d*d))
		}
	}
	return mean, squares.Value() / total.Value(), true
}

// categories is the logarithm of each category's share in each class.
func (b Bayes) categories(codes []float64, n int, rows [][]int, weights []float64) bayesColumn {
	c := bayesColumn{Logs: make([][]float64, len(rows))}
	for class, of := range rows {
		counts := make([]num.Twofold, n)
		var total num.Twofold
		for _, i := range of {
			if code := codes[i]; !math.IsNaN(code) {
				counts[int(code)].Add(weights[i])
				total.Add(weights[i])
			}
		}
		c.Logs[class] = make([]float64, n)
		for k := range counts {
			c.Logs[class][k] = num.Log((counts[k].Value() + b.Smoothing) / (total.Value() + float64(b.Smoothing*float64(n))))
		}
	}
	return c
}
