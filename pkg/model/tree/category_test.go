package tree

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// byCategory is a column of categories, so many rows of each in turn, and gradients that are
// the given one of each category.
func byCategory(rows int, gradients ...float64) (column, first, second []float64) {
	for i := range rows * len(gradients) {
		c := i % len(gradients)
		column, first, second = append(column, float64(c)), append(first, gradients[c]), append(second, 1)
	}
	return column, first, second
}

// The split of a column of categories is the best of all sets of them.
func TestCategoriesSplitByTheBestSet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, k := range []int{2, 3, 4, 5, 8, 9} {
		for range 10 {
			gradients := make([]float64, k)
			for c := range gradients {
				gradients[c] = math.Round(100 * random.NormFloat64())
			}
			column, first, second := byCategory(150, gradients...)
			g := NewGrower(NewTable([][]float64{column}, []int{k}, nil, len(column), 255), Params{Leaves: 2, MinLeafRows: 1, NodeColumns: 1})
			tree := grow(t, g, first, second)
			score := func(goes func(c int) bool) float64 {
				var g, n [2]float64
				for c, v := range gradients {
					side := 0
					if goes(c) {
						side = 1
					}
					g[side] += 150 * v
					n[side] += 150
				}
				return g[0]*g[0]/n[0] + g[1]*g[1]/n[1]
			}
			best := 0.0
			for set := 1; set < 1<<k-1; set++ {
				if ones := popcount(set); k <= oneVersusRest && ones > 1 && k-ones > 1 {
					continue
				}
				best = max(best, score(func(c int) bool { return set>>c&1 != 0 }))
			}
			left := tree.Sets[0]
			if got := score(func(c int) bool { return left[c/8]>>(c%8)&1 != 0 }); math.Abs(got-best) > 1e-9*best {
				t.Errorf("gradients %v: set %b scores %v, the best %v", gradients, left, got, best)
			}
		}
	}
}

func popcount(n int) (ones int) {
	for ; n > 0; n &= n - 1 {
		ones++
	}
	return ones
}

// Smoothing and penalty keep rare categories from being split by their noise.
func TestCategoriesAreSmoothed(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const rows, categories = 4000, 200
	column, first, second := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	for i := range column {
		column[i], first[i], second[i] = float64(random.IntN(categories)), random.NormFloat64(), 1
	}
	gain := func(p Params) float64 {
		p.Leaves, p.MinLeafRows, p.NodeColumns = 2, 1, 1
		g := NewGrower(NewTable([][]float64{column}, []int{categories}, nil, rows, 255), p)
		grow(t, g, first, second)
		if len(g.leaves) == 1 {
			return 0
		}
		return g.splits[0].gain()
	}
	if plain, smooth := gain(Params{}), gain(Params{CategorySmooth: 10, CategoryL2: 1000}); plain == 0 || smooth >= plain/2 {
		t.Errorf("noise gains %v, with a penalty %v", plain, smooth)
	}
}

// Missing values are a category of their own, and a category of no row goes where they go, or
// with the many.
func TestCategoriesLearnWhereMissingGoes(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name      string
		gradients []float64 // of categories 0 to 2; of missing ones last, if there are four
		missing   float64   // value for a missing one, and for category 3, which has no row
	}{
		{"with the first", []float64{4, -1, -1, 4}, -4},
		{"with the others", []float64{4, -1, -1, -1}, 1},
		{"apart", []float64{-1, -1, -1, 8}, -8},
		{"none seen: with the many", []float64{4, -1, -1}, 1},
	} {
		column, first, second := byCategory(20, c.gradients...)
		for i, x := range column {
			if x == 3 {
				column[i] = nan
			}
		}
		g := NewGrower(NewTable([][]float64{column}, []int{4}, nil, len(column), 255), Params{Leaves: 3, MinLeafRows: 1, NodeColumns: 1})
		if c.name == "none seen: with the many" {
			g.params.Leaves = 2
		}
		tree := grow(t, g, first, second)
		var f Forest
		if err := f.Append(tree.Nodes, tree.Sets); err != nil {
			t.Fatal(err)
		}
		for _, x := range []float64{nan, 3, 1000} {
			if got := f.Leaf(0, [][]float64{{x}}, 0); got != c.missing {
				t.Errorf("%s: category %v has value %v, want %v", c.name, x, got, c.missing)
			}
		}
	}
}

// Of more categories than bins, the rare ones are one.
func TestRareCategoriesShareABin(t *testing.T) {
	var column []float64
	for c := range 300 {
		for range 300 - c {
			column = append(column, float64((c*7)%300))
		}
	}
	table := NewTable([][]float64{column}, []int{301}, nil, len(column), 255)
	codes := table.columns[0].codes
	seen := map[uint8]int{}
	for c := range 300 {
		bin := codes[(c*7)%300]
		seen[bin]++
		if want := min(c, 254); int(bin) != want {
			t.Fatalf("category of rank %d has bin %d, want %d", c, bin, want)
		}
	}
	if len(seen) != 255 || seen[254] != 46 || codes[300] != 255 {
		t.Errorf("%d bins, %d categories in the last, and a category of no row in bin %d", len(seen), seen[254], codes[300])
	}
}

// mixed is a table of numbers and categories, some missing, with gradients that depend on both.
func mixed(rows int) (raw [][]float64, categories []int, first, second []float64) {
	raw, first, second = sample(rows, 4)
	random := rand.New(rand.NewPCG(uint64(rows), 9))
	for _, k := range []int{3, 20, 400} {
		column := make([]float64, rows)
		for i := range column {
			c := int(float64(k) * random.Float64() * random.Float64())
			column[i] = float64(c)
			first[i] += 50 * math.Sin(float64(c))
			if random.IntN(9) == 0 {
				column[i] = math.NaN()
			}
		}
		raw = append(raw, column)
	}
	return raw, []int{0, 0, 0, 0, 3, 20, 400}, first, second
}

// Rows are in the leaf that their values lead to, whatever has been stored and loaded.
func TestCategoriesPredictAsTheyAreGrown(t *testing.T) {
	raw, categories, first, second := mixed(5000)
	g := NewGrower(NewTable(raw, categories, nil, 5000, 255), Params{Leaves: 60, MinLeafRows: 10, CategorySmooth: 10, CategoryL2: 10, NodeColumns: 1})
	tree := grow(t, g, first, second)
	var f Forest
	if err := f.Append(tree.Nodes, tree.Sets); err != nil {
		t.Fatal(err)
	}
	if err := f.Append(tree.Nodes, tree.Sets); err != nil {
		t.Fatal(err)
	}
	stored, err := Load(f.Tensors(), len(raw))
	if err != nil {
		t.Fatal(err)
	}
	loaded := stored.Forest()
	used := 0
	for _, n := range tree.Nodes {
		if n.Set > 0 {
			used++
		}
	}
	if used < 5 || used != len(tree.Sets) {
		t.Fatalf("%d splits on categories, %d sets", used, len(tree.Sets))
	}
	for i, k := range tree.LeafOf {
		want := tree.Nodes[tree.Leaves[k]].Value
		for of := range 2 {
			if got := loaded.Leaf(of, raw, i); got != want {
				t.Fatalf("tree %d: row %d has value %v, want %v", of, i, got, want)
			}
		}
	}
}

func TestLoadRefusesSets(t *testing.T) {
	raw, categories, first, second := mixed(3000)
	g := NewGrower(NewTable(raw, categories, nil, 3000, 255), Params{Leaves: 30, MinLeafRows: 10, NodeColumns: 1})
	tree := grow(t, g, first, second)
	var f Forest
	if err := f.Append(tree.Nodes, tree.Sets); err != nil {
		t.Fatal(err)
	}
	ints := func(tensors map[string]safetensors.Tensor, name string, change func([]int32)) {
		values, err := tensors[name].I32()
		if err != nil {
			t.Fatal(err)
		}
		values = slices.Clone(values)
		change(values)
		tensors[name] = safetensors.FromI32(values)
	}
	for name, damage := range map[string]func(tensors map[string]safetensors.Tensor){
		"set out of range": func(m map[string]safetensors.Tensor) {
			ints(m, "set", func(v []int32) { v[0] = int32(len(f.Sets) + 1) })
		},
		"negative set":           func(m map[string]safetensors.Tensor) { ints(m, "set", func(v []int32) { v[0] = -1 }) },
		"sets of too few nodes":  func(m map[string]safetensors.Tensor) { m["set"] = safetensors.FromI32([]int32{0}) },
		"set of another type":    func(m map[string]safetensors.Tensor) { m["set"] = safetensors.FromU8([]uint8{0}) },
		"starts that fall":       func(m map[string]safetensors.Tensor) { ints(m, "set_start", func(v []int32) { v[1] = -4 }) },
		"starts past the end":    func(m map[string]safetensors.Tensor) { ints(m, "set_start", func(v []int32) { v[1] = math.MaxInt32 }) },
		"first set not first":    func(m map[string]safetensors.Tensor) { ints(m, "set_start", func(v []int32) { v[0] = 1 }) },
		"no starts":              func(m map[string]safetensors.Tensor) { m["set_start"] = safetensors.FromI32(nil) },
		"bytes cut off":          func(m map[string]safetensors.Tensor) { m["set_bytes"] = safetensors.FromU8(nil) },
		"bytes of another type":  func(m map[string]safetensors.Tensor) { m["set_bytes"] = safetensors.FromI32(nil) },
		"without set":            func(m map[string]safetensors.Tensor) { delete(m, "set") },
		"without set_start":      func(m map[string]safetensors.Tensor) { delete(m, "set_start") },
		"without set_bytes":      func(m map[string]safetensors.Tensor) { delete(m, "set_bytes") },
		"sets, and no set_start": func(m map[string]safetensors.Tensor) { m["set_start"] = safetensors.FromI32([]int32{0}) },
	} {
		tensors := f.Tensors()
		damage(tensors)
		if _, err := Load(tensors, len(raw)); err == nil {
			t.Errorf("%s: loads", name)
		}
	}
}
