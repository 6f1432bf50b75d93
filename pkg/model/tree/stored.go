package tree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Stored is a forest, and its record if there is one, as it lies in an artifact: an array for each
// field of its nodes, little-endian, in the artifact's own bytes, which must not change. Load
// has checked it. A first request waits for what is made of these bytes, and predicting wants nothing of them
// twice: so nodes are made by Forest for those only who explain, store or go on with a model.
type Stored struct {
	// Starts and Sets are as in Forest.
	Starts []int32
	Sets   [][]uint8

	feature, left, right []byte // int32
	threshold, value     []byte // float64
	missingLeft          []byte
	set                  []byte // int32; nil: no node has one
	cover, gain          []byte // float64; nil if there is no record
}

// Load reads what Tensors of Forest and Record stored. It trusts nothing: an index out of range, a
// child that does not come after its parent (a cycle), one of two parents or of none, a threshold or
// value that is no number, a cover that is not positive, a gain that is negative and lengths that
// differ are errors.
func Load(tensors map[string]safetensors.Tensor, features int) (*Stored, error) {
	s, err := view(tensors)
	if err == nil {
		err = s.check(features)
	}
	if err == nil {
		err = s.loadRecord(tensors)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// view finds the arrays of a forest, which are of equal lengths.
func view(tensors map[string]safetensors.Tensor) (*Stored, error) {
	var errs []error
	raw := func(name string, of safetensors.DType) []byte {
		b, err := tensors[name].Raw(of)
		if err != nil {
			errs = append(errs, fmt.Errorf("tensor %q: %w", name, err))
		}
		return b
	}
	s := &Stored{
		feature: raw("feature", safetensors.I32), left: raw("left", safetensors.I32), right: raw("right", safetensors.I32),
		threshold: raw("threshold", safetensors.F64), value: raw("value", safetensors.F64), missingLeft: raw("missing_left", safetensors.U8),
	}
	var err error
	if s.Starts, err = tensors["tree_start"].I32(); err != nil {
		errs = append(errs, fmt.Errorf("tensor %q: %w", "tree_start", err))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, of := range []struct {
		name  string
		nodes int
	}{{"left", len(s.left) / 4}, {"right", len(s.right) / 4}, {"threshold", len(s.threshold) / 8}, {"value", len(s.value) / 8}, {"missing_left", len(s.missingLeft)}} {
		if of.nodes != s.Nodes() {
			return nil, fmt.Errorf("tensor %q has %d nodes, \"feature\" has %d", of.name, of.nodes, s.Nodes())
		}
	}
	return s, s.loadSets(tensors)
}

// Store is a forest as Load reads it, for what reads no other.
func (f *Forest) Store() *Stored {
	s, err := view(f.Tensors())
	if err != nil {
		panic("tree: " + err.Error()) // Tensors makes them of equal lengths
	}
	return s
}

// check returns an error unless every walk of rows of so many features stays in its tree, ends,
// and yields a finite value.
func (s *Stored) check(features int) error {
	if n := len(s.Starts); n == 0 || s.Starts[0] != 0 || int(s.Starts[n-1]) != s.Nodes() {
		return fmt.Errorf("tensor \"tree_start\": trees do not cover the %d nodes", s.Nodes())
	}
	for t := range s.Trees() {
		if begin, end := s.Starts[t], s.Starts[t+1]; end <= begin || int(end) > s.Nodes() {
			return fmt.Errorf("tensor \"tree_start\": tree %d spans nodes %d to %d of %d", t, begin, end, s.Nodes())
		}
	}
	parents := make([]bool, s.Largest())
	for t := range s.Trees() {
		if err := s.checkTree(s.Starts[t], s.Starts[t+1], features, parents); err != nil {
			return err
		}
	}
	return nil
}

// checkTree is check of the tree of nodes [begin, end). Each but the root has one parent: else a walk that
// takes both ways at a split could meet a node any number of times, or never. As parents come before
// their children, one pass sees it: parents says of nodes ahead, counted from the root, whether they have
// one, and is false of all again when it is done.
func (s *Stored) checkTree(begin, end int32, features int, parents []bool) error {
	parents[0] = true // the root needs none
	for i := begin; i < end; i++ {
		if !parents[i-begin] {
			return fmt.Errorf("tensors \"left\" and \"right\": node %d has no parent", i)
		}
		parents[i-begin] = false
		if s.missingLeft[i] > 1 {
			return fmt.Errorf("tensor \"missing_left\": node %d has %d, want 0 or 1", i, s.missingLeft[i])
		}
		feature := s.Feature(i)
		if feature == -1 {
			if v := s.Value(i); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("tensor \"value\": leaf %d has value %v", i, v)
			}
			continue
		}
		left, right := s.Children(i)
		switch {
		case feature < -1 || int(feature) >= features:
			return fmt.Errorf("tensor \"feature\": node %d splits on feature %d of %d", i, feature, features)
		case s.Set(i) < 0 || int(s.Set(i)) > len(s.Sets):
			return fmt.Errorf("tensor \"set\": node %d has set %d of %d", i, s.Set(i), len(s.Sets))
		case math.IsNaN(s.Threshold(i)):
			return fmt.Errorf("tensor \"threshold\": node %d has none", i)
		case left <= i || left >= end || right <= i || right >= end:
			return fmt.Errorf("tensors \"left\" and \"right\": node %d has children %d and %d, outside %d to %d", i, left, right, i+1, end)
		case left == right || parents[left-begin] || parents[right-begin]:
			return fmt.Errorf("tensors \"left\" and \"right\": a child of node %d, %d or %d, has two parents", i, left, right)
		}
		parents[left-begin], parents[right-begin] = true, true
	}
	return nil
}

// loadRecord finds what Record stored, if it did: forests that were stored before there was one have none.
func (s *Stored) loadRecord(tensors map[string]safetensors.Tensor) error {
	_, covered := tensors["cover"]
	_, gained := tensors["gain"]
	if !covered && !gained {
		return nil
	}
	cover, err := tensors["cover"].Raw(safetensors.F64)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", "cover", err)
	}
	gain, err := tensors["gain"].Raw(safetensors.F64)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", "gain", err)
	}
	if len(cover)/8 != s.Nodes() || len(gain)/8 != s.Nodes() {
		return fmt.Errorf("tensors \"cover\" and \"gain\" have %d and %d nodes of %d", len(cover)/8, len(gain)/8, s.Nodes())
	}
	for i := range int32(s.Nodes()) {
		if c, g := float(cover, i), float(gain, i); !(c > 0 && c <= math.MaxFloat64 && g >= 0 && g <= math.MaxFloat64) {
			return fmt.Errorf("tensors \"cover\" and \"gain\": node %d has %v and %v", i, c, g)
		}
	}
	s.cover, s.gain = cover, gain
	return nil
}

// Forest makes nodes.
func (s *Stored) Forest() Forest {
	f := Forest{Nodes: make([]Node, s.Nodes()), Starts: s.Starts}
	for i := range f.Nodes {
		at := int32(i)
		left, right := s.Children(at)
		f.Nodes[i] = Node{s.Threshold(at), s.Value(at), s.Feature(at), left, right, s.MissingLeft(at), s.Set(at)}
	}
	for _, set := range s.Sets {
		f.Sets = append(f.Sets, append([]uint8(nil), set...)) // so that the artifact's bytes may go
	}
	return f
}

// Record is what training knew, or empty.
func (s *Stored) Record() Record {
	if s.cover == nil {
		return Record{}
	}
	r := Record{make([]float64, s.Nodes()), make([]float64, s.Nodes())}
	for i := range r.Cover {
		r.Cover[i], r.Gain[i] = float(s.cover, int32(i)), float(s.gain, int32(i))
	}
	return r
}

// Trees is the number of trees.
func (s *Stored) Trees() int { return len(s.Starts) - 1 }

// Nodes is the number of nodes.
func (s *Stored) Nodes() int { return len(s.feature) / 4 }

// Largest is the number of nodes of the largest tree.
func (s *Stored) Largest() (most int) {
	for t := range s.Trees() {
		most = max(most, int(s.Starts[t+1]-s.Starts[t]))
	}
	return most
}

// Feature is that of a node, as in Node, like all below.
func (s *Stored) Feature(i int32) int32 { return integer(s.feature, i) }

// Children are the left and the right one, of a split.
func (s *Stored) Children(i int32) (left, right int32) {
	return integer(s.left, i), integer(s.right, i)
}

// Threshold is that of a split without a set.
func (s *Stored) Threshold(i int32) float64 { return float(s.threshold, i) }

// Value is that of a leaf.
func (s *Stored) Value(i int32) float64 { return float(s.value, i) }

// MissingLeft says where missing values go at a split.
func (s *Stored) MissingLeft(i int32) bool { return s.missingLeft[i] != 0 }

// Set is the number of a split's set of categories, from 1, or 0.
func (s *Stored) Set(i int32) int32 {
	if s.set == nil {
		return 0
	}
	return integer(s.set, i)
}

func integer(b []byte, i int32) int32 { return int32(binary.LittleEndian.Uint32(b[4*int(i):])) }

func float(b []byte, i int32) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(b[8*int(i):]))
}
