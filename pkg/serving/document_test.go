package serving_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/foretell-ml/foretell/docs"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestDocumentRefusesWhatRoutesRefuse: API Gateway refuses with 400 what the document says that no
// request can be without, before the function is called; so does the route itself, wherever else it
// runs. What the route takes, the document takes.
func TestDocumentRefusesWhatRoutesRefuse(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(docs.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	const tensor = `[{"name": "age", "shape": [1], "datatype": "FP64", "data": [43]}]`
	bodies := []string{`[]`, `{}`, `3`, `"x"`, `null`, `true`, `[{"age": 43}]`, `{"inputs": null}`, `{"inputs": {}}`, `{"inputs": [1]}`, `{"inputs": []}`, `{"instances": 3}`,
		`{"instances": [{"age": 43}]}`, `{"dataframe_records": [{"age": 43}]}`, `{"dataframe_split": {"columns": ["age"], "data": [[43]]}}`, `{"inputs": {"age": [43]}}`,
		`{"inputs": ` + tensor + `}`, `{"inputs": ` + tensor + `, "id": "1", "outputs": [{"name": "income"}]}`}
	refused, taken := 0, 0
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			if o.Tags[0] != "predict" || o.RequestBody == nil || !o.RequestBody.Value.Required {
				continue
			}
			schema := o.RequestBody.Value.Content.Get("application/json").Schema.Value
			path := strings.NewReplacer("{model}", "adult", "{version}", "1").Replace(path)
			for _, body := range bodies {
				var value any
				if err := json.Unmarshal([]byte(body), &value); err != nil {
					t.Fatal(err)
				}
				valid, w := schema.VisitJSON(value) == nil, post(h, path, body)
				switch {
				case w.Code == http.StatusOK:
					taken++
					if !valid {
						t.Errorf("%s %s takes %s, and the document does not", method, path, body)
					}
				case !valid:
					refused++
					if w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
						t.Errorf("%s %s with %s is refused by the document, and answered %d %s", method, path, body, w.Code, w.Body)
					}
				}
			}
		}
	}
	if refused < 20 || taken < 10 {
		t.Errorf("%d requests are refused by the document and %d taken by routes: of four routes that is too few", refused, taken)
	}
}
