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
)

func (s *Server) alias(r *http.Request) (answer, error) {
	name, alias := aliasOf(r)
	a, info, err := s.Registry.Alias(r.Context(), name, alias)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: a, header: map[string]string{"ETag": strconv.Quote(info.ETag)}}, nil
}

// maxReason bounds an alias's reason, in characters: predict reads the alias again and again.
const maxReason = 1000

// aliasRequest is the body of a PUT: all that an alias is to be. What is left out is not kept from
// before.
type aliasRequest struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"` // if given, it must be the version's
	Reason  string `json:"reason"`
	Canary  *struct {
		Version int     `json:"version"`
		Weight  float64 `json:"weight"`
	} `json:"canary"`
	Shadow *struct {
		Version int `json:"version"`
	} `json:"shadow"`
	Decision *registry.Decision `json:"decision"`
}

func (q aliasRequest) alias() registry.Alias {
	to := registry.Alias{Version: q.Version, Digest: q.Digest, Reason: q.Reason, Decision: q.Decision}
	if q.Canary != nil {
		to.Canary = &registry.Canary{Version: q.Canary.Version, Weight: q.Canary.Weight}
	}
	if q.Shadow != nil {
		to.Shadow = &registry.Shadow{Version: q.Shadow.Version}
	}
	return to
}

func aliasOf(r *http.Request) (registry.ModelName, registry.AliasName) {
	return registry.ModelName(r.PathValue("model")), registry.AliasName(r.PathValue("alias"))
}

// setAlias promotes or rolls back: it points an alias at a version, if the alias is still
// what the caller last saw (If-Match with its ETag, or If-None-Match: * for a new one).
func (s *Server) setAlias(r *http.Request) (answer, error) {
	condition, err := precondition(r)
	if err != nil {
		return answer{}, err
	}
	var request aliasRequest
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
	name, alias := aliasOf(r)
	to := request.alias()
	to.By = gateway.Caller(r.Context())
	to.At = s.now().UTC()
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

// history lists the latest changes of an alias, the newest first: 20, or ?limit= of them.
func (s *Server) history(r *http.Request) (answer, error) {
	const usual = 20
	limit := usual
	if text := r.URL.Query().Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > registry.MaxHistory {
			return answer{}, gateway.InvalidParameter.New(fmt.Sprintf("limit %.40q is not a number from 1 to %d", text, registry.MaxHistory))
		}
	}
	name, alias := aliasOf(r)
	changes, err := s.Registry.History(r.Context(), name, alias, limit)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"model": name, "alias": alias, "changes": changes})
}
