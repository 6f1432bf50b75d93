package control

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/statistics"
)

// TestStatisticsVersion: the query chooses which statistics are answered.
func TestStatisticsVersion(t *testing.T) {
	w := newWorld(t)
	const path = "/v1/datasets/penguins/statistics"
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	for i, version := range []string{two, one} { // the greater key is the earlier
		if i > 0 {
			time.Sleep(10 * time.Millisecond) // file systems tell times apart by ticks of up to 4 ms
		}
		s := registry.Statistics{Dataset: "penguins", Version: version, Profile: &profile.Profile{Rows: 344}}
		if err := w.Registry.SaveStatistics(t.Context(), "penguins", s); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{"": one, "?version=" + one: one, "?version=" + two: two} {
		var got registry.Statistics
		if answer := w.do(t, "GET", path+query, "", &got); answer.Code != 200 || got.Version != want || got.Profile.Rows != 344 {
			t.Errorf("%q: %d %+v, want version %s", query, answer.Code, got, want)
		}
	}
	for _, query := range []string{"?version=" + strings.Repeat("3", 64), "?version=", "?version=..%2F" + one} {
		w.refused(t, gateway.StatisticsNotFound, "", "GET", path+query, "")
	}
	w.refused(t, gateway.InvalidParameter, "", "GET", path+"?version="+one+"&version="+two, "")
}

// profile does a started job in this process, as the workflow would.
func (w *world) profile(t *testing.T, v jobView, q statistics.Request) statistics.Result {
	t.Helper()
	p, err := w.jobs().Plan(t.Context(), v.Dataset, v.Job, q)
	if err != nil {
		t.Fatal(err)
	}
	var shards []statistics.Shard
	if _, err := registry.ReadJSON(t.Context(), w.Registry.Store, p.Items, &shards); err != nil {
		t.Fatal(err)
	}
	for _, s := range shards {
		if err := w.jobs().Profile(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	result, err := w.jobs().Merge(t.Context(), v.Dataset, v.Job)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

const jobsPath = "/v1/datasets/penguins/statistics"

// post starts a job, or finds the one that runs.
func (w *world) post(t *testing.T, status int, body string) (v jobView) {
	t.Helper()
	answer := w.do(t, "POST", jobsPath, body, &v)
	isStatus(t, answer, status)
	if v.State != "running" || answer.Header().Get("Location") != jobsPath+"/jobs/"+string(v.Job) {
		t.Errorf("%+v at %q", v, answer.Header().Get("Location"))
	}
	return v
}

func (w *world) job(t *testing.T, id statistics.JobID) (v jobView) {
	t.Helper()
	isStatus(t, w.do(t, "GET", jobsPath+"/jobs/"+string(id), "", &v), http.StatusOK)
	return v
}

// TestJobStates follows jobs: started, running, succeeded; and asked for again.
func TestJobStates(t *testing.T) {
	w := newWorld(t)
	v := w.post(t, http.StatusAccepted, "")
	if again := w.post(t, http.StatusOK, ""); again.Job != v.Job || w.profiler.count() != 1 {
		t.Errorf("while it runs: %+v, %d executions", again, w.profiler.count())
	}
	const target = `{"target":"species"}`
	other := w.post(t, http.StatusAccepted, target)
	if other.Job == v.Job || w.profiler.count() != 2 {
		t.Errorf("for a target: %+v, %d executions", other, w.profiler.count())
	}
	if got := w.job(t, v.Job); got.State != "running" {
		t.Errorf("running: %+v", got)
	}

	version := w.profile(t, v, statistics.Request{}).Version // the execution is a moment behind
	if got := w.job(t, v.Job); got.State != "succeeded" || got.Version != version || version == "" {
		t.Errorf("succeeded: %+v, want version %s", got, version)
	}
	w.profiler.set("penguins-"+string(v.Job), Execution{Status: "SUCCEEDED"})
	if got := w.job(t, v.Job); got.State != "succeeded" || got.Version != version {
		t.Errorf("succeeded: %+v, want version %s", got, version)
	}
	var s registry.Statistics
	isStatus(t, w.do(t, "GET", jobsPath, "", &s), http.StatusOK)
	if s.Version != version || s.Profile.Rows != 344 {
		t.Errorf("stored %s of %d rows", s.Version, s.Profile.Rows)
	}
	next := w.post(t, http.StatusAccepted, "") // who asks again may know why
	if next.Job == v.Job || w.profiler.count() != 3 {
		t.Errorf("again: %+v, %d executions", next, w.profiler.count())
	}
}

// TestJobFails by the data, by the workflow, and by ending without a result.
func TestJobFails(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Registry.Store.Put(t.Context(), "data/penguins/z.csv", []byte("x\n1\n"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	v := w.post(t, http.StatusAccepted, "")
	execution := "penguins-" + string(v.Job)
	w.profiler.set(execution, Execution{"FAILED", "Sandbox.Timedout", `{"errorMessage":"timed out","stackTrace":[{"path":"/secret"}]}`})
	if got := w.job(t, v.Job); got.State != "failed" || got.Error != "Sandbox.Timedout" || got.Cause != "timed out" {
		t.Errorf("failed: %+v", got)
	}
	w.profiler.set(execution, Execution{Status: "SUCCEEDED"})
	if got := w.job(t, v.Job); got.State != "failed" || !strings.Contains(got.Cause, "no result") {
		t.Errorf("ended without a result: %+v", got)
	}
	next := w.post(t, http.StatusAccepted, "")
	if next.Job == v.Job {
		t.Errorf("after a failure: %+v", next)
	}
	w.profile(t, next, statistics.Request{})
	got := w.job(t, next.Job)
	if got.State != "failed" || got.Problem == nil || got.Problem.Type != gateway.InvalidDataset.URI() || !strings.Contains(got.Problem.Detail, "z.csv") {
		t.Errorf("bad data: %+v", got)
	}
}

// TestJobThatEndsBetweenTwoLooks is answered with its result.
func TestJobThatEndsBetweenTwoLooks(t *testing.T) {
	w := newWorld(t)
	v := w.post(t, http.StatusAccepted, "")
	w.Profiling = ending{w.profiler, func() { w.profile(t, v, statistics.Request{}) }}
	if got := w.job(t, v.Job); got.State != "succeeded" || got.Version == "" {
		t.Errorf("%+v", got)
	}
}

// TestRacingJobs: callers at one moment are answered with one job.
func TestRacingJobs(t *testing.T) {
	w := newWorld(t)
	views := make([]jobView, 8)
	var group sync.WaitGroup
	for i := range views {
		group.Go(func() {
			if answer := w.do(t, "POST", jobsPath, "", &views[i]); answer.Code != http.StatusAccepted && answer.Code != http.StatusOK {
				t.Errorf("caller %d: %d %s", i, answer.Code, answer.Body)
			}
		})
	}
	group.Wait()
	for i, v := range views {
		if v.Job != views[0].Job || v.State != "running" || w.profiler.count() != 1 {
			t.Errorf("caller %d: %+v, %d executions", i, v, w.profiler.count())
		}
	}
}

// TestJobDiedBeforeTheRecord: an execution was started and not recorded, or its job's objects
// have expired. It is found by its name, running or ended.
func TestJobDiedBeforeTheRecord(t *testing.T) {
	for status, executions := range map[string]int{"RUNNING": 1, "FAILED": 2, "SUCCEEDED": 2} {
		w := newWorld(t)
		parts, err := w.Registry.DataParts(t.Context(), "penguins")
		if err != nil {
			t.Fatal(err)
		}
		content, err := statistics.Content("penguins", statistics.Request{}, parts)
		if err != nil {
			t.Fatal(err)
		}
		w.profiler.set("penguins-"+string(statistics.Attempt(content, 1)), Execution{Status: status})
		v := w.post(t, http.StatusAccepted, "")
		if v.Job != statistics.Attempt(content, executions) || w.profiler.count() != executions {
			t.Errorf("%s: %+v, %d executions", status, v, w.profiler.count())
		}
	}
}

// TestRefusedJobs leave nothing behind.
func TestRefusedJobs(t *testing.T) {
	w := newWorld(t)
	w.refused(t, gateway.InvalidJSON, "", "POST", jobsPath, `{"targte":"species"}`)
	for pointer, body := range map[string]string{"/delimiter": `{"delimiter":";;"}`, "/types/year": `{"types":{"year":"date"}}`, "/columns": `{"columns":[]}`,
		"/sample": `{"sample":-1}`, "/schema/0/nam": `{"schema":[{"nam":"year"}]}`, "/schema": `{"schema":"year.json"}`, "/quote": `{"quote":"q"}`} {
		w.refused(t, gateway.InvalidParameter, pointer, "POST", jobsPath, body)
	}
	w.refused(t, gateway.BodyTooLarge, "", "POST", jobsPath, strings.Repeat(" ", maxConfig)+"x")
	w.refused(t, gateway.DatasetNotFound, "", "POST", "/v1/datasets/walrus/statistics", "")
	w.refused(t, gateway.InvalidName, "", "POST", "/v1/datasets/..%2Fx/statistics", "")
	w.refused(t, gateway.JobNotFound, "", "GET", jobsPath+"/jobs/0123456789ab-1", "")
	w.refused(t, gateway.JobNotFound, "", "GET", jobsPath+"/jobs/..%2F..%2Fx", "")
	w.refused(t, gateway.InvalidName, "", "GET", "/v1/datasets/..%2Fx/statistics/jobs/0123456789ab-1", "")
	w.profiler.fault = errors.New("no answer from arn:aws:states:secret")
	w.refused(t, gateway.InternalError, "", "POST", jobsPath, "")
	if keys := w.keys(t); keys != "" || w.profiler.count() != 0 {
		t.Errorf("left behind: %s, %d executions", keys, w.profiler.count())
	}
}

// TestStatisticsPage: the page comes with its own policy, and what only a header can say.
func TestStatisticsPage(t *testing.T) {
	w := newWorld(t)
	const path = "/v1/datasets/penguins/statistics.html"
	w.refused(t, gateway.StatisticsNotFound, "", "GET", path, "")
	version := w.profile(t, w.post(t, http.StatusAccepted, ""), statistics.Request{}).Version
	for _, query := range []string{"", "?version=" + version} {
		answer := w.do(t, "GET", path+query, "", nil)
		policy := answer.Header().Get("Content-Security-Policy")
		if answer.Code != 200 || answer.Header().Get("Content-Type") != "text/html; charset=utf-8" || answer.Header().Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(answer.Body.String(), "bill_length_mm") {
			t.Errorf("%q: %d %v %.200s", query, answer.Code, answer.Header(), answer.Body)
		}
		for _, want := range []string{"default-src 'none'; ", "script-src 'sha256-", "; frame-ancestors 'none'", "; sandbox allow-scripts"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%q: policy %s lacks %s", query, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "&") {
			t.Errorf("%q: policy %s", query, policy)
		}
	}
	for _, query := range []string{"?version=" + strings.Repeat("3", 64), "?version=", "?version=..%2F" + version} {
		w.refused(t, gateway.StatisticsNotFound, "", "GET", path+query, "")
	}
	w.refused(t, gateway.InvalidParameter, "", "GET", path+"?version=1&version=2", "")
	if policy := pagePolicy([]byte("<p>")); policy != "default-src 'none'; frame-ancestors 'none'; sandbox allow-scripts" {
		t.Errorf("a page without a policy gets %s", policy)
	}
}

// TestDrift compares two versions; the later one without a name.
func TestDrift(t *testing.T) {
	w := newWorld(t)
	const path = "/v1/datasets/penguins/drift"
	first := w.profile(t, w.post(t, http.StatusAccepted, ""), statistics.Request{}).Version
	heavier := "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year\n" +
		strings.Repeat("Adelie,Dream,39,18,190,9000,male,2007\nGentoo,Biscoe,47,15,210,9100,female,2008\n", 200)
	if _, err := w.Registry.Store.Put(t.Context(), "data/penguins/penguins.csv", []byte(heavier), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond) // file systems tell times apart by ticks of up to 4 ms
	second := w.profile(t, w.post(t, http.StatusAccepted, ""), statistics.Request{}).Version
	for query, current := range map[string]string{"": second, "&current=" + second: second, "&current=" + first: first} {
		var v driftView
		isStatus(t, w.do(t, "GET", path+"?baseline="+first+query, "", &v), http.StatusOK)
		if v.Baseline != first || v.Current != current || (v.Drift.Verdict == profile.Severe) != (current == second) || len(v.Drift.Columns) != 8 {
			t.Errorf("%q: %+v", query, v)
		}
	}
	var s registry.Statistics
	isStatus(t, w.do(t, "GET", jobsPath, "", &s), http.StatusOK)
	for _, c := range s.Profile.Columns {
		if c.Sketches != nil {
			t.Errorf("the answer has the sketches of %s", c.Name)
		}
	}
	w.refused(t, gateway.InvalidParameter, "", "GET", path, "")
	w.refused(t, gateway.StatisticsNotFound, "", "GET", path+"?baseline="+strings.Repeat("3", 64), "")
	w.refused(t, gateway.StatisticsNotFound, "", "GET", path+"?baseline="+first+"&current=latest", "")
	w.refused(t, gateway.DatasetNotFound, "", "GET", "/v1/datasets/walrus/statistics", "")
}
