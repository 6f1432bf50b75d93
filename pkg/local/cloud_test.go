//go:build linux || darwin

package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// cloudBuild is a build of all functions, each of them the test function.
func cloudBuild(t *testing.T) string {
	t.Helper()
	var names []string
	for _, f := range topology.Functions {
		names = append(names, f.Name)
	}
	return buildFolder(t, names...)
}

func startCloud(t *testing.T, ctx context.Context, c Config) *Cloud {
	t.Helper()
	cloud, err := Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return cloud
}

// variablesOf asks a function for its environment.
func variablesOf(t *testing.T, c *Cloud, function string) map[string]string {
	t.Helper()
	answer, err := c.Invoke(t.Context(), function, []byte(`{"do": "variables"}`))
	if err != nil {
		t.Fatal(err)
	}
	var report testReport
	if err := json.Unmarshal(answer, &report); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, v := range report.Variables {
		name, value, _ := strings.Cut(v, "=")
		values[name] = value
	}
	return values
}

func TestCloud(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "foretell")
	cloud := startCloud(t, t.Context(), Config{Dir: dir, Functions: cloudBuild(t)})

	t.Run("api", func(t *testing.T) {
		status, header, body := post(t, cloud.URL()+"/v1/models/adult/predict?alias=champion", `{"instances":[]}`)
		if status != 201 || header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %v %s", status, header, body)
		}
		var event events.APIGatewayProxyRequest
		if err := json.Unmarshal([]byte(body), &event); err != nil {
			t.Fatal(err)
		}
		if event.PathParameters["model"] != "adult" || event.Body != `{"instances":[]}` {
			t.Errorf("event %s", body)
		}
		if _, _, body := post(t, cloud.URL()+"/v1/models/adult/predict", `{"do":"binary"}`); body != "\x00\xff" {
			t.Errorf("binary answer %q", body)
		}
	})
	t.Run("limits of the event", func(t *testing.T) {
		// Quotes double in the event: a body under the limit makes an event over it.
		status, _, body := post(t, cloud.URL()+"/v1/models/adult/predict", strings.Repeat(`"`, 4<<20))
		if status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "body-too-large") {
			t.Errorf("%d %.200s", status, body)
		}
	})
	t.Run("variables", func(t *testing.T) {
		for _, f := range topology.Functions {
			values := variablesOf(t, cloud, f.Name)
			want := map[string]string{
				"AWS_ENDPOINT_URL_S3": cloud.S3Endpoint(), "AWS_REGION": "us-east-1",
				"AWS_ACCESS_KEY_ID": cloud.Credentials().AccessKeyID, "AWS_SECRET_ACCESS_KEY": cloud.Credentials().SecretAccessKey,
			}
			for _, name := range f.Environment {
				if values[name] == "" {
					t.Errorf("%s: no %s", f.Name, name)
				}
			}
			for name, value := range want {
				if values[name] != value {
					t.Errorf("%s: %s=%s, want %s", f.Name, name, values[name], value)
				}
			}
			if len(values) != 10+7+len(f.Environment)+1 { // Lambda's, the platform's, its own, the trace's
				t.Errorf("%s has %d variables: %v", f.Name, len(values), values)
			}
		}
	})
	t.Run("log", func(t *testing.T) {
		log, err := os.ReadFile(filepath.Join(dir, "logs", "predict.log"))
		if err != nil || !strings.Contains(string(log), "Init Duration") {
			t.Errorf("log of predict: %v\n%s", err, log)
		}
		if len(cloud.InitDurations("predict")) == 0 {
			t.Error("no init durations of predict")
		}
	})
}

// TestCloudStopsAndComesBack stops the cloud as Ctrl-C does, amid work, and starts it again.
func TestCloudStopsAndComesBack(t *testing.T) {
	dir, build := t.TempDir(), cloudBuild(t)
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	first := startCloud(t, ctx, Config{Dir: dir, Functions: build})
	if _, err := put(t, first.S3(), "data/adult/adult.csv", "age\n39\n", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Invoke(t.Context(), "predict", nil); err != nil {
		t.Fatal(err)
	}
	url := first.URL()
	answered := make(chan int, 1)
	go func() {
		answer, err := http.Post(url+"/v1/runs", "application/json", strings.NewReader(`{"do": "sleep", "millis": 60000}`))
		if err != nil {
			answered <- 0
			return
		}
		answer.Body.Close()
		answered <- answer.StatusCode
	}()
	for len(first.runtime.Processes()) < 3 { // retrain was told of the object
		time.Sleep(time.Millisecond)
	}
	pids := first.runtime.Processes()
	start := time.Now()
	interrupt()
	if err := first.Close(context.Background()); err != nil { // waits for the stop
		t.Fatal(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the stop took %v", took)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
	if status := <-answered; status != http.StatusBadGateway {
		t.Errorf("the request in progress got %d, want 502", status)
	}
	if after, err := os.Getwd(); err != nil || after != folder {
		t.Errorf("working directory %s, want %s (%v)", after, folder, err)
	}
	if _, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second); err == nil {
		t.Error("the API still listens")
	}

	second := startCloud(t, t.Context(), Config{Dir: dir, Functions: build})
	if got := get(t, second.S3(), "data/adult/adult.csv"); got != "age\n39\n" {
		t.Errorf("object after a restart: %q", got)
	}
}

func TestCloudRefuses(t *testing.T) {
	build := cloudBuild(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port

	foreign := cloudBuild(t)
	path := filepath.Join(foreign, "predict", "bootstrap")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, foreignBinary(), 0o755); err != nil {
		t.Fatal(err)
	}
	plain := cloudBuild(t)
	path = filepath.Join(plain, "train", "bootstrap")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"no binaries", Config{Functions: t.TempDir()}, []string{"api/bootstrap", "make build ARCH=" + runtime.GOARCH}},
		{"a binary for another machine", Config{Functions: foreign}, []string{"predict/bootstrap", "s390", "make build"}},
		{"a file that does not run", Config{Functions: plain}, []string{"train/bootstrap", "make build"}},
		{"port in use", Config{Functions: build, Port: port}, []string{fmt.Sprint("port ", port), "--port"}},
		{"s3 port in use", Config{Functions: build, S3Port: port}, []string{fmt.Sprint("port ", port), "--s3-port"}},
		{"bad bucket", Config{Functions: build, Bucket: "No Bucket"}, []string{"No Bucket"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Dir = t.TempDir()
			cloud, err := Start(t.Context(), c.config)
			if err == nil {
				cloud.Close(context.Background())
				t.Fatal("it started")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %q", err, want)
				}
			}
			// Nothing is left that keeps the next start from working.
			startCloud(t, t.Context(), Config{Dir: c.config.Dir, Functions: build}).Close(context.Background())
		})
	}
}

// foreignBinary is the head of an ELF file for a machine that Go's 64-bit developers rarely
// have: s390, big-endian.
func foreignBinary() []byte {
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x02\x01")
	head[17], head[19], head[23], head[53] = 2, 22, 1, 64
	return head
}

func TestOneCloudPerFolder(t *testing.T) {
	dir, build := t.TempDir(), cloudBuild(t)
	startCloud(t, t.Context(), Config{Dir: dir, Functions: build})
	_, err := Start(t.Context(), Config{Dir: dir, Functions: build})
	if err == nil {
		t.Fatal("two clouds share a folder")
	}
	for _, want := range []string{fmt.Sprintf("process %d", os.Getpid()), dir, "--dir"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
}

// TestCloudServices calls Step Functions and the Scheduler at the endpoints that functions
// are given, and has a workflow reach a function.
func TestCloudServices(t *testing.T) {
	cloud := startCloud(t, t.Context(), Config{Dir: t.TempDir(), Functions: cloudBuild(t)})
	values := variablesOf(t, cloud, "api")
	account := credentials.NewStaticCredentialsProvider(values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"], "")

	workflows := sfn.New(sfn.Options{Region: Region, BaseEndpoint: aws.String(values["AWS_ENDPOINT_URL_SFN"]), Credentials: account})
	machine := values[topology.EnvTrainingWorkflow]
	started, err := workflows.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &machine, Name: aws.String("r1"), Input: aws.String(`{"run":"r1"}`)})
	if err != nil {
		t.Fatal(err)
	}
	// The test function is no planner: its answer lacks what the state selects from it. That is
	// caught, and the function told.
	end := wait(t, workflows, started.ExecutionArn)
	if end.Status != "FAILED" || aws.ToString(end.Error) != "customError" {
		t.Errorf("execution ended %s: %s %s", end.Status, aws.ToString(end.Error), aws.ToString(end.Cause))
	}
	log, err := os.ReadFile(filepath.Join(cloud.Dir(), "logs", "train.log"))
	if err != nil || strings.Count(string(log), "START RequestId") != 2 {
		t.Errorf("log of train: %v\n%s", err, log)
	}
	// The other machine has a function of its own, and names of its own.
	machine = values[topology.EnvStatisticsWorkflow]
	started, err = workflows.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &machine, Name: aws.String("r1"), Input: aws.String(`{"job":"j1"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if end := wait(t, workflows, started.ExecutionArn); end.Status != "FAILED" || aws.ToString(end.Error) != "customError" {
		t.Errorf("execution ended %s: %s %s", end.Status, aws.ToString(end.Error), aws.ToString(end.Cause))
	}
	log, err = os.ReadFile(filepath.Join(cloud.Dir(), "logs", "statistics.log"))
	if err != nil || strings.Count(string(log), "START RequestId") != 2 {
		t.Errorf("log of statistics: %v\n%s", err, log)
	}

	clock := scheduler.New(scheduler.Options{Region: Region, BaseEndpoint: aws.String(values["AWS_ENDPOINT_URL_SCHEDULER"]), Credentials: account})
	group, role := values[topology.EnvScheduleGroup], values[topology.EnvScheduleRole]
	function := values[topology.EnvRetrainFunction]
	in := createInput("nightly", "rate(1 day)")
	in.GroupName, in.Target.Arn, in.Target.RoleArn = &group, &function, &role
	in.Target.Input = aws.String(`{"do": "log", "nightly": "<aws.scheduler.scheduled-time>"}`)
	if _, err := clock.CreateSchedule(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	untilLogged(t, cloud, "retrain", "START RequestId") // a rate is due when it is made
	if _, err := clock.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: aws.String("nightly"), GroupName: &group}); err != nil {
		t.Error(err)
	}

	functions := lambda.New(lambda.Options{Region: Region, BaseEndpoint: aws.String(values["AWS_ENDPOINT_URL_LAMBDA"]), Credentials: account})
	name := "statistics"
	if out, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name}); err != nil || out.FunctionError != nil {
		t.Errorf("invoke %s: %v", name, err)
	}
}

// untilLogged waits for something to stand in a function's log.
func untilLogged(t *testing.T, c *Cloud, function, what string) string {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		log, _ := os.ReadFile(filepath.Join(c.Dir(), "logs", function+".log"))
		if strings.Contains(string(log), what) {
			return string(log)
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("after 10 s the log of %s lacks %q:\n%s", function, what, log)
		}
	}
}

// TestCloudTellsOfObjects: the functions that want to know of objects are called with S3's event of
// each that was written below their prefix, however it was written.
func TestCloudTellsOfObjects(t *testing.T) {
	cloud := startCloud(t, t.Context(), Config{Dir: t.TempDir(), Functions: cloudBuild(t)})
	bucket := aws.String(cloud.Bucket())
	for _, key := range []string{"runs/r/data", "data/adult/a.csv"} {
		if _, err := put(t, cloud.S3(), key, "age\n39\n", nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := cloud.S3().CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("data/adult/b.csv"), CopySource: aws.String(cloud.Bucket() + "/data/adult/a.csv")}); err != nil {
		t.Fatal(err)
	}
	key := aws.String("data/adult/c.csv")
	upload, err := cloud.S3().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	part, err := cloud.S3().UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("age\n40\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.S3().CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}}}}); err != nil {
		t.Fatal(err)
	}
	var log string
	for _, want := range []string{`"key":"data/adult/a.csv"`, `"key":"data/adult/b.csv"`, `"key":"data/adult/c.csv"`, `"detail-type":"Object Created"`, `"source":"aws.s3"`} {
		log = untilLogged(t, cloud, "retrain", want)
	}
	if strings.Contains(log, "runs/r/data") {
		t.Errorf("told of an object of another prefix:\n%s", log)
	}
}

// TestCloudObjects reads what an SDK client of the user's own writes.
func TestCloudObjects(t *testing.T) {
	cloud := startCloud(t, t.Context(), Config{Dir: t.TempDir(), Functions: cloudBuild(t), Bucket: "tables"})
	if cloud.Bucket() != "tables" {
		t.Errorf("bucket %s", cloud.Bucket())
	}
	endpoint := cloud.S3Endpoint()
	client := s3.New(s3.Options{
		Region: Region, BaseEndpoint: &endpoint, // an address needs no path style: the SDK sees to it
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return cloud.Credentials(), nil }),
	})
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("tables"), Key: aws.String("k"), Body: strings.NewReader("v")}); err != nil {
		t.Fatal(err)
	}
	body, err := cloud.s3.read(t.Context(), "tables", "k")
	if err != nil || string(body) != "v" {
		t.Errorf("%q, %v", body, err)
	}
}
