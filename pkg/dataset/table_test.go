package dataset

import (
	"reflect"
	"strings"
	"testing"
)

func TestNewTable(t *testing.T) {
	two := []float64{1, 2}
	for _, c := range []struct {
		columns []Column
		says    string
	}{
		{[]Column{{Name: "a", Type: Numeric, Values: two}, {Name: "a", Type: Numeric, Values: two}}, "appears twice"},
		{[]Column{{Name: "a", Type: Numeric, Values: two}, {Name: "b", Type: Numeric, Values: two[:1]}}, `"b" has 1 rows, "a" has 2`},
		{[]Column{{Name: "a", Type: Numeric, Values: two}, {Name: "b", Type: Categorical, Values: two}}, `"b" has 0 rows`},
	} {
		if _, err := NewTable(c.columns...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
	if empty, err := NewTable(); err != nil || empty.Rows() != 0 {
		t.Errorf("no columns: %v, %v", empty, err)
	}
}

func TestSelectAndWithout(t *testing.T) {
	table := read(t, "n,c,b\n1,x,true\n2,y,\n,z,false\n", Options{})
	before := texts(table)
	picked := table.Select([]int{2, 0, 0}).Without("b", "unknown")
	want := [][]string{{"n", "c"}, {"numeric", "categorical"}, {"", "z"}, {"1", "x"}, {"1", "x"}}
	if got := texts(picked); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if none := table.Select(nil); none.Rows() != 0 || len(none.Columns) != 3 {
		t.Errorf("no rows selected: %q", texts(none))
	}
	if !reflect.DeepEqual(texts(table), before) {
		t.Error("the table was changed")
	}
	schema := table.Schema()
	if f := schema.Field("c"); f == nil || !reflect.DeepEqual(f.Levels, []string{"x", "y", "z"}) || schema.Field("d") != nil {
		t.Errorf("fields of %v", schema)
	}
	if table.Column("c") != &table.Columns[1] || table.Column("d") != nil {
		t.Error("Column by name")
	}
}

func TestMatrixSelect(t *testing.T) {
	m := &Matrix{Rows: 3, Names: []string{"a", "b"}, Columns: [][]float64{{1, 2, 3}, {4, 5, 6}}}
	s := m.Select([]int{2, 2, 0})
	want := &Matrix{Rows: 3, Names: m.Names, Columns: [][]float64{{3, 3, 1}, {6, 6, 4}}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %v, want %v", s, want)
	}
}
