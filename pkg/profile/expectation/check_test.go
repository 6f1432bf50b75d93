package expectation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// numeric is a column of 100 numbers from 0 to 99, in 10 rows missing.
func numeric() profile.Column {
	c := profile.Column{Name: "x", Type: dataset.Numeric, Count: 100, Missing: 10, Distinct: 100,
		Numeric: &profile.NumericSummary{Min: 0, Max: 99, Integers: 100}}
	q, texts := sketch.NewQuantiles(800, 0), sketch.NewTexts(1000)
	for i := range 100 {
		q.AddSorted([]float64{float64(i)})
		texts.Add([]byte(fmt.Sprint(i)), 1)
	}
	quantiles, _ := q.MarshalBinary()
	frequent, _ := texts.MarshalBinary()
	c.Sketches = &profile.Sketches{Quantiles: quantiles, Frequent: frequent}
	return c
}

// colors is a column of texts: red 60, blue 30, green 10.
func colors() profile.Column {
	return profile.Column{Name: "x", Type: dataset.Categorical, Count: 100, Missing: 10, Distinct: 3,
		Text: &profile.TextSummary{MinLength: 3, MaxLength: 5}, Top: []profile.Value{{Value: "red", Count: 60}, {Value: "blue", Count: 30}, {Value: "green", Count: 10}}}
}

func moments() profile.Column {
	return profile.Column{Name: "x", Type: dataset.Timestamp, Count: 110, Distinct: 110,
		Numeric: &profile.NumericSummary{Min: 1.5e15, Max: 1.6e15}, Period: &profile.Period{First: "2017-07-14T02:40:00Z", Last: "2020-09-13T12:26:40Z"}}
}

// with changes a column.
func with(c profile.Column, change func(*profile.Column)) profile.Column {
	change(&c)
	return c
}

func TestRules(t *testing.T) {
	numbers, texts := numeric(), colors()
	for _, c := range []struct {
		column profile.Column
		rules  string
		want   []string
	}{
		{numbers, "missing: 0.1", []string{"missing: expected at most 10% missing, found 9.09% (10 rows)"}[:0]},
		{numbers, "missing: 0.09", []string{"missing: expected at most 9% missing, found 9.09% (10 rows)"}},
		{numbers, "type: numeric, unique: true, integer: true, range: {min: 0, max: 99}", nil},
		{numbers, "range: {min: 2, max: 97.5}", []string{"range: expected at least 2, found 0 (2 rows)", "range: expected at most 97.5, found 99 (2 rows)"}},
		{with(numbers, func(c *profile.Column) { c.Sketches = nil }), "range: {max: 97.5}", []string{"range: expected at most 97.5, found 99"}},
		{with(numbers, func(c *profile.Column) { c.Infinite.Positive, c.Count = 3, 103 }), "range: {min: 0, max: 100}", []string{"range: expected at most 100, found ∞ (3 rows)"}},
		{with(numbers, func(c *profile.Column) { c.Sketches, c.Infinite.Negative, c.Count = nil, 3, 103 }), "range: {max: -1}", []string{"range: expected at most -1, found 99 (100 rows)"}},
		{with(numbers, func(c *profile.Column) { c.Infinite.Positive, c.Count = 3, 103 }), "range: {max: 97.5}", []string{"range: expected at most 97.5, found ∞ (5 rows)"}},
		{with(numbers, func(c *profile.Column) { c.Infinite.Negative, c.Count = 3, 103 }), "range: {max: 100}", nil},
		{with(numbers, func(c *profile.Column) { c.Infinite.Positive, c.Count, c.Numeric = 3, 3, nil }), "range: {max: 100}, integer: true", []string{"range: expected at most 100, found ∞ (3 rows)"}},
		{with(numbers, func(c *profile.Column) { c.Numeric = &profile.NumericSummary{Max: 99, Integers: 98} }), "integer: true", []string{"integer: expected whole numbers, found 2 that are not (2 rows)"}},
		{with(numbers, func(c *profile.Column) { c.Type = dataset.Text; c.Kinds = profile.Kinds{Number: 99, Text: 1} }), "type: numeric, range: {max: 1}", []string{"type: expected numeric, found text (1 rows)"}},
		{texts, "range: {max: 1}, integer: true, period: {last: 2020-01-01}", []string{"integer: expected whole numbers, found a categorical column", "range: expected numbers, found a categorical column", "period: expected moments, found a categorical column"}},
		{texts, "type: text", nil}, // which of the two it is depends on the number of rows
		{texts, "type: boolean", []string{"type: expected boolean, found categorical"}},
		{texts, "values: [red, blue, green, violet]", nil},
		{texts, "values: [red, blue]", []string{`values: expected one of 2 values, found "green" (10 rows)`}},
		{texts, "values: [red, blue], other_values: 0.1", nil},
		{texts, "values: [red], other_values: 0.1", []string{`values: expected one of 1 values, at most 10% others, found "blue", "green" (40 rows)`}},
		{with(texts, func(c *profile.Column) { c.Top = c.Top[:2] }), "values: [red]", []string{`values: expected one of 1 values, found "blue" (about 30 rows)`}},
		{with(texts, func(c *profile.Column) { c.Top = c.Top[:2] }), "values: [red, blue]", []string{`values: expected one of 2 values, found 3 different values (about 1 rows)`}},
		{with(texts, func(c *profile.Column) { c.Top = c.Top[:2] }), "values: [red, blue, white]", []string{`values: cannot be decided: expected one of 3 values, but found the values of 90 of 100 rows only`}},
		{with(texts, func(c *profile.Column) { c.Top = c.Top[:2] }), "values: [red, blue, white], other_values: 0.1", nil},
		{with(numbers, func(c *profile.Column) { c.Sketches = nil; c.Top = []profile.Value{{Value: "1", Count: 100}} }), "values: [1.0, 1e0]", nil},
		{texts, "unique: true", []string{"unique: expected no value twice, found 3 different values in 100 rows (97 rows)"}},
		{with(numbers, func(c *profile.Column) { c.DistinctError = 0.016; c.Distinct = 99 }), "unique: true", []string{"unique: cannot be decided: expected no value twice, but found the number of different values to ±1.6%: about 99 in 100 rows"}},
		{with(numbers, func(c *profile.Column) { c.DistinctError = 0.016; c.Distinct = 50 }), "unique: true", []string{"unique: expected no value twice, found about 50 different values in 100 rows (about 50 rows)"}},
		{with(texts, func(c *profile.Column) { c.DistinctError = 0.016; c.Distinct = 100 }), "unique: true", []string{`unique: expected no value twice, found "red" in 60 rows (about 97 rows)`}},
		{with(numbers, func(c *profile.Column) { c.DistinctError, c.Order = 0.016, profile.StrictlyDecreasing }), "unique: true", nil},
		{texts, "length: {min: 3, max: 5}", nil},
		{texts, "length: {min: 4}", []string{"length: expected at least 4 characters, found 3 to 5"}},
		{texts, "length: {max: 4}", []string{"length: expected at most 4 characters, found 3 to 5"}},
		{moments(), "period: {first: 2017-07-14, last: '2020-09-13T14:26:40+02:00'}", nil},
		{moments(), "period: {first: 2018-01-01, last: 2020-01-01}", []string{"period: expected not before 2018-01-01, found 2017-07-14T02:40:00Z", "period: expected not after 2020-01-01, found 2020-09-13T12:26:40Z"}},
		{numbers, "order: increasing", []string{"order: expected increasing, found no order"}},
		{with(numbers, func(c *profile.Column) { c.Order = profile.StrictlyIncreasing }), "order: increasing", nil},
		{with(numbers, func(c *profile.Column) { c.Order = profile.Increasing }), "order: strictly_increasing", []string{"order: expected strictly increasing, found increasing"}},
		{with(numbers, func(c *profile.Column) { c.Order = profile.Increasing }), "order: decreasing", []string{"order: expected decreasing, found increasing"}},
		{with(numbers, func(c *profile.Column) { c.Distinct = 1 }), "order: decreasing", nil},
		{with(numbers, func(c *profile.Column) { c.Distinct = 1 }), "order: strictly_decreasing", []string{"order: expected strictly decreasing, found no order"}},
		{profile.Column{Name: "x", Type: dataset.Numeric, Missing: 110}, "type: text, missing: 1, unique: true, values: [a], length: {min: 1}, order: increasing", nil},
		{profile.Column{Name: "x", Type: dataset.Numeric, Missing: 110}, "missing: 0", []string{"missing: expected at most 0% missing, found 100% (110 rows)"}},
	} {
		e := read(t, "columns: [{name: x, "+c.rules+"}]")
		var got []string
		for _, v := range e.Check(&profile.Profile{Rows: 110, Columns: []profile.Column{c.column}}) {
			got = append(got, v.Rule+": "+strings.TrimPrefix(v.String(), `column "x": `))
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\ngot  %q\nwant %q", c.rules, got, c.want)
		}
	}
}

func TestDataSetRules(t *testing.T) {
	p := &profile.Profile{Rows: 5, Columns: []profile.Column{{Name: "age", Count: 5}, {Name: "sex", Count: 5}}}
	e := read(t, "rows: {min: 6, max: 9}\nother_columns: refused\ncolumns: [{name: agee}, {name: sex}]")
	var got []string
	for _, v := range e.Check(p) {
		got = append(got, v.String())
	}
	want := []string{
		"expected 6 to 9 rows, found 5",
		`column "agee": expected the column, found none of that name; did you mean "age"?`,
		`column "age": expected no other columns, found this one`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	for _, empty := range []string{"{}", "columns: []", "other_columns: allowed"} {
		if found := read(t, empty).Check(p); found != nil {
			t.Errorf("%s: %v", empty, found)
		}
	}
	if found := Suggest(&profile.Profile{}).Check(&profile.Profile{}); found != nil {
		t.Errorf("nothing: %v", found)
	}
}

// TestSmallAndEmptyColumns: what is suggested from next to nothing is next to nothing.
func TestSmallAndEmptyColumns(t *testing.T) {
	for name, values := range map[string][]float64{"none": {}, "one": {7}, "constant": {3, 3, 3, 3}} {
		table, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: values})
		if err != nil {
			t.Fatal(err)
		}
		p := describe(t, table)
		e := Suggest(p)
		if c := e.Columns[0]; c.Range != nil || c.Integer || c.Missing != nil {
			t.Errorf("%s: %+v", name, c)
		}
		if found := e.Check(p); found != nil {
			t.Errorf("%s: %v", name, found)
		}
	}
}
