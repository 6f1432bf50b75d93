package expectation

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/source"
)

var ctx = context.Background()

// readTable reads a file of testdata.
func readTable(t *testing.T, file string) *dataset.Table {
	t.Helper()
	rows, err := source.Open(ctx, "../../../testdata/"+file, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.Read(ctx, rows, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func describe(t *testing.T, table *dataset.Table) *profile.Profile {
	t.Helper()
	p, err := profile.New(ctx, table, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, e *Expectations) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, e); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(t *testing.T, text string) *Expectations {
	t.Helper()
	e, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return e
}

func TestSuggestedExpectationsHoldAndRoundTrip(t *testing.T) {
	for _, file := range []string{"adult.csv", "penguins.csv", "wine-quality-white.csv"} {
		p := describe(t, readTable(t, file))
		e := Suggest(p)
		for _, v := range e.Check(p) {
			t.Errorf("%s: %s", file, v)
		}
		text := write(t, e)
		back := read(t, text)
		if !reflect.DeepEqual(e, back) {
			t.Errorf("%s: read back it is\n%+v\nnot\n%+v", file, back, e)
		}
		if file == "adult.csv" && !strings.Contains(text, `values: ["<=50K", ">50K"]`) {
			t.Errorf("the classes cannot be read:\n%s", text)
		}
		if again := write(t, back); again != text {
			t.Errorf("%s: written again it is\n%s", file, again)
		}
	}
}

func TestFaultsAreListedAllAtOnce(t *testing.T) {
	for text, want := range map[string][]string{
		"rows: {min: 3, max: 2}\nother_columns: maybe": {"/rows: min 3", "/other_columns: want allowed or refused"},
		"rows: {min: -1}": {"/rows: not negative"},
		"colums: []":      {`/colums: did you mean "columns"?`},
		"columns: [{name: a, rang: {min: 1}}, {name: b, range: {mim: 1}}]":          {`/columns/0/rang: did you mean "range"?`, `/columns/1/range/mim: did you mean "min"?`},
		"columns: [{name: a, missing: 2}, {name: a, type: date, missing: nothing}]": {"/columns/1/missing: want a number, got text"},
		"columns: [{name: a, missing: 2}, {name: a, type: date}]":                   {"/columns/0/missing: want a share", "/columns/1/name: named at /columns/0", "/columns/1/type: unknown type"},
		"columns: [{name: a, range: {min: 2, max: 1}, length: {max: -1}, other_values: 0.1, order: up, period: {first: soon, last: 2020-02-30}}]": {
			"/columns/0/other_values: without values", "/columns/0/range: min 2", "/columns/0/period/first: want a date", "/columns/0/period/last: want a date", "/columns/0/length: not negative", "/columns/0/order: want increasing"},
		"columns: [{name: a, period: {first: 2021-01-01, last: 2020-01-01}}]": {"/columns/0/period: after"},
		"columns: [{name: a, values: [[1]]}]":                                 {": want texts"},
		"columns: {a: 1}":                                                     {"/columns: want a list"},
	} {
		_, err := Read(strings.NewReader(text))
		var faulty *Error
		if !errors.As(err, &faulty) || len(faulty.Faults) != len(want) {
			t.Errorf("%s: got %v", text, err)
			continue
		}
		for i, w := range want {
			pointer, detail, _ := strings.Cut(w, ": ")
			if f := faulty.Faults[i]; f.Pointer != pointer || !strings.Contains(f.Detail, detail) {
				t.Errorf("%s: got %+v, want %s", text, f, w)
			}
		}
	}
}

// TestPersonalDataIsNotShown: neither in what is suggested nor in what is found.
func TestPersonalDataIsNotShown(t *testing.T) {
	levels := []string{"anna@example.org", "bert@example.org"}
	table, err := dataset.NewTable(dataset.Column{Name: "mail", Type: dataset.Categorical, Codes: make([]int32, 100), Levels: levels})
	if err != nil {
		t.Fatal(err)
	}
	table.Columns[0].Codes[99] = 1
	p := describe(t, table)
	if text := write(t, Suggest(p)); strings.Contains(text, "anna") || !strings.Contains(text, "length:") {
		t.Errorf("suggested:\n%s", text)
	}
	found := read(t, "columns: [{name: mail, values: [other@example.org]}]").Check(p)
	if len(found) != 1 || found[0].Rows != 100 || strings.Contains(found[0].Found, "anna") || !strings.Contains(found[0].Found, "@") {
		t.Errorf("found %v", found)
	}
	// Nor are numbers, at the end of a range that many have or one that is broken.
	cards := dataset.Column{Name: "card", Type: dataset.Numeric, Values: make([]float64, 100)}
	for i := range cards.Values {
		cards.Values[i] = []float64{4111111111111111, 5555555555554444, 4012888888881881}[i%3]
	}
	if table, err = dataset.NewTable(cards); err != nil {
		t.Fatal(err)
	}
	p = describe(t, table)
	if text := write(t, Suggest(p)); len(p.Columns[0].Personal) != 1 || strings.Contains(text, "range") || !strings.Contains(text, "integer: true") {
		t.Errorf("%+v, suggested:\n%s", p.Columns[0].Personal, text)
	}
	found = read(t, "columns: [{name: card, range: {min: 5, max: 7}}]").Check(p)
	if len(found) != 1 || found[0].Found != "••••••••••••4444" {
		t.Errorf("found %v", found)
	}
}

// TestIdentifiersGoOn: they are unique, and tomorrow's are not today's.
func TestIdentifiersGoOn(t *testing.T) {
	ids := dataset.Column{Name: "order_id", Type: dataset.Numeric, Values: make([]float64, 500)}
	for i := range ids.Values {
		ids.Values[i] = float64(1000 + 3*i)
	}
	table, err := dataset.NewTable(ids)
	if err != nil {
		t.Fatal(err)
	}
	c := Suggest(describe(t, table)).Columns[0]
	if !c.Unique || !c.Integer || c.Range != nil || c.Order != profile.StrictlyIncreasing {
		t.Errorf("%+v", c)
	}
}
