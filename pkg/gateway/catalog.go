package gateway

import "net/http"

// TypeBase is what the URI of every problem type starts with.
const TypeBase = "https://foretell-ml.github.io/problems/"

// Type is a kind of problem. Its Slug is part of the API and never changes its meaning.
type Type struct {
	Slug   string
	Title  string // the same for every problem of the type
	Status int
	Doc    string // what it means and what to do about it, for docs/api.md
}

// The problem types.
var (
	ModelNotFound       = Type{"model-not-found", "Model not found", http.StatusNotFound, "No model of that name has a version. `GET /v1/models` lists them."}
	VersionNotFound     = Type{"version-not-found", "Version not found", http.StatusNotFound, "The model has no such version. `GET /v1/models/{model}` lists them."}
	AliasNotFound       = Type{"alias-not-found", "Alias not found", http.StatusNotFound, "The model has no such alias. A model gets its `champion` when its first run ends or by `PUT …/aliases/champion`."}
	DatasetNotFound     = Type{"dataset-not-found", "Data set not found", http.StatusNotFound, "The data set has no objects. Upload one first."}
	RunNotFound         = Type{"run-not-found", "Run not found", http.StatusNotFound, "No training run has that id."}
	StatisticsNotFound  = Type{"statistics-not-found", "Statistics not found", http.StatusNotFound, "The data set has none yet, or none of that version. `POST …/statistics` makes them."}
	JobNotFound         = Type{"job-not-found", "Job not found", http.StatusNotFound, "The data set has no statistics job of that id, or none for 30 days. `POST …/statistics` starts one."}
	BatchNotFound       = Type{"batch-not-found", "Batch not found", http.StatusNotFound, "The model has no batch of that id. `GET …/batches` lists them."}
	FileNotFound        = Type{"file-not-found", "File not found", http.StatusNotFound, "The batch has no such file, or has not ended. Its `manifest.json` lists them."}
	LeaderboardNotFound = Type{"leaderboard-not-found", "Leaderboard not found", http.StatusNotFound, "The run has none yet: no trial of it is finished."}
	QuoteNotFound       = Type{"quote-not-found", "Quote not found", http.StatusNotFound, "The run has none yet: it is written when the data has been read."}
	ReportNotFound      = Type{"report-not-found", "Report not found", http.StatusNotFound, "The run has no report or card yet: they are written when it ends."}
	DriftNotFound       = Type{"drift-not-found", "Drift report not found", http.StatusNotFound, "No report of the model's predictions was made for that day, or for any: nothing was captured, or the monitor has not run since. It runs every hour."}
	RouteNotFound       = Type{"route-not-found", "Route not found", http.StatusNotFound, "The API has no such path."}
	MethodNotAllowed    = Type{"method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed, "The path exists, for the methods in the `Allow` header."}

	EmptyBody            = Type{"empty-body", "Empty body", http.StatusBadRequest, "The request needs a body."}
	InvalidJSON          = Type{"invalid-json", "Invalid JSON", http.StatusBadRequest, "The body is not JSON, or not of the request's shape. `detail` says where."}
	BodyTooLarge         = Type{"body-too-large", "Body too large", http.StatusRequestEntityTooLarge, "The body is over the limit in `detail`. Send fewer rows at a time."}
	UnsupportedMediaType = Type{"unsupported-media-type", "Unsupported media type", http.StatusUnsupportedMediaType, "The `Content-Type` is not one that the route reads, or the body is compressed in a way that it does not read."}
	InvalidEncoding      = Type{"invalid-encoding", "Invalid encoding", http.StatusBadRequest, "The body is not compressed as its `Content-Encoding` says, or is cut off."}
	NotAcceptable        = Type{"not-acceptable", "Not acceptable", http.StatusNotAcceptable, "The route answers in none of the media types of the `Accept` header. `detail` lists those that there are."}
	InvalidParameter     = Type{"invalid-parameter", "Invalid parameter", http.StatusBadRequest, "A parameter of the query, a header, or a field of the body has a value that it cannot have. `errors` points at fields."}
	InvalidName          = Type{"invalid-name", "Invalid name", http.StatusUnprocessableEntity, "Names are 1 to 63 of a-z, 0-9 and -, and neither start nor end with -."}

	InvalidInstances    = Type{"invalid-instances", "Invalid instances", http.StatusUnprocessableEntity, "Rows do not fit the model. `errors` has a JSON pointer, the row from 1, and the column of each fault, at most 100 of them."}
	InvalidConfig       = Type{"invalid-config", "Invalid configuration", http.StatusUnprocessableEntity, "The run's configuration is not valid. `errors` points at each fault, with the `line` and `character` where it stands in the body."}
	InvalidDataset      = Type{"invalid-dataset", "Invalid data set", http.StatusUnprocessableEntity, "The data set cannot be read as a table, or cannot be trained on. `errors` has the row and column."}
	ConstraintsViolated = Type{"constraints-violated", "Constraints violated", http.StatusUnprocessableEntity, "The data of the run is not as `data.constraints` of its configuration expects, and nothing was trained. `errors` has each violation with its column."}
	RunBlocked          = Type{"run-blocked", "Run blocked", http.StatusUnprocessableEntity, "There are reasons not to train on the data of the run, such as a column that tells the target, and nothing was trained. `errors` has each, with its column, what can be done, and the name by which `accept` of the configuration overrides it."}
	BudgetExceeded      = Type{"budget-exceeded", "Budget exceeded", http.StatusUnprocessableEntity, "The run is quoted at more than the `budget` of its configuration. `detail` names the dearest trials and what makes a run cheaper."}
	TrialTooLarge       = Type{"trial-too-large", "Trial too large", http.StatusUnprocessableEntity, "A trial of the run is predicted to take more memory or time than a function has. `detail` says which, how much, and what makes it smaller."}
	MissingTarget       = Type{"missing-target", "Missing target", http.StatusUnprocessableEntity, "The configuration names no target, or one that the data set does not have."}

	Conflict             = Type{"conflict", "Conflict", http.StatusConflict, "It exists already, or something else changed it meanwhile. Read it and decide again."}
	NotContinuable       = Type{"not-continuable", "Run cannot be continued", http.StatusConflict, "The run that the request goes on with has no more trials to try, or is of data that has changed. `detail` says which."}
	PreconditionFailed   = Type{"precondition-failed", "Precondition failed", http.StatusPreconditionFailed, "The `If-Match` or `If-None-Match` of the request does not hold: another client was faster. Read the alias and decide again."}
	PreconditionRequired = Type{"precondition-required", "Precondition required", http.StatusPreconditionRequired, "The route changes something that others change too: send `If-Match` with the ETag that you read, or `If-None-Match: *` to create it."}

	TooManyRequests  = Type{"too-many-requests", "Too many requests", http.StatusTooManyRequests, "More requests at a time than are provisioned. Try again, later each time."}
	Timeout          = Type{"timeout", "Timeout", http.StatusGatewayTimeout, "The request took longer than is allowed. Send less at a time."}
	ResponseTooLarge = Type{"response-too-large", "Response too large", http.StatusInternalServerError, "The answer would be over 6 MB, which the platform does not carry, and could not be kept elsewhere. Ask for less at a time."}
	InternalError    = Type{"internal-error", "Internal error", http.StatusInternalServerError, "A fault of the service. The log has the cause, under the id in the `X-Request-Id` header."}
	Unavailable      = Type{"unavailable", "Unavailable", http.StatusServiceUnavailable, "A service behind the API does not answer. Try again."}
)

// Catalog lists every problem type, in the order of docs/api.md.
var Catalog = []Type{
	ModelNotFound, VersionNotFound, AliasNotFound, DatasetNotFound, RunNotFound, StatisticsNotFound, JobNotFound, BatchNotFound, FileNotFound, LeaderboardNotFound, QuoteNotFound, ReportNotFound, DriftNotFound,
	RouteNotFound, MethodNotAllowed,
	EmptyBody, InvalidJSON, BodyTooLarge, UnsupportedMediaType, InvalidEncoding, NotAcceptable, InvalidParameter, InvalidName,
	InvalidInstances, InvalidConfig, InvalidDataset, ConstraintsViolated, RunBlocked, BudgetExceeded, TrialTooLarge, MissingTarget,
	Conflict, NotContinuable, PreconditionFailed, PreconditionRequired,
	TooManyRequests, Timeout, ResponseTooLarge, InternalError, Unavailable,
}

// URI is the problem's type member.
func (t Type) URI() string { return TypeBase + t.Slug }

// New makes a problem of the type.
func (t Type) New(detail string, errors ...FieldError) Problem {
	return Problem{Type: t.URI(), Title: t.Title, Status: t.Status, Detail: detail, Errors: errors}
}
