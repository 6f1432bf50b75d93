package model_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// tinyLimit is how long a fit on a tiny table may take on a busy machine: it takes
// milliseconds, and one that loops never ends.
const tinyLimit = 60 * time.Second

// tinyParams draws params of a learner, small ones, where its defaults would do little on
// tiny tables. Learners that are not here run with their defaults.
var tinyParams = map[string]func(*rapid.T) map[string]any{
	"bayes": func(t *rapid.T) map[string]any {
		return map[string]any{
			"smoothing":      rapid.SampledFrom([]float64{1e-9, 1, 1e9}).Draw(t, "smoothing"),
			"variance_share": rapid.SampledFrom([]float64{0, 1e-9, 1}).Draw(t, "variance_share"),
		}
	},
	"boosting": tinyBoosting,
	"forest": func(t *rapid.T) map[string]any {
		return map[string]any{
			"trees":     rapid.IntRange(1, 5).Draw(t, "trees"),
			"extra":     rapid.Bool().Draw(t, "extra"),
			"bins":      rapid.IntRange(2, 255).Draw(t, "bins"),
			"max_depth": rapid.IntRange(0, 3).Draw(t, "max_depth"),
		}
	},
	"glm": func(t *rapid.T) map[string]any {
		return map[string]any{"power": rapid.SampledFrom([]float64{1, 1.5, 2}).Draw(t, "power"), "l2": tinyPenalty(t, "l2")}
	},
	"knn": func(t *rapid.T) map[string]any {
		return map[string]any{
			"k":         rapid.IntRange(1, 20).Draw(t, "k"),
			"weights":   rapid.SampledFrom([]string{"uniform", "distance"}).Draw(t, "weighing"),
			"smoothing": rapid.SampledFrom([]float64{0, 1, 1e9}).Draw(t, "smoothing"),
		}
	},
	"linear": func(t *rapid.T) map[string]any {
		p := map[string]any{
			"l1": tinyPenalty(t, "l1"), "l2": tinyPenalty(t, "l2"),
			"degree":    rapid.IntRange(1, 3).Draw(t, "degree"),
			"intercept": rapid.Bool().Draw(t, "intercept"),
		}
		if p["l1"] == 0.0 {
			p["choose_l2"] = rapid.Bool().Draw(t, "choose_l2")
		}
		return p
	},
	"mlp": func(t *rapid.T) map[string]any {
		return map[string]any{
			"hidden":     rapid.SampledFrom([][]int{{}, {1}, {3, 2}}).Draw(t, "hidden"),
			"members":    rapid.IntRange(1, 2).Draw(t, "members"),
			"epochs":     rapid.IntRange(1, 4).Draw(t, "epochs"),
			"batch_size": rapid.IntRange(1, 9).Draw(t, "batch_size"),
			"patience":   rapid.IntRange(1, 2).Draw(t, "patience"),
		}
	},
	"logistic": func(t *rapid.T) map[string]any {
		return map[string]any{"l1": tinyPenalty(t, "l1"), "l2": tinyPenalty(t, "l2"), "balanced": rapid.Bool().Draw(t, "balanced")}
	},
}

func tinyPenalty(t *rapid.T, name string) float64 {
	return rapid.SampledFrom([]float64{0, 0, 1e-300, 1e-3, 1, 1e300}).Draw(t, name)
}

func tinyBoosting(t *rapid.T) map[string]any {
	p := map[string]any{
		"rounds":           rapid.IntRange(1, 5).Draw(t, "rounds"),
		"learning_rate":    rapid.SampledFrom([]float64{1e-9, 0.1, 1}).Draw(t, "learning_rate"),
		"leaves":           rapid.IntRange(2, 9).Draw(t, "leaves"),
		"max_depth":        rapid.IntRange(0, 3).Draw(t, "max_depth"),
		"min_leaf_rows":    rapid.IntRange(1, 3).Draw(t, "min_leaf_rows"),
		"min_leaf_hessian": tinyPenalty(t, "min_leaf_hessian"),
		"l1":               tinyPenalty(t, "l1"),
		"l2":               tinyPenalty(t, "l2"),
		"max_delta":        tinyPenalty(t, "max_delta"),
		"bins":             rapid.IntRange(2, 255).Draw(t, "bins"),
		"early_stopping":   rapid.IntRange(0, 2).Draw(t, "early_stopping"),
		"balanced":         rapid.Bool().Draw(t, "balanced"),
		"category_smooth":  tinyPenalty(t, "category_smooth"),
		"category_l2":      tinyPenalty(t, "category_l2"),
		"objective": rapid.SampledFrom([]string{"", "", "absolute_error", "quantile", "huber", "poisson",
			"gamma", "tweedie"}).Draw(t, "objective"),
		"node_column_share": rapid.SampledFrom([]float64{0.1, 1}).Draw(t, "node_column_share"),
	}
	switch rapid.IntRange(0, 2).Draw(t, "sampling") {
	case 1:
		p["row_share"], p["column_share"] = 0.3, 0.5
	case 2:
		if o := p["objective"]; o != "absolute_error" && o != "quantile" {
			p["top_share"], p["other_share"] = 0.3, 0.3
		}
	}
	return p
}

// tinyValues are numbers as tables hold them, and those that arithmetic fears.
var tinyValues = []float64{
	0, 0, 1, 1, -1, 2, 0.1, -3.5, 1e6, math.NaN(), math.NaN(), math.Copysign(0, -1), math.SmallestNonzeroFloat64, 1e-300,
	1e150, -1e150, 1e300, math.MaxFloat64, -math.MaxFloat64, 1 << 53,
}

// tinyTable draws at most 12 rows and 4 columns: constant, repeated, missing, of categories,
// of any numbers.
func tinyTable(t *rapid.T, task dataset.Task, categories bool) model.Data {
	rows, columns := rapid.IntRange(0, 12).Draw(t, "rows"), rapid.IntRange(0, 4).Draw(t, "columns")
	d := model.Data{X: &dataset.Matrix{Rows: rows}, Task: task}
	wild := rapid.IntRange(0, 3).Draw(t, "wild") == 0
	number := rapid.Float64Range(-9, 9)
	if wild {
		number = rapid.SampledFrom(tinyValues)
	}
	for j := range columns {
		d.X.Names = append(d.X.Names, fmt.Sprint("x", j))
		kind := rapid.SampledFrom([]string{"numbers", "few", "constant", "repeat", "categories"}).Draw(t, "kind")
		var column []float64
		levels := 0
		switch {
		case kind == "repeat" && j > 0:
			column = d.X.Columns[j-1]
			if d.X.Categories != nil {
				levels = d.X.Categories[j-1]
			}
		case kind == "constant":
			column = rapid.SliceOfN(rapid.Just(number.Draw(t, "constant")), rows, rows).Draw(t, "column")
		case kind == "few":
			column = rapid.SliceOfN(rapid.SampledFrom([]float64{-1, 0, 1}), rows, rows).Draw(t, "column")
		case kind == "categories" && categories:
			levels = rapid.SampledFrom([]int{1, 2, 3, 9, 300}).Draw(t, "levels")
			column = make([]float64, rows)
			for i := range column {
				if column[i] = float64(rapid.IntRange(-1, levels-1).Draw(t, "category")); column[i] < 0 {
					column[i] = math.NaN()
				}
			}
		default:
			column = rapid.SliceOfN(number, rows, rows).Draw(t, "column")
		}
		d.X.Columns = append(d.X.Columns, column)
		if categories {
			d.X.Categories = append(d.X.Categories, levels)
		}
	}
	tinyTarget(t, &d, number)
	if rapid.Bool().Draw(t, "weighted") {
		d.Weights = rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1, 1, 2, 0.5, 1e-300, 1e300}), rows, rows).Draw(t, "weights")
	}
	return d
}

// tinyTarget draws the target; of classes, some may have no row.
func tinyTarget(t *rapid.T, d *model.Data, number *rapid.Generator[float64]) {
	rows := d.X.Rows
	switch d.Task {
	case dataset.Regression:
		if rapid.Bool().Draw(t, "counts") {
			number = rapid.SampledFrom([]float64{0, 0, 1, 2, 30})
		}
		d.Y = rapid.SliceOfN(number, rows, rows).Draw(t, "y")
		return
	case dataset.Binary:
		d.Classes = 2
	default:
		d.Classes = rapid.IntRange(2, 5).Draw(t, "classes")
	}
	for range rows {
		d.Y = append(d.Y, float64(rapid.IntRange(0, d.Classes-1).Draw(t, "class")))
	}
}

// TestTinyTables fits every learner to random tiny tables with random params: a fit is a model
// or an error, in no time. A model predicts finite values and valid probabilities for the rows it
// was fitted to and for others, and is the same when it is stored and loaded.
func TestTinyTables(t *testing.T) {
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		for _, name := range model.Learners(task) {
			t.Run(fmt.Sprintf("learner=%s/task=%s", name, task), func(t *testing.T) {
				t.Parallel()
				fits := 0
				rapid.Check(t, func(t *rapid.T) {
					if tinyFit(t, name, task) {
						fits++
					}
				})
				if fits == 0 {
					t.Error("no table could be fitted")
				}
			})
		}
	}
}

// tinyFit does one draw; it reports whether there was a model.
func tinyFit(t *rapid.T, name string, task dataset.Task) bool {
	var params map[string]any
	if draw, ok := tinyParams[name]; ok {
		params = draw(t)
	}
	learner, err := model.New(name, params)
	if err != nil {
		t.Fatalf("params %v: %v", params, err)
	}
	d := tinyTable(t, task, model.NeedsOf(name).Categories)
	ctx, cancel := context.WithTimeout(context.Background(), tinyLimit)
	defer cancel()
	m, err := learner.Fit(ctx, d, rapid.Uint64().Draw(t, "seed"))
	if ctx.Err() != nil {
		t.Fatalf("the fit took more than %v", tinyLimit)
	}
	if err != nil {
		if m != nil {
			t.Fatalf("a model and an error: %v", err)
		}
		return false
	}
	loaded, err := model.Load(m.State())
	if err != nil {
		t.Fatal(err)
	}
	// What training did not see, too: as many rows, in other combinations.
	other := &dataset.Matrix{Rows: d.X.Rows, Names: d.X.Names, Categories: d.X.Categories}
	for j, c := range d.X.Columns {
		shifted := make([]float64, len(c))
		for i := range c {
			shifted[i] = c[(i+j)%len(c)]
		}
		other.Columns = append(other.Columns, shifted)
	}
	for _, x := range []*dataset.Matrix{d.X, other} {
		p, again := make([]float64, x.Rows*m.Outputs()), make([]float64, x.Rows*m.Outputs())
		m.Predict(p, x)
		loaded.Predict(again, x)
		tinyValid(t, p, d.Classes)
		for i := range p {
			if math.Float64bits(p[i]) != math.Float64bits(again[i]) {
				t.Fatalf("prediction %d is %v, after loading %v", i, p[i], again[i])
			}
		}
	}
	return true
}

// tinyValid fails unless predictions are finite and those of classes probabilities.
func tinyValid(t *rapid.T, p []float64, classes int) {
	for i, v := range p {
		if math.IsNaN(v) || math.IsInf(v, 0) || classes > 0 && (v < 0 || v > 1) {
			t.Fatalf("prediction %d is %v", i, v)
		}
	}
	for i := 0; classes > 0 && i < len(p); i += classes {
		sum := 0.0
		for _, v := range p[i : i+classes] {
			sum += v
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Fatalf("row %d: probabilities sum to %v", i/classes, sum)
		}
	}
}
