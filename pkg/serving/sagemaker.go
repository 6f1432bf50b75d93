package serving

import (
	"net/http"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// sageMaker adds the routes of a container that SageMaker hosts: GET /ping, which answers 200
// as soon as the model is in memory, and POST /invocations, which takes and gives what predict
// does. But CSV answers have no header there, as SageMaker's own have none: batch transform
// joins them with the lines of its input.
func (s *Server) sageMaker(mux *http.ServeMux) {
	mux.Handle("GET /ping", gateway.Func(func(w http.ResponseWriter, r *http.Request) error {
		if err := s.ready(r); err != nil {
			return err
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}))
	mux.Handle("POST /invocations", gateway.Func(func(w http.ResponseWriter, r *http.Request) error {
		if s.Model == "" {
			return gateway.RouteNotFound.New("this host has no model of its own; say POST /v1/models/{model}/predict, or start it with FORETELL_MODEL")
		}
		return s.serve(w, r, s.Model, bareCSV)
	}))
}

// ready returns nil if requests would be answered: the champion of the host's model is in memory
// then. A host of many models loads each when it is asked for.
func (s *Server) ready(r *http.Request) error {
	if s.Model == "" {
		return nil
	}
	_, _, err := s.open(r.Context(), s.Model, selection{alias: registry.Champion})
	if err != nil {
		return gateway.Unavailable.New("model " + string(s.Model) + " cannot be served yet").Because(err)
	}
	return nil
}
