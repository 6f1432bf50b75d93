//go:build linux || darwin

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/training"
)

// emptyWorld is a running cloud with the penguins uploaded and nothing else.
func emptyWorld(t *testing.T, dir string) world {
	t.Helper()
	data, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	w := openWorld(t, dir)
	w.put(t, "data/penguins/penguins.csv", string(data))
	return w
}

// openWorld starts a cloud on a folder.
func openWorld(t testing.TB, dir string) world {
	t.Helper()
	cloud, err := local.Start(context.Background(), local.Config{Dir: dir, Functions: functions})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return world{cloud, client{url: cloud.URL()}, s3store.New(cloud.S3(), cloud.Bucket(), "")}
}

// post submits a config and returns how the run stands.
func (w world) post(t *testing.T, config string) runState {
	t.Helper()
	text, err := w.api.send(context.Background(), "POST", "/v1/runs", []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	return decodeRun(t, text)
}

// until polls a run until it is as asked.
func (w world) until(t *testing.T, run string, asked func(runState) bool) runState {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		text, err := w.api.send(context.Background(), "GET", "/v1/runs/"+run, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := decodeRun(t, text)
		if asked(v) {
			return v
		}
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("waited for too long; last seen: %s", text)
		}
	}
}

// TestFailedRunSaysWhyAndStartsAgain trains on a target of a single class.
func TestFailedRunSaysWhyAndStartsAgain(t *testing.T) {
	w := openWorld(t, cloudDir(t))
	w.put(t, "data/constant/constant.csv", "x,y\n"+strings.Repeat("1,same\n2,same\n", 20))
	const config = `{"data":{"source":"s3://foretell/data/constant/","target":"y"}}`
	for attempt := 1; attempt <= 2; attempt++ {
		v := w.post(t, config)
		v = w.until(t, string(v.Run), func(v runState) bool { return v.State != "running" })
		if v.State != "failed" || v.Attempt != attempt || v.Error != "ConfigError" || !strings.Contains(v.Cause, "/data/target") {
			t.Errorf("attempt %d: %+v", attempt, v)
		}
	}
	for info, err := range w.store.List(context.Background(), "models/") {
		t.Errorf("a failed run left %s (%v)", info.Key, err)
	}
}

// TestViolatedRunSaysWhat: the functions check the data before they train, and the run tells
// what is wrong with it.
func TestViolatedRunSaysWhat(t *testing.T) {
	w := emptyWorld(t, cloudDir(t))
	const config = `{"data":{"source":"s3://foretell/data/penguins/","target":"species","constraints":{"rows":{"min":1000},"columns":[{"name":"species","values":["Adelie","Gentoo"]}]}}}`
	v := w.post(t, config)
	text := w.get(t, "/v1/runs/"+string(w.until(t, string(v.Run), func(v runState) bool { return v.State != "running" }).Run))
	var failed struct {
		State, Error, Cause string
		Problem             gateway.Problem
	}
	if err := json.Unmarshal(text, &failed); err != nil {
		t.Fatal(err)
	}
	p := failed.Problem
	if failed.State != "failed" || failed.Error != "BlockedError" || !strings.Contains(failed.Cause, `"Chinstrap"`) ||
		p.Type != gateway.ConstraintsViolated.URI() || len(p.Errors) != 2 || p.Errors[1].Column != "species" {
		t.Errorf("%s", text)
	}
}

// get is the body of a GET.
func (w world) get(t *testing.T, path string) []byte {
	t.Helper()
	text, err := w.api.send(context.Background(), "GET", path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestInterruptedRunGoesOn stops the cloud in the middle of a run and starts both again: the
// trials that were finished are not touched, and the model is that of a run in one piece.
func TestInterruptedRunGoesOn(t *testing.T) {
	const config = `{"model":"penguins","data":{"source":"s3://foretell/data/penguins/","target":"species"},"seed":11,
		"search":{"trials":40},"configurations":[{"learner":"boosting","params":{"rounds":[40,60],"learning_rate":{"log":[0.05,0.3]}}}]}`
	dir := cloudDir(t)
	w := emptyWorld(t, dir)
	run := w.post(t, config).Run
	w.until(t, string(run), func(v runState) bool { return v.Finished >= 3 })
	if err := w.cloud.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	w = openWorld(t, dir)
	trials := "runs/" + string(run) + "/trials/"
	before := map[string]time.Time{}
	for info, err := range w.store.List(context.Background(), trials) {
		if err != nil {
			t.Fatal(err)
		}
		before[info.Key] = info.Modified
	}
	if len(before) < 3 || len(before) >= 40 {
		t.Fatalf("%d of 40 trials were finished when the cloud stopped", len(before))
	}
	v := w.until(t, string(run), func(v runState) bool { return v.State != "running" })
	if v.State != "failed" { // the execution was aborted, and is said to be
		t.Errorf("after the stop the run is %+v", v)
	}
	if v = w.post(t, config); v.Run != run || v.Attempt != 2 {
		t.Errorf("submitted again it is %+v", v)
	}
	v = w.until(t, string(run), func(v runState) bool { return v.State != "running" })
	if v.State != "succeeded" || v.Finished != 40 || v.Verdict == nil {
		t.Fatalf("started again it ended as %+v", v)
	}
	for key, modified := range before {
		info, err := w.store.Stat(context.Background(), key)
		if err != nil || !info.Modified.Equal(modified) {
			t.Errorf("%s was written again (%v)", key, err)
		}
	}
	whole := emptyWorldElsewhere(t, w)
	uninterrupted := whole.until(t, string(whole.post(t, config).Run), func(v runState) bool { return v.State != "running" })
	if uninterrupted.Verdict == nil || uninterrupted.Verdict.Digest != v.Verdict.Digest {
		t.Errorf("in one piece the run ends as %+v, interrupted as %+v", uninterrupted.Verdict, v.Verdict)
	}
}

// TestRoundsThroughTheCloud: searches of several rounds come to the model through the shipped
// binaries that they come to in this process.
func TestRoundsThroughTheCloud(t *testing.T) {
	const config = `{"model":"penguins","data":{"source":%q,"target":"species"},"validation":{"folds":2},"search":%s,
		"configurations":[{"learner":"boosting","params":{"rounds":[20,30],"learning_rate":{"log":[0.05,0.3]}}},{"learner":"bayes","params":{"smoothing":{"log":[0.1,10]}}}]}`
	data, err := filepath.Abs("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	w := emptyWorld(t, cloudDir(t))
	for search, rounds := range map[string]int{
		`{"strategy":"tpe","trials":14,"batch":2}`:            3,
		`{"strategy":"halving","trials":9,"rungs":3,"eta":3}`: 3,
	} {
		here := foretell(t, "train", "--store", t.TempDir(), file(t, "c.json", fmt.Sprintf(config, data, search)))
		run := w.post(t, fmt.Sprintf(config, "s3://foretell/data/penguins/", search)).Run
		end := w.until(t, string(run), func(v runState) bool { return v.State != "running" })
		if end.Verdict == nil || end.Verdict.Digest != digest(t, here) {
			t.Errorf("%s: %+v, in this process\n%s", search, end, here)
		}
		if _, err := w.store.Stat(context.Background(), fmt.Sprintf("runs/%s/rounds/%d.json", run, rounds)); err != nil {
			t.Errorf("%s: %v", search, err)
		}
	}
}

// emptyWorldElsewhere stops a world, since a process can run only one, and starts another.
func emptyWorldElsewhere(t *testing.T, w world) world {
	t.Helper()
	if err := w.cloud.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return emptyWorld(t, cloudDir(t))
}

// TestScheduledRetrain registers a schedule: the first retrain is due at once, is the run
// that was posted, and makes no second version. With more data there is another run, which starts
// from what the first version is made of.
func TestScheduledRetrain(t *testing.T) {
	w := emptyWorld(t, cloudDir(t))
	const config = `{"model":"penguins","data":{"source":"s3://foretell/data/penguins/","target":"species"},"schedule":"rate(1 days)",
		"search":{"trials":3},"configurations":[{"learner":"logistic","params":{"l2":[0.1,1,10]}}]}`
	v := w.post(t, config)
	if v = w.until(t, string(v.Run), func(v runState) bool { return v.State != "running" }); v.State != "succeeded" {
		t.Fatalf("run %+v", v)
	}
	if _, err := w.store.Stat(context.Background(), "schedules/penguins.json"); err != nil {
		t.Errorf("schedule: %v", err)
	}
	models := &registry.Registry{Store: w.store}
	versions, err := models.Versions(context.Background(), "penguins")
	if err != nil || len(versions) != 1 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
	if again := w.retrain(t, "penguins"); again != v.Run {
		t.Errorf("a retrain on the same data is run %s, not %s", again, v.Run)
	}

	// A day later there is more data.
	w.put(t, "data/penguins/more.csv", "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year\nAdelie,Dream,39.1,18.7,181,3750,male,2009\n")
	next := w.retrain(t, "penguins")
	if next == v.Run || w.post(t, config).Run != next {
		t.Errorf("the retrain is %s, the run before %s", next, v.Run)
	}
	end := w.until(t, string(next), func(v runState) bool { return v.State != "running" })
	var first []training.Trial
	if _, err := registry.ReadJSON(context.Background(), w.store, "runs/"+string(next)+"/rounds/1.json", &first); err != nil || end.Verdict == nil || end.Verdict.Version != 2 {
		t.Fatalf("%+v, %v", end, err)
	}
	heaviest := slices.MaxFunc(versions[0].Members, func(a, b registry.Member) int { return cmp.Compare(a.Weight, b.Weight) })
	if !reflect.DeepEqual(first[0].Params, heaviest.Params) || heaviest.Trial == "0001-logistic" {
		t.Errorf("the retrain starts with %v, champion has %+v", first[0].Params, versions[0].Members)
	}
	for range 2 { // the second time there is nothing left to delete
		if _, err := w.api.send(context.Background(), "DELETE", "/v1/models/penguins/schedule", nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.store.Stat(context.Background(), "schedules/penguins.json"); err == nil {
		t.Error("the schedule is still there")
	}
}

// TestNewDataRetrainsByItself: files that come together are one retrain, a while after the last of
// them: the timer's own. It starts from champion, which moves to what it makes. Withdrawn, nothing
// waits for data any more.
func TestNewDataRetrainsByItself(t *testing.T) {
	w := emptyWorld(t, cloudDir(t))
	const config = `{"model":"penguins","data":{"source":"s3://foretell/data/penguins/","target":"species"},"schedule":{"on_new_data":true,"debounce":"5s"},
		"search":{"trials":2},"promote":{"when":"always"},"configurations":[{"learner":"logistic","params":{"l2":[0.1,10]}}]}`
	v := w.post(t, config)
	if v = w.until(t, string(v.Run), func(v runState) bool { return v.State != "running" }); v.State != "succeeded" {
		t.Fatalf("run %+v", v)
	}
	for _, name := range []string{"a", "b", "c"} {
		w.put(t, "data/penguins/"+name+".csv", "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year\nAdelie,Dream,39.1,18.7,181,3750,male,2009\n")
	}
	last := time.Now()
	models := &registry.Registry{Store: w.store}
	for {
		champion, _, err := models.Alias(context.Background(), "penguins", registry.Champion)
		if err != nil {
			t.Fatal(err)
		}
		if champion.Version == 2 {
			break
		}
		if time.Since(last) > 2*time.Minute {
			t.Fatalf("two minutes after new data champion is %+v", champion)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if quiet := time.Since(last); quiet < 4*time.Second { // a time is to the second
		t.Errorf("trained %v after the last file", quiet)
	}
	m, err := models.Version(context.Background(), "penguins", 2)
	if err != nil {
		t.Fatal(err)
	}
	var plan training.Plan
	if _, err := registry.ReadJSON(context.Background(), w.store, "runs/"+m.Run+"/plan.json", &plan); err != nil || plan.Champion == nil || plan.Champion.Version != 1 {
		t.Errorf("it starts from %+v, %v", plan.Champion, err)
	}
	started, err := filepath.Glob(filepath.Join(w.cloud.Dir(), "executions", "*", "penguins-????????T??????Z.json"))
	if err != nil || len(started) != 1 {
		t.Errorf("executions %v, %v", started, err)
	}
	if out := foretell(t, "withdraw", "--api", w.cloud.URL(), "penguins"); !strings.Contains(out, "not trained again") {
		t.Errorf("withdraw: %s", out)
	}
	left, err := filepath.Glob(filepath.Join(w.cloud.Dir(), "schedules", "*", "*.json"))
	if _, gone := w.store.Stat(context.Background(), "schedules/penguins.json"); err != nil || len(left) > 0 || gone == nil {
		t.Errorf("left after the withdrawal: %v, %v, %v", left, err, gone)
	}
}

// retrain has the schedule of a model fall due, and returns which run that is.
func (w world) retrain(t *testing.T, model string) training.RunID {
	t.Helper()
	answer, err := w.cloud.Invoke(context.Background(), "train", fmt.Appendf(nil, `{"step":"plan","input":{"schedule":%q}}`, model))
	if err != nil {
		t.Fatal(err)
	}
	var p training.Progress
	if err := json.Unmarshal(answer, &p); err != nil || p.Run == "" {
		t.Fatalf("%s: %v", answer, err)
	}
	return p.Run
}

// TestCommandsOnABucket trains, describes and predicts with data and store in S3.
func TestCommandsOnABucket(t *testing.T) {
	config := smallConfig(t)
	inFolder := digest(t, foretell(t, "train", "--store", t.TempDir(), config))
	w := emptyWorld(t, cloudDir(t))
	credentials := w.cloud.Credentials()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": w.cloud.S3Endpoint(), "AWS_REGION": local.Region,
		"AWS_ACCESS_KEY_ID": credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.SecretAccessKey,
	} {
		t.Setenv(name, value)
	}
	const source = "s3://foretell/data/penguins/"
	text := strings.Replace(fmt.Sprintf(small, source), "model: penguins", "model: from-bucket", 1)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const store = "s3://foretell/laptop"
	if got := digest(t, foretell(t, "train", "--store", store, config)); got != inFolder {
		t.Errorf("on a bucket the model is %s, on a folder %s", got, inFolder)
	}
	if out := foretell(t, "statistics", "--store", store, source); !strings.Contains(out, "stored in s3://foretell/laptop as statistics/penguins/") {
		t.Errorf("statistics:\n%s", out)
	}
	if out := foretell(t, "predict", "--store", store, "--model", "from-bucket", source); strings.Count(out, "\n") != 345 {
		t.Errorf("predictions:\n%.200s", out)
	}
	if out := foretell(t, "models", "--store", store); out != "from-bucket\n" {
		t.Errorf("models:\n%s", out)
	}
}

// TestUpRefuses tells what is wrong before anything starts.
func TestUpRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"make build":         {"up", "--dir", cloudDir(t), "--functions", t.TempDir()},
		"needs a --job":      {"up", "--exit"},
		"no such file":       {"up", "--job", "nowhere.yaml"},
		"unknown command":    {"fly"},
		"--model is requi":   {"predict", "x.csv"},
		"takes one argument": {"train"},
	} {
		var out strings.Builder
		if err := run(context.Background(), &out, &out, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("foretell %v: %v, want %q", args, err, want)
		}
	}
}

func decodeRun(t *testing.T, text []byte) (v runState) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(fmt.Errorf("%w: %s", err, text))
	}
	return v
}
