package control

import (
	"net/http"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/batch"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

const batchesPath = "/v1/models/penguins/batches"

// predicted does a started batch in this process, as the workflow would.
func (w *world) predicted(t *testing.T, v batchView) {
	t.Helper()
	p, err := w.batches().Plan(t.Context(), v.Model, v.Batch)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Done {
		var parts []batch.Part
		if _, err := registry.ReadJSON(t.Context(), w.Registry.Store, p.Items, &parts); err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if err := w.batches().Predict(t.Context(), part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.batches().Conclude(t.Context(), v.Model, v.Batch); err != nil {
		t.Fatal(err)
	}
}

// TestBatches follows batches: submitted, running, failed by their workflow, started again,
// succeeded; and asked for once more, after champion has moved.
func TestBatches(t *testing.T) {
	w := newWorld(t)
	var run runView
	isStatus(t, w.do(t, "POST", "/v1/runs", `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},"search":{"trials":1},"validation":{"folds":2},"configurations":[{"learner":"baseline"}]}`, &run), http.StatusAccepted)
	w.train(t, run.Run)

	const body = `{"source":"s3://bucket/data/penguins/","keep":["island"]}`
	var v batchView
	answer := w.do(t, "POST", batchesPath, body, &v)
	isStatus(t, answer, http.StatusAccepted)
	path := batchesPath + "/" + string(v.Batch)
	w.refused(t, gateway.FileNotFound, "", "GET", path+"/files/manifest.json", "")
	if v.State != running || v.Version.Version != 1 || v.Version.Alias != registry.Champion || answer.Header().Get("Location") != path {
		t.Errorf("%+v at %q", v, answer.Header().Get("Location"))
	}
	if isStatus(t, w.do(t, "POST", batchesPath, `{"dataset":"penguins","format":"csv","keep":["island"],"version":1}`, &v), http.StatusOK); path != batchesPath+"/"+string(v.Batch) || w.predictor.count() != 1 {
		t.Errorf("the same again: %+v, %d executions", v, w.predictor.count())
	}
	w.predictor.set("penguins-"+string(v.Batch)+"-1", Execution{Status: "FAILED", Error: "States.TaskFailed", Cause: `{"errorMessage":"out of memory"}`})
	v = batchView{}
	if isStatus(t, w.do(t, "GET", path, "", &v), http.StatusOK); v.State != failed || v.Cause != "out of memory" || v.Problem != nil {
		t.Errorf("failed: %+v", v)
	}
	if isStatus(t, w.do(t, "POST", batchesPath, body, &v), http.StatusAccepted); v.State != running || v.Attempt != 2 {
		t.Errorf("started again: %+v", v)
	}
	w.predicted(t, v)
	v = batchView{}
	isStatus(t, w.do(t, "GET", path, "", &v), http.StatusOK)
	if v.State != succeeded || v.Rows != 344 || v.Done != 1 || v.Manifest != "s3://bucket/batches/penguins/"+string(v.Batch)+"/manifest.json" {
		t.Errorf("succeeded: %+v", v)
	}
	// Its files are read by links: the manifest and what it lists, and nothing else of the batch.
	for _, file := range []string{"manifest.json", "part-00000.csv"} {
		var there gateway.Elsewhere
		got := w.do(t, "GET", path+"/files/"+file, "", &there)
		isStatus(t, got, http.StatusSeeOther)
		if want := "https://s3/batches/penguins/" + string(v.Batch) + "/" + file + "?signed"; there.Location != want || got.Header().Get("Location") != want || there.ExpiresIn != "15m0s" {
			t.Errorf("%s is at %+v, want %s", file, there, want)
		}
	}
	for _, file := range []string{"part-00001.csv", "plan.json", "..%2Fmanifest.json", "results%2F0.json"} {
		w.refused(t, gateway.FileNotFound, "", "GET", path+"/files/"+file, "")
	}
	var list struct {
		Batches []batchView
		More    bool
	}
	if isStatus(t, w.do(t, "GET", batchesPath+"?limit=1", "", &list), http.StatusOK); len(list.Batches) != 1 || list.Batches[0].Batch != v.Batch || list.More {
		t.Errorf("list %+v", list)
	}
	if isStatus(t, w.do(t, "POST", batchesPath, body, &v), http.StatusOK); v.State != succeeded || w.predictor.count() != 2 {
		t.Errorf("again: %+v, %d executions", v, w.predictor.count())
	}
}

func TestBatchesRefuse(t *testing.T) {
	w := newWorld(t)
	const good = `{"dataset":"penguins"}`
	w.refused(t, gateway.ModelNotFound, "", "POST", batchesPath, good)
	var run runView
	isStatus(t, w.do(t, "POST", "/v1/runs", `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},"search":{"trials":1},"validation":{"folds":2},"configurations":[{"learner":"baseline"}]}`, &run), http.StatusAccepted)
	w.train(t, run.Run)
	for body, pointer := range map[string]string{
		`{"source":"s3://other/data/penguins/"}`:                                   "/source",
		`{"source":"s3://bucket/runs/x/"}`:                                         "/source",
		`{"dataset":"penguins","format":"xml"}`:                                    "/format",
		`{"dataset":"penguins","max_errors":-1}`:                                   "/max_errors",
		`{"dataset":"penguins","keep":["id","id"]}`:                                "/keep/1",
		`{"dataset":"penguins","delimiter":"||"}`:                                  "/delimiter",
		`{"dataset":"penguins","alias":"champion","version":1}`:                    "/alias",
		`{"dataset":"penguins","digest":"no digest"}`:                              "/digest",
		`{"source":"s3://bucket/data/penguins/","dataset":"penguins","version":1}`: "/source",
	} {
		w.refused(t, gateway.InvalidParameter, pointer, "POST", batchesPath, body)
	}
	w.refused(t, gateway.DatasetNotFound, "", "POST", batchesPath, `{"dataset":"whales"}`)
	w.refused(t, gateway.AliasNotFound, "", "POST", batchesPath, `{"dataset":"penguins","alias":"none"}`)
	w.refused(t, gateway.VersionNotFound, "", "POST", batchesPath, `{"dataset":"penguins","version":7}`)
	w.refused(t, gateway.VersionNotFound, "", "POST", batchesPath, `{"dataset":"penguins","digest":"`+strings.Repeat("0", 64)+`"}`)
	w.refused(t, gateway.BatchNotFound, "", "GET", batchesPath+"/0123456789ab", "")
	w.refused(t, gateway.BatchNotFound, "", "GET", batchesPath+"/..%2Fbatch", "")
	w.refused(t, gateway.InvalidParameter, "", "GET", batchesPath+"?limit=0", "")
	if w.predictor.count() != 0 {
		t.Errorf("%d executions", w.predictor.count())
	}
}
