package control

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/foretell-ml/foretell/docs"
)

// What the document says that a request cannot be without, API Gateway refuses; so does the route
// itself, wherever it runs. Of a body that the document takes, the route decides.
func TestDocumentRefusesWhatRoutesRefuse(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(docs.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	routes := 0
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			if o.Tags[0] != "api" || o.RequestBody == nil || !o.RequestBody.Value.Required {
				continue
			}
			routes++
			schema := o.RequestBody.Value.Content.Get("application/json").Schema.Value
			path := strings.NewReplacer("{dataset}", "penguins", "{model}", "penguins", "{alias}", "champion").Replace(path)
			for _, body := range []string{`[]`, `{}`, `3`, `{"file": 3}`, `{"version": "1"}`, `{"version": 0}`, `{"version": 1.5}`, `{"outcomes": {}}`, `{"outcomes": [1]}`, `{"outcomes": null}`} {
				var value any
				if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&value); err != nil {
					t.Fatal(err)
				}
				if schema.VisitJSON(value) == nil {
					continue
				}
				got := w.do(t, method, path, body, nil, "If-None-Match", "*")
				if got.Code < 400 || got.Code >= 500 || got.Code == http.StatusNotFound {
					t.Errorf("%s %s with %s is refused by the document, and answered %d", method, path, body, got.Code)
				}
			}
		}
	}
	if routes != 5 {
		t.Errorf("%d routes of the control plane have bodies with schemas, want 5", routes)
	}
	// The one parameter that cannot be left out.
	if got := w.do(t, "GET", "/v1/datasets/penguins/drift", "", nil); got.Code != http.StatusBadRequest {
		t.Errorf("drift without a baseline: %d", got.Code)
	}
}
