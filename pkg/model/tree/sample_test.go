package tree

import (
	"reflect"
	"testing"
)

// Columns that are left out of records, as few are, and columns that are only not offered, as
// most are, give the same tree as a table without the others; and all columns are back after.
func TestSampledColumns(t *testing.T) {
	const n = 10
	table, y := dealtTable(ascending(n), ascending(500), 1, false)
	ones := make([]float64, len(y))
	for i := range ones {
		ones[i] = 1
	}
	params := Params{Leaves: 8, MinLeafRows: 5, NodeColumns: 1}
	grow := func(g *Grower) []Node {
		grown, err := g.Grow(y, ones, 1)
		if err != nil {
			t.Fatal(err)
		}
		return append([]Node(nil), grown.Nodes...)
	}
	g := NewGrower(table, params)
	all := grow(g)
	for _, columns := range [][]int32{{1, 2, 3, 4, 6, 7, 8, 9}, {3, 8}, {0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}, {7}} {
		of := *table
		of.columns = nil
		for _, j := range columns {
			of.columns = append(of.columns, table.columns[j])
		}
		g.Sample(nil, columns)
		if got, want := grow(g), grow(NewGrower(&of, params)); !reflect.DeepEqual(got, want) {
			t.Errorf("columns %v: %v, want %v", columns, got, want)
		}
	}
	g.Sample(nil, nil)
	if got := grow(g); !reflect.DeepEqual(got, all) {
		t.Errorf("all columns again: %v, want %v", got, all)
	}
}
