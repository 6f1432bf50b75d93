package gateway_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/topology"
	"github.com/foretell-ml/foretell/pkg/training"
)

const openAPIFile = "../../docs/openapi.json"

// answers are the types of what routes answer, where packages below have one. Others are objects
// that docs/api.md tells of.
var answers = map[string]reflect.Type{
	"GET /v1/datasets/{dataset}/drift":                 reflect.TypeFor[profile.Drift](),
	"GET /v1/runs/{run}":                               reflect.TypeFor[training.Status](),
	"GET /v1/runs/{run}/leaderboard":                   reflect.TypeFor[training.Leaderboard](),
	"GET /v1/runs/{run}/quote":                         reflect.TypeFor[training.Quote](),
	"GET /v1/models/{model}/versions/{version}":        reflect.TypeFor[registry.Manifest](),
	"GET /v1/models/{model}/versions/{version}/card":   reflect.TypeFor[report.Card](),
	"GET /v1/models/{model}/aliases/{alias}":           reflect.TypeFor[registry.Alias](),
	"PUT /v1/models/{model}/aliases/{alias}":           reflect.TypeFor[registry.Alias](),
	"POST /v1/models/{model}/predict":                  reflect.TypeFor[serving.Response](),
	"POST /v1/models/{model}/validate":                 reflect.TypeFor[serving.Validation](),
	"GET /v2/models/{model}":                           reflect.TypeFor[serving.Metadata](),
	"GET /v2/models/{model}/versions/{version}":        reflect.TypeFor[serving.Metadata](),
	"GET /v2/models/{model}/ready":                     reflect.TypeFor[serving.Readiness](),
	"GET /v2/models/{model}/versions/{version}/ready":  reflect.TypeFor[serving.Readiness](),
	"POST /v2/models/{model}/infer":                    reflect.TypeFor[serving.Inference](),
	"POST /v2/models/{model}/versions/{version}/infer": reflect.TypeFor[serving.Inference](),
}

// pages are the routes that answer HTML.
var pages = []string{"GET /", "GET /v1/datasets/{dataset}/statistics.html", "GET /v1/runs/{run}/report"}

// bodies are the media types of requests, where it is not JSON alone.
var bodies = map[string][]string{
	"POST /v1/runs":                    {"application/json", "application/yaml"},
	"POST /v1/models/{model}/predict":  {"application/json", "text/csv", "text/tab-separated-values", "application/jsonlines", "application/x-ndjson"},
	"POST /v1/models/{model}/validate": {"application/json", "text/csv", "text/tab-separated-values", "application/jsonlines", "application/x-ndjson"},
}

// requests are the bodies of routes that need one in JSON, by what no request can be without. API
// Gateway validates by these schemas before it calls a function, in JSON Schema draft 4 and without
// some of its keywords, so they have no more than type, properties, required, items and minimum. They
// refuse nothing that the route itself would take, and a test of package control sees to that.
var requests = map[string]struct {
	name   string
	schema tree
}{
	"POST /v1/datasets/{dataset}/uploads": {"UploadRequest", tree{"type": "object", "required": []string{"file"},
		"properties": tree{"file": tree{"type": "string"}}}},
	"POST /v1/runs":                    {"RunRequest", tree{"type": "object"}},
	"POST /v1/models/{model}/batches":  {"BatchRequest", tree{"type": "object"}},
	"POST /v1/models/{model}/predict":  {"RowsRequest", tree{"type": "object"}},
	"POST /v1/models/{model}/validate": {"RowsRequest", tree{"type": "object"}},
	"POST /v1/models/{model}/outcomes": {"OutcomesRequest", tree{"type": "object", "required": []string{"outcomes"},
		"properties": tree{"outcomes": tree{"type": "array", "items": tree{"type": "object"}}}}},
	"PUT /v1/models/{model}/aliases/{alias}": {"AliasRequest", tree{"type": "object", "required": []string{"version"},
		"properties": tree{"version": tree{"type": "integer", "minimum": 1}}}},
	"POST /v2/models/{model}/infer": {"InferRequest", tree{"type": "object", "required": []string{"inputs"},
		"properties": tree{"inputs": tree{"type": "array", "items": tree{"type": "object"}}}}},
	"POST /v2/models/{model}/versions/{version}/infer": {"InferRequest", tree{"type": "object", "required": []string{"inputs"},
		"properties": tree{"inputs": tree{"type": "array", "items": tree{"type": "object"}}}}},
}

// parameters are those of queries and headers; one with ! cannot be left out.
var parameters = map[string][]string{
	"GET /v1/datasets/{dataset}/statistics":          {"query version"},
	"GET /v1/datasets/{dataset}/statistics.html":     {"query version"},
	"GET /v1/datasets/{dataset}/drift":               {"query baseline!", "query current"},
	"GET /v1/runs":                                   {"query model", "query limit"},
	"PUT /v1/models/{model}/aliases/{alias}":         {"header If-Match", "header If-None-Match"},
	"GET /v1/models/{model}/aliases/{alias}/history": {"query limit"},
	"GET /v1/models/{model}/drift":                   {"query day"},
	"POST /v1/models/{model}/predict":                {"query alias", "query version", "query digest", "query explain", "query proba", "query intervals", "query extra", "query header", "query capture"},
	"POST /v1/models/{model}/validate":               {"query alias", "query version", "query digest", "query extra", "query header"},
	"GET /v1/models/{model}/schema":                  {"query alias", "query version", "query digest"},
	"GET /v1/models/{model}/openapi.json":            {"query alias", "query version", "query digest"},
}

// TestOpenAPI holds docs/openapi.json to the routes that are deployed, the types of what they
// answer and the catalog of problems, and to OpenAPI itself.
func TestOpenAPI(t *testing.T) {
	want := describeAPI(t)
	if *update {
		if err := os.WriteFile(openAPIFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(openAPIFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date; run go test ./pkg/gateway -update", openAPIFile)
	}
	document, err := openapi3.NewLoader().LoadFromData(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	described := 0
	for _, item := range document.Paths.Map() {
		described += len(item.Operations())
	}
	if described != len(topology.Routes) {
		t.Errorf("%d operations for %d routes", described, len(topology.Routes))
	}
	for _, r := range topology.Routes {
		if item := document.Paths.Find(r.Path); item == nil || item.GetOperation(r.Method) == nil {
			t.Errorf("%s %s is not described", r.Method, r.Path)
		}
	}
	problem, err := json.Marshal(gateway.InvalidInstances.New("x", gateway.FieldError{Pointer: "/instances/0", Row: 1, Detail: "y"}))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(problem, &value); err != nil {
		t.Fatal(err)
	}
	if err := document.Components.Schemas["Problem"].Value.VisitJSON(value); err != nil {
		t.Errorf("a problem is none: %v", err)
	}
}

// tree is a JSON object; encoding/json sorts its members.
type tree = map[string]any

// describeAPI writes the document.
func describeAPI(t *testing.T) []byte {
	t.Helper()
	schemas := schemas{}
	paths := tree{}
	for _, r := range topology.Routes {
		key := r.Method + " " + r.Path
		item, _ := paths[r.Path].(tree)
		if item == nil {
			item = tree{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = schemas.operation(key, r)
	}
	schemas.of(reflect.TypeFor[gateway.Problem]())
	var kinds []string
	for _, p := range gateway.Catalog {
		kinds = append(kinds, p.URI())
	}
	schemas["Problem"].(tree)["properties"].(tree)["type"] = tree{"type": "string", "description": "One of the catalog's, or about:blank.", "example": kinds[0], "x-catalog": kinds}
	document := tree{
		"openapi": "3.0.3",
		"info":    tree{"title": "Foretell", "version": "1", "description": "Predictions on tables, and their control plane. docs/api.md tells what the routes do. Made from Go's types and the deployed routes by go test ./pkg/gateway -update."},
		"paths":   paths,
		"components": tree{"schemas": schemas, "responses": tree{"Elsewhere": tree{
			"description": "The answer is over 6 MB, or a file: it is read from Location, which is good for 15 minutes, without the credentials of the API.",
			"headers":     tree{"Location": tree{"schema": tree{"type": "string", "format": "uri"}}},
			"content":     tree{"application/json": tree{"schema": schemas.of(reflect.TypeFor[gateway.Elsewhere]())}},
		}}},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(document); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var inPath = regexp.MustCompile(`\{([a-z]+)\}`)

func (s schemas) operation(key string, r topology.Route) tree {
	var given []any
	for _, m := range inPath.FindAllStringSubmatch(r.Path, -1) {
		given = append(given, tree{"name": m[1], "in": "path", "required": true, "schema": tree{"type": "string"}})
	}
	for _, p := range parameters[key] {
		in, name, _ := strings.Cut(p, " ")
		name, required := strings.CutSuffix(name, "!")
		parameter := tree{"name": name, "in": in, "schema": tree{"type": "string"}}
		if required {
			parameter["required"] = true
		}
		given = append(given, parameter)
	}
	answer := tree{"application/json": tree{"schema": tree{"type": "object"}}}
	if of := answers[key]; of != nil {
		answer = tree{"application/json": tree{"schema": s.of(of)}}
	}
	for _, page := range pages {
		if page == key {
			answer = tree{"text/html": tree{"schema": tree{"type": "string"}}}
		}
	}
	if key == "POST /v1/models/{model}/predict" {
		for _, media := range []string{"text/csv", "application/jsonlines", "application/x-ndjson"} {
			answer[media] = tree{"schema": tree{"type": "string"}}
		}
	}
	words := regexp.MustCompile(`[a-z0-9]+`).FindAllString(strings.ReplaceAll(r.Path, ".", " "), -1)
	o := tree{
		"operationId": strings.ToLower(r.Method) + "-" + cmp.Or(strings.Join(words, "-"), "page"),
		"summary":     routeDocs[key], "tags": []string{r.Function},
		"responses": tree{
			"2XX":     tree{"description": "The answer.", "content": answer},
			"303":     tree{"$ref": "#/components/responses/Elsewhere"},
			"default": tree{"description": "What is wrong (RFC 9457).", "content": tree{"application/problem+json": tree{"schema": s.of(reflect.TypeFor[gateway.Problem]())}}},
		},
	}
	if strings.HasSuffix(r.Path, "/files/{file}") {
		delete(o["responses"].(tree), "2XX")
	}
	if len(given) > 0 {
		o["parameters"] = given
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		content := tree{}
		for _, media := range append(bodies[key], "application/json") {
			content[media] = tree{"schema": tree{"type": "string"}}
		}
		content["application/json"] = tree{"schema": tree{"type": "object"}}
		body := tree{"content": content}
		if of, ok := requests[key]; ok {
			s[of.name] = of.schema
			content["application/json"] = tree{"schema": tree{"$ref": "#/components/schemas/" + of.name}}
			body["required"] = true
		}
		o["requestBody"] = body
	}
	return o
}

// schemas are the components, by the name of their type.
type schemas map[string]any

// of describes how a type is written as JSON: structs by reference.
func (s schemas) of(t reflect.Type) tree {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return tree{"type": "string", "format": "date-time"}
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		return tree{} // as it says itself
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return tree{"type": "string"}
	case reflect.Bool:
		return tree{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return tree{"type": "number"}
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return tree{}
		}
		return tree{"type": "array", "nullable": true, "items": s.of(t.Elem())}
	case reflect.Map:
		return tree{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Interface:
		return tree{}
	case reflect.Struct:
		return s.reference(t)
	}
	return tree{"type": "integer"}
}

// reference describes a struct once.
func (s schemas) reference(t reflect.Type) tree {
	name := t.Name()
	for n := 2; ; n++ {
		have, taken := s[name].(tree)
		if !taken || have["x-go"] == t.String() {
			break
		}
		name = t.Name() + strconv.Itoa(n)
	}
	if s[name] == nil {
		properties := tree{}
		s[name] = tree{"type": "object", "properties": properties, "x-go": t.String()}
		s.fields(t, properties)
	}
	return tree{"$ref": "#/components/schemas/" + name}
}

func (s schemas) fields(t reflect.Type, to tree) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			of := f.Type
			if of.Kind() == reflect.Pointer {
				of = of.Elem()
			}
			s.fields(of, to)
		case name == "":
			to[f.Name] = s.of(f.Type)
		default:
			to[name] = s.of(f.Type)
		}
	}
}
