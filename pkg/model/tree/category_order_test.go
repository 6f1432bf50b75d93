package tree

import (
	"math"
	"math/rand/v2"
	"testing"
)

// plantStump plants one tree of depth 1, on all rows of one column of categories.
func plantStump(t *testing.T, categories int, column, target []float64, classes int, random bool) Planted {
	t.Helper()
	columns := [][]float64{column}
	g, err := NewGrove(NewTable(columns, []int{categories}, nil, len(column), MaxBins), columns, target, nil, nil,
		GroveParams{Classes: classes, MaxDepth: 1, MinLeafRows: 1, Columns: 1, Random: random})
	if err != nil {
		t.Fatal(err)
	}
	return g.NewPlanter().Plant(3)
}

// A split of the trees' order is the best of all sets of categories, for values and two classes.
func TestPlantersSplitByTheBestSet(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, classes := range []int{0, 2} {
		for _, k := range []int{2, 3, 5, 9} {
			for range 10 {
				var column, target []float64
				sums, counts := make([]float64, k), make([]float64, k)
				for i := range 40 * k {
					c := i % k
					y := math.Round(10 * random.NormFloat64())
					if classes > 0 {
						y = float64(random.IntN(classes))
					}
					column, target = append(column, float64(c)), append(target, y)
					sums[c] += y
					counts[c]++
				}
				score := func(goes func(c int) bool) float64 {
					var g, n [2]float64
					for c := range k {
						side := 0
						if goes(c) {
							side = 1
						}
						g[side] += sums[c]
						n[side] += counts[c]
					}
					return g[0]*g[0]/n[0] + g[1]*g[1]/n[1]
				}
				best := math.Inf(-1)
				for set := 1; set < 1<<k-1; set++ {
					best = max(best, score(func(c int) bool { return set>>c&1 != 0 }))
				}
				planted := plantStump(t, k, column, target, classes, false)
				left := planted.Sets[planted.Nodes[0].Set-1]
				if got := score(func(c int) bool { return left[c/8]>>(c%8)&1 != 0 }); math.Abs(got-best) > 1e-9*best {
					t.Errorf("%d classes, sums %v of %v rows: set %b scores %v, the best %v", classes, sums, counts, left, got, best)
				}
			}
		}
	}
}

// Categories whose classes come in two mixtures are parted by them, whatever their numbers.
func TestPlantersPartMixturesOfClasses(t *testing.T) {
	mixtures := [2][]float64{{0, 0, 0, 1, 2}, {1, 2, 2, 2, 0}}
	kind := []int{0, 1, 1, 0, 1, 0, 0, 1}
	var column, target []float64
	for i := range 400 {
		c := i % len(kind)
		column, target = append(column, float64(c)), append(target, mixtures[kind[c]][i/len(kind)%5])
	}
	planted := plantStump(t, len(kind), column, target, 3, false)
	left := planted.Sets[planted.Nodes[0].Set-1]
	for c := range kind {
		if with := left[0]>>c&1 == left[0]&1; with != (kind[c] == kind[0]) {
			t.Errorf("category %d is on the wrong side of %08b", c, left)
		}
	}
}

// A category that no row has goes where missing ones go, and random cuts part those that there
// are at any place.
func TestPlantersTakeCategoriesOfNoRow(t *testing.T) {
	for _, random := range []bool{false, true} {
		column := []float64{0, 0, 0, 2, 2, 4, 4, 4, 4, math.NaN()}
		target := []float64{1, 1, 1, 5, 5, 9, 9, 9, 9, 9}
		planted := plantStump(t, 6, column, target, 0, random)
		root := planted.Nodes[0]
		left := planted.Sets[root.Set-1][0]
		for _, c := range []int{1, 3, 5} {
			if goes := left>>c&1 != 0; goes != root.MissingLeft {
				t.Errorf("random=%v: category %d goes left: %v, a missing one: %v", random, c, goes, root.MissingLeft)
			}
		}
		if !random && (left&1 == left>>4&1 || left>>2&1 != left&1) {
			t.Errorf("set is %06b for categories of 1, 5 and 9", left)
		}
	}
}

// Two trees that see different rows have orders of their own.
func TestPlantersOrderByTheRowsDrawn(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const k = 30
	var column, target []float64
	for i := range 3 * k {
		column, target = append(column, float64(i%k)), append(target, random.NormFloat64())
	}
	columns := [][]float64{column}
	g, err := NewGrove(NewTable(columns, []int{k}, nil, len(column), MaxBins), columns, target, nil, nil,
		GroveParams{MaxDepth: 1, MinLeafRows: 1, Columns: 1, Bootstrap: true})
	if err != nil {
		t.Fatal(err)
	}
	p := g.NewPlanter()
	times := make([]uint32, len(column))
	for seed := range uint64(4) {
		p.Plant(seed)
		g.Draw(times, seed)
		sums, counts := make([]float64, k), make([]float64, k)
		for i, n := range times {
			sums[int(column[i])] += float64(n) * target[i]
			counts[int(column[i])] += float64(n)
		}
		codes := p.table[0].codes
		for a := range k {
			for b := range k {
				if counts[a] > 0 && counts[b] > 0 && sums[a]/counts[a] < sums[b]/counts[b]-1e-9 && codes[a] > codes[b] {
					t.Fatalf("tree %d: category %d of mean %v comes after %d of mean %v", seed, a, sums[a]/counts[a], b, sums[b]/counts[b])
				}
			}
		}
	}
}
