package training

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/search"
	"github.com/foretell-ml/foretell/pkg/source"
)

var update = flag.Bool("update", false, "write docs/run-config.schema.json anew from the types and their comments")

const schemaPath = "../../docs/run-config.schema.json"

// TestSchemaIsThatOfTheTypes: the JSON Schema of run configs is made of the Go types and the
// comments of their fields.
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	made := configSchema(t)
	if *update {
		if err := os.WriteFile(schemaPath, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, made) {
		t.Errorf("%s is not that of the types; run go test ./pkg/training -run Schema -update", schemaPath)
	}
}

// TestConfigsFitTheSchema: what is taken fits, and what is refused for its keys and kinds of
// values does not.
func TestConfigsFitTheSchema(t *testing.T) {
	s := compiledSchema(t)
	files, err := filepath.Glob("../../testdata/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	good := []string{
		"data: {source: a.csv, target: y}", "data: {source: a.csv}\nmodels: [{data: {target: y}}, {model: b, data: {target: z}, search: {trials: null}}]",
		"data: {source: a.csv, target: y}\nvalidation: {time: day, gap: 3}", "data: {source: a.csv, target: y}\nvalidation: {time: day, gap: 7d}",
		"data: {source: a.csv, target: y, schema: s.json, constraints: c.yaml, types: {a: text}, sample: 0.5}",
		"data: {source: a.csv, target: y}\nconfigurations: [{learner: boosting, params: {leaves: [7, 15], l2: {log: [0.1, 1]}, objective: huber, monotone: {a: 1}}}]\nbudget: {cost: 2.0}",
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		good = append(good, string(text))
	}
	for _, text := range good {
		if err := fits(t, s, text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	for _, text := range []string{
		"{}", "data: {source: a.csv}", "data: {source: a.csv, target: y, tipes: {}}", "data: {source: a.csv, target: y}\nsede: 1",
		"data: {source: a.csv, target: y}\nseed: -1", "data: {source: a.csv, target: y}\nsearch: {trials: many}", "data: {source: a.csv, target: y}\nmodels: []",
		"data: {source: a.csv, target: y, task: guess}", "data: {source: a.csv, target: y}\nconfigurations: [{learner: boostin}]",
		"data: {source: a.csv, target: y}\nconfigurations: [{learner: linear, params: {l2: {lok: [0, 1]}}}]", "data: {source: 3, target: y}", "data: {source: a.csv, target: y}\nsearch: {strategy: randm}",
	} {
		if fits(t, s, text) == nil {
			t.Errorf("%s fits", text)
		}
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(configSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("run-config.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("run-config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits validates a config in YAML.
func fits(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	plain, err := json.Marshal(yamlTree(t, text))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(document)
}

// object is a JSON object whose keys keep their order.
type object []property

type property struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// schemaMaker turns types into schemas.
type schemaMaker struct {
	comments map[string]string // by "package.Type.Field" and "package.Type"
	defs     object
	seen     map[string]bool
}

// configSchema is the schema as it should be.
func configSchema(t *testing.T) []byte {
	t.Helper()
	m := &schemaMaker{comments: map[string]string{}, seen: map[string]bool{}}
	for _, dir := range []string{".", "../source", "../dataset", "../profile/expectation", "../search"} {
		m.read(t, dir)
	}
	config := m.properties(reflect.TypeFor[Config]())
	models := object{{"description", "Several models that share a file: what stands beside the list holds for each, and an entry adds to it or says otherwise; null brings back a default."},
		{"type", "array"}, {"minItems", 1}, {"maxItems", maxModels}, {"items", object{{"type", "object"}, {"additionalProperties", false}, {"properties", config}}}}
	target := object{{"required", []string{"data"}}, {"properties", object{{"data", object{{"required", []string{"source", "target"}}}}}}}
	schema := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", "urn:foretell:run-config"}, {"title", "Run config"},
		{"description", "What foretell train and POST /v1/runs take, in YAML or JSON. What else a value has to be is said by their errors. Made from the Go types by go test ./pkg/training -run Schema -update."},
		{"type", "object"}, {"additionalProperties", false},
		{"anyOf", []any{target, object{{"required", []string{"models"}}}}},
		{"properties", append(config[:len(config):len(config)], property{"models", models})},
		{"$defs", m.defs},
	}
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", " "); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

// read collects the comments of a package's fields and types.
func (m *schemaMaker) read(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return false
			}
			for _, field := range fields.Fields.List {
				text := field.Doc.Text()
				if text == "" {
					text = field.Comment.Text()
				}
				for _, name := range field.Names {
					m.comments[f.Name.Name+"."+spec.Name.Name+"."+name.Name] = words(text)
				}
			}
			return false
		})
	}
}

// words is a comment in one line.
func words(text string) string {
	var p comment.Parser
	return strings.Join(strings.Fields(string((&comment.Printer{TextWidth: -1}).Text(p.Parse(text)))), " ")
}

// enums are the values of texts that are one of a few.
var enums = map[string]func() []string{
	"dataset.Task": func() []string {
		return []string{string(dataset.Regression), string(dataset.Binary), string(dataset.Multiclass)}
	},
	"dataset.Type": func() []string {
		var names []string
		for _, t := range []dataset.Type{dataset.Numeric, dataset.Boolean, dataset.Categorical, dataset.Text, dataset.Timestamp} {
			names = append(names, string(t))
		}
		return names
	},
	"search.Strategy": func() []string {
		var names []string
		for _, s := range search.Strategies() {
			names = append(names, string(s))
		}
		return names
	},
	"training.Configuration.Learner": func() []string {
		all := map[string]bool{}
		for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
			for _, name := range model.Learners(task) {
				all[name] = true
			}
		}
		return sortedKeys(all)
	},
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// properties are the keys of a struct in its order; embedded structs lend theirs.
func (m *schemaMaker) properties(t reflect.Type) (keys object) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			keys = append(keys, m.properties(f.Type)...)
		default:
			place := t.String() + "." + f.Name
			s := m.schema(f.Type, place)
			if text := m.comments[place]; text != "" {
				s = append(object{{"description", text}}, s...)
			}
			keys = append(keys, property{name, s})
		}
	}
	return keys
}

// param is a hyperparameter: a value, a list to choose from, or a range.
var param = object{{"anyOf", []any{
	object{{"type", []string{"number", "string", "boolean"}}},
	object{{"description", "one of these"}, {"type", "array"}, {"minItems", 1}},
	object{{"description", "a range with both bounds"}, {"type", "object"}, {"minProperties", 1}, {"maxProperties", 1}, {"additionalProperties", false},
		{"properties", object{{"log", pair}, {"uniform", pair}, {"int", pair}}}},
	object{{"description", "by column, such as monotone"}, {"type", "object"}, {"additionalProperties", object{{"type", "integer"}}}},
}}}

var pair = object{{"type", "array"}, {"items", object{{"type", "number"}}}, {"minItems", 2}, {"maxItems", 2}}

// schema is that of a type. Every value may be null: it is the default then.
func (m *schemaMaker) schema(t reflect.Type, place string) object {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if place == "training.Configuration.Params" {
		return object{{"type", []string{"object", "null"}}, {"additionalProperties", param}}
	}
	switch t {
	case reflect.TypeFor[Gap]():
		return object{{"type", []any{"string", "number", "null"}}}
	case reflect.TypeFor[ScheduleConfig]():
		if !m.seen[t.String()] { // the text alone, or the mapping; the mapping's own definition is below
			m.seen[t.String()] = true
			at := len(m.defs)
			m.defs = append(m.defs, property{t.String(), nil})
			m.defs[at].value = object{{"type", []string{"object", "null"}}, {"additionalProperties", false}, {"properties", m.properties(t)}}
		}
		return object{{"anyOf", []any{object{{"type", "string"}}, object{{"$ref", "#/$defs/" + t.String()}}}}}
	case reflect.TypeFor[source.NamedSchema]():
		columns := m.schema(reflect.TypeFor[dataset.Schema](), place)
		return object{{"anyOf", []any{object{{"type", "string"}}, columns}}}
	case reflect.TypeFor[expectation.Named]():
		return object{{"anyOf", []any{object{{"type", "string"}}, m.schema(reflect.TypeFor[expectation.Expectations](), place)}}}
	}
	values := enums[place]
	if values == nil {
		values = enums[t.String()]
	}
	if values != nil {
		all := []any{nil}
		for _, v := range values() {
			all = append(all, v)
		}
		return object{{"enum", append(all[1:], nil)}}
	}
	kind := func(name string) []string { return []string{name, "null"} }
	switch t.Kind() {
	case reflect.Struct:
		if !m.seen[t.String()] {
			m.seen[t.String()] = true
			at := len(m.defs)
			m.defs = append(m.defs, property{t.String(), nil})
			m.defs[at].value = object{{"type", kind("object")}, {"additionalProperties", false}, {"properties", m.properties(t)}}
		}
		return object{{"$ref", "#/$defs/" + t.String()}}
	case reflect.Slice:
		return object{{"type", kind("array")}, {"items", m.schema(t.Elem(), place)}}
	case reflect.Map:
		return object{{"type", kind("object")}, {"additionalProperties", m.schema(t.Elem(), place)}}
	case reflect.Interface:
		return object{}
	case reflect.String:
		return object{{"type", kind("string")}}
	case reflect.Bool:
		return object{{"type", kind("boolean")}}
	case reflect.Float64:
		return object{{"type", kind("number")}}
	case reflect.Uint64:
		return object{{"type", kind("integer")}, {"minimum", 0}}
	case reflect.Int, reflect.Int64:
		return object{{"type", kind("integer")}}
	}
	panic("the schema has no words for a " + t.String() + " at " + place)
}

// yamlTree is a document as decoders leave it.
func yamlTree(t *testing.T, text string) any {
	t.Helper()
	d, faults := document.Parse([]byte(text))
	if faults != nil {
		t.Fatal(faults)
	}
	return d.Tree
}
