package model_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/model"
)

// statsmodelsPeers is testdata/golden/glm_statsmodels.json, made by
// testdata/peers/glm_statsmodels.py.
type statsmodelsPeers struct {
	Cases []struct {
		Power               float64
		Target              string
		Weighted, Offset    bool
		Coefficients        []float64
		Intercept, Deviance float64
	}
	OLS []struct {
		Intercept                       bool
		Values, Errors, T, P, Low, High []float64
		ResidualSD                      float64 `json:"residual_sd"`
		RSquared                        float64 `json:"r_squared"`
		DegreesOfFreedom                float64 `json:"degrees_of_freedom"`
	}
}

// costs are the data of a case: the other measurements, standardized, and the target that the
// script makes of one.
func costs(t *testing.T, target string, power float64) (*dataset.Matrix, []float64) {
	t.Helper()
	raw, _ := wine(t)
	x := &dataset.Matrix{Rows: raw.Rows}
	var y []float64
	for j, name := range raw.Names {
		if name != target {
			x.Names, x.Columns = append(x.Names, name), append(x.Columns, raw.Columns[j])
			continue
		}
		for _, v := range raw.Columns[j] {
			switch power {
			case 1:
				v = math.RoundToEven(v)
			case 1.5:
				v = max(v-5, 0)
			}
			y = append(y, v)
		}
	}
	return standardized(x), y
}

func TestGLMAgreesWithStatsmodels(t *testing.T) {
	var golden statsmodelsPeers
	readJSON(t, "golden/glm_statsmodels.json", &golden)
	if len(golden.Cases) != 12 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	worst := 0.0
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("power=%v/weighted=%v/offset=%v", c.Power, c.Weighted, c.Offset), func(t *testing.T) {
			d := model.Data{Task: dataset.Regression}
			d.X, d.Y = costs(t, c.Target, c.Power)
			if c.Weighted {
				d.Weights = everyFifthOff(d.X.Rows)
			}
			if c.Offset {
				for i := range d.X.Rows {
					d.Offset = append(d.Offset, math.Log(0.5+float64(i%7)/2))
				}
			}
			m, err := model.GLM{Power: c.Power}.Fit(t.Context(), d, 0)
			if err != nil {
				t.Fatal(err)
			}
			b, intercept := parameters(t, m)
			for j, want := range append(c.Coefficients, c.Intercept) {
				got := append(b, intercept...)[j]
				worst = max(worst, math.Abs(got-want))
				if math.Abs(got-want) > 1e-8 { // what statsmodels' own tolerance leaves
					t.Errorf("coefficient %d: %v, peer has %v", j, got, want)
				}
			}
			fitted, null := m.(interface{ Deviances() (float64, float64) }).Deviances()
			if !num.Close(fitted, c.Deviance, 1e-9) || !(null > fitted) {
				t.Errorf("deviance %v of %v, peer has %v", fitted, null, c.Deviance)
			}
		})
	}
	t.Logf("worst difference of a coefficient: %.1e", worst)
}

// TestGLMByHand: without columns the mean is Σwy/Σw·exposure; with a column of two groups
// and no penalty each has its own.
func TestGLMByHand(t *testing.T) {
	for _, power := range []float64{1, 1.3, 2} {
		d := model.Data{X: &dataset.Matrix{Rows: 4, Names: []string{"group"}, Columns: [][]float64{{0, 0, 1, 1}}},
			Y: []float64{1, 3, 5, 11}, Task: dataset.Regression}
		m, err := model.GLM{Power: power}.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		closeAll(t, "groups", predict(m, d.X), []float64{2, 2, 8, 8}, 1e-12)
		// A penalty without end leaves the mean.
		if m, err = (model.GLM{Power: power, L2: 1e300}).Fit(t.Context(), d, 0); err != nil {
			t.Fatal(err)
		}
		closeAll(t, "mean", predict(m, d.X), []float64{5, 5, 5, 5}, 1e-12)
	}
	// Poisson with exposures 1, 2, 4: 1 + 2 + 18 events in 7 units of time.
	d := model.Data{X: &dataset.Matrix{Rows: 3}, Y: []float64{1, 2, 18}, Task: dataset.Regression,
		Offset: []float64{0, math.Ln2, 2 * math.Ln2}}
	m, err := model.DefaultGLM().Fit(t.Context(), d, 0)
	if err != nil {
		t.Fatal(err)
	}
	closeAll(t, "rate", predict(m, d.X), []float64{3, 3, 3}, 1e-12)
}

// TestGLMUnits: targets in other units give means in other units; with a penalty only for
// power 2, whose deviance does not see them.
func TestGLMUnits(t *testing.T) {
	y, x1, x2 := noisyPlane(80)
	for i := range y {
		y[i] = math.Exp(y[i] / 4)
	}
	d := model.Data{X: &dataset.Matrix{Rows: len(y), Names: []string{"a", "b"}, Columns: [][]float64{x1, x2}}, Task: dataset.Regression}
	for _, g := range []model.GLM{{Power: 1}, {Power: 1.6}, {Power: 2, L2: 3}} {
		d.Y = y
		want, err := g.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []float64{1e-120, 1e-9, 1e9, 1e120} {
			d.Y = scaled(y, by)
			m, err := g.Fit(t.Context(), d, 0)
			if err != nil {
				t.Fatal(err)
			}
			closeAll(t, fmt.Sprintf("%+v by %v", g, by), scaled(predict(m, d.X), 1/by), predict(want, d.X), 1e-10)
		}
	}
}

func TestGLMRefuses(t *testing.T) {
	d := model.Data{X: &dataset.Matrix{Rows: 3, Names: []string{"a"}, Columns: [][]float64{{1, 2, 3}}}, Task: dataset.Regression}
	for _, c := range []struct {
		power float64
		y     []float64
		row   int
	}{{1, []float64{1, -2, 3}, 2}, {1.5, []float64{1, 2, -3}, 3}, {2, []float64{0, 2, 3}, 1}, {2, []float64{1, 2, -1}, 3}} {
		d.Y, d.Weights = c.y, nil
		_, err := model.GLM{Power: c.power}.Fit(t.Context(), d, 0)
		var at *model.ValueError
		if !errors.As(err, &at) || at.Row != c.row || at.Value != c.y[c.row-1] {
			t.Errorf("%+v: %v", c, err)
		}
		d.Weights = []float64{1, 1, 1}
		d.Weights[c.row-1] = 0 // as if it were not there
		if _, err := (model.GLM{Power: c.power, L2: 1}).Fit(t.Context(), d, 0); err != nil {
			t.Errorf("%+v of weight 0: %v", c, err)
		}
	}
	d.Y, d.Weights = []float64{0, 0, 0}, nil
	m, err := model.DefaultGLM().Fit(t.Context(), d, 0)
	if err != nil {
		t.Fatal(err)
	}
	closeAll(t, "zeros", predict(m, d.X), d.Y, 0)
	s := m.State()
	if loaded, err := model.Load(s); err != nil {
		t.Error(err)
	} else {
		closeAll(t, "zeros, loaded", predict(loaded, d.X), d.Y, 0)
	}
	if !json.Valid(s.Params) {
		t.Errorf("params %s", s.Params)
	}
	d.Y, d.Offset = []float64{1, 2, 3}, []float64{0, 800, 0}
	if m, err := model.DefaultGLM().Fit(t.Context(), d, 0); err == nil {
		t.Errorf("an exposure of e^800 fits: %v", m)
	}
}

// agreeInference is what statsmodels' pseudo-inverse leaves without an intercept.
const agreeInference = 1e-8

// TestInferenceAgreesWithStatsmodels: standard errors, t, p and intervals of least squares.
func TestInferenceAgreesWithStatsmodels(t *testing.T) {
	var golden statsmodelsPeers
	readJSON(t, "golden/glm_statsmodels.json", &golden)
	raw, quality := wine(t)
	for _, c := range golden.OLS {
		m, err := model.Linear{Degree: 1, Intercept: c.Intercept}.Fit(t.Context(),
			model.Data{X: standardized(raw), Y: quality, Task: dataset.Regression}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if m, err = model.Load(m.State()); err != nil {
			t.Fatal(err)
		}
		in, ok := m.(model.Inferrer).Inference(0.9)
		if !ok {
			t.Fatal("no inference")
		}
		estimates := in.Coefficients
		if c.Intercept {
			estimates = append([]model.Estimate{*in.Intercept}, estimates...)
		} else if in.Intercept != nil {
			t.Error("an intercept")
		}
		if len(estimates) != len(c.Values) {
			t.Fatalf("%d estimates, want %d", len(estimates), len(c.Values))
		}
		for j, e := range estimates {
			closeAll(t, fmt.Sprint("estimate ", j), []float64{e.Value, e.StandardError, e.T, e.P, e.Low, e.High},
				[]float64{c.Values[j], c.Errors[j], c.T[j], c.P[j], c.Low[j], c.High[j]}, agreeInference)
		}
		closeAll(t, "statistics", []float64{in.ResidualSD, in.RSquared, in.DegreesOfFreedom},
			[]float64{c.ResidualSD, c.RSquared, c.DegreesOfFreedom}, agree)
	}
	if len(golden.OLS) != 2 {
		t.Fatalf("%d cases", len(golden.OLS))
	}
}

// TestNoInference: where there is none the model says so, and why.
func TestNoInference(t *testing.T) {
	y, x1, x2 := noisyPlane(20)
	for name, c := range map[string]struct {
		l       model.Linear
		columns [][]float64
		rows    int
		warned  bool
	}{
		"penalty":   {model.Linear{L2: 1, Degree: 1, Intercept: true}, [][]float64{x1, x2}, 20, false},
		"lasso":     {model.Linear{L1: 1, Degree: 1, Intercept: true}, [][]float64{x1, x2}, 20, false},
		"duplicate": {model.DefaultLinear(), [][]float64{x1, x1}, 20, true},
		"constant":  {model.DefaultLinear(), [][]float64{x1, make([]float64, 20)}, 20, true},
		"exact":     {model.DefaultLinear(), [][]float64{x1, x2}, 3, true},
		"wide":      {model.DefaultLinear(), [][]float64{x1, x2, y}, 2, true},
	} {
		d := model.Data{X: &dataset.Matrix{Rows: c.rows, Names: make([]string, len(c.columns))}, Y: y[:c.rows], Task: dataset.Regression}
		for _, column := range c.columns {
			d.X.Columns = append(d.X.Columns, column[:c.rows])
		}
		m, err := c.l.Fit(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(model.Inferrer).Inference(0.95); ok {
			t.Errorf("%s: there is inference", name)
		}
		if warnings := m.(model.Warner).Warnings(); (len(warnings) > 0) != c.warned {
			t.Errorf("%s: warnings %q", name, warnings)
		}
	}
}
