package serving

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// forms are the members of a JSON body that hold rows, one of which a request has.
var forms = []string{"instances", "dataframe_records", "dataframe_split", "inputs"}

// settings are its other members.
var settings = []string{"alias", "version", "digest", "explain", "proba", "intervals", "extra", "capture"}

// parse takes a JSON body apart. What it accepts is JSON throughout.
func (q *request) parse(body string) error {
	r := jsontext.NewReader(body)
	if k := r.Kind(); k != jsontext.Object && k != jsontext.Invalid {
		return at(body, r.Offset(), fmt.Sprintf("want an object with one of %s, got %s", nearest.List(forms), k))
	}
	var seen []string // few: an unknown one ends it
	err := r.Object(func(name string) error {
		if slices.Contains(seen, name) {
			return at(body, r.Offset(), fmt.Sprintf("the member%s appears twice", q.options.shown(name)))
		}
		seen = append(seen, name)
		return q.member(r, name)
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return q.syntax(body, err)
	}
	if q.fill == nil {
		return gateway.InvalidInstances.New(`the request has no "instances"`,
			gateway.FieldError{Pointer: "/instances", Detail: "is missing; want an array of rows"})
	}
	return nil
}

// syntax is what is wrong with a body, and where: what it has there is shown unless values are not
// to be told.
func (q *request) syntax(body string, err error) error {
	syntax := new(jsontext.SyntaxError)
	switch {
	case !errors.As(err, &syntax):
		return err
	case q.options.redact:
		return at(body, syntax.Offset, "the body is not JSON there, or not of the request's shape")
	}
	return at(body, syntax.Offset, syntax.Detail+noNumber(body, syntax.Offset))
}

// member reads one member of the body.
func (q *request) member(r *jsontext.Reader, name string) error {
	for _, form := range forms {
		if name == form {
			if q.fill != nil {
				return gateway.InvalidInstances.New("the request has rows in more than one of "+nearest.List(forms), gateway.FieldError{Pointer: "/" + name, Detail: "is one too many"})
			}
			kind := r.Kind()
			raw, err := r.Raw()
			q.fill = formOf(name, kind, raw)
			return err
		}
	}
	if r.Kind() == jsontext.Null {
		return r.Null() // as if it were not there
	}
	if field, _ := q.options.flag(name); field != nil {
		to, err := r.Bool()
		q.options.setFlag(name, to)
		return of(name, err)
	}
	switch name {
	case "alias":
		text, err := r.Text()
		alias := registry.AliasName(text)
		q.Alias = &alias
		return of(name, err)
	case "digest":
		text, err := r.Text()
		q.Digest = &text
		return of(name, err)
	case "version":
		start := r.Offset()
		number, err := r.Number()
		if err != nil {
			return of(name, err)
		}
		n, err := strconv.Atoi(number)
		q.Version = &n
		if err != nil {
			return &jsontext.SyntaxError{Offset: start, Detail: "version: want an integer, got the number " + cut(number)}
		}
		return nil
	case "extra":
		text, err := r.Text()
		if err != nil {
			return of(name, err)
		}
		return q.options.setExtra(text)
	}
	return q.unknown(name, append(append([]string{}, forms...), settings...))
}

// unknown is the problem of a member that a body does not have: perhaps a row that stands where the
// request should.
func (q *request) unknown(name string, known []string) error {
	if q.options.redact {
		return gateway.InvalidJSON.New("unknown member; known are " + nearest.List(known))
	}
	return gateway.InvalidJSON.New(fmt.Sprintf("unknown member %q%s", cut(name), nearest.Hint(name, known)))
}

// formOf reads the rows of a member, whose text is known to be JSON.
func formOf(name string, kind jsontext.Kind, raw string) fill {
	switch pointer := "/" + name; {
	case name == "dataframe_split":
		return fromSplit(raw, pointer)
	case name == "inputs" && kind == jsontext.Object:
		return fromColumns(raw, pointer)
	default:
		return fromRecords(raw, pointer)
	}
}

// of names the member in which another kind of value was wanted.
func of(member string, err error) error {
	if syntax := new(jsontext.SyntaxError); errors.As(err, &syntax) {
		return &jsontext.SyntaxError{Offset: syntax.Offset, Detail: member + ": " + syntax.Detail}
	}
	return err
}

// at is the problem of a body that is wrong from a byte on.
func at(body string, offset int, detail string) error {
	return gateway.JSONProblem([]byte(body), &jsontext.SyntaxError{Offset: offset, Detail: detail})
}

// noNumber helps those whose language writes numbers that JSON does not have.
func noNumber(text string, offset int) string {
	rest := strings.TrimPrefix(text[min(offset, len(text)):], "-")
	for _, number := range []string{"NaN", "nan", "Inf", "inf"} {
		if strings.HasPrefix(rest, number) || strings.HasPrefix(text[max(offset-1, 0):], number) {
			return "; JSON has no NaN and no infinity: send null for a value that is missing"
		}
	}
	return ""
}
