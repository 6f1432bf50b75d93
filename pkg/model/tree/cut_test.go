package tree

import (
	"slices"
	"testing"
)

// two is a forest of a tree on categories and one on numbers.
func two(t *testing.T) Forest {
	t.Helper()
	var f Forest
	for k := range 2 {
		nodes := []Node{{Feature: 0, Left: 1, Right: 2, Set: int32(1 - k)}, {Feature: -1, Value: 1}, {Feature: -1, Value: 2}}
		if err := f.Append(nodes, [][]uint8{{5}}[k:]); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestTruncate(t *testing.T) {
	f := two(t)
	whole := f.Clone()
	f.Truncate(1)
	if f.Trees() != 1 || len(f.Nodes) != 3 || len(f.Sets) != 1 {
		t.Errorf("%d trees of %d nodes and %d sets", f.Trees(), len(f.Nodes), len(f.Sets))
	}
	f.Truncate(0)
	if f.Trees() != 0 || len(f.Nodes) != 0 || len(f.Sets) != 0 {
		t.Errorf("%d trees of %d nodes and %d sets, want none", f.Trees(), len(f.Nodes), len(f.Sets))
	}
	f.Nodes = append(f.Nodes, Node{Value: 9})
	if again := two(t); !slices.Equal(whole.Nodes, again.Nodes) || whole.Trees() != 2 {
		t.Error("a clone changes with what it is of")
	}
}

// A walk that takes both ways must not meet a node twice, nor never.
func TestLoadRefusesWhatIsNoTree(t *testing.T) {
	for name, nodes := range map[string][]Node{
		"shared child": {{Feature: 0, Left: 1, Right: 2}, {Feature: 0, Left: 2, Right: 3}, {Feature: -1}, {Feature: -1}},
		"same child":   {{Feature: 0, Left: 1, Right: 1}, {Feature: -1}},
		"orphan":       {{Feature: 0, Left: 1, Right: 2}, {Feature: -1}, {Feature: -1}, {Feature: -1}},
	} {
		f := Forest{Nodes: nodes, Starts: []int32{0, int32(len(nodes))}}
		if _, err := Load(f.Tensors(), 1); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	f := two(t)
	if _, err := Load(f.Tensors(), 1); err != nil {
		t.Error(err)
	}
}

func TestLoadRecordRefuses(t *testing.T) {
	f := two(t)
	for name, r := range map[string]Record{
		"too short":     {Cover: []float64{1}, Gain: []float64{1}},
		"no cover":      {Cover: []float64{0, 1, 1, 1, 1, 1}, Gain: make([]float64, 6)},
		"negative gain": {Cover: []float64{1, 1, 1, 1, 1, 1}, Gain: []float64{-1, 0, 0, 0, 0, 0}},
	} {
		tensors := f.Tensors()
		r.Tensors(tensors)
		if _, err := Load(tensors, 1); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	tensors := f.Tensors()
	good := Record{Cover: []float64{2, 1, 1, 2, 1, 1}, Gain: []float64{3, 0, 0, 3, 0, 0}}
	good.Tensors(tensors)
	if s, err := Load(tensors, 1); err != nil {
		t.Error(err)
	} else if r := s.Record(); !slices.Equal(r.Cover, good.Cover) || !slices.Equal(r.Gain, good.Gain) {
		t.Errorf("got %v", r)
	}
	delete(tensors, "gain")
	if _, err := Load(tensors, 1); err == nil {
		t.Error("covers without gains are loaded")
	}
}

// Gauss's rule of n points integrates x^k exactly up to k = 2n-1, to 1/(k+1).
func TestQuadrature(t *testing.T) {
	for points := 1; points <= mostPoints; points++ {
		r := newQuadrature(points)
		power := slices.Clone(r.weights)
		for k := range 2 * points {
			sum := 0.0
			for q := range power {
				sum += power[q]
				power[q] *= r.t[q]
			}
			if want := 1 / float64(k+1); !(sum-want < 1e-13 && want-sum < 1e-13) {
				t.Fatalf("%d points: integral of x^%d is %v, want %v", points, k, sum, want)
			}
		}
	}
}
