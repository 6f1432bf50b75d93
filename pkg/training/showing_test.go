package training

import (
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// TestShowing: a small model is shown by all rows that a page has; of a large one by as many as the work
// allows, and by some in any case.
func TestShowing(t *testing.T) {
	plan := &Plan{Volume: Volume{Rows: 5000, Test: 2500, Columns: 10, Folds: 5, Kinds: Kinds{Numbers: 10}}}
	forest := func(trees int) pipeline.Configuration {
		return pipeline.Configuration{Learner: "forest", Params: map[string]any{"trees": float64(trees)}}
	}
	show := func(cs ...pipeline.Configuration) showing {
		t.Helper()
		s, err := plan.showing(cs)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := show(pipeline.Configuration{Learner: "linear"}); s.importance != importanceRows || s.swarm != swarmRows || s.dependence != dependenceRows || !(s.seconds > 0 && s.seconds < 1) {
		t.Errorf("linear: %+v", s)
	}
	middling := show(forest(1500))
	if s := middling; s.importance >= importanceRows || s.importance <= importanceLeast || s.swarm >= swarmRows || s.swarm <= swarmLeast || s.dependence >= dependenceRows || s.dependence <= dependenceLeast ||
		math.Abs(s.seconds-importanceWork-swarmWork-dependenceWork) > 0.1 {
		t.Errorf("1,500 trees: %+v", s)
	}
	if s := show(forest(60_000)); s.importance != importanceLeast || s.swarm != swarmLeast || s.dependence != dependenceLeast || s.seconds < 10 {
		t.Errorf("60,000 trees: %+v", s)
	}
	plan.Volume.Test, plan.Volume.Judge = 0, 40 // a fold's rows, which are few
	if s := show(forest(60_000)); s.importance != 40 || s.swarm != swarmLeast || s.dependence != 40 {
		t.Errorf("of 40 rows: %+v", s)
	}
	plan.Volume.Test = 2500
	plan.Config.Ensemble.Bagged = true
	if s := show(forest(300)); math.Abs(float64(s.importance)/float64(middling.importance)-1) > 0.02 || math.Abs(float64(s.swarm)/float64(middling.swarm)-1) > 0.02 { // rows are encoded for each fold
		t.Errorf("300 trees of 5 folds: %+v, want %+v", s, middling)
	}
	if _, err := plan.showing([]pipeline.Configuration{{Learner: "oracle"}}); err == nil {
		t.Error("an unknown learner")
	}
}

// TestConcludingIsQuoted: it counts the final fits once more than in folds, and the page only where
// there are rows to show.
func TestConcludingIsQuoted(t *testing.T) {
	trials := []Trial{{ID: "0001-forest", Learner: "forest"}}
	conclude := func(v Volume, c EnsembleConfig) float64 {
		t.Helper()
		q, err := newQuote(Plan{Volume: v, Trials: 1, Config: Config{Ensemble: c}}, trials)
		if err != nil {
			t.Fatal(err)
		}
		return q.Conclude
	}
	v := Volume{Rows: 50_000, Test: 5000, Columns: 10, Folds: 5, Train: 40_000, Judge: 10_000, Kinds: Kinds{Numbers: 10}}
	d, err := v.demand(trials[0])
	if err != nil {
		t.Fatal(err)
	}
	alone := EnsembleConfig{Size: 1}
	tested := conclude(v, alone)
	v.Test = 0
	untested := conclude(v, alone)
	if fit := d.work / 5; !(untested > 0.999*wholeShare*fit && untested < wholeShare*fit+learningWork+0.1) || !(tested > untested) {
		t.Errorf("%v s, and %v s with a page, for a fit of %v s", untested, tested, fit)
	}
	if bagged := conclude(v, EnsembleConfig{Size: 1, Bagged: true}); !(bagged > untested+3*d.work/5) {
		t.Errorf("bagged: %v s after %v", bagged, untested)
	}
}

// TestBins: distinct values that are there, no more than trees make bins of.
func TestBins(t *testing.T) {
	many, few, gaps := make([]float64, 600), make([]float64, 600), make([]float64, 600)
	codes := make([]int32, 600)
	for i := range many {
		many[i], few[i], gaps[i], codes[i] = float64(i), float64(i%7), math.NaN(), int32(i%3)
	}
	gaps[5] = 1
	table, err := dataset.NewTable(dataset.Column{Name: "many", Type: dataset.Numeric, Values: many}, dataset.Column{Name: "few", Type: dataset.Numeric, Values: few},
		dataset.Column{Name: "gaps", Type: dataset.Numeric, Values: gaps}, dataset.Column{Name: "codes", Type: dataset.Categorical, Codes: codes, Levels: []string{"a", "b", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := bins(table); got != 255+7+1+3 {
		t.Errorf("%d bins, want 255, 7, 1 and 3", got)
	}
}

// TestHowMixed: clusters of classes are told apart by a leaf each; labels that mean nothing want one for
// every two or three rows; two classes and values are not looked at.
func TestHowMixed(t *testing.T) {
	const n = 3000
	x, apart, dealt := make([]float64, n), make([]float64, n), make([]float64, n)
	random := seed.Rand(1)
	for i := range x {
		apart[i], dealt[i] = float64(random.IntN(3)), float64(random.IntN(3))
		x[i] = apart[i] + float64(random.Float64()/2)
	}
	inputs, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x})
	if err != nil {
		t.Fatal(err)
	}
	of := func(y []float64, classes ...string) float64 {
		task := dataset.Multiclass
		if len(classes) == 2 {
			task = dataset.Binary
		}
		data := &prepared{Data: pipeline.Data{Inputs: inputs, Y: y}}
		return howMixed(ctx, data, pipeline.Target{Name: "y", Task: task, Classes: classes})
	}
	if got := of(apart, "a", "b", "c"); !(got >= 3./n && got <= 6./n) { // a bin may have rows of two
		t.Errorf("of three clusters: %v, want a leaf each", got)
	}
	// Of three labels dealt at random a row is like the one before in a third of the cases; of some 12 rows
	// that share one of 255 bins none can be told apart.
	if got := of(dealt, "a", "b", "c"); !(got > 0.05) || !(got < 255./n+0.01) {
		t.Errorf("of labels without meaning: %v, want a leaf for each bin", got)
	}
	if got := of(apart[:0]); got != 0 {
		t.Errorf("of values: %v", got)
	}
	if got := of(make([]float64, n), "a", "b"); got != 0 {
		t.Errorf("of two classes: %v", got)
	}
}

// TestSideBySide: as many members are fitted at a time as have room in the train function.
func TestSideBySide(t *testing.T) {
	forest := pipeline.Configuration{Learner: "forest"}
	for name, tt := range map[string]struct {
		rows, members, workers, least, most int
	}{
		"few rows":          {5000, 5, 2, 2, 2},
		"one member":        {5000, 1, 4, 1, 1},
		"no room for two":   {4_000_000, 5, 2, 1, 1},
		"no room for eight": {20_000, 8, 8, 2, 7},
	} {
		v := Volume{Rows: tt.rows, Columns: 20, Folds: 5, Train: tt.rows * 4 / 5, Prepared: int64(tt.rows) * 160, Kinds: Kinds{Numbers: 20}}
		got, err := v.sideBySide(slices.Repeat([]pipeline.Configuration{forest}, tt.members), tt.workers)
		if err != nil || got < tt.least || got > tt.most {
			t.Errorf("%s: %d at a time, %v, want %d to %d", name, got, err, tt.least, tt.most)
		}
	}
	if _, err := (Volume{}).sideBySide([]pipeline.Configuration{{Learner: "oracle"}}, 1); err == nil {
		t.Error("an unknown learner")
	}
}
