package control

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

func TestModels(t *testing.T) {
	w := newWorld(t)
	if answer := w.do(t, "GET", "/v1/models", "", nil); strings.TrimSpace(answer.Body.String()) != `{"models":[]}` {
		t.Errorf("no models are %s", answer.Body)
	}
	c, err := training.ParseConfig([]byte(plainConfig()))
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := w.Engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	w.train(t, run)
	var model struct {
		Versions []versionSummary
		Aliases  map[string]registry.Alias
	}
	isStatus(t, w.do(t, "GET", "/v1/models/penguins", "", &model), http.StatusOK)
	if len(model.Versions) != 1 || model.Versions[0].Run != string(run) || model.Aliases["champion"].Version != 1 {
		t.Errorf("model %+v", model)
	}
	w.refused(t, gateway.ModelNotFound, "", "GET", "/v1/models/walrus", "")
	w.refused(t, gateway.VersionNotFound, "", "GET", "/v1/models/penguins/versions/2", "")
	w.refused(t, gateway.VersionNotFound, "", "GET", "/v1/models/penguins/versions/x", "")
	w.refused(t, gateway.InvalidName, "", "GET", "/v1/models/..%2F..%2Fdata", "")

	const path, body = "/v1/models/penguins/aliases/canary", `{"version":1,"reason":"by hand"}`
	var a registry.Alias
	made := w.do(t, "PUT", path, body, &a, "If-None-Match", "*")
	isStatus(t, made, http.StatusOK)
	read := w.do(t, "GET", path, "", nil)
	if made.Body.String() != read.Body.String() || made.Header().Get("ETag") != read.Header().Get("ETag") || a.Digest != model.Versions[0].Digest {
		t.Errorf("made %s %s, read %s %s", made.Header().Get("ETag"), made.Body, read.Header().Get("ETag"), read.Body)
	}
	tag := read.Header().Get("ETag")
	w.refused(t, gateway.PreconditionFailed, "", "PUT", path, body, "If-None-Match", "*")
	w.refused(t, gateway.PreconditionFailed, "", "PUT", path, body, "If-Match", `"other"`)
	w.refused(t, gateway.PreconditionRequired, "", "PUT", path, body)
	w.refused(t, gateway.PreconditionRequired, "", "PUT", path, body, "If-Match", "*")
	w.refused(t, gateway.InvalidParameter, "/version", "PUT", path, `{"reason":"x"}`, "If-Match", tag)
	w.refused(t, gateway.InvalidParameter, "/reason", "PUT", path, `{"version":1,"reason":"`+strings.Repeat("é", 1001)+`"}`, "If-Match", tag)
	w.refused(t, gateway.VersionNotFound, "", "PUT", path, `{"version":2}`, "If-Match", tag)
	w.refused(t, gateway.VersionNotFound, "", "PUT", path, `{"version":1,"shadow":{"version":2}}`, "If-Match", tag)
	w.refused(t, gateway.InvalidParameter, "/canary/version", "PUT", path, `{"version":1,"canary":{"version":1,"weight":0.5}}`, "If-Match", tag)
	w.refused(t, gateway.InvalidParameter, "/canary/weight", "PUT", path, `{"version":1,"canary":{"version":1,"weight":2}}`, "If-Match", tag)
	w.refused(t, gateway.InvalidParameter, "/decision/threshold", "PUT", path, `{"version":1,"decision":{"threshold":0.5}}`, "If-Match", tag)
	w.refused(t, gateway.InvalidJSON, "", "PUT", path, `{"version":1,"by":"somebody else"}`, "If-Match", tag)

	const costs = `{"version":1,"reason":"costs","decision":{"costs":[[0,1,2],[3,0,4],[5,6,0]]}}`
	const arn = "arn:aws:iam::123456789012:user/ada"
	put := events.APIGatewayProxyRequest{HTTPMethod: "PUT", Path: path, Body: costs, Headers: map[string]string{"If-Match": tag},
		RequestContext: events.APIGatewayProxyRequestContext{Identity: events.APIGatewayRequestIdentity{UserArn: arn}}}
	if changed, err := gateway.Handler(w.Routes(), nil)(t.Context(), put); err != nil || changed.StatusCode != http.StatusOK {
		t.Errorf("%+v, %v", changed, err)
	}
	var kept struct{ Changes []registry.Change }
	isStatus(t, w.do(t, "GET", path+"/history", "", &kept), http.StatusOK)
	if c := kept.Changes; len(c) != 2 || c[0].From != 1 || c[0].Reason != "costs" || c[0].Decision.Costs[2][1] != 6 || c[1].From != 0 || c[1].Reason != "by hand" {
		t.Errorf("history %+v", c)
	}
	if c := kept.Changes[0]; c.By != arn || !c.At.Equal(noon) {
		t.Errorf("set by %q at %v", c.By, c.At)
	}
	isStatus(t, w.do(t, "GET", path+"/history?limit=1", "", &kept), http.StatusOK)
	if len(kept.Changes) != 1 || kept.Changes[0].From != 1 {
		t.Errorf("the last change: %+v", kept.Changes)
	}
	w.refused(t, gateway.InvalidParameter, "", "GET", path+"/history?limit=0", "")
	w.refused(t, gateway.AliasNotFound, "", "GET", "/v1/models/penguins/aliases/none/history", "")
	w.refused(t, gateway.InvalidName, "", "PUT", "/v1/models/penguins/aliases/A", body, "If-None-Match", "*")
	w.refused(t, gateway.InvalidParameter, "/digest", "PUT", "/v1/models/penguins/aliases/other", `{"version":1,"digest":"another"}`, "If-None-Match", "*")
}

// TestAliasIsAnsweredAsWritten: somebody else moves the alias right after us. The answer is
// our alias with our ETag, so that a change that goes on from it is refused.
func TestAliasIsAnsweredAsWritten(t *testing.T) {
	w := newWorld(t)
	c, err := training.ParseConfig([]byte(plainConfig()))
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := w.Engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	w.train(t, run)
	w.Registry.Store = overtaken{w.Registry.Store}
	const path = "/v1/models/penguins/aliases/canary"
	var a registry.Alias
	made := w.do(t, "PUT", path, `{"version":1,"reason":"mine"}`, &a, "If-None-Match", "*")
	isStatus(t, made, http.StatusOK)
	if a.Reason != "mine" {
		t.Errorf("answered with %+v", a)
	}
	w.refused(t, gateway.PreconditionFailed, "", "PUT", path, `{"version":1}`, "If-Match", made.Header().Get("ETag"))
}

type overtaken struct{ registry.Store }

func (o overtaken) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	info, err := o.Store.Put(ctx, key, body, c)
	if err == nil && c.Absent {
		_, err = o.Store.Put(ctx, key, []byte(`{"version":1,"reason":"theirs"}`), registry.Condition{IfMatch: info.ETag})
	}
	return info, err
}

func TestUpload(t *testing.T) {
	w := newWorld(t)
	var u upload
	isStatus(t, w.do(t, "POST", "/v1/datasets/wine/uploads", `{"file":"wine.csv"}`, &u), http.StatusCreated)
	if u.Source != "s3://bucket/data/wine/" || u.Fields["key"] != "data/wine/wine.csv" || u.Fields["max"] != "5368709120" || u.Fields["valid"] != "15m0s" {
		t.Errorf("%+v", u)
	}
	for _, file := range []string{"", ".csv", "..csv", "../x.csv", "a/b.csv", "a b.csv", "x.csv\\n", "x.txt", "x.gz", "csv", "x.avro", "parquet", strings.Repeat("x", 200) + ".csv"} {
		w.refused(t, gateway.InvalidParameter, "/file", "POST", "/v1/datasets/wine/uploads", `{"file":"`+file+`"}`)
	}
	w.refused(t, gateway.InvalidName, "", "POST", "/v1/datasets/wine%2F..%2Fmodels/uploads", `{"file":"x.csv"}`)
}

func TestStatistics(t *testing.T) {
	w := newWorld(t)
	w.refused(t, gateway.DatasetNotFound, "", "POST", "/v1/datasets/walrus/statistics", "")
	w.refused(t, gateway.StatisticsNotFound, "", "GET", "/v1/datasets/penguins/statistics", "")
	if n := w.profiler.count(); n != 0 {
		t.Errorf("%d jobs were started", n)
	}
}
