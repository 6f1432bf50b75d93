package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// Config says where the local cloud lives.
type Config struct {
	// Dir keeps everything: s3/ the objects, logs/ of the functions, executions of workflows.
	// It is made if absent and needs a file system with user extended attributes.
	Dir string
	// Functions is the folder with <function>/bootstrap, built for this machine.
	Functions string
	Port      int    // of the API; 0: any free one
	S3Port    int    // of the S3 server; 0: any free one
	Bucket    string // "" means "foretell"
	// Parallel is how many invocations of one function work at the same time; see
	// RuntimeConfig.
	Parallel int
	// Capture is what is kept of predictions, as topology.EnvCapture has it; "" means as a stage does
	// by itself.
	Capture string
}

// Cloud is a running local cloud.
type Cloud struct {
	config  Config
	api     net.Listener
	control net.Listener // what functions talk to: Runtime API, Lambda, Step Functions, Scheduler
	lock    *os.File
	s3      *s3Server
	runtime *Runtime
	ready   chan struct{} // closed when all is up
	// executions and scheduler are nil until the runtime is there.
	executions *Executions
	scheduler  *Scheduler

	servers []*http.Server
	serving sync.WaitGroup
	closing sync.Once
	closed  error
	logFile *os.File
	log     *slog.Logger // what happens between the functions; the terminal stays quiet
}

// Start starts the local cloud. When ctx ends it stops, as by Close. What cannot work is
// told at once: no binary, a port in use, a folder in use, a file system that lacks
// extended attributes.
//
// The S3 server needs the working directory of this process and moves it into Dir until
// Close: make relative paths absolute before. Dir and Functions may be relative.
func Start(ctx context.Context, c Config) (_ *Cloud, err error) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		return nil, errUnsupported
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return nil, err
	}
	if c.Functions, err = filepath.Abs(c.Functions); err != nil {
		return nil, err
	}
	if c.Bucket == "" {
		c.Bucket = "foretell"
	}
	for _, f := range topology.Functions {
		if err := checkBinary(filepath.Join(c.Functions, f.Name, "bootstrap")); err != nil {
			return nil, err
		}
	}
	cloud := &Cloud{config: c, ready: make(chan struct{})}
	if err := cloud.start(ctx); err != nil {
		// What stops badly after a failed start is a consequence of the failure.
		_ = cloud.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = cloud.Close(context.WithoutCancel(ctx)) })
	return cloud, nil
}

// start brings up one part after the other; Close can take down any prefix of them.
func (c *Cloud) start(ctx context.Context) (err error) {
	logs, objects := filepath.Join(c.config.Dir, "logs"), filepath.Join(c.config.Dir, "s3")
	for _, dir := range []string{logs, objects} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if c.lock, err = lockFolder(c.config.Dir); err != nil {
		return err
	}
	if c.logFile, err = os.OpenFile(filepath.Join(logs, "cloud.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return err
	}
	c.log = slog.New(slog.NewTextHandler(c.logFile, nil))
	if c.api, err = listen(c.config.Port, "--port"); err != nil {
		return err
	}
	if c.control, err = listen(0, ""); err != nil {
		return err
	}
	objectPort, err := listen(c.config.S3Port, "--s3-port")
	if err != nil {
		return err
	}
	if c.s3, err = startS3(ctx, objects, objectPort, c.config.Bucket, c.objectCreated); err != nil {
		return err
	}
	if c.runtime, err = NewRuntime(c.runtimeConfig(logs)); err != nil {
		return err
	}
	if err := c.startWorkflows(); err != nil {
		return err
	}
	c.serve(c.control, c.endpoints())
	c.serve(c.api, &front{
		routes: topology.Routes, invoker: c.runtime, timeout: topology.GatewayTimeout, log: c.log,
	})
	close(c.ready)
	return nil
}

// runtimeConfig gives functions what the stack in infra gives them, with local values.
func (c *Cloud) runtimeConfig(logs string) RuntimeConfig {
	control := c.control.Addr().String()
	return RuntimeConfig{
		Functions: topology.Functions, Build: c.config.Functions, Logs: logs, Parallel: c.config.Parallel,
		Address: control + runtimePath,
		Platform: map[string]string{
			"AWS_REGION":                 Region,
			"AWS_ACCESS_KEY_ID":          accessKeyID,
			"AWS_SECRET_ACCESS_KEY":      secretAccessKey,
			"AWS_ENDPOINT_URL_S3":        c.s3.endpoint,
			"AWS_ENDPOINT_URL_LAMBDA":    "http://" + control + lambdaPath,
			"AWS_ENDPOINT_URL_SFN":       "http://" + control + statesPath,
			"AWS_ENDPOINT_URL_SCHEDULER": "http://" + control + schedulerPath,
		},
		Variables: map[string]string{
			topology.EnvBucket:             c.config.Bucket,
			topology.EnvTrainingWorkflow:   trainingARN,
			topology.EnvStatisticsWorkflow: statisticsARN,
			topology.EnvBatchWorkflow:      batchARN,
			topology.EnvScheduleGroup:      scheduleGroup,
			topology.EnvDataGroup:          dataGroup,
			topology.EnvScheduleRole:       scheduleRole,
			topology.EnvRetrainFunction:    functionARN("retrain"),
			topology.EnvDeadLetters:        deadLetters,
			topology.EnvAliasFresh:         topology.Settings[topology.EnvAliasFresh],
			topology.EnvLarge:              topology.Settings[topology.EnvLarge],
			topology.EnvCapture:            cmp.Or(c.config.Capture, topology.Settings[topology.EnvCapture]),
			topology.EnvRedact:             topology.Settings[topology.EnvRedact],
		},
	}
}

// Paths of the services behind the one port that functions talk to.
const (
	runtimePath   = "/runtime"
	lambdaPath    = "/lambda"
	statesPath    = "/states"
	schedulerPath = "/scheduler"
)

// Names of the resources that the stack makes, as they are here.
const (
	trainingARN   = "arn:aws:states:" + Region + ":" + Account + ":stateMachine:foretell-training"
	statisticsARN = "arn:aws:states:" + Region + ":" + Account + ":stateMachine:foretell-statistics"
	batchARN      = "arn:aws:states:" + Region + ":" + Account + ":stateMachine:foretell-batch"
	scheduleGroup = "foretell"
	dataGroup     = "foretell-data"
	deadLetters   = "arn:aws:sqs:" + Region + ":" + Account + ":foretell-dead-letters" // there is none
	scheduleRole  = "arn:aws:iam::" + Account + ":role/foretell-schedule"
)

func functionARN(name string) string {
	return "arn:aws:lambda:" + Region + ":" + Account + ":function:" + name
}

// startWorkflows makes the state machines ready, finds the executions and schedules of
// before, and sets the clock going.
func (c *Cloud) startWorkflows() error {
	training, err := c.machine(topology.Training, "TrainFunction", "train")
	if err != nil {
		return fmt.Errorf("training workflow: %w", err)
	}
	statistics, err := c.machine(topology.Statistics, "StatisticsFunction", "statistics")
	if err != nil {
		return fmt.Errorf("statistics workflow: %w", err)
	}
	batch, err := c.machine(topology.Batch, "BatchFunction", "batch")
	if err != nil {
		return fmt.Errorf("batch workflow: %w", err)
	}
	c.executions, err = OpenExecutions(ExecutionsConfig{
		Dir:         filepath.Join(c.config.Dir, "executions"),
		Machines:    map[string]*Machine{trainingARN: training, statisticsARN: statistics, batchARN: batch},
		Environment: Environment{Invoker: c.runtime, ReadObject: c.s3.read, WriteObject: c.s3.write},
		Log:         c.log,
	})
	if err != nil {
		return err
	}
	c.scheduler, err = OpenScheduler(SchedulerConfig{
		Dir:    filepath.Join(c.config.Dir, "schedules"),
		Groups: []string{scheduleGroup, dataGroup}, Call: c.runtime.invokeEvent, Log: c.log,
	})
	return err
}

// machine makes a state machine of a workflow file, whose function is known by a placeholder.
func (c *Cloud) machine(workflow, placeholder, function string) (*Machine, error) {
	values := map[string]string{placeholder: function, "Bucket": c.config.Bucket}
	if workflow == topology.Training {
		maps.Copy(values, topology.NoTasks)
	}
	definition, err := Substitute(workflow, values)
	if err != nil {
		return nil, err
	}
	return ParseMachine([]byte(definition))
}

// endpoints are the services that functions reach.
func (c *Cloud) endpoints() http.Handler {
	mux := http.NewServeMux()
	for path, handler := range map[string]http.Handler{
		runtimePath:   c.runtime.RuntimeAPI(),
		lambdaPath:    invokeAPI(c.runtime),
		statesPath:    c.executions,
		schedulerPath: c.scheduler,
	} {
		stripped := http.StripPrefix(path, handler)
		mux.Handle(path+"/", stripped)
		mux.Handle(path, stripped) // clients that post to the endpoint itself leave out the slash
	}
	return mux
}

// serve answers on a listener until Close.
func (c *Cloud) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	c.servers = append(c.servers, server)
	c.serving.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			c.log.Error("server ended", "address", l.Addr().String(), "error", err)
		}
	})
}

// URL is the address of the API, without a slash at the end.
func (c *Cloud) URL() string { return "http://" + c.api.Addr().String() }

// S3Endpoint is the address of the S3 server. Requests are path-style.
func (c *Cloud) S3Endpoint() string { return c.s3.endpoint }

// S3 is a client of the S3 server.
func (c *Cloud) S3() *s3.Client { return c.s3.client }

// Bucket is the name of the bucket.
func (c *Cloud) Bucket() string { return c.config.Bucket }

// Credentials open the S3 server.
func (c *Cloud) Credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey, Source: "local cloud"}
}

// Dir is where everything lies, as an absolute path.
func (c *Cloud) Dir() string { return c.config.Dir }

// Warnings are what is not enforced on this machine.
func (c *Cloud) Warnings() []string { return c.runtime.Warnings() }

// InitDurations are the times from process start to first poll of a function's
// environments.
func (c *Cloud) InitDurations(function string) []time.Duration {
	return c.runtime.InitDurations(function)
}

// Invoke calls a function.
func (c *Cloud) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	return c.runtime.Invoke(ctx, function, payload)
}

var _ Invoker = (*Cloud)(nil)

// Close stops all of it: schedule and workflows first, so that they start nothing more; then
// functions, whose callers get an error; then the servers. When it returns no process that
// the cloud started is left, and the data is as it was. ctx bounds the wait for clients
// that do not take their answers. A second Close waits for the first.
func (c *Cloud) Close(ctx context.Context) error {
	c.closing.Do(func() { c.closed = c.close(ctx) })
	return c.closed
}

func (c *Cloud) close(ctx context.Context) error {
	var faults []error
	if c.scheduler != nil {
		c.scheduler.Close()
	}
	if c.executions != nil {
		c.executions.Close()
	}
	if c.runtime != nil {
		c.runtime.Close()
	}
	// The last server started is the API: it goes first.
	for i := len(c.servers) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		if c.servers[i].Shutdown(ctx) != nil {
			faults = append(faults, c.servers[i].Close())
		}
		cancel()
	}
	c.serving.Wait()
	for _, l := range []net.Listener{c.api, c.control} {
		if l != nil {
			_ = l.Close() // closed with its server, or never served
		}
	}
	if c.s3 != nil {
		faults = append(faults, c.s3.stop())
	}
	for _, f := range []*os.File{c.logFile, c.lock} {
		if f != nil {
			faults = append(faults, f.Close())
		}
	}
	return errors.Join(faults...)
}
