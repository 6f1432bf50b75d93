package serving_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestPolicies holds the table of docs/serving.md: what becomes of a value in a column of each
// type. same is another way to write what it means; a warning or a fault is told by a part of it.
func TestPolicies(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "logistic", "income") // ages of 20 to 79, and no gaps
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	predict := func(column, value, query string) (string, []serving.Warning, gateway.Problem) {
		t.Helper()
		row := map[string]json.RawMessage{"age": []byte("43"), "job/class": []byte(`"State"`), "member": []byte("true"), "since": []byte(`"2020-10-06"`)}
		if value == "" {
			delete(row, column)
		} else {
			row[column] = json.RawMessage(value)
		}
		body, err := json.Marshal(map[string]any{"instances": []any{row}})
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		w := post(h, "/v1/models/adult/predict"+query, string(body))
		var a struct {
			Predictions json.RawMessage
			Warnings    []serving.Warning
		}
		var p gateway.Problem
		if w.Code != http.StatusOK {
			err = json.Unmarshal(w.Body.Bytes(), &p)
		} else {
			err = json.Unmarshal(w.Body.Bytes(), &a)
		}
		if err != nil {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return string(a.Predictions), a.Warnings, p
	}
	for _, tt := range []struct{ column, value, same, warning, fault string }{
		{"age", `null`, ``, "missing here, but never in training: age", ""},
		{"age", `"NA"`, `null`, "missing here", ""},
		{"age", `""`, `null`, "missing here", ""},
		{"age", `"NaN"`, `null`, "missing here", ""},
		{"age", `43.0`, `43`, "", ""},
		{"age", `4.3e1`, `43`, "", ""},
		{"age", `"43.5"`, `43.5`, `the string "43.5" was read as a number; send it without quotes`, ""},
		{"age", `"inf"`, ``, "", "is infinite"},
		{"age", `"-Infinity"`, ``, "", "is infinite"},
		{"age", `19`, ``, "19 is below 20, the least of training", ""},
		{"age", `79.5`, ``, "79.5 is above 79, the greatest of training", ""},
		{"age", `79`, ``, "", ""},
		{"age", `true`, ``, "", "want a number, got true"},
		{"age", `"old"`, ``, "", `"old" is not a number`},
		{"age", `[43]`, ``, "", "want a single value, got an array"},
		{"age", `1e999`, ``, "", "the number 1e999 is out of range"},
		{"age", `"1,000"`, ``, "", `"1,000" is not a number`},
		{"member", `1`, `true`, "", ""},
		{"member", `0.0`, `false`, "", ""},
		{"member", `"TRUE"`, `true`, `the string "TRUE" was read as true or false`, ""},
		{"member", `"0"`, `false`, `the string "0" was read as true or false`, ""},
		{"member", `2`, ``, "", "want true or false, got the number 2"},
		{"member", `"yes"`, ``, "", `"yes" is not true or false`},
		{"member", `null`, ``, "missing here", ""},
		{"job/class", `3.0`, `"3.0"`, "", ""},
		{"job/class", `" State "`, `"State"`, "", ""},
		{"job/class", `"state"`, `null`, `"state" was never seen in training and counts as missing`, ""},
		{"job/class", `true`, `null`, `"true" was never seen in training`, ""},
		{"job/class", `{}`, ``, "", "want a single value, got an object"},
		{"since", `"2020-10-06T02:00:00+02:00"`, `"2020-10-06"`, "", ""},
		{"since", `"2031-01-01"`, ``, "", ""}, // time goes on: no warning
		{"since", `1601942400`, ``, "", "want a timestamp"},
		{"since", `"yesterday"`, ``, "", `"yesterday" is not a timestamp`},
		{"aeg", `1`, ``, "", `is not a column of the model`},
		{"income", `">50K"`, ``, "", `is what the model predicts; leave it out`},
	} {
		name := fmt.Sprintf("%s of %s", tt.column, tt.value)
		got, warnings, p := predict(tt.column, tt.value, "")
		if tt.fault != "" {
			pointer := "/instances/0/" + strings.ReplaceAll(tt.column, "/", "~1")
			if p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || !strings.Contains(p.Errors[0].Detail, tt.fault) || p.Errors[0].Pointer != pointer || p.Errors[0].Row != 1 || p.Errors[0].Column != tt.column {
				t.Errorf("%s: %+v, want %s", name, p, tt.fault)
			}
			continue
		}
		if p.Status != 0 {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		if tt.warning == "" && len(warnings) > 0 || tt.warning != "" && (len(warnings) != 1 && tt.same != "null" || !strings.Contains(warnings[0].Detail, tt.warning)) {
			t.Errorf("%s: warnings %+v, want %q", name, warnings, tt.warning)
		}
		if tt.same != "" {
			if want, _, _ := predict(tt.column, tt.same, ""); got != want {
				t.Errorf("%s: %s, and %s for %s", name, got, want, tt.same)
			}
		}
	}
	plain, _, _ := predict("age", "43", "")
	for _, extra := range []string{"aeg", "income"} {
		got, warnings, _ := predict(extra, "1", "?extra=ignore")
		if got != plain || len(warnings) != 1 || warnings[0].Column != extra || warnings[0].Detail != "is not a column of the model and was ignored" {
			t.Errorf("%s ignored: %s, %+v", extra, got, warnings)
		}
	}
}

// TestPlaces: a fault and a warning say where in the body they are, in every format.
func TestPlaces(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	for _, tt := range []struct {
		media, format string // of the second row's age
		pointer       string
		line          int
	}{
		{"application/json", `{"instances": [{"age": 30}, {"age": %s}]}`, "/instances/1/age", 0},
		{"application/json", `{"instances": [{"age": 30}, [%s, null, null, null]]}`, "/instances/1/0", 0},
		{"application/json", `{"dataframe_records": [{"age": 30}, {"age": %s}]}`, "/dataframe_records/1/age", 0},
		{"application/json", `{"dataframe_split": {"columns": ["member", "age"], "data": [[true, 30], [true, %s]]}}`, "/dataframe_split/data/1/1", 0},
		{"application/json", `{"inputs": {"age": [30, %s]}}`, "/inputs/age/1", 0},
		{"application/jsonlines", `{"age": 30}` + "\n\n" + `{"age": %s}`, "/age", 3},
		{"application/jsonlines", `{"age": 30}` + "\n" + `[%s, null, null, null]`, "/0", 2},
		{"text/csv", "age,member\n30,true\n\n%s,true\n", "", 4},
		{"text/csv", "30,\"two\nlines\",true,\n%s,,true,\n", "", 3},
	} {
		var p gateway.Problem
		old := `"old"`
		if err := json.Unmarshal(send(h, "/v1/models/adult/predict", tt.media, fmt.Sprintf(tt.format, old)).Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if len(p.Errors) != 1 || p.Errors[0].Pointer != tt.pointer || p.Errors[0].Line != tt.line || p.Errors[0].Row != 2 || p.Errors[0].Column != "age" {
			t.Errorf("%s: %+v", tt.format, p)
		}
		var a answer
		if err := json.Unmarshal(send(h, "/v1/models/adult/predict", tt.media, fmt.Sprintf(tt.format, "130")).Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, w := range a.Warnings {
			found = found || w.Pointer == tt.pointer && w.Line == tt.line && w.Row == 2 && w.Column == "age" && strings.HasPrefix(w.Detail, "130 is above")
		}
		if !found {
			t.Errorf("%s: %+v", tt.format, a.Warnings)
		}
	}
}
