package control

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

func (s *Server) models(r *http.Request) (answer, error) {
	models, err := s.Registry.Models(r.Context())
	if err != nil {
		return answer{}, err
	}
	if models == nil {
		models = []registry.ModelName{} // an empty list, not null
	}
	return ok(map[string]any{"models": models})
}

// versionSummary is a line of GET /v1/models/{model}.
type versionSummary struct {
	Version int     `json:"version"`
	Digest  string  `json:"digest"`
	Run     string  `json:"run"`
	Learner string  `json:"learner"`
	Metric  string  `json:"metric"`
	Score   float64 `json:"score"`
}

func (s *Server) model(r *http.Request) (answer, error) {
	name := registry.ModelName(r.PathValue("model"))
	manifests, err := s.Registry.Versions(r.Context(), name)
	if err != nil {
		return answer{}, err
	}
	versions := make([]versionSummary, len(manifests))
	for i, m := range manifests {
		versions[i] = versionSummary{m.Version, m.Digest, m.Run, m.Learner, m.Metric, m.Score}
	}
	aliases, err := s.Registry.Aliases(r.Context(), name)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"model": name, "versions": versions, "aliases": aliases})
}

func (s *Server) version(r *http.Request) (answer, error) {
	m, err := s.manifest(r)
	if err != nil {
		return answer{}, err
	}
	return ok(m)
}

// manifest is that of the version that the path names.
func (s *Server) manifest(r *http.Request) (registry.Manifest, error) {
	name := registry.ModelName(r.PathValue("model"))
	n, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		return registry.Manifest{}, &registry.NotFoundError{Kind: registry.KindVersion, Name: fmt.Sprintf("%s of model %s", r.PathValue("version"), name)}
	}
	return s.Registry.Version(r.Context(), name, n)
}

// card answers the model card of a version.
func (s *Server) card(r *http.Request) (answer, error) {
	m, err := s.manifest(r)
	if err != nil {
		return answer{}, err
	}
	card, err := s.Engine.Card(r.Context(), training.RunID(m.Run))
	if err != nil {
		return answer{}, err
	}
	return ok(card)
}
