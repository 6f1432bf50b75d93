package gateway_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/foretell-ml/foretell/docs"
)

// shown are requests in documents: an indented line of method and path, headers, and a body; and by curl.
var (
	shown  = regexp.MustCompile(`(?m)^    (POST|PUT) (/[^\s?]+)\S*\n(?:    [A-Z][\w-]+: .*\n)*    (\{.*(?:\n    .*)*)`)
	curled = regexp.MustCompile(`curl -s http://[^/]+(/[^\s?]+)\S* -d '(\{[^']*)'`)
)

// TestExamples: API Gateway takes the requests that people are shown, and the sample events of functions.
func TestExamples(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(docs.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range shown.FindAllStringSubmatch(string(text), -1) {
			seen[takes(t, document, file, m[1], m[2], m[3])]++
		}
		for _, m := range curled.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(m[2], "…") { // cut short for the page
				seen[takes(t, document, file, "POST", m[1], m[2])]++
			}
		}
	}
	for _, function := range []string{"api", "predict"} {
		file := "../../functions/" + function + "/event.json"
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var event struct{ HTTPMethod, Path, Body string }
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatal(err)
		}
		seen[takes(t, document, file, event.HTTPMethod, event.Path, event.Body)]++
	}
	for _, route := range []string{"POST /v1/datasets/{dataset}/uploads", "POST /v1/datasets/{dataset}/statistics", "POST /v1/runs", "POST /v1/models/{model}/predict",
		"PUT /v1/models/{model}/aliases/{alias}", "POST /v1/models/{model}/batches", "POST /v1/models/{model}/outcomes"} {
		if seen[route] == 0 {
			t.Errorf("no example of %s was found, of %v", route, seen)
		}
	}
}

// takes wants a body to be valid by the document, and returns its route.
func takes(t *testing.T, document *openapi3.T, file, method, path, body string) string {
	t.Helper()
	for pattern, item := range document.Paths.Map() {
		o := item.GetOperation(method)
		form := regexp.MustCompile("^" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(pattern, `[^/]+`) + "$")
		if o == nil || !form.MatchString(path) {
			continue
		}
		var value any
		if err := json.NewDecoder(strings.NewReader(body)).Decode(&value); err != nil { // what follows the value is prose
			t.Errorf("%s: %s %s: %v in %s", file, method, path, err, body)
		} else if err := o.RequestBody.Value.Content.Get("application/json").Schema.Value.VisitJSON(value); err != nil {
			t.Errorf("%s: %s %s is refused by the document: %v", file, method, path, err)
		}
		return method + " " + pattern
	}
	t.Errorf("%s: there is no route for %s %s", file, method, path)
	return ""
}
