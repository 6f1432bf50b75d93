package modeltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// states are the ways of a model to a file and back, and of hostile files.
var states = []check{
	{"saved and loaded", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2).X
		loaded, err := model.Load(throughFile(t, m.State()))
		if err != nil {
			t.Fatal(err)
		}
		if loaded.Inputs() != m.Inputs() || loaded.Outputs() != m.Outputs() {
			t.Fatalf("%d → %d, loaded %d → %d", m.Inputs(), m.Outputs(), loaded.Inputs(), loaded.Outputs())
		}
		same(t, predict(loaded, x), predict(m, x))
		equalStates(t, loaded, m)
	}},
	{"hostile tensors", func(t *testing.T, s suite) {
		state := s.fit(t, s.data(1)).State()
		for _, name := range slices.Sorted(maps.Keys(state.Tensors)) {
			without := changed(state)
			delete(without.Tensors, name)
			s.mustRefuse(t, name+" missing", without)
			for what, bad := range hostile(state.Tensors[name]) {
				c := changed(state)
				c.Tensors[name] = bad
				s.mustRefuse(t, name+" "+what, c)
			}
			// Ones at the end of a shape hold the same values: taken or refused, but no panic.
			c := changed(state)
			deeper := c.Tensors[name]
			deeper.Shape = append(slices.Clone(deeper.Shape), 1, 1)
			c.Tensors[name] = deeper
			s.survives(t, name+" of more dimensions", c)
			// One row less, in shape and bytes: in itself there is nothing wrong with it.
			if shorter := state.Tensors[name]; len(shorter.Shape) > 0 && shorter.Shape[0] > 0 {
				rows := shorter.Shape[0]
				shorter.Shape = slices.Clone(shorter.Shape)
				shorter.Shape[0]--
				shorter.Bytes = shorter.Bytes[:len(shorter.Bytes)/rows*(rows-1)]
				c := changed(state)
				c.Tensors[name] = shorter
				s.survives(t, name+" of a row less", c)
			}
		}
	}},
	{"random bytes", func(t *testing.T, s suite) {
		state := s.fit(t, s.data(1)).State()
		random := seed.Rand(99)
		for _, name := range slices.Sorted(maps.Keys(state.Tensors)) {
			rounds := 100
			if len(state.Tensors[name].Bytes) > 1<<14 {
				rounds = 25 // of models that take long to load
			}
			for round := range rounds {
				c := changed(state)
				bad := c.Tensors[name]
				bad.Bytes = bytes.Clone(bad.Bytes)
				for range 1 + round%4 {
					if len(bad.Bytes) > 0 {
						bad.Bytes[random.IntN(len(bad.Bytes))] = byte(random.Uint32())
					}
				}
				c.Tensors[name] = bad
				s.survives(t, fmt.Sprintf("%s, round %d", name, round), c)
			}
		}
	}},
	{"hostile params", func(t *testing.T, s suite) {
		state := s.fit(t, s.data(1)).State()
		for _, text := range []string{"", "{", "[]", "null", `"x"`, `{"surprise":1}`, `{"classes":-1}`,
			`{"classes":1e9}`, `{"columns":-1}`, `{"features":-1}`, `{"features":99999999}`} {
			c := changed(state)
			c.Params = json.RawMessage(text)
			s.survives(t, text, c)
		}
		c := changed(state)
		c.Learner = "oracle"
		s.mustRefuse(t, "unknown learner", c)
		s.mustRefuse(t, "nothing", model.State{Learner: state.Learner})
	}},
}

// throughFile writes a state as an artifact does and reads it back.
func throughFile(t *testing.T, s model.State) model.State {
	t.Helper()
	head, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := safetensors.File{Metadata: map[string]string{"model": string(head)}, Tensors: s.Tensors}
	b, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := safetensors.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	var back model.State
	if err := json.Unmarshal([]byte(read.Metadata["model"]), &back); err != nil {
		t.Fatal(err)
	}
	back.Tensors = read.Tensors
	return back
}

// changed is a copy whose map of tensors may be changed.
func changed(s model.State) model.State {
	s.Tensors = maps.Clone(s.Tensors)
	return s
}

// hostile returns broken forms of a tensor, all to be refused.
func hostile(good safetensors.Tensor) map[string]safetensors.Tensor {
	forms := map[string]safetensors.Tensor{
		"of other type": {DType: safetensors.U8, Shape: []int{len(good.Bytes)}, Bytes: good.Bytes},
		"of no type":    {DType: "F128", Shape: good.Shape, Bytes: good.Bytes},
		"zero":          {},
		"of huge shape": {DType: good.DType, Shape: huge(good.Shape), Bytes: good.Bytes},
	}
	if good.DType == safetensors.U8 {
		forms["of other type"] = safetensors.FromF64([]float64{1})
	}
	if n := len(good.Bytes); n > 0 {
		forms["truncated"] = safetensors.Tensor{DType: good.DType, Shape: good.Shape, Bytes: good.Bytes[:n-1]}
		forms["halved"] = safetensors.Tensor{DType: good.DType, Shape: good.Shape, Bytes: good.Bytes[:n/2]}
		negative := slices.Clone(good.Shape)
		negative[0] = -negative[0]
		forms["of negative shape"] = safetensors.Tensor{DType: good.DType, Shape: negative, Bytes: good.Bytes}
	}
	return forms
}

func huge(shape []int) []int {
	h := slices.Clone(shape)
	for i := range h {
		h[i] = math.MaxInt / 2
	}
	return h
}

// mustRefuse fails the test unless Load gives an error.
func (s suite) mustRefuse(t *testing.T, what string, state model.State) {
	t.Helper()
	defer s.noPanic(t, what)
	if m, err := model.Load(state); err == nil || m != nil {
		t.Errorf("%s: loaded, want an error", what)
	}
}

// survives fails the test if Load panics, or gives a model whose Predict does.
func (s suite) survives(t *testing.T, what string, state model.State) {
	t.Helper()
	defer s.noPanic(t, what)
	m, err := model.Load(state)
	if err != nil {
		return
	}
	if m.Inputs() > 1000 || m.Outputs() > 1000 {
		return // would only take memory here; consumers check both against their schema
	}
	x := &dataset.Matrix{Rows: 2}
	for range m.Inputs() {
		x.Columns = append(x.Columns, []float64{-1.5, math.NaN()})
		x.Names = append(x.Names, "")
	}
	predict(m, x)
	for _, background := range []*dataset.Matrix{nil, x} {
		if e, err := model.ExplainerOf(m, background); err == nil {
			explain(m, e, x)
		}
	}
}

func (s suite) noPanic(t *testing.T, what string) {
	t.Helper()
	if p := recover(); p != nil {
		t.Errorf("%s: panic %v", what, p)
	}
}
