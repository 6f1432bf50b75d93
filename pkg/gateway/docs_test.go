package gateway_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/topology"
)

var update = flag.Bool("update", false, "write the tables of docs/api.md anew")

const apiDoc = "../../docs/api.md"

// routeDocs says what each route does, for the table in docs/api.md.
var routeDocs = map[string]string{
	"GET /":                                               "The page to try models on, in HTML",
	"POST /v1/datasets/{dataset}/uploads":                 "A presigned POST by which to upload one file of a data set to S3",
	"POST /v1/datasets/{dataset}/statistics":              "Starts a job that computes and stores the statistics of the data set as it is now",
	"GET /v1/datasets/{dataset}/statistics":               "The latest statistics, or those of `?version=`",
	"GET /v1/datasets/{dataset}/statistics.html":          "The page that shows them",
	"GET /v1/datasets/{dataset}/statistics/jobs/{job}":    "How a statistics job stands",
	"GET /v1/datasets/{dataset}/drift":                    "How the data changed from `?baseline=` to the latest statistics, or to `&current=`",
	"POST /v1/runs":                                       "Starts a training run from a configuration",
	"GET /v1/runs":                                        "The latest runs, of all models or of `?model=`, at most `?limit=` of them",
	"GET /v1/runs/{run}":                                  "How a run stands",
	"GET /v1/runs/{run}/leaderboard":                      "Its configurations, best first; while it goes on, those so far",
	"GET /v1/runs/{run}/quote":                            "What it was predicted to take: dollars, minutes, memory, each trial",
	"GET /v1/runs/{run}/report":                           "The page that shows a run that has ended, in HTML",
	"GET /v1/models":                                      "The models",
	"GET /v1/models/{model}":                              "A model's versions and aliases",
	"GET /v1/models/{model}/versions/{version}":           "A version: lineage, scores, inputs",
	"GET /v1/models/{model}/versions/{version}/card":      "Its model card",
	"GET /v1/models/{model}/aliases/{alias}":              "Where an alias points; its ETag moves it",
	"PUT /v1/models/{model}/aliases/{alias}":              "Points an alias at a version; needs `If-Match`, or `If-None-Match: *` for a new one",
	"GET /v1/models/{model}/aliases/{alias}/history":      "Who moved an alias, when, why, from what to what: the newest first, 20 or `?limit=` of them",
	"GET /v1/models/{model}/drift":                        "How what the model was asked and said differs from training, on `?day=` or the latest day",
	"POST /v1/models/{model}/outcomes":                    "Takes what was true of rows that were predicted, by the ids of the predictions",
	"DELETE /v1/models/{model}/schedule":                  "Stops the scheduled retraining of a model",
	"POST /v1/models/{model}/batches":                     "Predicts a data set into files: starts a batch, or answers the one that is the same",
	"GET /v1/models/{model}/batches":                      "The batches of a model, at most `?limit=` of them",
	"GET /v1/models/{model}/batches/{batch}":              "How a batch stands; its counts and where its files lie",
	"GET /v1/models/{model}/batches/{batch}/files/{file}": "A file of a batch that has ended, by a link to where it lies (`303`)",
	"POST /v1/models/{model}/predict":                     "Predictions for rows",
	"POST /v1/models/{model}/validate":                    "Checks rows as predict does, and predicts nothing",
	"GET /v1/models/{model}/schema":                       "The JSON Schema of a request",
	"GET /v1/models/{model}/openapi.json":                 "The OpenAPI document of the model",
	"GET /v2":                                             "What speaks the Open Inference Protocol here",
	"GET /v2/health/live":                                 "Whether the host runs",
	"GET /v2/health/ready":                                "Whether it can answer",
	"GET /v2/models/{model}":                              "The champion's inputs and outputs, as tensors",
	"GET /v2/models/{model}/ready":                        "Whether the champion can answer",
	"POST /v2/models/{model}/infer":                       "Predictions for tensors",
	"GET /v2/models/{model}/versions/{version}":           "A version's inputs and outputs, as tensors",
	"GET /v2/models/{model}/versions/{version}/ready":     "Whether a version can answer",
	"POST /v2/models/{model}/versions/{version}/infer":    "Predictions of a version for tensors",
}

// TestDocs holds docs/api.md to the routes that are deployed and the catalog of problems.
func TestDocs(t *testing.T) {
	routes := "| | | function |\n| --- | --- | --- |\n"
	for _, r := range topology.Routes {
		doc := routeDocs[r.Method+" "+r.Path]
		if doc == "" {
			t.Errorf("%s %s has no description here", r.Method, r.Path)
		}
		routes += fmt.Sprintf("| `%s %s` | %s | %s |\n", r.Method, r.Path, doc, r.Function)
	}
	problems := "| type | status | |\n| --- | --- | --- |\n"
	for _, p := range gateway.Catalog {
		problems += fmt.Sprintf("| `%s` | %d | %s |\n", p.Slug, p.Status, p.Doc)
	}

	b, err := os.ReadFile(apiDoc)
	if err != nil {
		t.Fatal(err)
	}
	want := string(b)
	for section, table := range map[string]string{"routes": routes, "problems": problems} {
		between := regexp.MustCompile(`(?s)(<!-- ` + section + `:[^\n]*-->\n).*?(<!-- end -->)`)
		if len(between.FindAllString(want, -1)) != 1 {
			t.Fatalf("%s has no one section %q", apiDoc, section)
		}
		want = between.ReplaceAllStringFunc(want, func(s string) string {
			m := between.FindStringSubmatch(s)
			return m[1] + table + m[2]
		})
	}
	if *update {
		if err := os.WriteFile(apiDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(b) {
		t.Errorf("%s is not up to date; run go test ./pkg/gateway -update", apiDoc)
	}
}

// TestCatalog: types are distinct, with statuses that fit, and every exported type is in
// the catalog.
func TestCatalog(t *testing.T) {
	source, err := os.ReadFile("catalog.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`= Type\{"([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	listed := map[string]bool{}
	for _, p := range gateway.Catalog {
		if listed[p.Slug] {
			t.Errorf("%s is listed twice", p.Slug)
		}
		listed[p.Slug] = true
		if p.Title == "" || p.Doc == "" || http.StatusText(p.Status) == "" || p.Status < 400 || strings.Contains(p.Doc, "|") {
			t.Errorf("%+v is not complete", p)
		}
	}
	if len(declared) != len(listed) {
		t.Errorf("%d types declared, %d listed", len(declared), len(listed))
	}
	for _, d := range declared {
		if !listed[d[1]] {
			t.Errorf("%s is not in the catalog", d[1])
		}
	}
}
