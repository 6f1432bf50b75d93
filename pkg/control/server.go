// Package control is the control plane over HTTP: data sets, statistics, runs, models and
// aliases, batches. It decides nothing by itself; it checks requests, keeps what they change in the
// registry, and starts the functions and workflows that do the work. Predictions are not
// here but in serving, so that the predict function stays small.
package control

import (
	"context"
	"net/http"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/site"
	"github.com/foretell-ml/foretell/pkg/training"
)

// Server answers the control plane's routes.
type Server struct {
	Bucket     string
	Registry   *registry.Registry
	Engine     *training.Engine
	Links      Links
	Workflow   Workflow // of training runs
	Profiling  Workflow // of statistics jobs
	Predicting Workflow // of batches
	Schedule   Schedule
	// Now is the clock that says when an alias was set and outcomes came; nil: that is not said.
	Now func() time.Time
}

// Links let a client put or get one object of the bucket without other rights.
type Links interface {
	// PresignPost returns the URL and the form fields of a POST that stores at most
	// maxBytes at the key before it expires.
	PresignPost(ctx context.Context, key string, maxBytes int64, valid time.Duration) (url string, fields map[string]string, err error)
	// PresignGet returns the URL of a GET of the object, which lasts for s3store.LinkValid.
	PresignGet(ctx context.Context, key string) (url string, err error)
}

// Workflow runs a state machine.
type Workflow interface {
	// Start begins an execution and returns its ARN. The same name and input while it runs
	// is the same execution; a name of one that ended is ErrNameTaken, with its ARN.
	Start(ctx context.Context, name string, input any) (arn string, err error)
	// Execution says how an execution stands. One whose record is gone is ABORTED.
	Execution(ctx context.Context, arn string) (Execution, error)
}

// Execution is how an execution of a workflow stands.
type Execution struct {
	Status string `json:"status"`          // RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED
	Error  string `json:"error,omitempty"` // its name, when FAILED
	Cause  string `json:"cause,omitempty"`
}

// Routes returns the handler of all of the control plane's routes.
func (s *Server) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", site.Handler())
	for pattern, handle := range map[string]func(*http.Request) (answer, error){
		"POST /v1/datasets/{dataset}/uploads":                 s.createUpload,
		"POST /v1/datasets/{dataset}/statistics":              s.createStatistics,
		"GET /v1/datasets/{dataset}/statistics":               s.statistics,
		"GET /v1/datasets/{dataset}/statistics.html":          s.statisticsPage,
		"GET /v1/datasets/{dataset}/statistics/jobs/{job}":    s.statisticsJob,
		"GET /v1/datasets/{dataset}/drift":                    s.drift,
		"POST /v1/runs":                                       s.createRun,
		"GET /v1/runs":                                        s.runs,
		"GET /v1/runs/{run}":                                  s.run,
		"GET /v1/runs/{run}/leaderboard":                      s.leaderboard,
		"GET /v1/runs/{run}/quote":                            s.quote,
		"GET /v1/runs/{run}/report":                           s.report,
		"GET /v1/models":                                      s.models,
		"GET /v1/models/{model}":                              s.model,
		"GET /v1/models/{model}/versions/{version}":           s.version,
		"GET /v1/models/{model}/versions/{version}/card":      s.card,
		"GET /v1/models/{model}/aliases/{alias}":              s.alias,
		"PUT /v1/models/{model}/aliases/{alias}":              s.setAlias,
		"GET /v1/models/{model}/aliases/{alias}/history":      s.history,
		"GET /v1/models/{model}/drift":                        s.modelDrift,
		"POST /v1/models/{model}/outcomes":                    s.createOutcomes,
		"DELETE /v1/models/{model}/schedule":                  s.deleteSchedule,
		"POST /v1/models/{model}/batches":                     s.createBatch,
		"GET /v1/models/{model}/batches":                      s.listBatches,
		"GET /v1/models/{model}/batches/{batch}":              s.batch,
		"GET /v1/models/{model}/batches/{batch}/files/{file}": s.batchFile,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a, err := handle(r)
			if err != nil {
				gateway.WriteProblem(w, r, problem(err))
				return
			}
			for name, value := range a.header {
				w.Header().Set(name, value)
			}
			if a.page != nil {
				gateway.WriteHTML(w, a.status, a.page)
				return
			}
			gateway.WriteJSON(w, a.status, a.body)
		})
	}
	return mux
}

// answer is a successful response.
type answer struct {
	status int
	body   any
	page   []byte // HTML, in place of body
	header map[string]string
}

func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }
