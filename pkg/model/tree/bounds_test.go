package tree

import (
	"math"
	"slices"
	"testing"
)

// Whatever the rows, values of leaves do not fall along a column that is to rise, nor rise
// along one that is to fall.
func TestGrowIsMonotone(t *testing.T) {
	for _, rows := range []int{2000, fineRows + 5000} {
		raw, first, second := sample(rows, 4)
		for i := range first {
			first[i] -= 40*raw[0][i] - 60*math.Sin(2*raw[0][i]) - 30*raw[2][i]*raw[2][i]
		}
		p := Params{Leaves: 50, MinLeafRows: 5, Monotone: []int8{1, 0, -1, 0}}
		tree := grow(t, grower(2, p, raw, nil), first, second)
		var f Forest
		if err := f.Append(tree.Nodes, nil); err != nil {
			t.Fatal(err)
		}
		splits := map[int32]int{}
		for _, n := range tree.Nodes {
			splits[n.Feature]++
		}
		if splits[0] < 3 || splits[2] < 3 {
			t.Fatalf("%d rows: splits by column %v", rows, splits)
		}
		for i := range 300 {
			row := [][]float64{{raw[0][i]}, {raw[1][i]}, {raw[2][i]}, {raw[3][i]}}
			for column, direction := range map[int]float64{0: 1, 2: -1} {
				last := math.Inf(-1)
				for x := -10.0; x <= 10; x += 0.125 {
					row[column][0] = x
					if v := direction * f.Leaf(0, row, 0); v < last {
						t.Fatalf("%d rows: at %v column %d goes the wrong way, from %v to %v", rows, x, column, last, v)
					} else {
						last = v
					}
				}
				row[column][0] = raw[column][i]
			}
		}
	}
}

// By hand: a leaf of gradient G and hessian H has the value -(|G| - L1)/H by its sign, no more
// than the greatest.
func TestValuesAreBounded(t *testing.T) {
	gradients := []float64{-8, -8, -8, -8, 2, 2, 2, 2} // sums -32 and 8 over 4 rows each
	for _, c := range []struct {
		p    Params
		want []float64
	}{
		{Params{}, []float64{8, -2}},
		{Params{L1: 4}, []float64{7, -1}},
		{Params{L1: 16}, []float64{4, 0}},
		{Params{L1: 4, L2: 4}, []float64{3.5, -0.5}},
		{Params{MaxValue: 3}, []float64{3, -2}},
		{Params{MaxValue: 1, L1: 4}, []float64{1, -1}},
	} {
		g, ones := line(2, 1, gradients...)
		c.p.Leaves, c.p.MinLeafRows, c.p.NodeColumns = 2, 1, 1
		g.params = c.p
		tree := grow(t, g, gradients, ones)
		var got []float64
		for _, n := range tree.Nodes {
			if n.Feature < 0 {
				got = append(got, n.Value)
			}
		}
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("%+v: values %v, want %v", c.p, got, c.want)
		}
	}
}

// paths are the columns of the splits above each leaf.
func paths(nodes []Node, n int32, above []int32) (all [][]int32) {
	if nodes[n].Feature < 0 {
		slices.Sort(above)
		return [][]int32{slices.Compact(above)}
	}
	next := append(slices.Clone(above), nodes[n].Feature)
	return append(paths(nodes, nodes[n].Left, slices.Clone(next)), paths(nodes, nodes[n].Right, next)...)
}

func TestInteractionsAreKept(t *testing.T) {
	raw, first, second := sample(3000, 5)
	for i := range first {
		first[i] += 60*raw[2][i] + 50*raw[4][i]
	}
	free := grow(t, grower(1, Params{Leaves: 60, MinLeafRows: 5}, raw, nil), first, second)
	mostFree := 0
	for _, path := range paths(free.Nodes, 0, nil) {
		mostFree = max(mostFree, len(path))
	}
	if mostFree < 4 {
		t.Fatalf("without rules, paths are on %d columns", mostFree)
	}
	sets := [][]int{{0, 1}, {1, 2, 3}}
	for _, root := range []int{0, 2, 4} { // the column that matters most decides the sets
		target := slices.Clone(first)
		for i := range target {
			target[i] += 500 * raw[root][i]
		}
		tree := grow(t, grower(1, Params{Leaves: 60, MinLeafRows: 5, Interactions: sets}, raw, nil), target, second)
		if tree.Nodes[0].Feature != int32(root) {
			t.Fatalf("the root splits on %d", tree.Nodes[0].Feature)
		}
		for _, path := range paths(tree.Nodes, 0, nil) {
			allowed := len(path) == 1
			for _, set := range sets {
				allowed = allowed || !slices.ContainsFunc(path, func(j int32) bool { return !slices.Contains(set, int(j)) })
			}
			if !allowed {
				t.Errorf("columns %v act together", path)
			}
		}
	}
}

func TestNodesDrawColumns(t *testing.T) {
	raw, first, second := sample(2000, 8)
	p := Params{Leaves: 40, MinLeafRows: 5}
	g := grower(2, p, raw, nil)
	all := slices.Clone(grow(t, g, first, second).Nodes)
	g.params.NodeColumns = 0.25
	drawn := map[bool]int{}
	for seed := range uint64(20) {
		tree, err := g.Grow(first, second, seed)
		if err != nil {
			t.Fatal(err)
		}
		drawn[tree.Nodes[0].Feature == all[0].Feature]++
		again := slices.Clone(tree.Nodes)
		if tree, err = g.Grow(first, second, seed); err != nil || !slices.Equal(tree.Nodes, again) {
			t.Fatalf("seed %d gives two trees, %v", seed, err)
		}
	}
	// The best column is among a quarter of them five times of twenty.
	if drawn[true] == 0 || drawn[true] > 12 {
		t.Errorf("the root splits on the best column for %d seeds of 20, want about 5", drawn[true])
	}
}
