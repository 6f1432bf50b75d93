package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// ErrNameTaken says that an execution of the same name has ended already.
var ErrNameTaken = errors.New("an execution of this name has ended")

// runView answers POST /v1/runs and GET /v1/runs/{run}.
type runView struct {
	training.Status
	Error string `json:"error,omitempty"` // of the last attempt, when failed
	Cause string `json:"cause,omitempty"` // likewise, for people
	// Problem is there if the run failed because of its data: all that is wrong with it.
	Problem *gateway.Problem `json:"problem,omitempty"`
	Attempt int              `json:"attempt,omitempty"` // how often a workflow was started for it
}

// createRun submits a run and starts its workflow. A run that is going on, or has
// succeeded, is answered as it is; one that failed is started again and redoes only what is
// missing.
func (s *Server) createRun(r *http.Request) (answer, error) {
	text, err := gateway.ReadBody(r, maxConfig, "application/json", "application/yaml", "application/x-yaml", "text/yaml")
	if err != nil {
		return answer{}, err
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/json" {
		var any json.RawMessage // YAML takes nearly all JSON, but who says JSON wants JSON's errors
		if err := json.Unmarshal(text, &any); err != nil {
			return answer{}, gateway.JSONProblem(text, err)
		}
	}
	if more, is, err := continuation(text); is {
		return s.continueRun(r, more, err)
	}
	config, err := training.ParseConfig(text)
	if err != nil {
		return answer{}, err
	}
	if err := s.Engine.CheckQuote(r.Context(), config); err != nil {
		return answer{}, err
	}
	if !config.Schedule.IsZero() { // before the run is recorded: the scheduler may refuse it
		if _, err := s.Engine.Check(r.Context(), config); err != nil {
			return answer{}, err
		}
		if err := s.schedule(r.Context(), config); err != nil {
			return answer{}, err
		}
	}
	run, err := s.submit(r.Context(), config)
	if err != nil {
		return answer{}, err
	}
	return s.started(r, run)
}

// started has a run go on unless it does already or has ended, and answers how it stands.
func (s *Server) started(r *http.Request, run training.RunID) (answer, error) {
	view, err := s.view(r.Context(), run)
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if view.State != training.Running && view.State != training.Succeeded {
		if err := s.start(r.Context(), run, view.Attempt); err != nil {
			return answer{}, err
		}
		if view, err = s.view(r.Context(), run); err != nil {
			return answer{}, err
		}
		status = http.StatusAccepted
	}
	return answer{status: status, body: view, header: map[string]string{"Location": "/v1/runs/" + string(run)}}, nil
}

// submit records a run: of a config with a schedule the one that the schedule comes to as well,
// which is due at once.
func (s *Server) submit(ctx context.Context, c training.Config) (training.RunID, error) {
	if !c.Schedule.IsZero() {
		retrain, err := s.Engine.Retrain(ctx, c)
		return retrain.Run, err
	}
	run, _, err := s.Engine.Submit(ctx, c)
	return run, err
}

// start begins the next attempt. If two callers race, or an earlier one died between the
// start and the record, both find the same execution by its name.
func (s *Server) start(ctx context.Context, run training.RunID, attempts int) error {
	for n := attempts + 1; ; n++ {
		arn, err := s.Workflow.Start(ctx, fmt.Sprintf("%s-%d", run, n), map[string]any{"run": run})
		if err != nil && !errors.Is(err, ErrNameTaken) {
			return err
		}
		if recorded := s.Engine.RecordAttempt(ctx, run, n, arn); recorded != nil {
			return recorded
		}
		if err == nil {
			return nil
		}
	}
}

// view joins what the store knows of a run with how its last attempt stands.
func (s *Server) view(ctx context.Context, run training.RunID) (runView, error) {
	status, err := s.Engine.Status(ctx, run)
	if err != nil {
		return runView{}, err
	}
	v := runView{Status: status}
	n, last, err := s.Engine.Attempts(ctx, run)
	if err != nil {
		return runView{}, err
	}
	v.Attempt = n
	if status.Verdict != nil || v.Attempt == 0 { // or it is trained by the command line
		v.Problem = gateProblem(status.Gates)
		if f := status.Failure; f != nil {
			v.Error, v.Cause = f.Error, f.Cause
		}
		return v, nil
	}
	execution, err := s.Workflow.Execution(ctx, last.Execution)
	if err != nil {
		return runView{}, err
	}
	if execution.Status == "RUNNING" {
		v.State, v.Failure = training.Running, nil
		return v, nil
	}
	if v.Status, err = s.Engine.Status(ctx, run); err != nil { // it may have ended between our two looks
		return runView{}, err
	}
	switch {
	case v.Verdict != nil:
	case execution.Status == "SUCCEEDED":
		v.State, v.Cause = training.Failed, "the workflow ended and there is no verdict; start the run again"
	default:
		if v.Failure, err = s.Engine.Failure(ctx, run); err != nil {
			return runView{}, err
		}
		v.State = training.Failed
		v.Failure, v.Error, v.Cause = told(v.Failure, last.Execution, execution)
		v.Problem = gateProblem(v.Gates)
	}
	return v, nil
}

// told is how an execution failed: as it was recorded, or else, if it could not come to that, as
// its workflow tells.
func told(recorded *workflow.Failure, arn string, e Execution) (f *workflow.Failure, name, cause string) {
	if recorded != nil && recorded.Execution == arn {
		return recorded, recorded.Error, recorded.Cause
	}
	return nil, e.Error, workflow.Message(e.Cause)
}

func (s *Server) run(r *http.Request) (answer, error) {
	v, err := s.view(r.Context(), training.RunID(r.PathValue("run")))
	if err != nil {
		return answer{}, err
	}
	return ok(v)
}

// How many runs GET /v1/runs answers at most: unless told, and if told.
const (
	someRuns = 20
	mostRuns = 100
)

// runs lists the latest runs, of all models or of ?model=, at most ?limit= of them.
func (s *Server) runs(r *http.Request) (answer, error) {
	limit, query := someRuns, r.URL.Query()
	if query.Has("limit") {
		var err error
		if limit, err = strconv.Atoi(query.Get("limit")); err != nil || limit < 1 || limit > mostRuns {
			return answer{}, gateway.InvalidParameter.New(fmt.Sprintf("limit %.20q is not a number from 1 to %d", query.Get("limit"), mostRuns))
		}
	}
	runs, more, err := s.Engine.Runs(r.Context(), registry.ModelName(query.Get("model")), limit)
	if err != nil {
		return answer{}, err
	}
	for i := range runs {
		if run := &runs[i]; run.State == training.Submitted || run.State == training.Unfinished || run.Failure != nil {
			v, err := s.view(r.Context(), run.Run) // which asks the workflow
			if err != nil {
				return answer{}, err
			}
			run.State, run.Failure = v.State, v.Failure
		}
	}
	return ok(map[string]any{"runs": runs, "more": more})
}

func (s *Server) leaderboard(r *http.Request) (answer, error) {
	board, err := s.Engine.Leaderboard(r.Context(), training.RunID(r.PathValue("run")))
	if err != nil {
		return answer{}, err
	}
	return ok(board)
}

func (s *Server) quote(r *http.Request) (answer, error) {
	quote, err := s.Engine.Quote(r.Context(), training.RunID(r.PathValue("run")))
	if err != nil {
		return answer{}, err
	}
	return ok(quote)
}

// report answers the page that shows a run.
func (s *Server) report(r *http.Request) (answer, error) {
	page, err := s.Engine.Report(r.Context(), training.RunID(r.PathValue("run")))
	if err != nil {
		return answer{}, err
	}
	return shownPage(page), nil
}
