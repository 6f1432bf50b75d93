package tree

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// setTensors stores the sets of categories: the number of its set for each node, where the
// bytes of each set begin and, last, their number, and the bytes. Without sets there is none
// of these, and artifacts are what they were before there were categories.
func (f *Forest) setTensors(tensors map[string]safetensors.Tensor) {
	if len(f.Sets) == 0 {
		return
	}
	set, starts, bytes := make([]int32, len(f.Nodes)), []int32{0}, []uint8{}
	for i, n := range f.Nodes {
		set[i] = n.Set
	}
	for _, s := range f.Sets {
		bytes = append(bytes, s...)
		starts = append(starts, int32(len(bytes)))
	}
	tensors["set"] = safetensors.FromI32(set)
	tensors["set_start"] = safetensors.FromI32(starts)
	tensors["set_bytes"] = safetensors.FromU8(bytes)
}

// loadSets reads what setTensors stored, if it did. It trusts nothing.
func (s *Stored) loadSets(tensors map[string]safetensors.Tensor) error {
	found := 0
	for _, name := range []string{"set", "set_start", "set_bytes"} {
		if _, ok := tensors[name]; ok {
			found++
		}
	}
	if found == 0 {
		return nil
	}
	set, err := tensors["set"].Raw(safetensors.I32)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", "set", err)
	}
	starts, err := tensors["set_start"].I32()
	if err != nil {
		return fmt.Errorf("tensor %q: %w", "set_start", err)
	}
	bytes, err := tensors["set_bytes"].Raw(safetensors.U8)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", "set_bytes", err)
	}
	if len(set)/4 != s.Nodes() {
		return fmt.Errorf("tensor %q has %d nodes of %d", "set", len(set)/4, s.Nodes())
	}
	if len(starts) == 0 || starts[0] != 0 || int(starts[len(starts)-1]) != len(bytes) {
		return fmt.Errorf("tensor %q: sets do not cover the %d bytes", "set_start", len(bytes))
	}
	s.Sets = make([][]uint8, 0, len(starts)-1)
	for k := range len(starts) - 1 {
		begin, end := starts[k], starts[k+1]
		if end < begin || int(end) > len(bytes) {
			return fmt.Errorf("tensor %q: set %d spans bytes %d to %d of %d", "set_start", k+1, begin, end, len(bytes))
		}
		s.Sets = append(s.Sets, bytes[begin:end:end])
	}
	s.set = set
	return nil
}
