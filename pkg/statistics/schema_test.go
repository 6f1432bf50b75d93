package statistics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
)

const schemaPath = "../../docs/statistics.schema.json"

func readSchema(t *testing.T) (text []byte, compiled *jsonschema.Schema) {
	t.Helper()
	text, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent()
	if err := c.AddResource("statistics.json", document); err != nil {
		t.Fatal(err)
	}
	if compiled, err = c.Compile("statistics.json"); err != nil {
		t.Fatal(err)
	}
	return text, compiled
}

func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(document)
}

// TestStatisticsFitTheirSchema stores statistics of real and of odd data and validates what
// lies in the store.
func TestStatisticsFitTheirSchema(t *testing.T) {
	_, schema := readSchema(t)
	objects := map[string]string{
		"data/one/a.csv": "x,y\n1,a\n",
		"data/odd/a.csv": "number,moment,mail,spelled,mixed,flag\n" +
			"1,2024-01-01,ada@example.org,Oslo,1,true\n-Inf,2024-01-02,bob@example.org,oslo,2,false\nInf,2024-01-03,cy@example.org,OSLO,3,true\n" +
			"2,,dan@example.org,oslo,four,\n3,2024-01-09,eve@example.org,Bergen,5,true\n,2024-01-10,fay@example.org,Bergen,6,false\n",
	}
	targets := map[string]string{"penguins": "species", "adult": "income", "odd": "flag"}
	for _, name := range []string{"penguins", "adult"} {
		text, err := os.ReadFile("../../testdata/" + name + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		objects["data/"+name+"/a.csv"] = string(text)
	}
	r := sets(t, objects)
	for key := range objects {
		name := strings.Split(key, "/")[1]
		parts, err := r.DataParts(t.Context(), registry.DatasetName(name))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Store(t.Context(), r, registry.DatasetName(name), dataset.CSV{Files: parts}, dataset.Options{}, profile.Options{Target: targets[name]})
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := registry.Read(t.Context(), r.Store, "statistics/"+name+"/"+s.Version+".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (s.Profile.Target != nil) != (targets[name] != "") {
			t.Errorf("%s: target %v", name, s.Profile.Target)
		}
		// A schema that all documents fit says nothing.
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			t.Fatal(err)
		}
		for good, bad := range map[string]string{`"rows":`: `"lines":`, `"type":"`: `"type":"un`, `"columns":[`: `"columns":[0,`, `"count":`: `"count":-1`} {
			if broken := strings.Replace(compact.String(), good, bad, 1); validate(t, schema, []byte(broken)) == nil {
				t.Errorf("%s: %s is %s and fits", name, good, bad)
			}
		}
	}
}

// TestJudgmentsFitTheSchema validates what the command prints of a comparison and a history.
func TestJudgmentsFitTheSchema(t *testing.T) {
	_, schema := readSchema(t)
	profiles := make([]*profile.Profile, 2)
	for i, text := range []string{"x,when,town\n", "x,town,more\n"} {
		for row := range 300 {
			if i == 0 {
				text += fmt.Sprintf("%d,2024-01-%02d,%s\n", row%50, 1+row%28, []string{"Oslo", "Rome"}[row%2])
			} else {
				text += fmt.Sprintf("%d,%s,1\n", 40+row%90, []string{"Bonn", "Rome", ""}[row%3])
			}
		}
		r := sets(t, map[string]string{"data/one/a.csv": text})
		parts, err := r.DataParts(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Store(t.Context(), r, "one", dataset.CSV{Files: parts}, dataset.Options{}, profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		profiles[i] = s.Profile
	}
	snapshots := []profile.Snapshot{{Version: "a", Profile: profiles[0]}, {Version: "b", Time: time.Unix(86400, 0).UTC(), Profile: profiles[1]}}
	text, err := json.Marshal(map[string]any{"dataset": "one", "version": strings.Repeat("0", 64), "profile": profiles[1],
		"drift": profile.Compare(profiles[0], profiles[1]), "history": profile.Trend(snapshots)})
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema, text); err != nil {
		t.Error(err)
	}
	for good, bad := range map[string]string{`"baseline_rows":`: `"rows_before":`, `"kind":"psi"`: `"kind":"pis"`, `"anomalies":[`: `"anomalies":[0,`, `"values":[`: `"values":[false,`} {
		if broken := strings.Replace(string(text), good, bad, 1); validate(t, schema, []byte(broken)) == nil {
			t.Errorf("%s is %s and fits", good, bad)
		}
	}
}

// TestSchemaHasEveryField compares the schema with the Go types: every key is there, and those
// that are always written are required.
func TestSchemaHasEveryField(t *testing.T) {
	text, _ := readSchema(t)
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	type printed struct { // as foretell statistics --json does
		registry.Statistics
		Violations []expectation.Violation `json:"violations,omitempty"`
		Drift      *profile.Drift          `json:"drift,omitempty"`
		History    *profile.History        `json:"history,omitempty"`
	}
	seen := map[string]bool{}
	compare(t, "statistics", reflect.TypeFor[printed](), &root, &root, seen)
	for name := range root.Defs {
		if !seen[name] {
			t.Errorf("the schema defines %q, which nothing is", name)
		}
	}
}

// node is what this test reads of a schema.
type node struct {
	Ref         string           `json:"$ref"`
	Defs        map[string]*node `json:"$defs"`
	Type        kinds            `json:"type"`
	Description string           `json:"description"`
	Required    []string         `json:"required"`
	Properties  map[string]*node `json:"properties"`
	Items       *node            `json:"items"`
}

// kinds is a type, or several with "|" between.
type kinds string

func (k *kinds) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) == nil {
		*k = kinds(strings.Join(list, "|"))
		return nil
	}
	return json.Unmarshal(text, (*string)(k))
}

// compare holds a type to its schema.
func compare(t *testing.T, place string, of reflect.Type, s, root *node, seen map[string]bool) {
	t.Helper()
	if s == nil {
		t.Errorf("%s is not in the schema", place)
		return
	}
	if name, found := strings.CutPrefix(s.Ref, "#/$defs/"); found {
		if seen[name] {
			return
		}
		seen[name] = true
		compare(t, place, of, root.Defs[name], root, seen)
		return
	}
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	want := kinds("")
	switch of.Kind() {
	case reflect.Struct:
		if want = "object"; of == reflect.TypeFor[time.Time]() {
			want = "string"
		}
	case reflect.Slice:
		if want = "array"; of.Elem().Kind() == reflect.Uint8 {
			want = "string" // base64
		}
	case reflect.String:
		want = "string"
	case reflect.Int:
		want = "integer"
	case reflect.Float64:
		want = "number"
	case reflect.Bool:
		want = "boolean"
	}
	if s.Type != want {
		t.Errorf("%s is of type %q in the schema, want %q", place, s.Type, want)
		return
	}
	if want == "array" && of.Elem() == reflect.TypeFor[*float64]() {
		if s.Items == nil || s.Items.Type != "number|null" { // in a list, what is undefined is null
			t.Errorf("%s[] is not a number or null in the schema", place)
		}
		return
	}
	if want == "array" {
		compare(t, place+"[]", of.Elem(), s.Items, root, seen)
	}
	if want != "object" {
		return
	}
	var keys, required []string
	for _, field := range reflect.VisibleFields(of) {
		if field.Anonymous || !field.IsExported() {
			continue
		}
		key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		keys = append(keys, key)
		if options == "" {
			required = append(required, key)
		}
		child := s.Properties[key]
		compare(t, place+"."+key, field.Type, child, root, seen)
	}
	for key := range s.Properties {
		if !slices.Contains(keys, key) {
			t.Errorf("%s.%s is in the schema, and never written", place, key)
		}
	}
	slices.Sort(required)
	stated := slices.Sorted(slices.Values(s.Required))
	if !slices.Equal(required, stated) {
		t.Errorf("%s: the schema requires %v, always written are %v", place, stated, required)
	}
}
