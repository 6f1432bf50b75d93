package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// treeSample is random columns with repeats and missing values, and a grower loaded with
// them, each row with a small gradient and hessian 1. It completes the limits.
func treeSample(rows, columns int, rules treeRules, limits treeLimits) (*treeGrower, [][]float64, treeLimits) {
	random := rand.New(rand.NewPCG(uint64(rows), uint64(columns)))
	raw := make([][]float64, columns)
	for j := range raw {
		raw[j] = make([]float64, rows)
		for i := range raw[j] {
			raw[j][i] = math.Round(random.NormFloat64()*20) / 8
			if j%2 == 1 && random.IntN(5) == 0 {
				raw[j][i] = math.NaN()
			}
		}
	}
	binned := binColumns(raw, nil, 20)
	g := newTreeGrower(rules, binned, rows)
	all := make([]int32, rows)
	for i := range all {
		all[i] = int32(i)
	}
	g.records.load(binned, all)
	const shift = 16
	for i := range g.records.cells {
		signal := 0.0
		if x := raw[0][i]; x > 1 {
			signal = 300
		}
		if math.IsNaN(raw[1][i]) {
			signal -= 200
		}
		g.records.cells[i] = treeCell{int64(signal + random.NormFloat64()*100), 1<<shift | 1}
	}
	limits.shift = shift
	return g, raw, limits
}

func TestSubtractionIsExact(t *testing.T) {
	g, _, _ := treeSample(500, 6, treeRules{}, treeLimits{})
	whole, part, rest := newHistogram(g.layout), newHistogram(g.layout), newHistogram(g.layout)
	whole.fill(g.records, 0, 500)
	part.fill(g.records, 0, 123)
	rest.fill(g.records, 123, 500)
	whole.subtract(part)
	if !slices.Equal(whole.cells, rest.cells) {
		t.Error("parent less one child is not the other child")
	}
}

// bruteForce tries every threshold between distinct values, with missing values on either
// side, on the rows one by one.
func bruteForce(g *treeGrower, raw [][]float64, limits treeLimits) (score float64) {
	sum := func(goes func(i int) bool) (c treeCell) {
		for i, cell := range g.records.cells {
			if goes(i) {
				c.gradient += cell.gradient
				c.rest += cell.rest
			}
		}
		return c
	}
	part := func(c treeCell) float64 {
		gradient, hessian := limits.value(c)
		return gradient * gradient / (hessian + limits.l2)
	}
	whole := sum(func(int) bool { return true })
	for j := range g.columns {
		for _, threshold := range append(slices.Clone(g.columns[j].thresholds), math.Inf(1)) {
			for _, missingLeft := range []bool{false, true} {
				left := sum(func(i int) bool {
					x := raw[g.columns[j].source][i]
					return x <= threshold || math.IsNaN(x) && missingLeft
				})
				right := treeCell{whole.gradient - left.gradient, whole.rest - left.rest}
				if min(limits.count(left), limits.count(right)) >= limits.rows {
					score = max(score, part(left)+part(right)-part(whole))
				}
			}
		}
	}
	return score
}

func TestBestSplitIsTheBestOfAll(t *testing.T) {
	for rows := 20; rows < 220; rows += 20 {
		for _, limits := range []treeLimits{{rows: 1}, {rows: 10}, {rows: 3, l2: 7}} {
			g, raw, limits := treeSample(rows, 4, treeRules{}, limits)
			h := newHistogram(g.layout)
			h.fill(g.records, 0, rows)
			var total treeCell
			for _, c := range g.records.cells {
				total.gradient += c.gradient
				total.rest += c.rest
			}
			split := limits.best(h, g.layout, g.columns, total)
			if want := bruteForce(g, raw, limits); math.Abs(split.score-want) > 1e-6*want {
				t.Errorf("rows=%d limits=%+v: best scores %v, want %v", rows, limits, split.score, want)
			}
			middle := g.records.partition(0, rows, &split)
			var left treeCell
			for _, c := range g.records.cells[:middle] {
				left.gradient += c.gradient
				left.rest += c.rest
			}
			if left != split.left {
				t.Errorf("rows=%d: partition has %+v on the left, the split said %+v", rows, left, split.left)
			}
		}
	}
}

func TestGrowKeepsTheRules(t *testing.T) {
	for _, c := range []struct {
		treeRules
		treeLimits
	}{
		{treeRules{leaves: 2}, treeLimits{rows: 1}},
		{treeRules{leaves: 7}, treeLimits{rows: 1}},
		{treeRules{leaves: 1000, depth: 3}, treeLimits{rows: 1}},
		{treeRules{leaves: 1000}, treeLimits{rows: 25}},
		{treeRules{leaves: 1000}, treeLimits{rows: 1, hessian: 30}},
	} {
		rules := c.treeRules
		g, raw, limits := treeSample(400, 5, rules, c.treeLimits)
		g.grow(limits)
		if len(g.leaves) < 2 || len(g.leaves) > rules.leaves || len(g.nodes) != 2*len(g.leaves)-1 {
			t.Fatalf("%+v: %d leaves, %d nodes", rules, len(g.leaves), len(g.nodes))
		}
		var f forest
		if err := f.append(g.nodes); err != nil {
			t.Fatal(err)
		}
		if err := f.check(len(raw)); err != nil {
			t.Fatal(err)
		}
		seen := make([]bool, 400)
		for i := range g.leaves {
			leaf := &g.leaves[i]
			g.nodes[leaf.node].value = float64(i)
			f.nodes[leaf.node].value = float64(i)
			if n := leaf.end - leaf.begin; uint64(n) < limits.rows || float64(n) < limits.hessian {
				t.Errorf("%+v: a leaf of %d rows", limits, n)
			}
			if rules.depth > 0 && leaf.depth > rules.depth {
				t.Errorf("%+v: a leaf at depth %d", rules, leaf.depth)
			}
			for _, row := range g.records.rows[leaf.begin:leaf.end] {
				// The three ways to a leaf: records, bins, raw values.
				seen[row] = true
				if got := g.walk(row).value; got != float64(i) {
					t.Fatalf("%+v: row %d is in leaf %d, by bins in %v", rules, row, i, got)
				}
				if got := f.leaf(0, raw, int(row)); got != float64(i) {
					t.Fatalf("%+v: row %d is in leaf %d, by values in %v", rules, row, i, got)
				}
			}
		}
		if slices.Contains(seen, false) {
			t.Errorf("%+v: a row is in no leaf", rules)
		}
		if len(g.free) != g.made {
			t.Errorf("%+v: %d of %d histograms came back", rules, len(g.free), g.made)
		}
	}
}

// Histograms given up for lack of memory are made again, to the same tree.
func TestGrowWithoutMemory(t *testing.T) {
	rules := treeRules{leaves: 31}
	g, _, limits := treeSample(2000, 7, rules, treeLimits{rows: 5})
	g.grow(limits)
	want, made := slices.Clone(g.nodes), g.made
	poor, _, _ := treeSample(2000, 7, rules, limits)
	poor.memory = 0
	poor.grow(limits)
	if !slices.Equal(poor.nodes, want) {
		t.Error("trees differ")
	}
	if poor.made > 3 || made < 10 {
		t.Errorf("%d histograms without memory, %d with", poor.made, made)
	}
}

// lineGrower has one column, 1 to n, and a row of each gradient with hessian 1.
func lineGrower(leaves int, minRows uint64, gradients ...int64) (*treeGrower, treeLimits) {
	values, rows := make([]float64, len(gradients)), make([]int32, len(gradients))
	for i := range values {
		values[i], rows[i] = float64(i+1), int32(i)
	}
	columns := binColumns([][]float64{values}, nil, 255)
	g := newTreeGrower(treeRules{leaves: leaves}, columns, len(rows))
	g.records.load(columns, rows)
	for i, gradient := range gradients {
		g.records.cells[i] = treeCell{gradient, 1<<8 | 1}
	}
	return g, treeLimits{shift: 8, rows: minRows}
}

// cuts are the thresholds of a tree in the order of their nodes.
func cuts(g *treeGrower) []float64 {
	var thresholds []float64
	for _, n := range g.nodes {
		if n.feature >= 0 {
			thresholds = append(thresholds, n.threshold)
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
		gradients []int64
		want      []float64
	}{
		{"deep on one side", 4, []int64{0, 0, 0, 0, 0, 10, 100, 1000}, []float64{7.5, 6.5, 5.5}},
		{"left gains more", 3, []int64{-90, -60, 60, 70}, []float64{2.5, 1.5}},
		{"right gains more", 3, []int64{-70, -60, 60, 90}, []float64{2.5, 3.5}},
		{"equal gains", 3, []int64{-90, -60, 60, 90}, []float64{2.5, 1.5}},
	} {
		g, limits := lineGrower(c.leaves, 1, c.gradients...)
		g.grow(limits)
		if got := cuts(g); !slices.Equal(got, c.want) {
			t.Errorf("%s: cuts at %v, want %v", c.name, got, c.want)
		}
	}
}

// The best cut is next to an end; the one taken leaves the least number of rows there.
func TestSplitLeavesRowsOnEitherSide(t *testing.T) {
	for _, c := range []struct {
		gradients []int64
		minRows   uint64
		want      float64
	}{
		{[]int64{1000, 0, 0, 0, 0, 0}, 1, 1.5},
		{[]int64{1000, 0, 0, 0, 0, 0}, 2, 2.5},
		{[]int64{0, 0, 0, 0, 0, 1000}, 1, 5.5},
		{[]int64{0, 0, 0, 0, 0, 1000}, 2, 4.5},
	} {
		g, limits := lineGrower(2, c.minRows, c.gradients...)
		g.grow(limits)
		if got := cuts(g); !slices.Equal(got, []float64{c.want}) {
			t.Errorf("%v, at least %d rows: cuts at %v, want %v", c.gradients, c.minRows, got, c.want)
		}
	}
}

// Rows that all want the same value gain nothing by a split, but for rounding.
func TestGrowIsNotTakenInByRounding(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		g, limits := lineGrower(31, 1, make([]int64, 50)...)
		ratio := 1 + random.Int64N(1<<20)
		for i := range g.records.cells {
			hessian := 1 + random.Int64N(1<<26)
			g.records.cells[i] = treeCell{ratio * hessian, uint64(hessian)<<8 | 1}
		}
		g.grow(limits)
		if len(g.leaves) != 1 {
			t.Fatalf("%d leaves of equal value", len(g.leaves))
		}
	}
}
