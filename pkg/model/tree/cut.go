package tree

import "slices"

// Clone is a copy that shares nothing that changes.
func (f *Forest) Clone() Forest {
	return Forest{slices.Clone(f.Nodes), slices.Clone(f.Starts), slices.Clone(f.Sets)}
}

// Truncate drops all trees but the first so many, and the sets of those dropped.
func (f *Forest) Truncate(trees int) {
	f.Starts = f.Starts[:trees+1]
	f.Nodes = f.Nodes[:f.Starts[trees]]
	sets := int32(0)
	for i := range f.Nodes {
		sets = max(sets, f.Nodes[i].Set)
	}
	f.Sets = f.Sets[:sets]
}
