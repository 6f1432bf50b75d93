package dataset

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

var everyType = Schema{
	{Name: "n", Type: Numeric},
	{Name: "b", Type: Boolean},
	{Name: "t", Type: Timestamp},
	{Name: "c", Type: Categorical, Levels: []string{"1234567", "true", "x"}},
	{Name: "s", Type: Text, Levels: []string{"free text"}},
}

// A row given as JSON values makes the table that the same row makes as CSV.
func TestBuilderEqualsCSV(t *testing.T) {
	content := "n,b,t,c,s\n1.5,true,2026-01-02T03:04:05Z,x,free text\n,,,,\n?,NA,null,None,\n7,1,2026-01-02,1234567,\"free text \"\n"
	table := read(t, content, Options{Types: everyType.Types()})
	want, unseen, err := table.Conform(everyType)
	if err != nil || len(unseen) > 0 {
		t.Fatal(unseen, err)
	}

	b := everyType.Builder()
	set := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b.AddRow()
	set(b.Number(0, 1.5))
	set(b.Bool(1, true))
	set(b.Text(2, "2026-01-02T03:04:05Z"))
	set(b.Text(3, " x "))
	set(b.Text(4, "free text"))
	b.AddRow()
	b.AddRow()
	for field, token := range []string{"?", "NA", "null", "None", ""} {
		set(b.Text(field, token))
	}
	b.AddRow()
	set(b.Text(0, "7"))
	set(b.Number(1, 1))
	set(b.Text(2, "2026-01-02"))
	set(b.Number(3, 1234567))
	set(b.Text(4, "free text "))
	equalTables(t, b.Table(), want)
	if u := b.Unseen(); len(u) > 0 {
		t.Errorf("unseen %v", u)
	}
}

func TestBuilderCoded(t *testing.T) {
	b := everyType.Builder()
	b.AddRow()
	b.AddRow()
	for _, err := range []error{b.Bool(3, true), b.Text(3, "never met"), b.Bool(3, true), b.Text(4, "new"), b.Number(0, math.Inf(1)), b.Bool(1, false)} {
		if err != nil {
			t.Error(err)
		}
	}
	b.AddRow()
	for _, err := range []error{b.Number(3, 8), b.Text(3, "y"), b.Text(4, "a"), b.Text(4, "free text"), b.Number(0, 3), b.Number(0, math.NaN())} {
		if err != nil {
			t.Error(err)
		}
	}
	want := [][]string{
		{"n", "b", "t", "c", "s"}, {"numeric", "boolean", "timestamp", "categorical", "text"},
		{"", "", "", "", ""}, {"+Inf", "false", "", "true", "new"}, {"", "", "", "", "free text"},
	}
	if got := texts(b.Table()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := b.Unseen(), []Unseen{{2, "c", "y"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("unseen %v, want %v", got, want)
	}
}

func TestBuilderRefuses(t *testing.T) {
	b := everyType.Builder()
	b.AddRow()
	for _, c := range []struct {
		err          error
		column, says string
	}{
		{b.Text(0, "abc"), "n", `"abc" is not a number`},
		{b.Bool(0, true), "n", "want a number, got true"},
		{b.Number(1, 2), "b", "want true or false, got the number 2"},
		{b.Text(1, "yes"), "b", `"yes" is not true or false`},
		{b.Number(2, 1e9), "t", "got the number 1000000000"},
		{b.Bool(2, false), "t", "want a timestamp, got false"},
		{b.Text(2, "tomorrow"), "t", `"tomorrow" is not a timestamp`},
	} {
		if e, ok := errors.AsType[*ColumnError](c.err); !ok || e.Column != c.column || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("got %v, want column %q, saying %q", c.err, c.column, c.says)
		}
	}
	for j := range b.Table().Columns {
		if !b.columns[j].Missing(0) {
			t.Errorf("column %q has a value after an error", b.columns[j].Name)
		}
	}
}

func TestSchemaValidate(t *testing.T) {
	if err := everyType.Validate(); err != nil {
		t.Error(err)
	}
	bad := Schema{
		{Name: "", Type: Numeric}, {Name: "a", Type: "int"}, {Name: "a", Type: Numeric},
		{Name: "l", Type: Numeric, Levels: []string{"x"}},
		{Name: "r", Type: Categorical, Levels: []string{"x", "x"}},
		{Name: "u", Type: Text, Levels: []string{"y", "x"}},
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, says := range []string{"has no name", `column "a": unknown type "int"`, `column "a": appears twice`,
		`column "l": has levels`, `column "r": levels`, `column "u": levels`} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v\ndoes not say %s", err, says)
		}
	}
	if i, j := everyType.Index("t"), everyType.Index("T"); i != 2 || j != -1 {
		t.Errorf("Index: %d, %d", i, j)
	}
}
