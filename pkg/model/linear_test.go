package model_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/model"
)

// peers is testdata/golden/linear_sklearn.json, made by testdata/peers/linear_sklearn.py.
type peers struct {
	Cases []peerCase
	Filip []float64 `json:"filip_float64"`
}

type peerCase struct {
	Name, X      string
	L2           float64
	Weighted     bool
	Coefficients [][]float64
	Intercepts   []float64
	Predictions  []float64 // of every 400th row
}

func (c peerCase) String() string {
	return fmt.Sprintf("%s/x=%s/l2=%v/weighted=%v", c.Name, c.X, c.L2, c.Weighted)
}

// readJSON decodes a file of testdata.
func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/" + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(path, err)
	}
}

// wine is the white wine data: eleven measurements and the quality.
func wine(t *testing.T) (*dataset.Matrix, []float64) {
	t.Helper()
	file, err := os.Open("../../testdata/wine-quality-white.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	last := len(rows[0]) - 1
	columns := make([][]float64, last+1)
	for _, row := range rows[1:] {
		for j, text := range row {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			columns[j] = append(columns[j], v)
		}
	}
	return &dataset.Matrix{Rows: len(columns[0]), Names: rows[0][:last], Columns: columns[:last]}, columns[last]
}

// standardized gives every column mean 0 and (population) standard deviation 1.
func standardized(x *dataset.Matrix) *dataset.Matrix {
	z := &dataset.Matrix{Rows: x.Rows, Names: x.Names}
	for _, column := range x.Columns {
		mean := num.Sum(column) / float64(x.Rows)
		scaled := make([]float64, x.Rows)
		for i, v := range column {
			scaled[i] = v - mean
		}
		sd := math.Sqrt(num.Dot(scaled, scaled) / float64(x.Rows))
		for i := range scaled {
			scaled[i] /= sd
		}
		z.Columns = append(z.Columns, scaled)
	}
	return z
}

// dependent is what the peer script calls so: four columns, their sum, the first again, and
// a constant.
func dependent(standard *dataset.Matrix) *dataset.Matrix {
	x := &dataset.Matrix{Rows: standard.Rows, Names: []string{"a", "b", "c", "d", "sum", "again", "three"}}
	sum, three := make([]float64, x.Rows), make([]float64, x.Rows)
	for i := range sum {
		for _, column := range standard.Columns[:4] {
			sum[i] += column[i]
		}
		three[i] = 3
	}
	x.Columns = append(x.Columns, standard.Columns[:4]...)
	x.Columns = append(x.Columns, sum, standard.Columns[0], three)
	return x
}

// everyFifthOff are the weights of the peer script: 0, 1, 2, 3, 4, 0, …
func everyFifthOff(rows int) []float64 {
	w := make([]float64, rows)
	for i := range w {
		w[i] = float64(i % 5)
	}
	return w
}

// agree is to how much of its size (at least 1) a coefficient or prediction must agree with
// the peer. What is found is 3e-12 or better.
const agree = 1e-10

func TestAgreesWithScikitLearn(t *testing.T) {
	var golden peers
	readJSON(t, "golden/linear_sklearn.json", &golden)
	if len(golden.Cases) < 20 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	raw, quality := wine(t)
	standard := standardized(raw)
	matrices := map[string]*dataset.Matrix{"raw": raw, "standard": standard, "dependent": dependent(standard)}
	every := make([]int, 0)
	for i := 0; i < raw.Rows; i += 400 {
		every = append(every, i)
	}
	for _, c := range golden.Cases {
		t.Run(c.String(), func(t *testing.T) {
			learner, data := peerProblem(c, matrices[c.X], quality)
			fitted, err := learner.Fit(t.Context(), data, 0)
			if err != nil {
				t.Fatal(err)
			}
			predictions := predict(fitted, data.X.Select(every))
			if len(predictions) != len(c.Predictions) {
				t.Fatalf("%d predictions, peer has %d", len(predictions), len(c.Predictions))
			}
			worst := 0.0
			compare := func(what string, got, want float64) {
				t.Helper()
				worst = max(worst, math.Abs(got-want)/max(1, math.Abs(want)))
				if !num.Close(got, want, agree) {
					t.Errorf("%s: %v, peer has %v", what, got, want)
				}
			}
			for i, p := range predictions {
				compare(fmt.Sprintf("prediction %d", i), p, c.Predictions[i])
			}
			coefficients, intercepts := parameters(t, fitted)
			for k, set := range c.Coefficients {
				for j, want := range set {
					compare(fmt.Sprintf("coefficient %d of set %d", j, k), coefficients[k*len(set)+j], want)
				}
				compare(fmt.Sprintf("intercept %d", k), intercepts[k], c.Intercepts[k])
			}
			t.Logf("worst difference %.1e", worst)
		})
	}
}

func peerProblem(c peerCase, x *dataset.Matrix, quality []float64) (model.Learner, model.Data) {
	data := model.Data{X: x, Y: append([]float64(nil), quality...), Task: dataset.Regression}
	if c.Weighted {
		data.Weights = everyFifthOff(x.Rows)
	}
	switch c.Name {
	case "binary":
		data.Task, data.Classes = dataset.Binary, 2
		for i, q := range quality {
			data.Y[i] = 0
			if q >= 7 {
				data.Y[i] = 1
			}
		}
	case "multiclass":
		data.Task, data.Classes = dataset.Multiclass, 5
		for i, q := range quality {
			data.Y[i] = max(0, min(4, q-4))
		}
	default:
		return model.Linear{L2: c.L2, Degree: 1, Intercept: true}, data
	}
	return model.Logistic{L2: c.L2}, data
}

// predict returns the predictions for x.
func predict(m model.Model, x *dataset.Matrix) []float64 {
	dst := make([]float64, x.Rows*m.Outputs())
	m.Predict(dst, x)
	return dst
}

// parameters returns the coefficients and intercepts of a linear or logistic model.
func parameters(t *testing.T, m model.Model) (coefficients, intercepts []float64) {
	t.Helper()
	tensors := m.State().Tensors
	coefficients, err := tensors["coefficients"].F64()
	if err != nil {
		t.Fatal(err)
	}
	name := "intercepts"
	if _, ok := tensors[name]; !ok {
		name = "intercept"
	}
	if intercepts, err = tensors[name].F64(); err != nil {
		t.Fatal(err)
	}
	return coefficients, intercepts
}

// fitLinear fits without weights and returns coefficients and intercept.
func fitLinear(t *testing.T, l model.Linear, y []float64, columns ...[]float64) ([]float64, float64) {
	t.Helper()
	x := &dataset.Matrix{Rows: len(y), Columns: columns}
	for j := range columns {
		x.Names = append(x.Names, fmt.Sprintf("x%d", j+1))
	}
	m, err := l.Fit(context.Background(), model.Data{X: x, Y: y, Task: dataset.Regression}, 0)
	if err != nil {
		t.Fatal(err)
	}
	coefficients, intercepts := parameters(t, m)
	return coefficients, intercepts[0]
}

// TestFilip gives Filip's polynomial with powers as float64 holds them, and the solution of
// exactly that by rational arithmetic: the solver loses nothing of what it is given.
func TestFilip(t *testing.T) {
	var golden peers
	readJSON(t, "golden/linear_sklearn.json", &golden)
	var sets []struct {
		Name string
		Y    []string
		X    [][]string
	}
	readJSON(t, "nist/linear.json", &sets)
	for _, s := range sets {
		if s.Name != "filip" {
			continue
		}
		var x, y []float64
		for i := range s.Y {
			x, y = append(x, parse(t, s.X[i][0])), append(y, parse(t, s.Y[i]))
		}
		got, c := fitLinear(t, model.DefaultLinear(), y, powers([][]float64{x}, 10)...)
		for j, v := range append([]float64{c}, got...) {
			if d := digits(v, golden.Filip[j]); d < 13 {
				t.Errorf("coefficient %d: %v, exactly %v: %.1f digits", j, v, golden.Filip[j], d)
			}
		}
		return
	}
	t.Fatal("no filip")
}

func parse(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// powers appends x², … up to the degree to a single column.
func powers(columns [][]float64, degree int) [][]float64 {
	for d := 2; d <= degree; d++ {
		last := columns[len(columns)-1]
		next := make([]float64, len(last))
		for i, v := range last {
			next[i] = v * columns[0][i]
		}
		columns = append(columns, next)
	}
	return columns
}
