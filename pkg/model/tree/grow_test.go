package tree

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sample is a table of random columns with repeats and missing values, and derivatives that
// depend on the first two columns; second derivatives are 1.
func sample(rows, columns int) (raw [][]float64, first, second []float64) {
	random := rand.New(rand.NewPCG(uint64(rows), uint64(columns)))
	raw = make([][]float64, columns)
	for j := range raw {
		raw[j] = make([]float64, rows)
		for i := range raw[j] {
			raw[j][i] = math.Round(random.NormFloat64()*20) / 8
			if j%2 == 1 && random.IntN(5) == 0 {
				raw[j][i] = math.NaN()
			}
		}
	}
	first, second = make([]float64, rows), make([]float64, rows)
	for i := range first {
		if x := raw[0][i]; x > 1 {
			first[i] = 300
		}
		if columns > 1 && math.IsNaN(raw[1][i]) {
			first[i] -= 200
		}
		first[i] += math.Round(random.NormFloat64() * 100)
		second[i] = 1
	}
	return raw, first, second
}

// grower is a grower of the rules' trees on the columns, on so many workers.
func grower(workers int, p Params, raw [][]float64, weights []float64) *Grower {
	rows := len(raw[0])
	p.NodeColumns = 1
	g := NewGrower(NewTable(raw, nil, weights, rows, 20), p)
	g.workers = make([]worker, workers)
	g.Sample(nil, nil)
	return g
}

func grow(t *testing.T, g *Grower, first, second []float64) Tree {
	t.Helper()
	tree, err := g.Grow(first, second, 1)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// bruteForce tries every threshold between distinct values, with missing values on either
// side, on the rows one by one, and returns the gain of the best.
func bruteForce(g *Grower, raw [][]float64, first, second []float64) (gain float64) {
	score := func(goes func(i int) bool) (s float64, n int) {
		a, b := 0.0, 0.0
		for i := range first {
			if goes(i) {
				a += first[i]
				b += second[i]
				n++
			}
		}
		return a * a / (b + g.params.L2), n
	}
	whole, _ := score(func(int) bool { return true })
	for _, c := range g.columns {
		for _, threshold := range append(slices.Clone(c.thresholds), math.Inf(1)) {
			for _, missingLeft := range []bool{false, true} {
				goes := func(i int) bool {
					x := raw[c.source][i]
					return x <= threshold || math.IsNaN(x) && missingLeft
				}
				left, nl := score(goes)
				right, nr := score(func(i int) bool { return !goes(i) })
				if min(nl, nr) >= g.params.MinLeafRows {
					gain = max(gain, left+right-whole)
				}
			}
		}
	}
	return gain
}

// gainOf is the gain of the root's split on raw values.
func gainOf(g *Grower, n Node, raw [][]float64, first, second []float64) float64 {
	var a, b [2]float64
	for i := range first {
		side := 1
		if x := raw[n.Feature][i]; x <= n.Threshold || math.IsNaN(x) && n.MissingLeft {
			side = 0
		}
		a[side] += first[i]
		b[side] += second[i]
	}
	l2 := g.params.L2
	return a[0]*a[0]/(b[0]+l2) + a[1]*a[1]/(b[1]+l2) - (a[0]+a[1])*(a[0]+a[1])/(b[0]+b[1]+l2)
}

func TestBestSplitIsTheBestOfAll(t *testing.T) {
	for rows := 20; rows < 220; rows += 20 {
		for _, p := range []Params{{MinLeafRows: 1}, {MinLeafRows: 10}, {MinLeafRows: 3, L2: 7}} {
			p.Leaves = 2
			raw, first, second := sample(rows, 4)
			g := grower(1, p, raw, nil)
			tree := grow(t, g, first, second)
			want := bruteForce(g, raw, first, second)
			if got := gainOf(g, tree.Nodes[0], raw, first, second); math.Abs(got-want) > 1e-9*want {
				t.Errorf("rows=%d %+v: best gains %v, want %v", rows, p, got, want)
			}
		}
	}
}

func TestGrowKeepsTheRules(t *testing.T) {
	for _, p := range []Params{
		{Leaves: 2, MinLeafRows: 1},
		{Leaves: 7, MinLeafRows: 1},
		{Leaves: 1000, MaxDepth: 3, MinLeafRows: 1},
		{Leaves: 1000, MinLeafRows: 25},
		{Leaves: 1000, MinLeafRows: 1, MinLeafHessian: 30},
	} {
		raw, first, second := sample(400, 5)
		g := grower(2, p, raw, nil)
		tree := grow(t, g, first, second)
		if n := len(tree.Leaves); n < 2 || n > p.Leaves || len(tree.Nodes) != 2*n-1 {
			t.Fatalf("%+v: %d leaves, %d nodes", p, n, len(tree.Nodes))
		}
		var f Forest
		if err := f.Append(tree.Nodes, tree.Sets); err != nil {
			t.Fatal(err)
		}
		if err := f.Store().check(len(raw)); err != nil {
			t.Fatal(err)
		}
		counts := make([]int, len(tree.Leaves))
		sums := make([]float64, len(tree.Leaves))
		for i, k := range tree.LeafOf {
			counts[k]++
			sums[k] += first[i]
			// The three ways to a leaf: records, bins, raw values.
			if got := g.walk(i); got != tree.Leaves[k] {
				t.Fatalf("%+v: row %d is in leaf %d, by bins in %v", p, i, tree.Leaves[k], got)
			}
			if got, want := f.Leaf(0, raw, i), tree.Nodes[tree.Leaves[k]].Value; got != want {
				t.Fatalf("%+v: row %d has value %v, by values %v", p, i, want, got)
			}
		}
		for k, n := range counts {
			if n < p.MinLeafRows || float64(n) < p.MinLeafHessian {
				t.Errorf("%+v: a leaf of %d rows", p, n)
			}
			if got, want := tree.Nodes[tree.Leaves[k]].Value, -sums[k]/float64(n); math.Abs(got-want) > 1e-9 {
				t.Errorf("%+v: leaf %d has value %v, want %v", p, k, got, want)
			}
		}
		if p.MaxDepth > 0 && len(tree.Leaves) > 1<<p.MaxDepth {
			t.Errorf("%+v: %d leaves", p, len(tree.Leaves))
		}
		if len(g.free) != g.made {
			t.Errorf("%+v: %d of %d histograms came back", p, len(g.free), g.made)
		}
	}
}

// Any number of workers, histograms given up for lack of memory, and as many rows as packed
// words are used for: the same tree.
func TestGrowIsTheSame(t *testing.T) {
	for _, rows := range []int{3000, fineRows + 20000} {
		raw, first, second := sample(rows, 13)
		for i := range first {
			first[i] *= 1.0 / 3
			second[i] = 1 / (1 + math.Abs(first[i]))
		}
		p := Params{Leaves: 63, MinLeafRows: 5}
		want := grow(t, grower(1, p, raw, nil), first, second)
		nodes, leafOf := slices.Clone(want.Nodes), slices.Clone(want.LeafOf)
		for workers := 1; workers <= 4; workers++ {
			g := grower(workers, p, raw, nil)
			made := 0
			for _, memory := range []int{histogramMemory, 0} {
				g.memory, g.free, g.made = memory, nil, 0
				got := grow(t, g, first, second)
				if !slices.Equal(got.Nodes, nodes) || !slices.Equal(got.LeafOf, leafOf) {
					t.Errorf("%d rows, %d workers, memory %d: another tree", rows, workers, memory)
				}
				if memory > 0 {
					made = g.made
				} else if g.made > 3 || made < 10 {
					t.Errorf("%d histograms without memory, %d with", g.made, made)
				}
			}
		}
	}
}

// The sum of packed words is that of their fields, up to as many rows as they have room for.
func TestPackedSumsAreExact(t *testing.T) {
	word := uint64(0)
	var want cell
	for i := range packedRows {
		g, h := int64(1<<gradientBits), int64(1<<hessianBits)
		if i%3 == 1 {
			g, h = -g, 0
		}
		word += pack(g, h)
		want.add(cell{g, uint64(h)<<30 | 1})
		if got := unpack(word, 30); got != want {
			t.Fatalf("%d rows sum to %+v, want %+v", i+1, got, want)
		}
	}
	word = 0
	for range packedRows {
		word += pack(-1<<gradientBits, 1<<hessianBits)
	}
	if got := unpack(word, 40); got.gradient != -packedRows<<gradientBits || got.rest>>40 != packedRows<<hessianBits {
		t.Errorf("the most negative sum is %+v", got)
	}
}

// Rounding by a value's own bits is off by less than a unit, and by nothing on average.
func TestRoundIsUnbiased(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	const n = 1 << 20
	sum := 0.0
	for range n {
		v := 4 * (random.Float64() - 0.5)
		off := float64(round(v, 8)) - 8*v
		if math.Abs(off) >= 1 {
			t.Fatalf("%v becomes %v", 8*v, round(v, 8))
		}
		sum += off
	}
	// An error's variance is 1/6 of a unit: five standard deviations.
	if math.Abs(sum) > 5*math.Sqrt(n/6.0) {
		t.Errorf("%d errors sum to %v", n, sum)
	}
	for _, v := range []float64{0, 1, -1, 0.5, 8191, -8192} {
		if got := round(v, 2); float64(got) != 2*v {
			t.Errorf("%v becomes %d", 2*v, got)
		}
	}
}

// line has one column, 1 to n, and a row of each gradient with hessian 1.
func line(leaves, minRows int, gradients ...float64) (*Grower, []float64) {
	values, ones := make([]float64, len(gradients)), make([]float64, len(gradients))
	for i := range values {
		values[i], ones[i] = float64(i+1), 1
	}
	g := NewGrower(NewTable([][]float64{values}, nil, nil, len(values), 255), Params{Leaves: leaves, MinLeafRows: minRows, NodeColumns: 1})
	return g, ones
}

// cuts are the thresholds of a tree in the order of their nodes.
func cuts(t Tree) []float64 {
	var thresholds []float64
	for _, n := range t.Nodes {
		if n.Feature >= 0 {
			thresholds = append(thresholds, n.Threshold)
		}
	}
	return thresholds
}

// Leaf-wise growth splits the leaf with the most to gain, whatever its depth, and of equals
// the one made first.
func TestGrowTakesTheMostGainFirst(t *testing.T) {
	for _, c := range []struct {
		name      string
		leaves    int
		gradients []float64
		want      []float64
	}{
		{"deep on one side", 4, []float64{0, 0, 0, 0, 0, 10, 100, 1000}, []float64{7.5, 6.5, 5.5}},
		{"left gains more", 3, []float64{-90, -60, 60, 70}, []float64{2.5, 1.5}},
		{"right gains more", 3, []float64{-70, -60, 60, 90}, []float64{2.5, 3.5}},
		{"equal gains", 3, []float64{-90, -60, 60, 90}, []float64{2.5, 1.5}},
	} {
		g, ones := line(c.leaves, 1, c.gradients...)
		if got := cuts(grow(t, g, c.gradients, ones)); !slices.Equal(got, c.want) {
			t.Errorf("%s: cuts at %v, want %v", c.name, got, c.want)
		}
	}
}

// The best cut is next to an end; the one taken leaves the least number of rows there.
func TestSplitLeavesRowsOnEitherSide(t *testing.T) {
	for _, c := range []struct {
		gradients []float64
		minRows   int
		want      float64
	}{
		{[]float64{1000, 0, 0, 0, 0, 0}, 1, 1.5},
		{[]float64{1000, 0, 0, 0, 0, 0}, 2, 2.5},
		{[]float64{0, 0, 0, 0, 0, 1000}, 1, 5.5},
		{[]float64{0, 0, 0, 0, 0, 1000}, 2, 4.5},
	} {
		g, ones := line(2, c.minRows, c.gradients...)
		if got := cuts(grow(t, g, c.gradients, ones)); !slices.Equal(got, []float64{c.want}) {
			t.Errorf("%v, at least %d rows: cuts at %v, want %v", c.gradients, c.minRows, got, c.want)
		}
	}
}

// Rows that all want the same value gain nothing by a split, but for rounding.
func TestGrowIsNotTakenInByRounding(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		first, second := make([]float64, 50), make([]float64, 50)
		ratio := 1 + random.Float64()
		for i := range first {
			second[i] = 1 + random.Float64()
			first[i] = ratio * second[i]
		}
		g, _ := line(31, 1, first...)
		if tree := grow(t, g, first, second); len(tree.Leaves) != 1 {
			t.Fatalf("%d leaves of equal value", len(tree.Leaves))
		}
	}
}

func TestGrowRefusesWhatIsNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		g, ones := line(4, 1, 1, 2, bad, 4)
		if _, err := g.Grow([]float64{1, 2, bad, 4}, ones, 1); err != ErrNotFinite {
			t.Errorf("gradient %v: %v", bad, err)
		}
		if _, err := g.Grow(ones, []float64{1, 2, bad, 4}, 1); err != ErrNotFinite {
			t.Errorf("hessian %v: %v", bad, err)
		}
	}
}

// An integer weight acts as so many repeats also where derivatives are packed for the one and
// not for the other.
func TestManyWeightsAreRepeats(t *testing.T) {
	const rows = fineRows / 2
	raw, first, second := sample(rows, 6)
	weights := make([]float64, rows)
	repeated, repeatedFirst, repeatedSecond := make([][]float64, len(raw)), []float64{}, []float64{}
	for i := range first {
		first[i] /= 3
		second[i] = 1 / (1 + math.Abs(first[i]))
		weights[i] = float64(1 + i%4)
		for range 1 + i%4 {
			repeatedFirst, repeatedSecond = append(repeatedFirst, first[i]), append(repeatedSecond, second[i])
			for j := range raw {
				repeated[j] = append(repeated[j], raw[j][i])
			}
		}
	}
	p := Params{Leaves: 40, MinLeafRows: 20}
	want := grow(t, grower(2, p, repeated, nil), repeatedFirst, repeatedSecond)
	got := grow(t, grower(2, p, raw, weights), first, second)
	if !slices.Equal(got.Nodes, want.Nodes) {
		t.Error("weights and repeats give two trees")
	}
}
