package control

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/statistics"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// The states of a statistics job.
const (
	running   = "running"
	succeeded = "succeeded"
	failed    = "failed"
)

// jobView answers POST …/statistics and GET …/statistics/jobs/{job}.
type jobView struct {
	Dataset registry.DatasetName `json:"dataset"`
	Job     statistics.JobID     `json:"job"`
	State   string               `json:"state"`             // running, succeeded or failed
	Version string               `json:"version,omitempty"` // of the statistics, when succeeded
	Problem *gateway.Problem     `json:"problem,omitempty"` // with the data, when failed
	Error   string               `json:"error,omitempty"`   // of the workflow, when failed otherwise
	Cause   string               `json:"cause,omitempty"`   // likewise, for people
	Failure *workflow.Failure    `json:"failure,omitempty"` // likewise, as it was recorded
}

func (s *Server) jobs() *statistics.Jobs { return &statistics.Jobs{Registry: s.Registry} }

// createStatistics starts a job that profiles the data set as it is now, unless the same one
// is running.
func (s *Server) createStatistics(r *http.Request) (answer, error) {
	name := registry.DatasetName(r.PathValue("dataset"))
	if err := name.Validate(); err != nil {
		return answer{}, err
	}
	var request statistics.Request
	if err := gateway.ReadJSON(r, maxConfig, &request); err != nil && !errors.Is(err, gateway.EmptyBody.New("")) {
		return answer{}, err
	}
	if faults := request.Faults(); len(faults) > 0 {
		fields := make([]gateway.FieldError, len(faults))
		for i, f := range faults {
			fields[i] = gateway.FieldError{Pointer: f.Pointer, Detail: f.Detail}
		}
		return answer{}, gateway.InvalidParameter.New("the data set cannot be read so", fields...)
	}
	parts, err := s.Registry.DataParts(r.Context(), name) // before a workflow starts in vain
	if err != nil {
		return answer{}, err
	}
	content, err := statistics.Content(name, request, parts)
	if err != nil {
		return answer{}, err
	}
	n, err := s.jobs().Attempts(r.Context(), name, content)
	if err != nil {
		return answer{}, err
	}
	if n > 0 {
		view, err := s.jobView(r.Context(), name, statistics.Attempt(content, n))
		if err != nil {
			return answer{}, err
		}
		if view.State == running {
			return jobAnswer(http.StatusOK, view), nil
		}
	}
	id, err := s.startJob(r.Context(), name, request, content, n+1)
	if err != nil {
		return answer{}, err
	}
	return jobAnswer(http.StatusAccepted, jobView{Dataset: name, Job: id, State: running}), nil
}

// startJob starts job n for a content, or the next one whose execution's name is not taken:
// names last longer than jobs. If two callers race, or an earlier one died between the start
// and the record, both find the same execution by its name.
func (s *Server) startJob(ctx context.Context, name registry.DatasetName, request statistics.Request, content string, n int) (statistics.JobID, error) {
	for ; ; n++ {
		job := statistics.Job{Dataset: name, Job: statistics.Attempt(content, n), Request: request}
		// A name has at most 80 characters; the job alone tells executions apart.
		arn, err := s.Profiling.Start(ctx, fmt.Sprintf("%.60s-%s", name, job.Job), statistics.Start{Dataset: name, Job: job.Job, Request: request})
		if errors.Is(err, ErrNameTaken) {
			continue
		}
		if err != nil {
			return "", err
		}
		job.Execution = arn
		return job.Job, s.jobs().Record(ctx, job)
	}
}

func jobAnswer(status int, view jobView) answer {
	return answer{status: status, body: view, header: map[string]string{
		"Location": "/v1/datasets/" + string(view.Dataset) + "/statistics/jobs/" + string(view.Job),
	}}
}

// jobView joins what the store knows of a job with how its execution stands.
func (s *Server) jobView(ctx context.Context, name registry.DatasetName, id statistics.JobID) (jobView, error) {
	job, result, err := s.jobs().Job(ctx, name, id)
	if err != nil {
		return jobView{}, err
	}
	v := jobView{Dataset: name, Job: id}
	if v.ended(result) {
		return v, nil
	}
	execution, err := s.Profiling.Execution(ctx, job.Execution)
	if err != nil {
		return jobView{}, err
	}
	switch execution.Status {
	case "RUNNING":
		v.State = running
	case "SUCCEEDED": // between our two looks: look again
		if _, result, err = s.jobs().Job(ctx, name, id); err != nil {
			return jobView{}, err
		}
		if !v.ended(result) {
			v.State, v.Cause = failed, "the workflow ended and there is no result; start another job"
		}
	default:
		recorded, err := s.jobs().Failure(ctx, name, id)
		if err != nil {
			return jobView{}, err
		}
		v.State = failed
		v.Failure, v.Error, v.Cause = told(recorded, job.Execution, execution)
	}
	return v, nil
}

// ended takes a result; false if it is none.
func (v *jobView) ended(result statistics.Result) bool {
	switch {
	case result.Problem != nil:
		v.State, v.Problem = failed, result.Problem
	case result.Version != "":
		v.State, v.Version = succeeded, result.Version
	}
	return v.State != ""
}

func (s *Server) statisticsJob(r *http.Request) (answer, error) {
	v, err := s.jobView(r.Context(), registry.DatasetName(r.PathValue("dataset")), statistics.JobID(r.PathValue("job")))
	if err != nil {
		return answer{}, err
	}
	return ok(v)
}

// statistics answers the version that the query names, or the latest, without sketches: of a
// wide table they would be more than an answer can hold.
func (s *Server) statistics(r *http.Request) (answer, error) {
	found, err := s.statisticsOf(r, "version")
	if err != nil {
		return answer{}, err
	}
	found.Profile = found.Profile.Compact()
	return ok(found)
}

// statisticsOf returns the version that a parameter of the query names, or the latest.
func (s *Server) statisticsOf(r *http.Request, parameter string) (registry.Statistics, error) {
	name := registry.DatasetName(r.PathValue("dataset"))
	version, given, err := versionOf(r.URL.Query(), parameter)
	if err != nil {
		return registry.Statistics{}, err
	}
	if given {
		return s.Registry.StatisticsOf(r.Context(), name, version)
	}
	return s.Registry.Statistics(r.Context(), name)
}

// driftView answers GET …/drift.
type driftView struct {
	Dataset  registry.DatasetName `json:"dataset"`
	Baseline string               `json:"baseline"` // versions of the statistics
	Current  string               `json:"current"`
	Drift    *profile.Drift       `json:"drift"`
}

// drift compares two versions of the statistics of a data set.
func (s *Server) drift(r *http.Request) (answer, error) {
	if !r.URL.Query().Has("baseline") {
		return answer{}, gateway.InvalidParameter.New("baseline is missing: name the version of the statistics to compare with")
	}
	baseline, err := s.statisticsOf(r, "baseline")
	if err != nil {
		return answer{}, err
	}
	current, err := s.statisticsOf(r, "current")
	if err != nil {
		return answer{}, err
	}
	return ok(driftView{current.Dataset, baseline.Version, current.Version, profile.Compare(baseline.Profile, current.Profile)})
}

// versionOf is a parameter of the query that names statistics. An empty one names none that
// there are, not the latest.
func versionOf(query url.Values, parameter string) (version string, given bool, err error) {
	if len(query[parameter]) > 1 {
		return "", false, gateway.InvalidParameter.New(parameter + " is given more than once")
	}
	return query.Get(parameter), query.Has(parameter), nil
}

// statisticsPage answers the page that shows statistics.
func (s *Server) statisticsPage(r *http.Request) (answer, error) {
	name := registry.DatasetName(r.PathValue("dataset"))
	version, given, err := versionOf(r.URL.Query(), "version")
	if err != nil {
		return answer{}, err
	}
	if given && version == "" {
		version = "?" // of no statistics
	}
	page, err := s.Registry.Report(r.Context(), name, version)
	if err != nil {
		return answer{}, err
	}
	return shownPage(page), nil
}

// shownPage answers a page of ours.
func shownPage(page []byte) answer {
	return answer{status: http.StatusOK, page: page, header: map[string]string{
		"Content-Security-Policy": pagePolicy(page),
		"Referrer-Policy":         "no-referrer",
	}}
}

var metaPolicy = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`)

// pagePolicy is the policy that a page of ours brings along, which names its style and script
// by their digests, and what only a header can say: nobody frames it, and it is of no origin,
// so that it could not reach the API even with a script of somebody else's in it. A page
// without a policy may do nothing.
func pagePolicy(page []byte) string {
	policy := "default-src 'none'"
	if m := metaPolicy.FindSubmatch(page[:min(len(page), 4096)]); m != nil {
		policy = html.UnescapeString(string(m[1]))
	}
	return policy + "; frame-ancestors 'none'; sandbox allow-scripts"
}
