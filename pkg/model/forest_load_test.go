package model

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// storedForest is the state of a small forest of three classes, on a number and a column of
// categories.
func storedForest(t *testing.T) State {
	t.Helper()
	data := generated(90, 3, dataset.Multiclass, 3)
	data.X.Categories = []int{0, 9, 0}
	for i := range data.X.Columns[1] {
		data.X.Columns[1][i] = math.Floor(9 * data.X.Columns[1][i])
	}
	m, err := Forest{Trees: 3, MinLeafRows: 1, ColumnShare: 1, Bins: 255}.Fit(t.Context(), data, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := m.State()
	for _, name := range []string{"leaf_start", "leaf_class", "leaf_share", "set", "set_start", "set_bytes"} {
		if len(s.Tensors[name].Bytes) == 0 {
			t.Fatalf("the forest has no tensor %q", name)
		}
	}
	return s
}

// What is wrong with a stored forest is said with the name of the tensor, and nothing panics.
func TestLoadForestNamesTheTensor(t *testing.T) {
	ints := func(s State, name string, change func([]int32) []int32) {
		values, err := s.Tensors[name].I32()
		if err != nil {
			t.Fatal(err)
		}
		s.Tensors[name] = safetensors.FromI32(change(slices.Clone(values)))
	}
	floats := func(s State, name string, change func([]float64) []float64) {
		values, err := s.Tensors[name].F64()
		if err != nil {
			t.Fatal(err)
		}
		s.Tensors[name] = safetensors.FromF64(change(slices.Clone(values)))
	}
	set := func(at int, v int32) func([]int32) []int32 {
		return func(of []int32) []int32 { of[at] = v; return of }
	}
	all := func(v float64) func([]float64) []float64 {
		return func(of []float64) []float64 { return repeat(v, len(of)) }
	}
	whole := storedForest(t)
	root := 0 // whose children are changed
	if feature, err := whole.Tensors["feature"].I32(); err != nil || feature[root] < 0 {
		t.Fatalf("the first tree has no split (%v)", err)
	}
	for name, c := range map[string]struct {
		tensor string
		damage func(s State)
	}{
		"starts cut off":         {"leaf_start", func(s State) { ints(s, "leaf_start", func(v []int32) []int32 { return v[:len(v)-1] }) }},
		"no starts":              {"leaf_start", func(s State) { ints(s, "leaf_start", func([]int32) []int32 { return nil }) }},
		"first start not first":  {"leaf_start", func(s State) { ints(s, "leaf_start", set(0, 1)) }},
		"start past the end":     {"leaf_start", func(s State) { ints(s, "leaf_start", set(1, math.MaxInt32)) }},
		"negative start":         {"leaf_start", func(s State) { ints(s, "leaf_start", set(1, -7)) }},
		"leaf without shares":    {"leaf_start", func(s State) { ints(s, "leaf_start", set(1, 0)) }},
		"classes cut off":        {"leaf_share", func(s State) { ints(s, "leaf_class", func(v []int32) []int32 { return v[:len(v)-1] }) }},
		"class out of range":     {"leaf_class", func(s State) { ints(s, "leaf_class", set(0, 3)) }},
		"negative class":         {"leaf_class", func(s State) { ints(s, "leaf_class", set(0, -1)) }},
		"shares cut off":         {"leaf_share", func(s State) { floats(s, "leaf_share", func(v []float64) []float64 { return v[1:] }) }},
		"NaN shares":             {"leaf_share", func(s State) { floats(s, "leaf_share", all(math.NaN())) }},
		"infinite shares":        {"leaf_share", func(s State) { floats(s, "leaf_share", all(math.Inf(1))) }},
		"negative shares":        {"leaf_share", func(s State) { floats(s, "leaf_share", all(-1)) }},
		"shares of the sum 1.5":  {"leaf_share", func(s State) { floats(s, "leaf_share", func(v []float64) []float64 { v[0] = 0.5; return v }) }},
		"shares of other type":   {"leaf_share", func(s State) { s.Tensors["leaf_share"] = safetensors.FromI32([]int32{1}) }},
		"leaf number too large":  {"value", func(s State) { floats(s, "value", all(1e6)) }},
		"leaf number negative":   {"value", func(s State) { floats(s, "value", all(-1)) }},
		"half a leaf number":     {"value", func(s State) { floats(s, "value", all(0.5)) }},
		"NaN leaf numbers":       {"value", func(s State) { floats(s, "value", all(math.NaN())) }},
		"values cut off":         {"value", func(s State) { floats(s, "value", func(v []float64) []float64 { return v[1:] }) }},
		"children out of range":  {"left", func(s State) { ints(s, "left", set(root, math.MaxInt32)) }},
		"child before its node":  {"right", func(s State) { ints(s, "right", set(root, -1)) }},
		"child of two nodes":     {"right", func(s State) { ints(s, "right", set(root, 1)) }},
		"children cut off":       {"right", func(s State) { ints(s, "right", func(v []int32) []int32 { return v[1:] }) }},
		"feature out of range":   {"feature", func(s State) { ints(s, "feature", set(root, 3)) }},
		"set out of range":       {"set", func(s State) { ints(s, "set", set(root, math.MaxInt32)) }},
		"sets cut off":           {"set", func(s State) { ints(s, "set", func(v []int32) []int32 { return v[1:] }) }},
		"bytes of sets cut off":  {"set_start", func(s State) { s.Tensors["set_bytes"] = safetensors.FromU8([]uint8{1}) }},
		"starts of trees beyond": {"tree_start", func(s State) { ints(s, "tree_start", set(1, math.MaxInt32)) }},
		"covers of NaN":          {"cover", func(s State) { floats(s, "cover", all(math.NaN())) }},
		"gains below 0":          {"gain", func(s State) { floats(s, "gain", all(-1)) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := whole
			s.Tensors = maps.Clone(whole.Tensors)
			c.damage(s)
			m, err := Load(s)
			if err == nil || m != nil {
				t.Fatal("loads")
			}
			if !strings.Contains(err.Error(), `"`+c.tensor+`"`) {
				t.Errorf("error is %q, want the name of tensor %q", err, c.tensor)
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(whole.Tensors)) {
		s := whole
		s.Tensors = maps.Clone(whole.Tensors)
		delete(s.Tensors, name)
		if _, err := Load(s); err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("without %q: error is %v", name, err)
		}
	}
}

// Rows go through the trees in blocks, on as many workers as there are: to the same sums.
func TestForestPredictsAlikeOnAnyNumberOfWorkers(t *testing.T) {
	for _, c := range []struct {
		task    dataset.Task
		classes int
	}{{dataset.Regression, 0}, {dataset.Binary, 2}, {dataset.Multiclass, 4}} {
		f := DefaultForest()
		f.Trees, f.OutOfBag = 10, true
		data, x := generated(500, 6, c.task, c.classes), generated(3*pieceRows+1, 6, c.task, c.classes).X
		var first []float64
		var firstOut []float64
		for workers := 1; workers <= 4; workers++ {
			func() {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
				m, err := f.Fit(t.Context(), data, 1)
				if err != nil {
					t.Fatal(err)
				}
				got := make([]float64, x.Rows*m.Outputs())
				m.Predict(got, x)
				out := m.(OutOfBag).OutOfBag()
				if first == nil {
					first, firstOut = got, out
					// A row alone is predicted by itself.
					one := make([]float64, m.Outputs())
					m.Predict(one, x.Select([]int{x.Rows - 1}))
					if !slices.Equal(one, got[len(got)-len(one):]) {
						t.Errorf("%s: a row alone is %v, among others %v", c.task, one, got[len(got)-len(one):])
					}
				}
				if !slices.Equal(got, first) || !slices.EqualFunc(out, firstOut, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
					t.Errorf("%s: %d workers predict other bits", c.task, workers)
				}
			}()
		}
	}
}
