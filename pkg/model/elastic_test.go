package model_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
)

// elasticPeers is testdata/golden/elastic_sklearn.json, made by
// testdata/peers/elastic_sklearn.py.
type elasticPeers struct {
	Cases []struct {
		Name               string
		L1, L2             float64
		Weighted, Balanced bool
		Coefficients       [][]float64
		Intercepts         []float64
	}
	Ridge struct {
		L2             []float64
		Errors         []float64
		ErrorsWeighted []float64 `json:"errors_weighted"`
	}
}

// agreeL1 is to how much coefficients with l1 must agree with scikit-learn's: what its saga
// leaves open. Ours are checked by their own conditions in TestL1Conditions.
const agreeL1 = 1e-6

func TestElasticAgreesWithScikitLearn(t *testing.T) {
	var golden elasticPeers
	readJSON(t, "golden/elastic_sklearn.json", &golden)
	if len(golden.Cases) < 20 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	raw, quality := wine(t)
	x := standardized(raw)
	worst := map[string]float64{}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%s/l1=%v/l2=%v/weighted=%v/balanced=%v", c.Name, c.L1, c.L2, c.Weighted, c.Balanced), func(t *testing.T) {
			_, data := peerProblem(peerCase{Name: c.Name, Weighted: c.Weighted}, x, quality)
			var learner model.Learner = model.Logistic{L1: c.L1, L2: c.L2, Balanced: c.Balanced}
			if c.Name == "elastic" {
				learner = model.Linear{L1: c.L1, L2: c.L2, Degree: 1, Intercept: true}
			}
			m, err := learner.Fit(t.Context(), data, 0)
			if err != nil {
				t.Fatal(err)
			}
			got, intercepts := parameters(t, m)
			zeros := 0
			compare := func(what string, got, want float64) {
				worst[c.Name] = max(worst[c.Name], math.Abs(got-want))
				if !(math.Abs(got-want) <= agreeL1) {
					t.Errorf("%s: %v, peer has %v", what, got, want)
				}
			}
			for k, set := range c.Coefficients {
				for j, want := range set {
					compare(fmt.Sprintf("coefficient %d of set %d", j, k), got[k*len(set)+j], want)
					if want == 0 {
						zeros++
					}
				}
			}
			if len(c.Intercepts) == 1 {
				compare("intercept", intercepts[0], c.Intercepts[0])
			}
			for k := 1; k < len(c.Intercepts); k++ { // a shift common to all says nothing
				compare("intercepts", intercepts[k]-intercepts[0], c.Intercepts[k]-c.Intercepts[0])
			}
			if warnings := m.(model.Warner).Warnings(); len(warnings) > 0 {
				t.Error(warnings)
			}
			t.Logf("%d zeros", zeros)
		})
	}
	t.Logf("worst differences: %v", worst)
}

// TestL1Conditions: at the optimum the gradient of the smooth part is −l1·sign of a
// coefficient, and within ±l1 where it is 0; on random problems, also with more columns than
// rows, dependent columns and no intercept.
func TestL1Conditions(t *testing.T) {
	for round := range 24 {
		random := seed.Rand(seed.Derive(3, "conditions", round))
		n, p := 20+random.IntN(60), 1+random.IntN(12)
		if round%6 == 5 {
			p = 700 // beyond what is in play from the start
		}
		d := model.Data{X: &dataset.Matrix{Rows: n}, Task: dataset.Regression}
		for j := range p {
			column := make([]float64, n)
			for i := range column {
				column[i] = random.NormFloat64()*math.Exp(float64(j%5)-2) + float64(j%3)
			}
			if j%7 == 6 {
				copy(column, d.X.Columns[j-1])
			}
			d.X.Columns, d.X.Names = append(d.X.Columns, column), append(d.X.Names, fmt.Sprint(j))
		}
		classes := round % 4 // 0 and 1: a value
		for i := range n {
			signal := d.X.Columns[0][i] + random.NormFloat64()
			d.Weights = append(d.Weights, random.ExpFloat64())
			switch {
			case classes < 2:
				d.Y = append(d.Y, 3+5*signal)
			case i < classes:
				d.Y = append(d.Y, float64(i))
			default:
				d.Y = append(d.Y, math.Floor(min(float64(classes)-1, max(0, signal+1))))
			}
		}
		l1, l2 := math.Exp(random.NormFloat64()), float64(round%2)*random.Float64()
		var learner model.Learner = model.Linear{L1: l1, L2: l2, Degree: 1, Intercept: round%3 > 0}
		if classes >= 2 {
			d.Task, d.Classes = dataset.Multiclass, classes
			if classes == 2 {
				d.Task = dataset.Binary
			}
			learner = model.Logistic{L1: l1, L2: l2}
		}
		m, err := learner.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := parameters(t, m)
		predictions := predict(m, d.X)
		for k := range len(b) / p {
			for j, column := range d.X.Columns {
				pull, size := 0.0, 0.0
				for i, x := range column {
					left := 0.0
					switch {
					case classes < 2:
						left = 2 * (predictions[i] - d.Y[i])
					case classes == 2:
						left = predictions[2*i+1] - d.Y[i]
					default:
						left = predictions[classes*i+k]
						if int(d.Y[i]) == k {
							left--
						}
					}
					pull += d.Weights[i] * left * x
					size += d.Weights[i] * math.Abs(x)
				}
				beta := b[k*p+j]
				curve := l2 * beta
				if classes < 2 {
					curve *= 2
				}
				broken := math.Abs(pull+curve) - l1
				if beta != 0 {
					broken = math.Abs(pull + curve + math.Copysign(l1, beta))
				}
				if broken > 1e-7*max(1, size) {
					t.Errorf("round %d (%d × %d, %d classes): column %d, coefficient %v: condition broken by %v", round, n, p, classes, j, beta, broken)
				}
			}
		}
	}
}

// TestElasticByHand: one column. With centered x of Σx² = 5 and Σxy = 7 the lasso's slope is
// (7 − l1/2)/5, and with l2 it is (7 − l1/2)/(5 + l2).
func TestElasticByHand(t *testing.T) {
	x, y := []float64{1, 2, 3, 4}, []float64{4, 4, 6, 8}
	for _, c := range []struct{ l1, l2, want float64 }{
		{4, 0, 1}, {4, 5, 0.5}, {14, 0, 0}, {20, 0, 0}, {13, 0, 0.1},
	} {
		b, intercept := fitLinear(t, model.Linear{L1: c.l1, L2: c.l2, Degree: 1, Intercept: true}, y, x)
		closeAll(t, fmt.Sprint(c), []float64{b[0], intercept}, []float64{c.want, 5.5 - 2.5*c.want}, 1e-12)
	}
}

// TestRidgePath: the path's points are the fits, their errors are scikit-learn's RidgeCV's
// and those of fits without each row, and choose_l2 takes the least.
func TestRidgePath(t *testing.T) {
	var golden elasticPeers
	readJSON(t, "golden/elastic_sklearn.json", &golden)
	raw, quality := wine(t)
	d := model.Data{X: standardized(raw), Y: quality, Task: dataset.Regression}
	l := model.Linear{L2: 1, Degree: 1, Intercept: true}
	for _, c := range []struct {
		weights, errors []float64
	}{{nil, golden.Ridge.Errors}, {everyFifthOff(raw.Rows), golden.Ridge.ErrorsWeighted}} {
		d.Weights = c.weights
		points, err := l.Path(t.Context(), d, golden.Ridge.L2)
		if err != nil || len(points) != len(golden.Ridge.L2) {
			t.Fatal(len(points), err)
		}
		least := math.Inf(1)
		for i, p := range points {
			least = min(least, p.LeaveOneOut)
			if p.L2 != golden.Ridge.L2[i] || !num.Close(p.LeaveOneOut, c.errors[i], agree) {
				t.Errorf("l2=%v: error %v, peer has %v", p.L2, p.LeaveOneOut, c.errors[i])
			}
			m, err := model.Linear{L2: p.L2, Degree: 1, Intercept: true}.Fit(t.Context(), d, 0)
			if err != nil {
				t.Fatal(err)
			}
			b, intercept := parameters(t, m)
			closeAll(t, fmt.Sprint("l2=", p.L2), append(p.Coefficients, p.Intercept), append(b, intercept...), agree)
		}
		m, err := model.Linear{ChooseL2: true, Degree: 1, Intercept: true}.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := parameters(t, m)
		chosen := 0.0 // the l2 at which b is the fit: 0 = Σ x·(y − ŷ)·w − l2·b
		fitted := predict(m, d.X)
		for i, v := range d.X.Columns[0] {
			w := 1.0
			if c.weights != nil {
				w = c.weights[i]
			}
			chosen += w * v * (quality[i] - fitted[i]) / b[0]
		}
		again, err := l.Path(t.Context(), d, []float64{chosen})
		if err != nil {
			t.Fatal(err)
		}
		if again[0].LeaveOneOut > least*(1+1e-4) { // its values lie elsewhere
			t.Errorf("choose_l2 took %v with error %v, the path has %v", chosen, again[0].LeaveOneOut, least)
		}
	}
}

// TestLeaveOneOut leaves rows out, also with more columns than rows.
func TestLeaveOneOut(t *testing.T) {
	for _, p := range []int{3, 20} {
		const n = 12
		random := seed.Rand(uint64(p))
		d := model.Data{X: &dataset.Matrix{Rows: n}, Task: dataset.Regression}
		for j := range p {
			column := make([]float64, n)
			for i := range column {
				column[i] = 5 + random.NormFloat64()
			}
			d.X.Columns, d.X.Names = append(d.X.Columns, column), append(d.X.Names, fmt.Sprint(j))
		}
		for range n {
			d.Y, d.Weights = append(d.Y, 3+random.NormFloat64()), append(d.Weights, 1+random.Float64())
		}
		l := model.Linear{L2: 0.7, Degree: 1, Intercept: true}
		points, err := l.Path(t.Context(), d, []float64{1})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i := range n {
			without := d
			without.Weights = append([]float64(nil), d.Weights...)
			without.Weights[i] = 0
			m, err := l.Fit(t.Context(), without, 0)
			if err != nil {
				t.Fatal(err)
			}
			e := predict(m, d.X.Select([]int{i}))[0] - d.Y[i]
			sum += d.Weights[i] * e * e
		}
		if want := sum / num.Sum(d.Weights); !num.Close(points[0].LeaveOneOut, want, agree) {
			t.Errorf("%d columns: %v, leaving out %v", p, points[0].LeaveOneOut, want)
		}
	}
}

// TestLassoPath: points come in the order asked for and are the fits.
func TestLassoPath(t *testing.T) {
	raw, quality := wine(t)
	d := model.Data{X: standardized(raw), Y: quality, Task: dataset.Regression}
	l := model.Linear{L1: 100, L2: 3, Degree: 1, Intercept: true}
	points, err := l.Path(t.Context(), d, []float64{0.5, 8, 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, factor := range []float64{0.5, 8, 2} {
		m, err := model.Linear{L1: 100 * factor, L2: 3 * factor, Degree: 1, Intercept: true}.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		b, intercept := parameters(t, m)
		closeAll(t, fmt.Sprint("factor ", factor), append(points[i].Coefficients, points[i].Intercept), append(b, intercept...), 1e-9)
		if !math.IsNaN(points[i].LeaveOneOut) {
			t.Error("the lasso has a leave-one-out error")
		}
	}
	for _, factor := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := l.Path(t.Context(), d, []float64{factor}); err == nil {
			t.Errorf("factor %v: no error", factor)
		}
	}
}

// TestTooLarge: what cannot fit is refused before it is tried.
func TestTooLarge(t *testing.T) {
	const n = 2100
	x := &dataset.Matrix{Rows: n, Names: make([]string, n)}
	column := make([]float64, n)
	column[0] = 1
	for range n {
		x.Columns = append(x.Columns, column)
	}
	_, err := model.Linear{ChooseL2: true, Degree: 1}.Fit(t.Context(), model.Data{X: x, Y: column, Task: dataset.Regression}, 0)
	var size *model.SizeError
	if !errors.As(err, &size) || size.Count != n || size.Most >= n {
		t.Errorf("%d singular values: %v", n, err)
	}
}
