package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// treeSample is random columns with repeats and missing values, and a grower loaded with
// them, each row with a small gradient and hessian 1.
func treeSample(rows, columns int, rules treeRules) (*treeGrower, [][]float64, treeLimits) {
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
	return g, raw, treeLimits{shift: shift, rows: uint64(rules.minRows), hessian: rules.minHessian, l2: rules.l2}
}

func TestSubtractionIsExact(t *testing.T) {
	g, _, _ := treeSample(500, 6, treeRules{})
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
		for _, rules := range []treeRules{{minRows: 1}, {minRows: 10}, {minRows: 3, l2: 7}} {
			g, raw, limits := treeSample(rows, 4, rules)
			h := newHistogram(g.layout)
			h.fill(g.records, 0, rows)
			var total treeCell
			for _, c := range g.records.cells {
				total.gradient += c.gradient
				total.rest += c.rest
			}
			split := limits.best(h, g.layout, g.columns, total)
			if want := bruteForce(g, raw, limits); math.Abs(split.score-want) > 1e-6*want {
				t.Errorf("rows=%d rules=%+v: best scores %v, want %v", rows, rules, split.score, want)
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
	for _, rules := range []treeRules{
		{leaves: 2, minRows: 1},
		{leaves: 7, minRows: 1},
		{leaves: 1000, minRows: 1, depth: 3},
		{leaves: 1000, minRows: 25},
		{leaves: 1000, minRows: 1, minHessian: 30},
	} {
		g, raw, limits := treeSample(400, 5, rules)
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
			if n := leaf.end - leaf.begin; n < rules.minRows || float64(n) < rules.minHessian {
				t.Errorf("%+v: a leaf of %d rows", rules, n)
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
	rules := treeRules{leaves: 31, minRows: 5}
	g, _, limits := treeSample(2000, 7, rules)
	g.grow(limits)
	want, made := slices.Clone(g.nodes), g.made
	poor, _, _ := treeSample(2000, 7, rules)
	poor.memory = 0
	poor.grow(limits)
	if !slices.Equal(poor.nodes, want) {
		t.Error("trees differ")
	}
	if poor.made > 3 || made < 10 {
		t.Errorf("%d histograms without memory, %d with", poor.made, made)
	}
}

// Leaf-wise growth splits the leaf with the most to gain, whatever its depth.
func TestGrowTakesTheMostGainFirst(t *testing.T) {
	columns := binColumns([][]float64{{1, 2, 3, 4, 5, 6, 7, 8}}, nil, 255)
	g := newTreeGrower(treeRules{leaves: 4, minRows: 1}, columns, 8)
	g.records.load(columns, []int32{0, 1, 2, 3, 4, 5, 6, 7})
	// Gains fall from right to left: 8 is cut off first, then 7, then 6.
	for i, gradient := range []int64{0, 0, 0, 0, 0, 10, 100, 1000} {
		g.records.cells[i] = treeCell{gradient, 1<<8 | 1}
	}
	g.grow(treeLimits{shift: 8, rows: 1})
	var thresholds []float64
	for _, n := range g.nodes {
		if n.feature >= 0 {
			thresholds = append(thresholds, n.threshold)
		}
	}
	if !slices.Equal(thresholds, []float64{7.5, 6.5, 5.5}) {
		t.Errorf("cuts at %v", thresholds)
	}
}
