package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Inferrer is a Model that knows how far its coefficients are known.
type Inferrer interface {
	// Inference reports false if the model's fit does not allow for it: a penalty biases the
	// coefficients, dependent columns leave them open, no row is left over.
	Inference(confidence float64) (Inference, bool)
}

// Inference is what classical theory says of the coefficients of ordinary least squares: it
// holds where errors are independent, of the same variance for weight 1, and normal. A row of
// weight w counts as w rows.
type Inference struct {
	Coefficients     []Estimate // one per column, for each degree
	Intercept        *Estimate  // nil without one
	ResidualSD       float64    // √(Σ w·residual² / DegreesOfFreedom)
	RSquared         float64    // share of the variance explained; about 0 instead of the mean without an intercept
	DegreesOfFreedom float64    // Σ w less the number of coefficients and the intercept
}

// Estimate is a coefficient with its uncertainty.
type Estimate struct {
	Value         float64
	StandardError float64
	T             float64 // Value / StandardError
	P             float64 // probability of so large a |T| if the coefficient were 0
	Low, High     float64 // confidence interval
}

// linearStatistics are the parts of an Inference that are not told by each coefficient.
type linearStatistics struct {
	ResidualSD       float64 `json:"residual_sd"`
	RSquared         float64 `json:"r_squared"`
	DegreesOfFreedom float64 `json:"degrees_of_freedom"`
	// StandardErrors of the coefficients, then of the intercept if there is one.
	StandardErrors []float64 `json:"standard_errors"`
}

func (s linearStatistics) validate(coefficients int) error {
	if n := len(s.StandardErrors); n != coefficients && n != coefficients+1 {
		return fmt.Errorf("%d standard errors of %d coefficients", n, coefficients)
	}
	if !(s.DegreesOfFreedom > 0) {
		return fmt.Errorf("%v degrees of freedom", s.DegreesOfFreedom)
	}
	for _, v := range s.StandardErrors {
		if v < 0 {
			return errors.New("a standard error is negative")
		}
	}
	return nil
}

// Inference of ordinary least squares; confidence, like 0.95, is that of the intervals and
// lies between 0 and 1, else it panics.
func (m *linear) Inference(confidence float64) (Inference, bool) {
	if !(confidence > 0 && confidence < 1) {
		panic("model: confidence is not between 0 and 1")
	}
	if m.Statistics == nil {
		return Inference{}, false
	}
	in := Inference{ResidualSD: m.Statistics.ResidualSD, RSquared: m.Statistics.RSquared,
		DegreesOfFreedom: m.Statistics.DegreesOfFreedom}
	reach := studentQuantile(confidence, in.DegreesOfFreedom)
	estimate := func(value, sd float64) Estimate {
		e := Estimate{Value: value, StandardError: sd, T: value / sd, Low: value - float64(reach*sd), High: value + float64(reach*sd)}
		if value == 0 && sd == 0 {
			e.T = 0
		}
		e.P = studentTail(math.Abs(e.T), in.DegreesOfFreedom)
		return e
	}
	for j, b := range m.coefficients {
		in.Coefficients = append(in.Coefficients, estimate(b, m.Statistics.StandardErrors[j]))
	}
	if len(m.Statistics.StandardErrors) > len(m.coefficients) {
		c := estimate(m.intercept, m.Statistics.StandardErrors[len(m.coefficients)])
		in.Intercept = &c
	}
	return in, true
}

// infer returns what the residuals and the factorization say, after refine. Where standard
// errors do not exist it says why.
func (s *leastSquares) infer() (*linearStatistics, []string) {
	if len(s.active) < len(s.columns) || s.factor == nil || s.factor.rank < len(s.factor.columns) {
		return nil, []string{"some columns are constant or combinations of others: their coefficients share an effect in the shortest way, and have no standard errors"}
	}
	freedom := num.Sum(s.weights) - float64(len(s.factor.columns))
	if !(freedom > 0) {
		return nil, []string{"there are no more rows than coefficients: they fit any target, and have no standard errors"}
	}
	n := len(s.y)
	unitW := math.Ldexp(1, -(exponent(s.weights) &^ 1))
	left := math.Sqrt(num.Dot(s.r[:n], s.r[:n]) / freedom) // scaled by √unitW and unitY
	statistics := &linearStatistics{ResidualSD: left / s.unitY / math.Sqrt(unitW), RSquared: s.explained(), DegreesOfFreedom: freedom}
	f, fixed := s.factor, s.fixed()
	errs := make([]float64, len(s.columns), len(s.columns)+1)
	shift := make([]float64, f.rank) // the intercept in the coordinates of the factorization
	for k := range f.rank {
		if f.order[k] < fixed {
			shift[k] = 1 / math.Sqrt(num.Dot(s.root, s.root))
			continue
		}
		a := f.order[k] - fixed
		shift[k] = -s.mean[a] / s.norm[a]
		z := make([]float64, f.rank)
		z[k] = 1
		f.solveT(z)
		errs[s.active[a]] = left * math.Sqrt(num.Dot(z, z)) / s.norm[a] * s.unit[a] / s.unitY
	}
	if s.intercept {
		f.solveT(shift)
		errs = append(errs, left*math.Sqrt(num.Dot(shift, shift))/s.unitY)
	}
	for _, v := range append(slices.Clone(errs), statistics.ResidualSD, statistics.RSquared) {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, []string{"standard errors are beyond what a number holds; scale the columns"}
		}
	}
	statistics.StandardErrors = errs
	return statistics, nil
}

// explained is R²: 1 − Σ w·residual² / Σ w·(y − mean)².
func (s *leastSquares) explained() float64 {
	var sum, total num.Twofold
	if s.intercept {
		for i, y := range s.y {
			square := float64(s.root[i] * s.root[i])
			sum.AddProduct(square, float64(y*s.unitY))
			total.Add(square)
		}
		sum.Normal()
	}
	middle := 0.0
	if s.intercept {
		middle = sum.Value() / total.Value()
	}
	var squares, left num.Twofold
	for i, y := range s.y {
		d := s.root[i] * (float64(y*s.unitY) - middle)
		squares.AddProduct(d, d)
		left.AddProduct(s.r[i], s.r[i])
	}
	all := squares.Value()
	if all == 0 {
		return 0 // a constant target leaves nothing to explain
	}
	squares.Add(-left.Hi)
	squares.Add(-left.Lo)
	return squares.Value() / all
}
