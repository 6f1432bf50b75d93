package walk

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// odd are numbers at which comparisons go wrong if they do anywhere.
var odd = []float64{0, math.Copysign(0, -1), 1, -1, 1 + 0x1p-52, 1 - 0x1p-53, 1 + 0x1p-30, 0x1p-1074, -0x1p-1074,
	math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), 1<<24 + 1, 0.1, float64(float32(0.1)), 2, 3, 4, 5, 100}

func number() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.SampledFrom(odd), rapid.Float64Range(-3, 9))
}

// value is what a row may hold.
func value() *rapid.Generator[float64] {
	return rapid.OneOf(number(), rapid.Just(math.NaN()), rapid.Map(rapid.IntRange(-2, 70), func(c int) float64 { return float64(c) }))
}

// forest draws trees, of features of which the last half have sets of categories.
func forest(t *rapid.T, features int) *tree.Forest {
	f := &tree.Forest{Starts: []int32{0}}
	for range rapid.IntRange(1, 20).Draw(t, "trees") {
		nodes := []tree.Node{{Feature: -1}}
		var sets [][]uint8
		for range rapid.IntRange(0, 40).Draw(t, "splits") {
			at := rapid.IntRange(0, len(nodes)-1).Draw(t, "leaf")
			if nodes[at].Feature >= 0 {
				continue
			}
			n := tree.Node{Feature: int32(rapid.IntRange(0, features-1).Draw(t, "feature")), MissingLeft: rapid.Bool().Draw(t, "missing left"),
				Left: int32(len(nodes)), Right: int32(len(nodes) + 1)}
			if rapid.Bool().Draw(t, "mirrored") {
				n.Left, n.Right = n.Right, n.Left
			}
			if int(n.Feature) >= features/2+1 {
				sets = append(sets, rapid.SliceOfN(rapid.Uint8(), 0, 9).Draw(t, "set"))
				n.Set = int32(len(sets))
			} else {
				n.Threshold = number().Draw(t, "threshold")
			}
			nodes[at] = n
			nodes = append(nodes, tree.Node{Feature: -1}, tree.Node{Feature: -1})
		}
		for i := range nodes {
			if nodes[i].Feature < 0 {
				nodes[i].Value = rapid.Float64Range(-10, 10).Draw(t, "value")
			}
		}
		if err := f.Append(nodes, sets); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// reference adds up leaves one by one.
func reference(f *tree.Forest, sums []float64, width int, columns [][]float64, begin, end int) {
	for t := range f.Trees() {
		for i := begin; i < end; i++ {
			sums[(i-begin)*width+t%width] += f.Leaf(t, columns, i)
		}
	}
}

// both are a forest in the form that New chooses, and in the wide one.
func both(f *tree.Forest) map[string]*Trees {
	s := f.Store()
	wide := newTrees(survey(s).wide(s))
	wide.layWide(s)
	return map[string]*Trees{"new": New(s), "wide": wide}
}

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// agree compares sums and leaves with those of the reference, bit by bit.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, f *tree.Forest, columns [][]float64, begin, end, width int) {
	t.Helper()
	want := make([]float64, (end-begin)*width)
	for i := range want {
		want[i] = float64(i % 3)
	}
	start := slices.Clone(want)
	reference(f, want, width, columns, begin, end)
	for name, w := range both(f) {
		got := slices.Clone(start)
		w.Add(got, width, columns, begin, end)
		for i := range want {
			if !sameBits(got[i], want[i]) {
				t.Fatalf("%s: sum %d of rows %d to %d is %v, want %v", name, i, begin, end, got[i], want[i])
			}
		}
		calls := make([]int, end)
		w.Each(columns, begin, end, func(of, first int, values []float64) {
			for i, v := range values {
				if want := f.Leaf(of, columns, first+i); !sameBits(v, want) || calls[first+i] != of {
					t.Fatalf("%s: tree %d (call %d) has %v for row %d, want %v", name, of, calls[first+i], v, first+i, want)
				}
				calls[first+i]++
			}
		})
		for i := begin; i < end; i++ {
			if calls[i] != f.Trees() {
				t.Fatalf("%s: row %d went through %d trees of %d", name, i, calls[i], f.Trees())
			}
		}
	}
}

// TestLikeForest: whatever the forest, the rows and how many of them there are.
func TestLikeForest(t *testing.T) { rapid.Check(t, likeForest) }

func FuzzLikeForest(f *testing.F) { f.Fuzz(rapid.MakeFuzz(likeForest)) }

func likeForest(t *rapid.T) {
	features := rapid.IntRange(1, 6).Draw(t, "features")
	f := forest(t, features)
	rows := rapid.SampledFrom([]int{1, 2, 7, 8, 9, 20, rowBlock, rowBlock + 1, 2*rowBlock + 9}).Draw(t, "rows")
	columns := make([][]float64, features)
	for j := range columns {
		few := rapid.SliceOfN(value(), 1, 30).Draw(t, "values") // repeated, rows being many
		for i := range rows {
			columns[j] = append(columns[j], few[(i*(j+1))%len(few)])
		}
	}
	begin := rapid.IntRange(0, rows).Draw(t, "begin")
	agree(t, f, columns, begin, rows, rapid.IntRange(1, 3).Draw(t, "width"))
}

// TestEveryComparison compares all of the odd numbers, and what is next to them, with thresholds
// of all of them.
func TestEveryComparison(t *testing.T) {
	var values []float64
	for _, v := range odd {
		values = append(values, v, math.Nextafter(v, math.Inf(1)), math.Nextafter(v, math.Inf(-1)), float64(float32(v)))
	}
	f := &tree.Forest{}
	for _, v := range values {
		for _, left := range []bool{false, true} {
			if math.IsNaN(v) {
				continue
			}
			if err := f.Append([]tree.Node{{Threshold: v, Left: 1, Right: 2, MissingLeft: left}, {Feature: -1, Value: 1}, {Feature: -1, Value: 2}}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	columns := [][]float64{append(values, math.NaN(), math.Float64frombits(0xfff8000000000001))}
	agree(t, f, columns, 0, len(columns[0]), 1)
}

// random is a forest of full trees on so many features, and rows.
func random(seed uint64, trees, depth, features, thresholds int) *tree.Forest {
	r := rand.New(rand.NewPCG(seed, 1))
	f := &tree.Forest{}
	for range trees {
		var nodes []tree.Node
		for i := range 1<<(depth+1) - 1 {
			if i >= 1<<depth-1 {
				nodes = append(nodes, tree.Node{Feature: -1, Value: r.NormFloat64()})
				continue
			}
			nodes = append(nodes, tree.Node{Feature: int32(r.IntN(features)), Threshold: float64(r.IntN(thresholds)) / float64(thresholds),
				Left: int32(2*i + 1), Right: int32(2*i + 2), MissingLeft: r.IntN(2) == 0})
		}
		if err := f.Append(nodes, nil); err != nil {
			panic(err)
		}
	}
	return f
}

func matrix(seed uint64, features, rows int) [][]float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	columns := make([][]float64, features)
	for j := range columns {
		for range rows {
			v := r.Float64()
			if r.IntN(20) == 0 {
				v = math.NaN()
			}
			columns[j] = append(columns[j], v)
		}
	}
	return columns
}

// TestLimits: forests on both sides of what the narrow form has room for.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name                               string
		trees, depth, features, thresholds int
		wide                               bool
	}{
		{"255 thresholds", 40, 8, 3, 255, false},
		{"more thresholds", 40, 8, 3, 1000, true},
		{"128 columns", 60, 7, 128, 10, false},
		{"more columns", 60, 7, 129, 10, true},
		{"2^16-1 nodes", 1, 15, 5, 100, false},
		{"more nodes", 1, 16, 5, 100, true},
		{"one leaf", 3, 0, 1, 1, false},
	} {
		f := random(7, c.trees, c.depth, c.features, c.thresholds)
		if w := New(f.Store()); (w.wide != nil) != c.wide {
			t.Errorf("%s: wide is %v", c.name, w.wide != nil)
		}
		agree(t, f, matrix(8, c.features, 150), 3, 150, 1)
	}
	if w := New((&tree.Forest{Starts: []int32{0}}).Store()); w.Len() != 0 {
		t.Errorf("%d trees of none", w.Len())
	}
	agree(t, &tree.Forest{Starts: []int32{0}}, matrix(8, 2, 9), 0, 9, 1)
}

// TestNoAllocation: neither a row nor a block of them allocates.
func TestNoAllocation(t *testing.T) {
	columns := matrix(3, 28, 1000)
	sums := make([]float64, 1000)
	for name, w := range both(random(5, 100, 5, 28, 200)) {
		for _, rows := range []int{1, 1000} {
			if n := testing.AllocsPerRun(50, func() { w.Add(sums[:rows], 1, columns, 0, rows) }); n > 0 {
				t.Errorf("%s: %v allocations for %d rows", name, n, rows)
			}
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	columns := matrix(3, 28, 4096)
	sums := make([]float64, 4096)
	for _, size := range []struct{ trees, depth int }{{100, 5}, {1000, 8}} {
		f := random(5, size.trees, size.depth, 28, 255)
		for name, w := range both(f) {
			for _, rows := range []int{1, 4096} {
				b.Run(fmt.Sprintf("trees=%dx%d/form=%s/rows=%d", size.trees, 1<<size.depth, name, rows), func(b *testing.B) {
					at := 0
					for b.Loop() {
						w.Add(sums[:rows], 1, columns, at, at+rows)
						at = (at + rows) & 4095
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
				})
			}
		}
	}
}
