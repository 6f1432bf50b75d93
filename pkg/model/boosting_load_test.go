package model

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// storedBoosting is the state of a small fitted model of 3 columns.
func storedBoosting(t testing.TB, classes int) State {
	t.Helper()
	task := dataset.Multiclass
	if classes == 2 {
		task = dataset.Binary
	}
	learner := small(3, 4, 0.3)
	m, err := learner.Fit(t.Context(), generated(60, 3, task, classes), 1)
	if err != nil {
		t.Fatal(err)
	}
	return m.State()
}

func TestLoadBoostingRefuses(t *testing.T) {
	ints := func(s *State, name string, change func([]int32)) {
		values, err := s.Tensors[name].I32()
		if err != nil {
			t.Fatal(err)
		}
		change(values)
		s.Tensors[name] = safetensors.FromI32(values)
	}
	floats := func(s *State, name string, v float64) {
		values, err := s.Tensors[name].F64()
		if err != nil {
			t.Fatal(err)
		}
		for i := range values {
			values[i] = v
		}
		s.Tensors[name] = safetensors.FromF64(values)
	}
	params := func(s *State, change func(p *boostedParams)) {
		var p boostedParams
		if err := json.Unmarshal(s.Params, &p); err != nil {
			t.Fatal(err)
		}
		change(&p)
		s.Params, _ = json.Marshal(p)
	}
	for name, damage := range map[string]func(s *State){
		"no params":             func(s *State) { s.Params = nil },
		"unknown param":         func(s *State) { s.Params = []byte(`{"objective":"logistic","base":[0],"depth":3}`) },
		"unknown objective":     func(s *State) { params(s, func(p *boostedParams) { p.Objective = "hinge" }) },
		"no base":               func(s *State) { params(s, func(p *boostedParams) { p.Base = nil }) },
		"too many base scores":  func(s *State) { params(s, func(p *boostedParams) { p.Base = make([]float64, 2) }) },
		"softmax of one class":  func(s *State) { params(s, func(p *boostedParams) { p.Objective = softmaxLoss }) },
		"negative features":     func(s *State) { params(s, func(p *boostedParams) { p.Features = -1 }) },
		"too few features":      func(s *State) { params(s, func(p *boostedParams) { p.Features = 0 }) },
		"too many features":     func(s *State) { params(s, func(p *boostedParams) { p.Features = 1 << 40 }) },
		"other number of trees": func(s *State) { params(s, func(p *boostedParams) { p.Trees++ }) },
		"trees not a multiple of classes": func(s *State) {
			params(s, func(p *boostedParams) { p.Objective, p.Base = softmaxLoss, make([]float64, 2) })
		},
		"feature out of range":     func(s *State) { ints(s, "feature", func(v []int32) { v[0] = 3 }) },
		"negative feature":         func(s *State) { ints(s, "feature", func(v []int32) { v[0] = -2 }) },
		"child is itself":          func(s *State) { ints(s, "left", func(v []int32) { v[0] = 0 }) },
		"child before its parent":  func(s *State) { ints(s, "right", func(v []int32) { v[0] = -1 }) },
		"child past the end":       func(s *State) { ints(s, "right", func(v []int32) { v[0] = math.MaxInt32 }) },
		"child in the next tree":   func(s *State) { ints(s, "left", func(v []int32) { v[0] = 8 }) },
		"tree starts past its end": func(s *State) { ints(s, "tree_start", func(v []int32) { v[1] = math.MaxInt32 }) },
		"negative tree start":      func(s *State) { ints(s, "tree_start", func(v []int32) { v[1] = -5 }) },
		"empty tree":               func(s *State) { ints(s, "tree_start", func(v []int32) { v[1] = v[2] }) },
		"first tree not first":     func(s *State) { ints(s, "tree_start", func(v []int32) { v[0] = 1 }) },
		"no tree starts":           func(s *State) { s.Tensors["tree_start"] = safetensors.FromI32(nil) },
		"NaN threshold":            func(s *State) { floats(s, "threshold", math.NaN()) },
		"NaN value":                func(s *State) { floats(s, "value", math.NaN()) },
		"infinite value":           func(s *State) { floats(s, "value", math.Inf(-1)) },
		"missing_left of 2":        func(s *State) { s.Tensors["missing_left"] = safetensors.FromU8(slices.Repeat([]uint8{2}, 21)) },
		"bytes cut off": func(s *State) {
			tensor := s.Tensors["value"]
			tensor.Bytes = tensor.Bytes[:len(tensor.Bytes)-1]
			s.Tensors["value"] = tensor
		},
		"shape cut off": func(s *State) { s.Tensors["left"] = safetensors.FromI32([]int32{1, 3}) },
		"other type":    func(s *State) { s.Tensors["left"] = safetensors.FromF64(make([]float64, 21)) },
	} {
		s := storedBoosting(t, 2)
		if n := s.Tensors["left"].Shape[0]; n != 21 { // 3 trees of 4 leaves
			t.Fatalf("%d nodes", n)
		}
		damage(&s)
		if _, err := Load(s); err == nil {
			t.Errorf("%s: loads", name)
		}
	}
	whole := storedBoosting(t, 2)
	for _, name := range slices.Sorted(maps.Keys(whole.Tensors)) {
		s := storedBoosting(t, 2)
		delete(s.Tensors, name)
		if _, err := Load(s); err == nil {
			t.Errorf("without %s: loads", name)
		}
	}
}

// Whatever loads predicts: it neither panics nor runs on.
func FuzzLoadBoosting(f *testing.F) {
	for _, classes := range []int{2, 3} {
		s := storedBoosting(f, classes)
		file := safetensors.File{Metadata: map[string]string{"params": string(s.Params)}, Tensors: s.Tensors}
		b, err := file.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := safetensors.Decode(b)
		if err != nil {
			return
		}
		m, err := Load(State{Learner: boostingName, Params: []byte(file.Metadata["params"]), Tensors: file.Tensors})
		if err != nil || m.(*boosted).features > 1000 || m.Outputs() > 1000 {
			return
		}
		x := &dataset.Matrix{Rows: 3}
		for range m.(*boosted).features {
			x.Columns = append(x.Columns, []float64{0, math.NaN(), 1e9})
		}
		m.Predict(make([]float64, 3*m.Outputs()), x)
	})
}
