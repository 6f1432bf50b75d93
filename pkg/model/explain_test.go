package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// explainPeers is testdata/golden/explain_shap.json, made by the script of that name in
// testdata/peers.
type explainPeers struct {
	Cases []struct {
		Name                        string
		Scores, Columns, Categories int
		Trees                       [][]struct {
			Feature, Left, Right int32
			Threshold            float64
			Value, Count         float64
			Categories           []int
			DefaultLeft          bool `json:"default_left"`
		}
		Rows, Background [][]*float64
		Raw              [][]float64
		PathDependent    [][][]float64 `json:"path_dependent"`
		Interventional   [][][]float64
	}
}

func readExplainPeers(t *testing.T) explainPeers {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/explain_shap.json")
	if err != nil {
		t.Fatal(err)
	}
	var peers explainPeers
	if err := json.Unmarshal(text, &peers); err != nil {
		t.Fatal(err)
	}
	if len(peers.Cases) != 4 {
		t.Fatalf("%d cases, want 4", len(peers.Cases))
	}
	return peers
}

// TestExplanationsAreThoseOfPeers holds the trees of a LightGBM model and compares what they
// contribute with what LightGBM (path-dependent) and shap (interventional) say.
func TestExplanationsAreThoseOfPeers(t *testing.T) {
	for _, c := range readExplainPeers(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			m := &boosted{objective: squaredError, base: make([]float64, c.Scores), features: c.Columns}
			if c.Scores > 1 {
				m.objective = softmaxLoss
			}
			for _, of := range c.Trees {
				var nodes []tree.Node
				var cover []float64
				var sets [][]uint8
				for _, n := range of {
					set := make([]uint8, (c.Categories+7)/8)
					for _, category := range n.Categories {
						set[category/8] |= 1 << (category % 8)
					}
					node := tree.Node{Threshold: n.Threshold, Value: n.Value, Feature: n.Feature,
						Left: n.Left, Right: n.Right, MissingLeft: n.DefaultLeft}
					if n.Categories != nil {
						sets = append(sets, set)
						node.Set = int32(len(sets))
					}
					nodes = append(nodes, node)
					cover = append(cover, n.Count)
				}
				if err := m.trees().Append(nodes, sets); err != nil {
					t.Fatal(err)
				}
				m.record().Append(cover, make([]float64, len(cover)))
			}
			x, background := matrixOf(c.Rows), matrixOf(c.Background)
			comparesExplanation(t, m, nil, x, c.PathDependent, c.Raw, 1e-9)
			if c.Interventional != nil {
				// shap keeps leaves as float32: its own contributions miss the score by 6e-8.
				comparesExplanation(t, m, background, x, c.Interventional, c.Raw, 1e-7)
			}
		})
	}
}

func comparesExplanation(t *testing.T, m Model, background, x *dataset.Matrix, want [][][]float64, raw [][]float64, tolerance float64) {
	t.Helper()
	e, err := ExplainerOf(m, background)
	if err != nil {
		t.Fatal(err)
	}
	scores := e.Link().Scores(m.Outputs())
	got, score := make([]float64, x.Rows*scores*(m.Inputs()+1)), make([]float64, x.Rows*scores)
	e.Explain(got, x)
	e.Score(score, x)
	worst := 0.0
	at := 0
	for i, row := range want {
		for k, of := range row {
			if d := math.Abs(score[i*scores+k] - raw[i][k]); !(d < 1e-9) {
				t.Errorf("row %d, score %d: is %v, the peer's %v", i, k, score[i*scores+k], raw[i][k])
			}
			for j, v := range of {
				d := math.Abs(got[at] - v)
				worst = max(worst, d)
				if !(d < tolerance) {
					t.Errorf("row %d, score %d, column %d: contributes %v, the peer says %v", i, k, j, got[at], v)
				}
				at++
			}
		}
	}
	t.Logf("background %v: differs by %.2g at most", background != nil, worst)
}

func matrixOf(rows [][]*float64) *dataset.Matrix {
	x := &dataset.Matrix{Rows: len(rows)}
	for j := range rows[0] {
		column := make([]float64, len(rows))
		for i, row := range rows {
			column[i] = math.NaN()
			if row[j] != nil {
				column[i] = *row[j]
			}
		}
		x.Names, x.Columns = append(x.Names, fmt.Sprint("x", j)), append(x.Columns, column)
	}
	return x
}

// TestExplanationsAreShapleyValues compares with the definition: a sum over all sets of
// columns, whose games are worked out one by one.
func TestExplanationsAreShapleyValues(t *testing.T) {
	data := generated(300, 5, dataset.Regression, 0)
	random := seed.Rand(3)
	data.X.Categories = []int{0, 0, 0, 6, 0}
	for i := range 300 {
		data.X.Columns[1][i] = math.Floor(4 * data.X.Columns[1][i])
		data.X.Columns[3][i] = math.Floor(6 * data.X.Columns[3][i])
		if random.Float64() < 0.3 {
			data.X.Columns[i%5][i] = math.NaN()
		}
	}
	m := fit(t, small(4, 12, 0.3), data, 1)
	if len(m.trees().Sets) == 0 {
		t.Fatal("no split is on categories")
	}
	x := data.X.Select([]int{0, 7, 77, 150})
	background := data.X.Select([]int{1, 2, 3, 200, 250})
	for i := range x.Rows {
		of := x.Select([]int{i})
		// Path-dependent: a split on a column that is not in the set goes both ways.
		var expect func(n int32, set int) float64
		expect = func(at int32, set int) float64 {
			n := m.trees().Nodes[at]
			if n.Feature < 0 {
				return n.Value
			}
			if set>>n.Feature&1 == 0 {
				l, r := m.record().Cover[n.Left], m.record().Cover[n.Right]
				return (l*expect(n.Left, set) + r*expect(n.Right, set)) / (l + r)
			}
			v := of.Columns[n.Feature][0]
			left := v <= n.Threshold || math.IsNaN(v) && n.MissingLeft
			if n.Set > 0 {
				left = n.MissingLeft
				if !math.IsNaN(v) {
					left = m.trees().Sets[n.Set-1][0]>>int(v)&1 == 1
				}
			}
			if left {
				return expect(n.Left, set)
			}
			return expect(n.Right, set)
		}
		shapleyByDefinition(t, m, nil, of, func(set int) float64 {
			v := m.base[0]
			for _, start := range m.trees().Starts[:m.trees().Trees()] {
				v += expect(start, set)
			}
			return v
		})
		shapleyByDefinition(t, m, background, of, func(set int) float64 {
			mixed := background.Select(indices(background.Rows))
			for j := range mixed.Columns {
				for b := range mixed.Columns[j] {
					if set>>j&1 == 1 {
						mixed.Columns[j][b] = of.Columns[j][0]
					}
				}
			}
			p := make([]float64, mixed.Rows)
			m.Predict(p, mixed)
			sum := 0.0
			for _, v := range p {
				sum += v / float64(len(p))
			}
			return sum
		})
	}
}

// shapleyByDefinition compares the explanation of the one row of x with the game's values.
func shapleyByDefinition(t *testing.T, m Model, background, x *dataset.Matrix, game func(set int) float64) {
	t.Helper()
	e, err := ExplainerOf(m, background)
	if err != nil {
		t.Fatal(err)
	}
	n := m.Inputs()
	got := make([]float64, n+1)
	e.Explain(got, x)
	factorial := func(k int) float64 { return math.Gamma(float64(k + 1)) }
	want := append(make([]float64, n), game(0))
	for set := range 1 << n {
		size := bits.OnesCount(uint(set))
		for j := range n {
			if set>>j&1 == 0 {
				want[j] += factorial(size) * factorial(n-size-1) / factorial(n) * (game(set|1<<j) - game(set))
			}
		}
	}
	for j := range want {
		if math.Abs(got[j]-want[j]) > 1e-12*math.Max(1, math.Abs(want[j])) {
			t.Errorf("background %v: column %d contributes %v, by definition %v", background != nil, j, got[j], want[j])
		}
	}
}

// TestExplainsLongPaths has one tree whose path has 300 columns, more than are exact.
func TestExplainsLongPaths(t *testing.T) {
	const columns = 300
	m := &boosted{objective: squaredError, base: []float64{1}, features: columns}
	var nodes []tree.Node
	var cover []float64
	random := seed.Rand(9)
	x := &dataset.Matrix{Rows: 3}
	left := 1e6
	for j := range columns {
		at := int32(len(nodes))
		nodes = append(nodes, tree.Node{Feature: int32(j), Threshold: 0, Left: at + 1, Right: at + 2}, tree.Node{Feature: -1, Value: random.NormFloat64()})
		cover = append(cover, left, 0.02*left)
		left *= 0.98
		x.Names = append(x.Names, fmt.Sprint(j))
		x.Columns = append(x.Columns, []float64{1, float64(200 - j), random.NormFloat64() + 3})
	}
	nodes, cover = append(nodes, tree.Node{Feature: -1, Value: 5}), append(cover, left)
	if err := m.trees().Append(nodes, nil); err != nil {
		t.Fatal(err)
	}
	m.record().Append(cover, make([]float64, len(cover)))
	for _, background := range []*dataset.Matrix{nil, x} {
		e, err := ExplainerOf(m, background)
		if err != nil {
			t.Fatal(err)
		}
		got, score := make([]float64, 3*(columns+1)), make([]float64, 3)
		e.Explain(got, x)
		e.Score(score, x)
		for i, s := range score {
			sum := 0.0
			for _, v := range got[i*(columns+1) : (i+1)*(columns+1)] {
				sum += v
			}
			if math.Abs(sum-s) > 1e-9 {
				t.Errorf("row %d: contributions sum to %v, the score is %v", i, sum, s)
			}
		}
	}
}

func TestExplainsBlendsThatAddUp(t *testing.T) {
	data := generated(200, 4, dataset.Regression, 0)
	fit := func(l Learner, d Data) Model {
		m, err := l.Fit(t.Context(), d, 1)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	linear, boosting := fit(DefaultLinear(), data), fit(small(5, 6, 0.2), data)
	both, err := Blend([]Model{linear, boosting}, []float64{1, 3})
	if err != nil {
		t.Fatal(err)
	}
	x := data.X.Select([]int{3, 4, 5})
	explained := func(m Model) []float64 {
		e, err := ExplainerOf(m, data.X)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float64, 3*5)
		e.Explain(dst, x)
		return dst
	}
	a, b, got := explained(linear), explained(boosting), explained(both)
	for i := range got {
		if want := 0.25*a[i] + 0.75*b[i]; math.Abs(got[i]-want) > 1e-12*math.Max(1, math.Abs(want)) {
			t.Errorf("place %d: %v, want %v", i, got[i], want)
		}
	}
	data = generated(200, 4, dataset.Binary, 2)
	both, err = Blend([]Model{fit(DefaultLogistic(), data), fit(small(5, 6, 0.2), data)}, []float64{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ExplainerOf(both, nil); !errors.Is(err, ErrNotExplained) {
		t.Errorf("a blend of probabilities: got %v, want ErrNotExplained", err)
	}
}

// TestOldBoostingStatesLoad: artifacts from before training rows were counted.
func TestOldBoostingStatesLoad(t *testing.T) {
	state := storedBoosting(t, 2)
	delete(state.Tensors, "cover")
	delete(state.Tensors, "gain")
	m, err := Load(state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ExplainerOf(m, nil); !errors.Is(err, ErrNotExplained) {
		t.Errorf("got %v, want ErrNotExplained", err)
	}
	x := generated(10, 3, dataset.Binary, 2).X
	if _, err := ExplainerOf(m, x); err != nil {
		t.Errorf("against a background: %v", err)
	}
}

func BenchmarkExplain(b *testing.B) {
	data := generated(10000, 28, dataset.Binary, 2)
	m, err := DefaultBoosting().Fit(b.Context(), data, 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, rows := range []int{1, 1000} {
		for name, background := range map[string]*dataset.Matrix{"path": nil, "background=100": data.X.Select(indices(100))} {
			if background != nil && rows > 1 {
				continue
			}
			b.Run(fmt.Sprintf("trees=100/leaves=31/columns=28/rows=%d/%s", rows, name), func(b *testing.B) {
				e, err := ExplainerOf(m, background)
				if err != nil {
					b.Fatal(err)
				}
				x := data.X.Select(indices(rows))
				dst := make([]float64, rows*29)
				for b.Loop() {
					e.Explain(dst, x)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*rows), "µs/row")
			})
		}
	}
}
