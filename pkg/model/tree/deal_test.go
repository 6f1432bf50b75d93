package tree

import (
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// dealtTable is a table of so many columns in the given order of columns and rows, each row so
// many times or of that weight, and its target.
func dealtTable(columns, rows []int, times int, weighted bool) (*Table, []float64) {
	random := seed.Rand(3)
	all := make([][]float64, len(columns)+1)
	for j := range all {
		all[j] = make([]float64, len(rows))
		for i := range all[j] {
			all[j][i] = random.NormFloat64()
		}
	}
	var weights []float64
	copies := times
	if weighted {
		weights, copies = slices.Repeat([]float64{float64(times)}, len(rows)), 1
	}
	pick := func(j int) (values []float64) {
		for range copies {
			for _, i := range rows {
				values = append(values, all[j][i])
			}
		}
		return values
	}
	var x [][]float64
	for _, j := range columns {
		x = append(x, pick(j))
	}
	return NewTable(x, nil, weights, copies*len(rows), MaxBins), pick(len(columns))
}

func ascending(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Every tree has as many columns, and no column is left out more often than another by more
// than what is left of decks.
func TestDealerIsFair(t *testing.T) {
	for _, c := range []struct {
		columns     int
		share       float64
		want, trees int
		low, high   int // how often a column is left out
	}{
		{10, 0.8, 8, 50, 10, 10},
		{9, 0.8, 7, 40, 0, 10}, // four trees a deck, which leaves one card
		{4, 0.8, 3, 40, 10, 10},
		{5, 0.3, 2, 1000, 600 - 80, 600 + 80}, // a deck a tree: 5 deviations of √(1000·0.6·0.4)
		{3, 0.01, 1, 300, 200 - 42, 200 + 42},
	} {
		table, y := dealtTable(ascending(c.columns), ascending(100), 1, false)
		d := NewDealer(table, y, c.share, 1)
		out := make([]int, c.columns)
		for tree := range c.trees {
			dealt := d.Columns(tree)
			if len(dealt) != c.want || !slices.IsSorted(dealt) || len(slices.Compact(slices.Clone(dealt))) != c.want {
				t.Fatalf("%d columns, share %v: tree %d has %v", c.columns, c.share, tree, dealt)
			}
			for j := range out {
				if !slices.Contains(dealt, int32(j)) {
					out[j]++
				}
			}
		}
		if slices.Min(out) < c.low || slices.Max(out) > c.high {
			t.Errorf("%d columns, share %v: left out %v times of %d", c.columns, c.share, out, c.trees)
		}
	}
	table, y := dealtTable(ascending(2), ascending(100), 1, false)
	if dealt := NewDealer(table, y, 0.8, 1).Columns(0); dealt != nil {
		t.Errorf("0.8 of two columns are %v, want all", dealt)
	}
}

// What is dealt depends on what columns hold: not on their order, nor on that of rows, and a
// weight of 3 deals like three rows. Seeds deal differently.
func TestDealerGoesByContent(t *testing.T) {
	const columns, rows = 9, 400
	sources := func(order []int, table *Table, y []float64, s uint64) (all [][]int) {
		d := NewDealer(table, y, 0.8, s)
		for tree := range 20 {
			var of []int
			for _, j := range d.Columns(tree) {
				of = append(of, order[j])
			}
			slices.Sort(of)
			all = append(all, of)
		}
		return all
	}
	same := func(a, b [][]int) bool { return slices.EqualFunc(a, b, slices.Equal[[]int]) }
	plain := ascending(columns)
	table, y := dealtTable(plain, ascending(rows), 1, false)
	want := sources(plain, table, y, 1)
	if same(sources(plain, table, y, 2), want) {
		t.Error("two seeds deal alike")
	}
	turned := seed.Rand(4).Perm(columns)
	table, y = dealtTable(turned, seed.Rand(5).Perm(rows), 1, false)
	if !same(sources(turned, table, y, 1), want) {
		t.Error("the order of columns or rows matters")
	}
	table, y = dealtTable(plain, ascending(rows), 3, false)
	want = sources(plain, table, y, 1)
	table, y = dealtTable(plain, ascending(rows), 3, true)
	if !same(sources(plain, table, y, 1), want) {
		t.Error("a weight of 3 does not deal like three rows")
	}
}
