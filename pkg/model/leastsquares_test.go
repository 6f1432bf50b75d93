package model_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
)

// digitsKept is the relative tolerance of results that are exact but for a few roundings.
const digitsKept = 1e-13

func closeAll(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for j := range got {
		if !num.Close(got[j], want[j], tolerance) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

// TestLinearByHand: worked examples.
func TestLinearByHand(t *testing.T) {
	one := []float64{1, 1, 1, 1}
	x := []float64{1, 2, 3, 4}
	cases := []struct {
		name    string
		learner model.Linear
		y       []float64
		columns [][]float64
		want    []float64
		c       float64
	}{
		// Slope Σ(x−2.5)(y−ȳ)/Σ(x−2.5)² = 7/5; ȳ = 5.5.
		{"line", model.DefaultLinear(), []float64{4, 4, 6, 8}, [][]float64{x}, []float64{1.4}, 2},
		// Ridge: 7/(5 + 2) = 1; the intercept is not penalized.
		{"ridge", model.Linear{L2: 2, Degree: 1, Intercept: true}, []float64{4, 4, 6, 8}, [][]float64{x}, []float64{1}, 3},
		// Through the origin: Σxy/Σx² = 62/30, with ridge 62/(30+1).
		{"origin", model.Linear{Degree: 1}, []float64{4, 4, 6, 8}, [][]float64{x}, []float64{62.0 / 30}, 0},
		{"origin ridge", model.Linear{L2: 1, Degree: 1}, []float64{4, 4, 6, 8}, [][]float64{x}, []float64{2}, 0},
		{"origin, constant column", model.Linear{Degree: 1}, []float64{4, 4, 6, 8}, [][]float64{one}, []float64{5.5}, 0},
		{"constant column", model.DefaultLinear(), []float64{4, 4, 6, 8}, [][]float64{one}, []float64{0}, 5.5},
		{"zero target", model.DefaultLinear(), []float64{0, 0, 0, 0}, [][]float64{x}, []float64{0}, 0},
		// Twice the same: half each. A column and its double: 1:2 is shortest, β = (1.4/5, 2.8/5).
		{"duplicate", model.DefaultLinear(), []float64{4, 4, 6, 8}, [][]float64{x, x}, []float64{0.7, 0.7}, 2},
		{"double", model.DefaultLinear(), []float64{4, 4, 6, 8}, [][]float64{x, {2, 4, 6, 8}}, []float64{0.28, 0.56}, 2},
		// A full set of one-hot columns: group means 2 and 6; shortest is ∓2 around their middle.
		{"one-hot", model.DefaultLinear(), []float64{1, 3, 5, 7}, [][]float64{{1, 1, 0, 0}, {0, 0, 1, 1}}, []float64{-2, 2}, 4},
		// More columns than rows: one equation 2 = β·(1, 1) after centering, shortest (1, 1).
		{"wide", model.DefaultLinear(), []float64{1, 3}, [][]float64{{0, 1}, {0, 1}}, []float64{1, 1}, 1},
	}
	for _, c := range cases {
		got, intercept := fitLinear(t, c.learner, c.y, c.columns...)
		closeAll(t, c.name, append(got, intercept), append(c.want, c.c), digitsKept)
	}
}

// TestLinearUnits: other units give the same model in other units, to the last bit if they
// differ by powers of two, whatever the magnitude.
func TestLinearUnits(t *testing.T) {
	y, x1, x2 := noisyPlane(50)
	want, c := fitLinear(t, model.DefaultLinear(), y, x1, x2)
	for _, e := range []int{-900, -300, 0, 300, 900} {
		got, gotC := fitLinear(t, model.DefaultLinear(), y, scaled(x1, math.Ldexp(1, e)), x2)
		if math.Ldexp(got[0], e) != want[0] || got[1] != want[1] || gotC != c {
			t.Errorf("2^%d: %v %v, want %v %v", e, got, gotC, want, c)
		}
	}
	_, err := model.DefaultLinear().Fit(t.Context(), model.Data{
		X: &dataset.Matrix{Rows: 3, Names: []string{"tiny"}, Columns: [][]float64{{1e-300, 2e-300, 3e-300}}},
		Y: []float64{1e100, 2e100, 3e100}, Task: dataset.Regression}, 0)
	if err == nil || !strings.Contains(err.Error(), `"tiny"`) {
		t.Errorf("coefficient of 1e400: error %v", err)
	}
}

// TestLinearOffset: digits that centering in float64 would lose. The columns' means are 1e9
// times their spread; the coefficients are exact by construction.
func TestLinearOffset(t *testing.T) {
	var x1, x2, y []float64
	for i := range 64 {
		a, b := float64(i%8), float64(i/8)
		x1, x2 = append(x1, 1e9+a), append(x2, -3e9+b)
		y = append(y, 2*a-5*b+7)
	}
	got, c := fitLinear(t, model.DefaultLinear(), y, x1, x2)
	closeAll(t, "coefficients", append(got, c), []float64{2, -5, 7 - 2e9 - 15e9}, digitsKept)
}

// TestLinearDependent: nearly dependent columns are resolved, exactly dependent ones do not
// explode, whatever the order of the columns.
func TestLinearDependent(t *testing.T) {
	y, x1, x2 := noisyPlane(200)
	sum, near := make([]float64, len(y)), make([]float64, len(y))
	for i := range sum {
		sum[i] = 1000*x1[i] + x2[i] + 1e6 // rounded: dependent but for its last digits
		near[i] = x1[i] + 1e-6*x2[i]
	}
	plain, _ := fitLinear(t, model.DefaultLinear(), y, x1, x2)
	got, _ := fitLinear(t, model.DefaultLinear(), y, x1, near)
	closeAll(t, "near", []float64{got[0] + got[1], got[1] * 1e-6}, []float64{plain[0], plain[1]}, 1e-9)
	for _, columns := range [][][]float64{{x1, x2, sum}, {sum, x2, x1}, {x2, x1, sum, x1, sum}} {
		got, _ := fitLinear(t, model.DefaultLinear(), y, columns...)
		for _, v := range got {
			if math.Abs(v) > 10 {
				t.Errorf("coefficients %v", got)
			}
		}
	}
}

// TestRidgeTendsToLeastNorm: what Linear says of dependent columns.
func TestRidgeTendsToLeastNorm(t *testing.T) {
	y, x1, x2 := noisyPlane(60)
	third := make([]float64, len(y))
	for i := range third {
		third[i] = 2*x1[i] - 0.5*x2[i]
	}
	least, _ := fitLinear(t, model.DefaultLinear(), y, x1, x2, third)
	ridge, _ := fitLinear(t, model.Linear{L2: 1e-7, Degree: 1, Intercept: true}, y, x1, x2, third)
	closeAll(t, "least norm", least, ridge, 1e-7)
}

// TestLinearStationary: at the solution the gradient of what is minimized is 0, with random
// weights and penalties.
func TestLinearStationary(t *testing.T) {
	for round := range 30 {
		random := seed.Rand(seed.Derive(1, "stationary", round))
		n, p := 5+random.IntN(60), 1+random.IntN(8)
		l := model.Linear{Degree: 1, Intercept: round%3 > 0}
		if round%2 == 0 {
			l.L2 = math.Exp(random.NormFloat64() * 3)
		}
		d := model.Data{X: &dataset.Matrix{Rows: n}, Task: dataset.Regression}
		for j := range p {
			column := make([]float64, n)
			for i := range column {
				column[i] = random.NormFloat64()*math.Exp(float64(j)) + float64(10*j)
			}
			d.X.Columns = append(d.X.Columns, column)
			d.X.Names = append(d.X.Names, fmt.Sprint(j))
		}
		for range n {
			d.Y = append(d.Y, random.NormFloat64()*5)
			d.Weights = append(d.Weights, random.ExpFloat64())
		}
		m, err := l.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		fitted := predict(m, d.X)
		coefficients, _ := parameters(t, m)
		for j, column := range d.X.Columns {
			pull, size := l.L2*coefficients[j], 0.0
			for i, x := range column {
				pull -= d.Weights[i] * (d.Y[i] - fitted[i]) * x
				size += d.Weights[i] * math.Abs(d.Y[i]*x)
			}
			if math.Abs(pull) > 1e-11*size {
				t.Errorf("round %d (%d × %d, %+v): gradient %v of size %v", round, n, p, l, pull, size)
			}
		}
	}
}

// TestLinearRefusesTheTask is what a config that pairs linear with classes is told.
func TestLinearRefusesTheTask(t *testing.T) {
	d := model.Data{X: &dataset.Matrix{Rows: 2}, Y: []float64{0, 1}, Task: dataset.Binary, Classes: 2}
	_, err := model.DefaultLinear().Fit(t.Context(), d, 0)
	var refused *model.TaskError
	if !errors.As(err, &refused) || err.Error() != `learner "linear" does [regression], not "binary"` {
		t.Error(err)
	}
}

// noisyPlane is y ≈ 1 + 2·x1 − 3·x2.
func noisyPlane(n int) (y, x1, x2 []float64) {
	random := seed.Rand(4)
	for range n {
		a, b := random.NormFloat64(), random.NormFloat64()
		x1, x2 = append(x1, a), append(x2, b)
		y = append(y, 1+2*a-3*b+0.1*random.NormFloat64())
	}
	return y, x1, x2
}

func scaled(x []float64, by float64) []float64 {
	s := make([]float64, len(x))
	for i, v := range x {
		s[i] = v * by
	}
	return s
}
