package serving

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
)

var inputs = dataset.Schema{
	{Name: "age", Type: dataset.Numeric},
	{Name: "job/class", Type: dataset.Categorical, Levels: []string{"3.0", "Private", "é😀"}},
	{Name: "member", Type: dataset.Boolean},
	{Name: "since", Type: dataset.Timestamp},
	{Name: "note", Type: dataset.Text},
}

// reference reads rows by encoding/json: the table, or the pointers of what is wrong.
func reference(array string) (*dataset.Table, []string, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal([]byte(array), &rows); err != nil {
		return nil, nil, err
	}
	build := inputs.Builder()
	var faults []string
	for i, row := range rows {
		build.AddRow()
		d := json.NewDecoder(strings.NewReader(string(row)))
		d.UseNumber()
		pointer := func(row int, column string) string {
			if column == "" {
				return fmt.Sprint("/instances/", row)
			}
			return fmt.Sprint("/instances/", row, "/", escapePointer(column))
		}
		open, _ := d.Token()
		if open == json.Delim('[') {
			values := 0
			for ; d.More(); values++ {
				var value any
				if err := d.Decode(&value); err != nil {
					return nil, nil, err
				}
				if values < len(inputs) && setReference(build, values, value) != nil {
					faults = append(faults, fmt.Sprint("/instances/", i, "/", values))
				}
			}
			if values != len(inputs) {
				faults = append(faults, pointer(i, ""))
			}
			continue
		}
		if open != json.Delim('{') {
			faults = append(faults, pointer(i, ""))
			continue
		}
		known, before := 0, len(faults)
		seen := map[string]bool{}
		for d.More() {
			name, _ := d.Token()
			var value any
			if err := d.Decode(&value); err != nil {
				return nil, nil, err
			}
			field := inputs.Index(name.(string))
			if field >= 0 {
				known++
			}
			if field < 0 || seen[name.(string)] || setReference(build, field, value) != nil {
				faults = append(faults, pointer(i, name.(string)))
			}
			seen[name.(string)] = true
		}
		if known == 0 && len(faults) == before {
			faults = append(faults, pointer(i, ""))
		}
	}
	return build.Table(), faults, nil
}

func setReference(build *dataset.Builder, field int, value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case bool:
		return build.Bool(field, v)
	case string:
		return build.Text(field, v)
	case json.Number:
		number, err := v.Float64()
		if inputs[field].Type.Coded() {
			return build.Text(field, v.String())
		} else if err != nil {
			return err
		}
		return build.Number(field, number)
	}
	return errors.New("nested")
}

func FuzzInstances(f *testing.F) {
	for _, array := range []string{
		`[{"age": 1, "job/class": "Private", "member": true, "since": "2020-01-01", "note": "late"}]`,
		`[{"age": "1.5", "job/class": 3.0, "member": 1, "note": 1.50}, {"age": null, "job/class": 3, "member": "false"}]`,
		`[{"age": 1e999, "note": 1e999}, {"age": {"x": [1]}, "member": 2}, {}, 1, {"other": 1}, {"age": 1, "age": 2}]`,
		`[{"job\/class": "\u00e9\ud83d\ude00"}, {"job/class": " é😀 "}, {"\u0061ge": -0.0}, {"note": "\ud83d"}]`,
		`[[1, "Private", true, "2020-01-01", 1.50], [1, 2], ["x", null, 3, 4, 5]]`, `[]`, `{}`, `[{"since": 5}]`, `[{"age": true}, null, [], "x"]`, "[{\"note\": \"\xff\"}]",
	} {
		f.Add(array)
	}
	f.Fuzz(func(t *testing.T, array string) {
		var q request
		err := q.parse(`{"instances": ` + array + `}`)
		want, faults, invalid := reference(array)
		if err != nil {
			if json.Valid([]byte(array)) && !strings.Contains(err.Error(), "deeper") {
				t.Fatalf("%q: %v", array, err)
			}
			return
		}
		if !json.Valid([]byte(array)) {
			return // the text closes the body and goes on by itself
		}
		table, _, err := q.rows(prepare(&pipeline.Pipeline{Schema: inputs, Target: pipeline.Target{Name: "income"}, Reference: &profile.Profile{}}))
		var p gateway.Problem
		switch {
		case errors.As(err, &p):
			var got []string
			for _, e := range p.Errors {
				got = append(got, e.Pointer)
			}
			if invalid == nil && want.Rows() > 0 && fmt.Sprint(got) != fmt.Sprint(faults[:min(MaxFaults, len(faults))]) {
				t.Fatalf("%q: faults at %v, want %v", array, got, faults)
			}
		case err != nil:
			t.Fatalf("%q: %v", array, err)
		case invalid != nil || len(faults) > 0:
			t.Fatalf("%q: no fault, want %v %v", array, invalid, faults)
		case fmt.Sprintf("%#v", table.Columns) != fmt.Sprintf("%#v", want.Columns): // NaN is NaN
			t.Fatalf("%q: %v, want %v", array, table.Columns, want.Columns)
		}
	})
}
