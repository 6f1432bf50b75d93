package control

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/foretell-ml/foretell/pkg/gateway"
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

func (s *Server) alias(r *http.Request) (answer, error) {
	a, info, err := s.Registry.Alias(r.Context(), registry.ModelName(r.PathValue("model")), registry.AliasName(r.PathValue("alias")))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: a, header: map[string]string{"ETag": strconv.Quote(info.ETag)}}, nil
}

// maxReason bounds an alias's reason, in characters: predict reads the alias again and again.
const maxReason = 1000

// setAlias promotes or rolls back: it points an alias at a version, if the alias is still
// what the caller last saw (If-Match with its ETag, or If-None-Match: * for a new one).
func (s *Server) setAlias(r *http.Request) (answer, error) {
	condition, err := precondition(r)
	if err != nil {
		return answer{}, err
	}
	var request struct {
		Version int    `json:"version"`
		Reason  string `json:"reason"`
	}
	if err := gateway.ReadJSON(r, maxBody, &request); err != nil {
		return answer{}, err
	}
	if request.Version < 1 {
		return answer{}, gateway.InvalidParameter.New("no version is named", gateway.FieldError{Pointer: "/version", Detail: "is required: the number of a version"})
	}
	if n := utf8.RuneCountInString(request.Reason); n > maxReason {
		return answer{}, gateway.InvalidParameter.New("the reason is too long", gateway.FieldError{Pointer: "/reason",
			Detail: fmt.Sprintf("has %d characters, %d are allowed", n, maxReason)})
	}
	name, alias := registry.ModelName(r.PathValue("model")), registry.AliasName(r.PathValue("alias"))
	m, err := s.Registry.Version(r.Context(), name, request.Version)
	if err != nil {
		return answer{}, err
	}
	to := registry.Alias{Version: m.Version, Digest: m.Digest, Reason: request.Reason}
	to, info, err := s.Registry.SetAlias(r.Context(), name, alias, to, condition)
	if err != nil {
		if errors.Is(err, registry.ErrConflict) {
			return answer{}, gateway.PreconditionFailed.New(
				fmt.Sprintf("alias %s of model %s is not what If-Match or If-None-Match says; read it again and decide anew", alias, name))
		}
		return answer{}, err
	}
	// What was written, not what is there by now: its ETag is what the caller may go on with.
	return answer{status: http.StatusOK, body: to, header: map[string]string{"ETag": strconv.Quote(info.ETag)}}, nil
}

func precondition(r *http.Request) (registry.Condition, error) {
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case none == "*" && match == "":
		return registry.Condition{Absent: true}, nil
	case none == "" && len(match) > 2 && strings.HasPrefix(match, `"`) && strings.HasSuffix(match, `"`):
		return registry.Condition{IfMatch: match[1 : len(match)-1]}, nil
	}
	return registry.Condition{}, gateway.PreconditionRequired.New(
		`send If-Match with the ETag of GET …/aliases/{alias}, or If-None-Match: * for a new alias`)
}
