package serving

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
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
	Instances string // the JSON of them
	Alias     *registry.AliasName
	Version   *int
}

// parse takes a body apart, in one pass that tells where it is not JSON. Rows are read after it,
// since the model says what their columns are and may be named behind them.
func parse(body string) (request, error) {
	var q request
	r := jsontext.NewReader(body)
	said := map[string]bool{}
	err := r.Object(func(name string) error {
		if said[name] {
			return gateway.InvalidJSON.New(fmt.Sprintf("field %q appears twice", cut(name)))
		}
		said[name] = true
		return q.member(r, name)
	})
	if err == nil {
		err = r.End()
	}
	var syntax *jsontext.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return q, gateway.JSONProblem([]byte(body), err)
	case err != nil:
		return q, err
	case !said["instances"]:
		return q, gateway.InvalidInstances.New(`the request has no "instances"`,
			gateway.FieldError{Pointer: "/instances", Detail: "is missing; want an array of objects, one per row"})
	}
	return q, nil
}

// member reads a member of the body. An alias or version of null is as if it were not there.
func (q *request) member(r *jsontext.Reader, name string) (err error) {
	switch null := r.Kind() == jsontext.Null; {
	case name == "instances":
		q.Instances, err = r.Raw()
	case name == "alias" && !null:
		var text string
		text, err = r.Text()
		q.Alias = (*registry.AliasName)(&text)
	case name == "version" && !null:
		var number string
		if number, err = r.Number(); err == nil {
			n, wrong := strconv.Atoi(number)
			if wrong != nil {
				return gateway.InvalidJSON.New(fmt.Sprintf("version: want an integer, got %s", cut(number)))
			}
			q.Version = &n
		}
	case name == "alias" || name == "version":
		err = r.Null()
	default:
		return gateway.InvalidJSON.New(fmt.Sprintf("unknown field %q", cut(name)))
	}
	return err
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
