package serving

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Limits of one request. More rows are a matter for a batch.
const (
	MaxBody      = 6 << 20 // bytes
	MaxInstances = 10_000
	MaxFaults    = 100 // faults, and warnings, that an answer lists
)

// selection says which version of a model is asked for: a version, else what an alias points
// at.
type selection struct {
	alias   registry.AliasName
	version int
}

// request is the body of a request before its rows are looked at.
type request struct {
	Instances json.RawMessage     `json:"instances"`
	Alias     *registry.AliasName `json:"alias"`
	Version   *int                `json:"version"`
}

// parse takes a body apart. What it accepts is syntactically valid JSON throughout.
func parse(body []byte) (request, error) {
	var q request
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	// Unmarshal first: it reports syntax faults anywhere, and what follows the value.
	if err := json.Unmarshal(body, new(json.RawMessage)); err != nil {
		return q, gateway.JSONProblem(body, err)
	}
	if err := d.Decode(&q); err != nil {
		return q, gateway.JSONProblem(body, err)
	}
	if q.Instances == nil {
		return q, gateway.InvalidInstances.New(`the request has no "instances"`,
			gateway.FieldError{Pointer: "/instances", Detail: "is missing; want an array of objects, one per row"})
	}
	return q, nil
}

// selected combines what the query and the body say. Both alias and version, or one of them
// twice, is a problem: no rule of precedence could be guessed.
func selected(query url.Values, q request) (selection, error) {
	var s selection
	said := 0
	for _, text := range query["alias"] {
		s.alias, said = registry.AliasName(text), said+1
	}
	for _, text := range query["version"] {
		n, err := strconv.Atoi(text)
		if err != nil {
			n = 0
		}
		s.version, said = n, said+1
		if n < 1 {
			return s, gateway.InvalidParameter.New(fmt.Sprintf("version %q is not a positive integer", text))
		}
	}
	if q.Alias != nil {
		s.alias, said = *q.Alias, said+1
	}
	if q.Version != nil {
		s.version, said = *q.Version, said+1
		if s.version < 1 {
			return s, gateway.InvalidParameter.New(fmt.Sprintf("version %d is not a positive integer", s.version))
		}
	}
	switch {
	case said > 1:
		return s, gateway.InvalidParameter.New("the request names more than one alias or version; name one, or none for the champion")
	case said == 0:
		s.alias = registry.Champion
	case s.version == 0:
		return s, s.alias.Validate()
	}
	return s, nil
}
