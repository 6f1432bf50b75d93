package dataset

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestConform(t *testing.T) {
	schema := Schema{
		{Name: "c", Type: Categorical, Levels: []string{"a", "m", "z"}},
		{Name: "s", Type: Text, Levels: []string{"q"}},
		{Name: "n", Type: Numeric},
		{Name: "t", Type: Timestamp},
		{Name: "e", Type: Categorical, Levels: []string{"l"}},
		{Name: "d", Type: Categorical, Levels: []string{"in"}},
	}
	table := read(t, "d,extra,n,c,s,t,e\nnew,1,10,z,q,,\nnew,2,NA,b,r,,\nin,3,30,?,q,,\nold,4,40,a,r,,\n", Options{})
	before := texts(table)
	got, unseen, err := table.Conform(schema)
	if err != nil {
		t.Fatal(err)
	}
	want := &Table{rows: 4, Columns: []Column{
		{Name: "c", Type: Categorical, Levels: schema[0].Levels, Codes: []int32{2, -1, -1, 0}},
		{Name: "s", Type: Text, Levels: []string{"q", "r"}, Codes: []int32{0, 1, 0, 1}},
		{Name: "n", Type: Numeric, Values: []float64{10, math.NaN(), 30, 40}},
		{Name: "t", Type: Timestamp, Values: []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}},
		{Name: "e", Type: Categorical, Levels: schema[4].Levels, Codes: []int32{-1, -1, -1, -1}},
		{Name: "d", Type: Categorical, Levels: schema[5].Levels, Codes: []int32{-1, -1, 0, -1}},
	}}
	equalTables(t, got, want)
	if want := []Unseen{{0, "d", "new"}, {1, "c", "b"}, {1, "d", "new"}, {3, "d", "old"}}; !reflect.DeepEqual(unseen, want) {
		t.Errorf("unseen %v, want %v", unseen, want)
	}
	if !reflect.DeepEqual(texts(table), before) {
		t.Error("the table was changed")
	}
	again, unseen, err := got.Conform(schema)
	if err != nil || len(unseen) > 0 {
		t.Fatal(unseen, err)
	}
	equalTables(t, again, want)
}

func TestConformRefuses(t *testing.T) {
	table := read(t, "n,c\n1,a\n2,b\n", Options{})
	_, _, err := table.Conform(Schema{{Name: "n", Type: Categorical}, {Name: "c", Type: Numeric}, {Name: "gone", Type: Numeric}})
	if e, ok := errors.AsType[*ColumnError](err); !ok || e.Column != "n" {
		t.Fatalf("got %v, want a *ColumnError of n first", err)
	}
	for _, says := range []string{`column "n": is numeric in the data, want categorical`,
		`column "c": is categorical in the data, want numeric`, `column "gone": is missing`} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v\ndoes not say %s", err, says)
		}
	}
}

// TestConformNumbers: a number is the level of the same number, unless it is a code or too long.
func TestConformNumbers(t *testing.T) {
	schema := Schema{{Name: "g", Type: Categorical, Levels: []string{"1", "2.5", "9007199254740993", "a"}}}
	texts := []string{"1", "1.0", "01", "2.50", "9007199254740993", "9007199254740993.0", "9007199254740992", "a", "A"}
	want := []int32{0, 0, -1, 1, 2, -1, -1, 3, -1}
	column := Column{Name: "g", Type: Categorical, Levels: slices.Sorted(slices.Values(texts))}
	b := schema.Builder()
	for _, text := range texts {
		code, _ := slices.BinarySearch(column.Levels, text)
		column.Codes = append(column.Codes, int32(code))
		b.AddRow()
		if err := b.Text(0, text); err != nil {
			t.Fatal(err)
		}
	}
	table, err := NewTable(column)
	if err != nil {
		t.Fatal(err)
	}
	shaped, unseen, err := table.Conform(schema)
	if err != nil || !slices.Equal(shaped.Columns[0].Codes, want) || len(unseen) != 4 {
		t.Errorf("%v, %+v, %v; want %v", shaped.Columns[0].Codes, unseen, err, want)
	}
	if built := b.Table(); !slices.Equal(built.Columns[0].Codes, want) || !slices.Equal(b.Unseen(), unseen) {
		t.Errorf("row by row %v, %+v", built.Columns[0].Codes, b.Unseen())
	}
}
