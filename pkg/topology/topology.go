// Package topology says what is deployed: functions with their limits and permissions,
// HTTP routes, workflows, and the names of environment variables. The CDK app in infra and
// the local cloud in pkg/local both read it, so that what runs on a laptop has the shape of
// what runs on AWS.
package topology

import (
	_ "embed"
	"time"
)

// Environment variables that a function may get, besides those that Lambda itself sets.
const (
	EnvBucket             = "FORETELL_BUCKET"              // the one bucket
	EnvTrainingWorkflow   = "FORETELL_TRAINING_WORKFLOW"   // ARN of the training state machine
	EnvStatisticsWorkflow = "FORETELL_STATISTICS_WORKFLOW" // ARN of the statistics state machine
	EnvBatchWorkflow      = "FORETELL_BATCH_WORKFLOW"      // ARN of the batch state machine
	EnvScheduleGroup      = "FORETELL_SCHEDULE_GROUP"      // EventBridge schedule group of retrains by the clock
	EnvDataGroup          = "FORETELL_DATA_GROUP"          // EventBridge schedule group of retrains on new data
	EnvScheduleRole       = "FORETELL_SCHEDULE_ROLE"       // ARN of the role that a schedule assumes
	EnvRetrainFunction    = "FORETELL_RETRAIN_FUNCTION"    // ARN of what a schedule calls
	EnvDeadLetters        = "FORETELL_DEAD_LETTERS"        // ARN of the queue of a schedule's failed calls
	EnvAliasFresh         = "FORETELL_ALIAS_FRESH"         // how long an alias is believed, such as 5s
	EnvLarge              = "FORETELL_LARGE"               // where trials run that fit no function: fargate or none
	EnvCapture            = "FORETELL_CAPTURE"             // what is kept of predictions, in the form of CaptureForm
	EnvRedact             = "FORETELL_REDACT"              // RedactValues: what is wrong is said without what was sent
)

// Environment variables of functions/predict where it is no Lambda function, and so an HTTP
// server: in a container on SageMaker or ECS, or on a laptop. No permission goes with them.
const (
	EnvModel = "FORETELL_MODEL" // the model of /invocations and /ping
	EnvStore = "FORETELL_STORE" // a folder that is a store, or an artifact; without it and a bucket SageMakerModel
	EnvHost  = "FORETELL_HOST"  // address to listen on: 127.0.0.1 by default, EveryHost in the image
	EnvPort  = "PORT"           // to listen on; 8080 by default, as SageMaker wants it
)

// EveryHost is the EnvHost of a container, whose engine says who may come in: every address of it, of IPv6 too.
const EveryHost = "0.0.0.0"

// Environment variables of functions/train where it is no Lambda function: a task that does the one
// step of a run that the workflow tells it.
const (
	EnvStep  = "FORETELL_STEP"  // trial or conclude
	EnvRun   = "FORETELL_RUN"   // of the run
	EnvTrial = "FORETELL_TRIAL" // the trial's name in the run
)

// TrainTask is the container of the task, which the workflow tells its step.
const TrainTask = "train"

// NoTasks are the placeholders of Training that tell of tasks, for where there are none. No trial is
// planned onto them there.
var NoTasks = map[string]string{"LargeCluster": "none", "LargeTask": "none", "LargeSubnetA": "none", "LargeSubnetB": "none", "LargeGroup": "none"}

// What EnvRedact may be.
const (
	RedactValues  = "values"
	RedactNothing = "nothing" // as everything else
)

// CaptureForm is the form of EnvCapture: nothing, sketches, predictions with their ids too, or the rows
// of all requests or of a share too.
const CaptureForm = `^(off|sketches|predictions|rows(:(0?\.[0-9]*[1-9][0-9]*|1))?)$`

// SageMakerModel is where SageMaker unpacks the model data of a container.
const SageMakerModel = "/opt/ml/model"

// Settings are the values of those that name no resource, until a stage says otherwise or somebody
// changes the function's.
var Settings = map[string]string{EnvAliasFresh: "5s", EnvCapture: "sketches", EnvRedact: RedactNothing, EnvLarge: "none"}

// Function is one Lambda function: provided.al2023, built from functions/<Name>.
type Function struct {
	Name        string
	Description string
	MemoryMB    int           // 128 – 10,240; 1,769 MB are one vCPU
	Timeout     time.Duration // at most 15 minutes; 29 s behind the API
	Concurrency int           // reserved: one more call at a time is throttled (429)
	Environment []string      // which of the variables above it gets
	Permissions []Permission  // least privilege, nothing else is allowed
	// Schedule is when EventBridge calls it, as rate(…) or cron(…), with an empty object; "": never.
	Schedule string
	// Objects is the prefix of the bucket of whose new objects EventBridge tells it, each in an
	// event of S3's; "": of none.
	Objects string
}

// CPUs are the virtual CPUs that the function's memory buys, rounded up: one per 1,769 MB,
// at most 6. It runs with GOMAXPROCS set to that, on AWS as locally: more threads than its
// share would only be paused by the scheduler.
func (f Function) CPUs() int {
	const perCPU, most = 1769, 6
	return min((f.MemoryMB+perCPU-1)/perCPU, most)
}

// Permission lets a function do actions on a resource.
type Permission struct {
	Actions  []string // IAM actions, like "s3:GetObject"
	Resource Resource
	// Prefixes limits S3 object actions to keys that start with one of these, and
	// s3:ListBucket to listings of them. Empty for resources other than the bucket.
	Prefixes []string
}

// Resource is what a permission is about.
type Resource string

// The resources that the stack makes.
const (
	Bucket             Resource = "bucket"
	TrainingWorkflow   Resource = "training-workflow"
	StatisticsWorkflow Resource = "statistics-workflow"
	BatchWorkflow      Resource = "batch-workflow"
	ScheduleGroup      Resource = "schedule-group" // of retrains by the clock
	DataGroup          Resource = "data-group"     // of retrains on new data
	ScheduleRole       Resource = "schedule-role"
)

// Functions are the functions of Foretell, in order of name.
var Functions = []Function{
	{
		Name: "api", Description: "control plane: data sets, runs, models, aliases",
		MemoryMB: 512, Timeout: 29 * time.Second, Concurrency: 20,
		Environment: []string{EnvBucket, EnvLarge, EnvTrainingWorkflow, EnvStatisticsWorkflow, EnvBatchWorkflow,
			EnvScheduleGroup, EnvDataGroup, EnvScheduleRole, EnvRetrainFunction, EnvDeadLetters},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"data/", "statistics/", "jobs/", "runs/", "models/", "schedules/", "batches/", "monitoring/"}},
			// Of outcomes and of rows that predict keeps it lists which there are: those that a run is judged by.
			{[]string{"s3:ListBucket"}, Bucket, []string{"data/", "statistics/", "jobs/", "runs/", "models/", "schedules/", "batches/", "monitoring/", "outcomes/", "rows/"}},
			{[]string{"s3:PutObject"}, Bucket, []string{"data/", "jobs/", "runs/", "models/", "schedules/", "batches/", "outcomes/"}},
			{[]string{"s3:PutObject", "s3:GetObject"}, Bucket, []string{"answers/"}},
			{[]string{"s3:DeleteObject"}, Bucket, []string{"schedules/"}},
			{[]string{"states:StartExecution", "states:DescribeExecution"}, TrainingWorkflow, nil},
			{[]string{"states:StartExecution", "states:DescribeExecution"}, StatisticsWorkflow, nil},
			{[]string{"states:StartExecution", "states:DescribeExecution"}, BatchWorkflow, nil},
			{[]string{"scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"}, ScheduleGroup, nil},
			{[]string{"scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"}, DataGroup, nil},
			{[]string{"iam:PassRole"}, ScheduleRole, nil},
		},
	},
	{
		Name: "batch", Description: "plan, part and conclude of a batch of predictions",
		MemoryMB: 3008, Timeout: 15 * time.Minute, Concurrency: 50,
		Environment: []string{EnvBucket},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"data/", "models/", "batches/", "maps/"}},
			{[]string{"s3:ListBucket"}, Bucket, []string{"data/", "models/", "batches/", "maps/"}},
			{[]string{"s3:PutObject"}, Bucket, []string{"batches/"}},
		},
	},
	{
		Name: "monitor", Description: "compares what was captured of predictions with training",
		MemoryMB: 1769, Timeout: 15 * time.Minute, Concurrency: 2,
		Environment: []string{EnvBucket},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"models/", "outcomes/", "predictions/", "monitoring/"}},
			{[]string{"s3:ListBucket"}, Bucket, []string{"models/", "outcomes/", "predictions/", "monitoring/"}},
			{[]string{"s3:PutObject"}, Bucket, []string{"monitoring/"}},
		},
		Schedule: "rate(1 hour)",
	},
	{
		Name: "predict", Description: "predictions over HTTP",
		MemoryMB: 1769, Timeout: 29 * time.Second, Concurrency: 50,
		Environment: []string{EnvBucket, EnvAliasFresh, EnvCapture, EnvRedact},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"models/"}},
			{[]string{"s3:ListBucket"}, Bucket, []string{"models/"}},
			{[]string{"s3:PutObject"}, Bucket, []string{"predictions/", "rows/"}},
			{[]string{"s3:PutObject", "s3:GetObject"}, Bucket, []string{"answers/"}},
		},
	},
	{
		Name: "retrain", Description: "starts retrains: at a schedule's time, and when new data has come",
		MemoryMB: 256, Timeout: time.Minute, Concurrency: 5,
		Environment: []string{EnvBucket, EnvTrainingWorkflow, EnvDataGroup},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"schedules/"}},
			{[]string{"s3:ListBucket"}, Bucket, []string{"schedules/"}},
			{[]string{"states:StartExecution"}, TrainingWorkflow, nil},
			{[]string{"scheduler:GetSchedule", "scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"}, DataGroup, nil},
			{[]string{"iam:PassRole"}, ScheduleRole, nil}, // of the schedule that it makes
		},
		Objects: "data/",
	},
	{
		Name: "statistics", Description: "plan, shard and merge of a statistics job",
		MemoryMB: 3008, Timeout: 15 * time.Minute, Concurrency: 50,
		Environment: []string{EnvBucket},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"data/", "jobs/", "maps/"}},
			{[]string{"s3:ListBucket"}, Bucket, []string{"data/", "jobs/", "maps/"}},
			{[]string{"s3:PutObject"}, Bucket, []string{"statistics/", "jobs/"}},
		},
	},
	{
		Name: "train", Description: "plan, trial, advance and conclude of a training run",
		MemoryMB: 3008, Timeout: 15 * time.Minute, Concurrency: 100,
		Environment: []string{EnvBucket, EnvLarge},
		Permissions: []Permission{
			{[]string{"s3:GetObject"}, Bucket, []string{"data/", "runs/", "models/", "schedules/", "maps/", "outcomes/", "rows/"}},
			{[]string{"s3:ListBucket"}, Bucket, []string{"data/", "runs/", "models/", "schedules/", "maps/", "outcomes/", "rows/"}},
			{[]string{"s3:PutObject"}, Bucket, []string{"runs/", "models/"}},
		},
	},
}

// Route sends a method and path of the API to a function. Paths are in the form of API
// Gateway and of net/http alike: {name} stands for one segment. Only "/" is another thing to
// net/http, which calls it "/{$}".
type Route struct{ Method, Path, Function string }

// Routes are the routes of the API. The first is the page to try models on, those below /v2 are the
// Open Inference Protocol's.
var Routes = []Route{
	{"GET", "/", "api"},
	{"POST", "/v1/datasets/{dataset}/uploads", "api"},
	{"POST", "/v1/datasets/{dataset}/statistics", "api"},
	{"GET", "/v1/datasets/{dataset}/statistics", "api"},
	{"GET", "/v1/datasets/{dataset}/statistics.html", "api"},
	{"GET", "/v1/datasets/{dataset}/statistics/jobs/{job}", "api"},
	{"GET", "/v1/datasets/{dataset}/drift", "api"},
	{"POST", "/v1/runs", "api"},
	{"GET", "/v1/runs", "api"},
	{"GET", "/v1/runs/{run}", "api"},
	{"GET", "/v1/runs/{run}/leaderboard", "api"},
	{"GET", "/v1/runs/{run}/quote", "api"},
	{"GET", "/v1/runs/{run}/report", "api"},
	{"GET", "/v1/models", "api"},
	{"GET", "/v1/models/{model}", "api"},
	{"GET", "/v1/models/{model}/versions/{version}", "api"},
	{"GET", "/v1/models/{model}/versions/{version}/card", "api"},
	{"GET", "/v1/models/{model}/aliases/{alias}", "api"},
	{"PUT", "/v1/models/{model}/aliases/{alias}", "api"},
	{"GET", "/v1/models/{model}/aliases/{alias}/history", "api"},
	{"GET", "/v1/models/{model}/drift", "api"},
	{"POST", "/v1/models/{model}/outcomes", "api"},
	{"DELETE", "/v1/models/{model}/schedule", "api"},
	{"POST", "/v1/models/{model}/batches", "api"},
	{"GET", "/v1/models/{model}/batches", "api"},
	{"GET", "/v1/models/{model}/batches/{batch}", "api"},
	{"GET", "/v1/models/{model}/batches/{batch}/files/{file}", "api"},
	{"POST", "/v1/models/{model}/predict", "predict"},
	{"POST", "/v1/models/{model}/validate", "predict"},
	{"GET", "/v1/models/{model}/schema", "predict"},
	{"GET", "/v1/models/{model}/openapi.json", "predict"},
	{"GET", "/v2", "predict"},
	{"GET", "/v2/health/live", "predict"},
	{"GET", "/v2/health/ready", "predict"},
	{"GET", "/v2/models/{model}", "predict"},
	{"GET", "/v2/models/{model}/ready", "predict"},
	{"POST", "/v2/models/{model}/infer", "predict"},
	{"GET", "/v2/models/{model}/versions/{version}", "predict"},
	{"GET", "/v2/models/{model}/versions/{version}/ready", "predict"},
	{"POST", "/v2/models/{model}/versions/{version}/infer", "predict"},
}

// TrialsAtOnce is how many trials of a run the training workflow has going at a time.
const TrialsAtOnce = 90

// Quotas of the platform that the local cloud enforces too.
const (
	MaxPayload     = 6 << 20          // bytes of a synchronous invocation, each way
	GatewayTimeout = 29 * time.Second // API Gateway gives up after this
)

// Training is the state machine of a training run, in the Amazon States Language. Its placeholders
// are ${TrainFunction} (a function's name or ARN), ${Bucket} and those of NoTasks.
//
//go:embed training.asl.json
var Training string

// Statistics is the state machine of a statistics job. Its placeholders are
// ${StatisticsFunction} and ${Bucket}.
//
//go:embed statistics.asl.json
var Statistics string

// Batch is the state machine of a batch of predictions. Its placeholders are ${BatchFunction} and
// ${Bucket}.
//
//go:embed batch.asl.json
var Batch string
