package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/training"
)

// moreTrials is the body of a POST /v1/runs that goes on with a run, in place of a config.
type moreTrials struct {
	Continue training.RunID `json:"continue"`
	Trials   int            `json:"trials"` // more than the run has
}

// continuation tells whether a body goes on with a run.
func continuation(body []byte) (more moreTrials, is bool, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members["continue"] == nil {
		return more, false, nil // a config, or what is said to be none
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&more); err != nil {
		return more, true, gateway.JSONProblem(body, err)
	}
	const most = 10_000
	if more.Trials < 1 || more.Trials > most {
		detail := fmt.Sprintf("how many more trials: want 1 to %d, got %d", most, more.Trials)
		return more, true, gateway.InvalidParameter.New(detail, gateway.FieldError{Pointer: "/trials", Detail: detail})
	}
	return more, true, nil
}

// continueRun submits the run that another one with more trials is, and starts it. Asked for again
// it is the same run: trials are added to those of the run that is named, not to the last sum.
func (s *Server) continueRun(r *http.Request, more moreTrials, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	config, err := s.Engine.WithMore(r.Context(), more.Continue, more.Trials)
	if err != nil {
		return answer{}, err
	}
	if err := s.Engine.CheckQuote(r.Context(), config); err != nil {
		return answer{}, err
	}
	run, _, err := s.Engine.Continue(r.Context(), more.Continue, more.Trials)
	if err != nil {
		return answer{}, err
	}
	return s.started(r, run)
}
