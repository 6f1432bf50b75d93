package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/topology"
	"github.com/foretell-ml/foretell/pkg/training"
)

// largeRun has a second trial that no function has the time for, if it learns for as long as it may. It
// stops after some epochs.
const largeRun = `{"model":"penguins","data":{"source":"s3://foretell/data/penguins/","target":"species"},"search":{"strategy":"grid"},` +
	`"configurations":[{"learner":"baseline"},{"learner":"mlp","params":{"epochs":100000,"members":30,"holdout":0.4,"patience":1}}],"validation":{"folds":2},"seed":3}`

// plant is a stage that has tasks, on this machine: the shipped function in the local cloud, with its
// bucket, and the shipped image of it as the task that the workflow starts.
type plant struct {
	t      *testing.T
	cloud  *local.Cloud
	store  registry.Store
	engine *training.Engine // plans and advances as the function does where there are tasks
	root   string           // of the image
	entry  []string

	mu    sync.Mutex
	tasks []string
}

// TestImageDoesTrials runs the training workflow with the image of the train function, unpacked and
// locked into its folder, as the task for what no function has room for. What a task writes into the
// bucket, but for the time that it took, are the bytes that the function writes; and what the last
// one concludes is the model that one process makes.
func TestImageDoesTrials(t *testing.T) {
	c, err := training.ParseConfig([]byte(largeRun))
	if err != nil {
		t.Fatal(err)
	}
	want := alone(t, c) // first: the cloud moves the working directory
	p := newPlant(t)
	run, _, err := p.engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p.work(run)
	if did := []string{"trial 0002-mlp", "conclude "}; !slices.Equal(p.tasks, did) {
		t.Fatalf("tasks did %q, want %q", p.tasks, did)
	}
	verdict, err := p.engine.Conclude(t.Context(), run) // is there
	if err != nil {
		t.Fatal(err)
	}
	if verdict.Digest != want.Digest || verdict.Digest == "" {
		t.Errorf("concluded by a task: model %s, by one process: %s", verdict.Digest, want.Digest)
	}

	prefix := "runs/" + string(run) + "/"
	keys := []string{prefix + "trials/0002-mlp.json", prefix + "predictions/0002-mlp"}
	byTask := p.take(keys)
	p.byFunction(prefix, "0002-mlp")
	for i, byFunction := range p.take(keys) {
		if byTask[i] != byFunction {
			t.Errorf("%s: the task wrote\n%.500q\nthe function\n%.500q", keys[i], byTask[i], byFunction)
		}
	}
}

// newPlant builds the function, makes its image, and starts the cloud with a data set in the bucket.
func newPlant(t *testing.T) *plant {
	t.Helper()
	build, err := filepath.Abs("../../build/test") // a file system with extended attributes, which /tmp need not be
	if err == nil {
		err = os.MkdirAll(build, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(build, "image-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := buildFunction(t, "train")
	made, err := newImage(runtime.GOARCH, "train", program)
	if err != nil {
		t.Fatal(err)
	}
	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	p := &plant{t: t, root: t.TempDir(), entry: config.Config.Entrypoint}
	unpack(t, mutate.Extract(made), p.root)
	if err := os.Chmod(p.root, 0o755); err != nil { // the user of the image is not its owner
		t.Fatal(err)
	}
	penguins := penguins(t)                // before the cloud moves the working directory
	for _, f := range topology.Functions { // none but train is called
		at := filepath.Join(dir, "functions", f.Name)
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(at, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	if p.cloud, err = local.Start(t.Context(), local.Config{Dir: filepath.Join(dir, "cloud"), Functions: filepath.Join(dir, "functions")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.cloud.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	p.store = s3store.New(p.cloud.S3(), p.cloud.Bucket(), "")
	put(t, p.store, penguins)
	p.engine = newEngine(p.store)
	p.engine.Cloud, p.engine.Large = true, training.OnFargate
	return p
}

// penguins are the data set of the run.
func penguins(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func put(t *testing.T, store registry.Store, penguins []byte) {
	t.Helper()
	if _, err := store.Put(t.Context(), "data/penguins/penguins.csv", penguins, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func newEngine(store registry.Store) *training.Engine {
	models := &registry.Registry{Store: store}
	return &training.Engine{Registry: models, Source: training.BucketSource("foretell", models)}
}

// work runs the workflow file that ships to its end.
func (p *plant) work(run training.RunID) {
	p.t.Helper()
	values := map[string]string{"TrainFunction": "train", "Bucket": p.cloud.Bucket()}
	maps.Copy(values, topology.NoTasks)
	definition, err := local.Substitute(topology.Training, values)
	if err != nil {
		p.t.Fatal(err)
	}
	machine, err := local.ParseMachine([]byte(definition))
	if err != nil {
		p.t.Fatal(err)
	}
	environment := local.Environment{Invoker: p, RunTask: p.runTask,
		ReadObject: func(ctx context.Context, _, key string) ([]byte, error) {
			body, _, err := registry.Read(ctx, p.store, key)
			return body, err
		},
		WriteObject: func(ctx context.Context, _, key string, body []byte) error {
			_, err := p.store.Put(ctx, key, body, registry.Condition{})
			return err
		},
	}
	if _, err := machine.Run(p.t.Context(), environment, string(run), fmt.Appendf(nil, `{"run":%q}`, run)); err != nil {
		p.t.Fatal(err)
	}
}

// Invoke calls the function for a trial. The function of the local cloud has no tasks to plan for, so
// the other steps are done here.
func (p *plant) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	var event training.Event
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	if event.Step == "trial" {
		return p.cloud.Invoke(ctx, function, payload)
	}
	answer, err := p.engine.Handle(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// runTask starts the image with the environment of the task's definition (infra/large.go), that of ECS,
// and what the workflow says, and waits until it ends.
func (p *plant) runTask(ctx context.Context, environment map[string]string) error {
	p.mu.Lock()
	p.tasks = append(p.tasks, environment[topology.EnvStep]+" "+environment[topology.EnvTrial])
	p.mu.Unlock()
	key := p.cloud.Credentials()
	task := exec.CommandContext(ctx, p.entry[0], p.entry[1:]...)
	task.Dir, task.SysProcAttr = "/", locked(p.root)
	task.Env = []string{
		topology.EnvBucket + "=" + p.cloud.Bucket(), topology.EnvLarge + "=fargate",
		"AWS_REGION=" + local.Region, "AWS_ENDPOINT_URL_S3=" + p.cloud.S3Endpoint(),
		"AWS_ACCESS_KEY_ID=" + key.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + key.SecretAccessKey,
	}
	for name, value := range environment {
		task.Env = append(task.Env, name+"="+value)
	}
	if said, err := task.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// byFunction has the shipped function do a trial of the run.
func (p *plant) byFunction(prefix, trial string) {
	p.t.Helper()
	var trials []training.Trial
	if _, err := registry.ReadJSON(p.t.Context(), p.store, prefix+"rounds/1.json", &trials); err != nil {
		p.t.Fatal(err)
	}
	i := slices.IndexFunc(trials, func(of training.Trial) bool { return of.ID == trial })
	if i < 0 {
		p.t.Fatalf("no trial %s in %+v", trial, trials)
	}
	event, err := json.Marshal(map[string]any{"step": "trial", "input": trials[i]})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.cloud.Invoke(p.t.Context(), "train", event); err != nil {
		p.t.Fatal(err)
	}
}

// usage is what a trial took: another time each time.
var usage = regexp.MustCompile(`,?\s*"usage":\s*\{[^}]*\}`)

// take reads objects, without times, and removes them.
func (p *plant) take(keys []string) (bodies []string) {
	p.t.Helper()
	for _, key := range keys {
		body, _, err := registry.Read(p.t.Context(), p.store, key)
		if err == nil {
			err = p.store.Delete(p.t.Context(), key)
		}
		if err != nil || len(body) < 100 {
			p.t.Fatalf("%s: %d bytes, %v", key, len(body), err)
		}
		bodies = append(bodies, usage.ReplaceAllString(string(body), ""))
	}
	return bodies
}

// alone is what one process makes of a run, in a folder.
func alone(t *testing.T, c training.Config) training.Verdict {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put(t, store, penguins(t))
	e := newEngine(store)
	run, _, err := e.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := e.Run(t.Context(), run, nil)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}
