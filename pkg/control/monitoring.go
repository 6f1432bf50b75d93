package control

import (
	"fmt"
	"net/http"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// modelDrift answers what a day was like for a model: ?day=, or the latest of which there is a
// report.
func (s *Server) modelDrift(r *http.Request) (answer, error) {
	day := r.URL.Query().Get("day")
	if day != "" {
		if _, err := time.Parse(capture.DayForm, day); err != nil {
			return answer{}, gateway.InvalidParameter.New(fmt.Sprintf("day %.40q is not of the form %s", day, capture.DayForm))
		}
	}
	report, err := monitoring.Stored(r.Context(), s.Registry, registry.ModelName(r.PathValue("model")), day)
	if err != nil {
		return answer{}, err
	}
	return ok(report)
}

// maxOutcomesBody is for outcomes whose ids and classes are long.
const maxOutcomesBody = 6 << 20

// createOutcomes takes what was true of rows that were predicted. They are joined with the
// predictions by the next report, not now: whether an id is known is not said.
func (s *Server) createOutcomes(r *http.Request) (answer, error) {
	name := registry.ModelName(r.PathValue("model"))
	var request struct {
		Outcomes []monitoring.Outcome `json:"outcomes"`
	}
	if err := gateway.ReadJSON(r, maxOutcomesBody, &request); err != nil {
		return answer{}, err
	}
	n := len(request.Outcomes)
	if n == 0 || n > monitoring.MaxOutcomes {
		return answer{}, gateway.InvalidParameter.New(fmt.Sprintf("%d outcomes; send 1 to %d at a time", n, monitoring.MaxOutcomes),
			gateway.FieldError{Pointer: "/outcomes", Detail: fmt.Sprintf("want 1 to %d outcomes", monitoring.MaxOutcomes)})
	}
	if i, err := monitoring.Check(request.Outcomes); err != nil {
		return answer{}, gateway.InvalidParameter.New(fmt.Sprintf("outcome %d: %v", i+1, err),
			gateway.FieldError{Pointer: fmt.Sprintf("/outcomes/%d", i), Row: i + 1, Detail: err.Error()})
	}
	if err := s.Registry.Known(r.Context(), name); err != nil {
		return answer{}, err
	}
	if err := monitoring.SaveOutcomes(r.Context(), s.Registry.Store, name, s.now(), request.Outcomes); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted, body: map[string]int{"accepted": n}}, nil
}

// now is the time by the server's clock; the zero time without one.
func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Time{}
	}
	return s.Now()
}
