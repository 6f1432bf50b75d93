package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// mlpCase is a case of testdata/golden/mlp_numpy.json.
type mlpCase struct {
	Classes       int
	X             [][]float64
	Y, Weights    []float64
	Units         []int
	Before, After []mlpLayer
	Loss          float64
}

type mlpLayer struct {
	weights [][]float64
	biases  []float64
}

func (l *mlpLayer) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&l.weights, &l.biases})
}

func (c mlpCase) network(layers []mlpLayer) *network {
	n := emptyNetwork(c.Units)
	for l, layer := range layers {
		weights, biases := n.of(n.params, l)
		copy(biases, layer.biases)
		for i, row := range layer.weights {
			copy(weights.values[i*weights.row:], row)
		}
	}
	return n
}

// training is that of the case before its first step.
func (c mlpCase) training(rate, decay float64, norm bool) *mlpTraining {
	n := c.network(c.Before)
	t := &mlpTraining{params: MLP{LearningRate: rate, WeightDecay: decay, BatchNorm: norm}, classes: c.Classes > 0, y: c.Y, w: c.Weights, crew: par.NewCrew(2)}
	for _, row := range c.X {
		t.x = append(t.x, append(slices.Clone(row), make([]float64, n.width(0)-len(row))...)...)
	}
	t.begin(n)
	return t
}

func readMLPCases(t *testing.T) (rate, decay float64, cases []mlpCase) {
	text, err := os.ReadFile("../../testdata/golden/mlp_numpy.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Rate, Decay float64
		Cases       []mlpCase
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Cases) != 2 {
		t.Fatalf("%d cases, %v", len(golden.Cases), err)
	}
	return golden.Rate, golden.Decay, golden.Cases
}

func upTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// TestMLPStepsAgreeWithNumPy: the loss, and the weights after three steps of Adam, two of more
// rows than a piece has and one of fewer than a tile.
func TestMLPStepsAgreeWithNumPy(t *testing.T) {
	rate, decay, cases := readMLPCases(t)
	for _, c := range cases {
		training := c.training(rate, decay, false)
		defer training.crew.Close()
		rows := upTo(len(c.Y))
		if got := training.loss(training.net, rows); math.Abs(got-c.Loss) > 1e-12*c.Loss {
			t.Errorf("%d classes: loss %v, want %v", c.Classes, got, c.Loss)
		}
		for _, n := range []int{len(rows), len(rows), 5} {
			training.step(rows[:n])
		}
		want := c.network(c.After)
		for i, v := range training.net.params {
			if !(math.Abs(v-want.params[i]) <= 1e-10) {
				t.Errorf("%d classes: weight %d is %v, want %v", c.Classes, i, v, want.params[i])
				break
			}
		}
	}
}

// TestMLPGradients compares with differences of the loss, with batch normalization and without.
func TestMLPGradients(t *testing.T) {
	_, _, cases := readMLPCases(t)
	for _, c := range cases {
		for _, norm := range []bool{false, true} {
			t.Run(fmt.Sprintf("classes=%d/norm=%t", c.Classes, norm), func(t *testing.T) {
				training := c.training(1, 0, norm)
				defer training.crew.Close()
				sameGradients(t, training)
			})
		}
	}
}

func sameGradients(t *testing.T, training *mlpTraining) {
	rows := upTo(networkRows)[:61]
	piece := &mlpPiece{training.net.newPass(), make([]float64, len(training.net.params)), 0}
	training.derive(piece, rows, 1)
	training.net.backward(piece.pass, piece.gradient, training.turned, len(rows))
	nonzero := 0
	for i, g := range piece.gradient {
		const step = 1e-6
		before := training.net.params[i]
		if before == 0 {
			if g != 0 {
				t.Fatalf("what fills up has gradient %v", g)
			}
			continue
		}
		training.net.params[i] = before + step
		above := training.loss(training.net, rows)
		training.net.params[i] = before - step
		below := training.loss(training.net, rows)
		training.net.params[i] = before
		// A kink of a unit may lie between the two.
		if d := (above - below) / (2 * step); math.Abs(d-g) > 1e-5*max(1, math.Abs(g)) {
			t.Errorf("gradient %d is %v, the loss has %v", i, g, d)
		}
		if g != 0 {
			nonzero++
		}
	}
	if nonzero < 100 {
		t.Errorf("only %d gradients", nonzero)
	}
}

// TestFoldedNetwork: with the means and variances of a batch folded in, a network answers to the batch
// as it does in training.
func TestFoldedNetwork(t *testing.T) {
	rate, decay, cases := readMLPCases(t)
	for _, c := range cases {
		training := c.training(rate, decay, true)
		defer training.crew.Close()
		rows := upTo(61)
		for range 3 {
			training.step(rows) // so that gains differ
		}
		in := training.loss(training.net, rows)
		training.moving = moving{}
		training.moving.learn(training.net, training.pieces[:1])
		folded := training.net.folded(&training.moving)
		if got := training.loss(folded, rows); folded.normed || math.Abs(got-in) > 1e-12*in {
			t.Errorf("%d classes: loss %v folded, %v in training", c.Classes, got, in)
		}
	}
}

func mlpData(rows int, noise float64) Data {
	random := seed.Rand(31)
	x := &dataset.Matrix{Rows: rows, Names: []string{"a", "b", "c"}, Columns: normals(random, rows, 3)}
	d := Data{X: x, Y: make([]float64, rows), Task: dataset.Regression}
	for i := range d.Y {
		d.Y[i] = math.Sin(2*x.Columns[0][i]) + x.Columns[1][i]*x.Columns[2][i] + noise*random.NormFloat64()
	}
	return d
}

func sameState(a, b State) bool {
	return bytes.Equal(a.Params, b.Params) && maps.EqualFunc(a.Tensors, b.Tensors, func(x, y safetensors.Tensor) bool {
		return slices.Equal(x.Shape, y.Shape) && bytes.Equal(x.Bytes, y.Bytes)
	})
}

func TestMLPIsTheSameOnAnyNumberOfWorkers(t *testing.T) {
	d := mlpData(1500, 0.1)
	p := MLP{Hidden: []int{20, 12}, Members: 2, LearningRate: 0.01, BatchSize: 200, Epochs: 3, Holdout: 0.2, Patience: 5}
	fit := func() State {
		m, err := p.Fit(t.Context(), d, 3)
		if err != nil {
			t.Fatal(err)
		}
		return m.State()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want := fit()
	for workers := 1; workers <= 4; workers++ {
		runtime.GOMAXPROCS(workers)
		if got := fit(); !sameState(got, want) {
			t.Errorf("%d workers: another model", workers)
		}
	}
}

// TestMLPStopsEarly: on noise the rows held out stop training, long before the last epoch, and
// the best weights are kept: more epochs make the same model.
func TestMLPStopsEarly(t *testing.T) {
	d := mlpData(600, 5)
	fit := func(epochs int) (Model, State) {
		m, err := MLP{Hidden: []int{30}, Members: 1, LearningRate: 0.02, Epochs: epochs, Holdout: 0.2, Patience: 4}.Fit(t.Context(), d, 3)
		if err != nil {
			t.Fatal(err)
		}
		return m, m.State()
	}
	_, want := fit(100)
	if _, got := fit(100_000); !sameState(got, want) {
		t.Error("100,000 epochs make another model than 100")
	}
	if _, got := fit(1); sameState(got, want) {
		t.Error("one epoch is the best")
	}
}

// TestMLPBends: a network of one hidden layer leaves a fifth of what a linear model leaves.
func TestMLPBends(t *testing.T) {
	d := mlpData(1500, 0.1)
	loss := func(hidden []int) float64 {
		m, err := MLP{Hidden: hidden, Members: 1, LearningRate: 0.01, Epochs: 60, Patience: 60}.Fit(t.Context(), d, 3)
		if err != nil {
			t.Fatal(err)
		}
		got, sum := make([]float64, len(d.Y)), 0.0
		m.Predict(got, d.X)
		for i, v := range got {
			sum += (v - d.Y[i]) * (v - d.Y[i])
		}
		return sum / float64(len(got))
	}
	if bent, straight := loss([]int{40}), loss(nil); !(bent < straight/5) {
		t.Errorf("mean squared error is %v with a hidden layer, %v without", bent, straight)
	}
}

func TestMLPDiverges(t *testing.T) {
	m, err := MLP{Members: 1, LearningRate: 1, WeightDecay: 100, Epochs: 500, Patience: 1}.Fit(t.Context(), mlpData(100, 0), 1)
	if err == nil || m != nil || !strings.Contains(err.Error(), "learning_rate") {
		t.Errorf("got %v and %v", m, err)
	}
}

// TestCanonical: the order follows from the values, and repeats are weights.
func TestCanonical(t *testing.T) {
	d := mlpData(50, 1)
	columns, rows, sums := canonical(d, slices.Repeat([]float64{2}, 50))
	turned := d
	turned.X = &dataset.Matrix{Rows: 50, Names: d.X.Names, Columns: [][]float64{d.X.Columns[2], d.X.Columns[0], d.X.Columns[1]}}
	order := seed.Rand(2).Perm(100)
	for i := range order {
		order[i] %= 50
	}
	turned = rowsOf(turned, order)
	columns2, rows2, sums2 := canonical(turned, slices.Repeat([]float64{1}, 100))
	if len(rows) != 50 || !slices.Equal(sums, sums2) {
		t.Fatalf("%d rows, %d of twice as many", len(rows), len(rows2))
	}
	for k := range columns {
		for n := range rows {
			if a, b := d.X.Columns[columns[k]][rows[n]], turned.X.Columns[columns2[k]][rows2[n]]; a != b {
				t.Fatalf("column %d, row %d: %v and %v", k, n, a, b)
			}
		}
	}
}

// TestAddProduct holds that what this machine runs gives the bits of the plain loop, and that
// that is the sum of the products.
func TestAddProduct(t *testing.T) {
	random := seed.Rand(32)
	for _, inner := range []int{1, 2, 31} {
		const rows, columns = 8, 16
		draw := func(n int) []float64 { return normals(random, n, 1)[0] }
		a, b, c := draw(rows*inner), draw(inner*columns), draw(rows*columns)
		for _, of := range []grid{{a, inner, 1}, {a, 1, rows}} {
			got := slices.Clone(c)
			addProduct(grid{got, columns, 1}, of, grid{b, columns, 1}, rows, inner, columns)
			for i := range rows {
				for j := range columns {
					sum := c[i*columns+j]
					for k := range inner {
						sum += float64(of.values[i*of.row+k*of.column] * b[k*columns+j])
					}
					if got[i*columns+j] != sum {
						t.Fatalf("inner %d: element %d %d is %v, want %v", inner, i, j, got[i*columns+j], sum)
					}
				}
			}
			one, other := slices.Clone(c), slices.Clone(c)
			productTile(one, of.values, b, inner, of.row, of.column, columns, columns)
			productTileGo(other, of.values, b, inner, of.row, of.column, columns, columns)
			if !slices.Equal(one, other) {
				t.Fatalf("inner %d: other bits", inner)
			}
		}
	}
}
