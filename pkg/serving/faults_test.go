package serving_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestBadRequests: each becomes one problem, with row and column where there is one.
func TestBadRequests(t *testing.T) {
	r, store := newRegistry(t)
	train(t, r, "adult", "logistic", "income")
	promote(t, r, "adult", 1)
	train(t, r, "unpromoted", "baseline", "income")
	h := (&serving.Server{Registry: r}).Routes()

	const path = "/v1/models/adult/predict"
	row := func(s string) string { return `{"instances": [` + s + `]}` }
	for _, tt := range []struct {
		name, target, body string
		want               gateway.Type
		detail             string               // a part of it
		errors             []gateway.FieldError // all of them, if given
	}{
		{"unknown model", "/v1/models/wine/predict", row(`{"age": 1}`), gateway.ModelNotFound, "model wine not found", nil},
		{"no champion", "/v1/models/unpromoted/predict", row(`{"age": 1}`), gateway.AliasNotFound, "champion of model unpromoted", nil},
		{"unknown alias", path + "?alias=rival", row(`{"age": 1}`), gateway.AliasNotFound, "rival", nil},
		{"unknown version", path + "?version=9", row(`{"age": 1}`), gateway.VersionNotFound, "9 of model adult", nil},
		{"no name", "/v1/models/A%2F..%2FB/predict", row(`{"age": 1}`), gateway.InvalidName, "", nil},
		{"no alias name", path + "?alias=A", row(`{"age": 1}`), gateway.InvalidName, "", nil},
		{"version 0", path + "?version=0", row(`{"age": 1}`), gateway.InvalidParameter, "", nil},
		{"version x", path + "?version=x", row(`{"age": 1}`), gateway.InvalidParameter, `"x"`, nil},
		{"version -1 in the body", path, `{"version": -1, "instances": [{"age": 1}]}`, gateway.InvalidParameter, "-1", nil},
		{"version and alias", path + "?version=1&alias=champion", row(`{"age": 1}`), gateway.InvalidParameter, "more than one", nil},
		{"alias twice", path + "?alias=champion", `{"alias": "champion", "instances": [{"age": 1}]}`, gateway.InvalidParameter, "more than one", nil},

		{"empty body", path, "", gateway.EmptyBody, "", nil},
		{"7 MB", path, row(`{"age": "` + strings.Repeat("9", 7<<20) + `"}`), gateway.BodyTooLarge, "6291456", nil},
		{"malformed", path, `{"instances": [{"age": 1},]}`, gateway.InvalidJSON, "line 1, column 27", nil},
		{"cut off", path, `{"instances": [{"age": 1`, gateway.InvalidJSON, "ends before", nil},
		{"two values", path, row(`{"age": 1}`) + "{}", gateway.InvalidJSON, "", nil},
		{"unknown member", path, `{"instance": [{"age": 1}]}`, gateway.InvalidJSON, `"instance"`, nil},
		{"an array", path, `[{"age": 1}]`, gateway.InvalidJSON, "want an object", nil},
		{"alias is no text", path, `{"alias": 1, "instances": []}`, gateway.InvalidJSON, "line 1, column 11: alias: want a string, got a number", nil},
		{"alias twice in the body", path, `{"alias": "a", "alias": "b", "instances": []}`, gateway.InvalidJSON, `"alias" appears twice`, nil},
		{"instances twice", path, `{"instances": [], "instances": [{"age": 1}]}`, gateway.InvalidJSON, `"instances" appears twice`, nil},
		{"version is no integer", path, `{"version": 1.5, "instances": []}`, gateway.InvalidJSON, "version", nil},
		{"deep", path, `{"instances": ` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + "}", gateway.InvalidJSON, "nested deeper than 64", nil},

		{"no instances", path, `{}`, gateway.InvalidInstances, "no \"instances\"", nil},
		{"null", path, `{"instances": null}`, gateway.InvalidInstances, "not an array", nil},
		{"no array", path, `{"instances": {"age": 1}}`, gateway.InvalidInstances, "not an array", nil},
		{"empty array", path, `{"instances": []}`, gateway.InvalidInstances, "no rows", nil},
		{"10,001 rows", path, row(strings.Repeat(`{"age":1},`, serving.MaxInstances) + `{"age":1}`), gateway.InvalidInstances, "more than 10000", nil},

		{"wrong type in row 3", path, row(`{"age": 1}, {"age": 2}, {"age": "old"}`), gateway.InvalidInstances, `row 3, column "age"`, nil},
		{"unknown column", path, row(`{"aeg": 1, "age": 1}`), gateway.InvalidInstances, "", []gateway.FieldError{
			{Pointer: "/instances/0/aeg", Row: 1, Column: "aeg", Detail: `is not a column of the model; known are age, job/class, member, since`}}},
		{"near column", path, row(`{"Job-Class": "State"}`), gateway.InvalidInstances, "", []gateway.FieldError{
			{Pointer: "/instances/0/Job-Class", Row: 1, Column: "Job-Class", Detail: `is not a column of the model; did you mean "job/class"?`}}},
		{"target", path, row(`{"age": 1, "income": ">50K"}`), gateway.InvalidInstances, "", []gateway.FieldError{
			{Pointer: "/instances/0/income", Row: 1, Column: "income", Detail: "is what the model predicts; leave it out"}}},
		{"several", path, row(`1, {"age": [1, {"x": [2]}], "member": "x"}, {}, {"age": 1, "age": 2}, {"age": true, "since": 5}, {"age": 1e999}`),
			gateway.InvalidInstances, "8 faults in all", nil},
		{"row that is none", path, row(`{"age": 1}, null`), gateway.InvalidInstances, "", []gateway.FieldError{
			{Pointer: "/instances/1", Row: 2, Detail: "want an object with the row's columns, or an array of its values, got null"}}},
		{"nothing known", path, row(`{}`), gateway.InvalidInstances, "", []gateway.FieldError{
			{Pointer: "/instances/0", Row: 1, Detail: "has none of the model's columns: age, job/class, member, since"}}},
		{"nested", path, row(`{"age": {"x": 1}, "job/class": []}`), gateway.InvalidInstances, "", []gateway.FieldError{
			{Pointer: "/instances/0/age", Row: 1, Column: "age", Detail: "want a single value, got an object"},
			{Pointer: "/instances/0/job~1class", Row: 1, Column: "job/class", Detail: "want a single value, got an array"}}},
	} {
		w := post(h, tt.target, tt.body)
		var p gateway.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%s: %s", tt.name, w.Body)
		}
		if !errors.Is(p, tt.want.New("")) || w.Code != tt.want.Status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s: %d %.500s", tt.name, w.Code, w.Body)
		}
		if tt.errors != nil && !slices.Equal(p.Errors, tt.errors) {
			t.Errorf("%s: %+v", tt.name, p.Errors)
		}
	}
	if n := store.artifacts.Load(); n != 1 {
		t.Errorf("bad requests read %d artifacts", n)
	}
}

// TestAllFaults: each fault has its place, in order, at most 100 of them.
func TestAllFaults(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	var body strings.Builder
	for i := range 200 {
		fmt.Fprintf(&body, `{"age": "x", "member": %v},`, i%2 == 0)
	}
	w := post(h, "/v1/models/adult/predict", `{"instances": [`+body.String()+`{"age": 1}]}`)
	var p gateway.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(p.Errors) != serving.MaxFaults || !strings.Contains(p.Detail, "the first 100 faults") {
		t.Errorf("%d faults, %s", len(p.Errors), p.Detail)
	}
	for i, e := range p.Errors {
		if e.Pointer != fmt.Sprintf("/instances/%d/age", i) || e.Row != i+1 || e.Column != "age" || e.Detail == "" {
			t.Errorf("fault %d is %+v", i, e)
		}
	}
}
