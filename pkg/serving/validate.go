package serving

import (
	"net/http"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Validation says that the rows of a request would be predicted.
type Validation struct {
	Model    registry.ModelName `json:"model"`
	Version  int                `json:"version"`
	Digest   string             `json:"digest"`
	Alias    registry.AliasName `json:"alias,omitempty"`
	Rows     int                `json:"rows"`
	Warnings []Warning          `json:"warnings,omitempty"`
}

// validate checks a request as predict does, and predicts nothing.
func (s *Server) validate(w http.ResponseWriter, r *http.Request) error {
	q, err := s.read(r)
	if err != nil {
		return err
	}
	which, err := selected(q)
	if err != nil {
		return err
	}
	if which.who, err = askerOf(w, r); err != nil { // a canary has columns of its own
		return err
	}
	f, p, err := s.open(r.Context(), registry.ModelName(r.PathValue("model")), which)
	if err != nil {
		return err
	}
	table, warnings, err := q.rows(p)
	if err != nil {
		return err
	}
	response := f.response()
	response.describe(w.Header())
	gateway.WriteJSON(w, http.StatusOK, Validation{response.Model, response.Version, response.Digest, response.Alias, table.Rows(), warnings})
	return nil
}
