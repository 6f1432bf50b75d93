package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// ReadBody returns the body of a request of one of the media types ("application/json"). It
// is a Problem if the body is empty or only white space, over limit bytes, also decompressed, or
// declared as another type. A request that declares none is taken at its word: curl -d @file
// and many clients leave it out or send a form's, but then the parser decides.
func ReadBody(r *http.Request, limit int64, mediaTypes ...string) ([]byte, error) {
	body, _, err := ReadDecoded(r, limit, limit, mediaTypes...)
	return body, err
}

// believedLength is up to what size of a body there is room made before its bytes come.
const believedLength = 64 << 10

// readAll reads a body of at most limit bytes, and more than white space.
func readAll(r *http.Request, limit int64) ([]byte, error) {
	tooLarge := BodyTooLarge.New(fmt.Sprintf("the body is larger than %d bytes", limit))
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	var read bytes.Buffer
	read.Grow(int(min(max(r.ContentLength, 0), believedLength)) + bytes.MinRead)
	_, err := read.ReadFrom(io.LimitReader(r.Body, limit+1))
	body := read.Bytes()
	var maxBytes *http.MaxBytesError
	switch {
	case int64(len(body)) > limit, errors.As(err, &maxBytes):
		return nil, tooLarge
	case err != nil:
		return nil, fmt.Errorf("read body: %w", err)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, EmptyBody.New("the request has no body")
	}
	return body, nil
}

// formType is what curl -d declares, whatever it sends.
const formType = "application/x-www-form-urlencoded"

// Media is the Content-Type of a request. Type is the first of those that a route reads if the
// request declares none, or a form.
type Media struct {
	Type       string
	Parameters map[string]string // by lower-case name
}

// mediaOf is the media type of a request, which has to be one of those accepted, if any are.
func mediaOf(r *http.Request, accepted []string) (Media, error) {
	declared := r.Header.Get("Content-Type")
	if len(accepted) == 0 {
		return Media{}, nil
	}
	if slices.Contains(accepted, declared) { // as most write it
		return Media{Type: declared}, nil
	}
	media, parameters, err := mime.ParseMediaType(declared)
	switch {
	case declared == "", err == nil && media == formType:
		return Media{Type: accepted[0]}, nil
	case err == nil && slices.Contains(accepted, media):
		return Media{media, parameters}, nil
	}
	return Media{}, UnsupportedMediaType.New(fmt.Sprintf("Content-Type %q is not read here; send %s",
		declared, strings.Join(accepted, " or ")))
}

// ReadJSON decodes the body of a request into v: one JSON value with no unknown fields. It
// is a Problem that says where the fault is.
func ReadJSON(r *http.Request, limit int64, v any) error {
	body, err := ReadBody(r, limit, "application/json")
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return JSONProblem(body, err)
	}
	if rest := bytes.TrimLeft(body[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return InvalidJSON.New(position(body, int64(len(body)-len(rest)+1)) + ": there is more after the JSON value")
	}
	return nil
}

// JSONProblem turns an error of encoding/json, or of jsontext, about body into a problem that
// says where.
func JSONProblem(body []byte, err error) Problem {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	var found *jsontext.SyntaxError
	switch {
	case errors.As(err, &found):
		return InvalidJSON.New(position(body, int64(found.Offset)+1) + ": " + found.Detail)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		errors.As(err, &syntax) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return InvalidJSON.New(position(body, int64(len(body))) + ": the body ends before the JSON value does")
	case errors.As(err, &syntax):
		return InvalidJSON.New(fmt.Sprintf("%s: %v", position(body, syntax.Offset), syntax))
	case errors.As(err, &wrong):
		at := position(body, wrong.Offset)
		if wrong.Field != "" {
			at += ", " + wrong.Field
		}
		return InvalidJSON.New(fmt.Sprintf("%s: want %s, got %s", at, asked(wrong.Type), wrong.Value))
	}
	return InvalidJSON.New(strings.TrimPrefix(err.Error(), "json: ")) // unknown field "x"
}

// asked names the JSON that decodes into a Go type.
func asked(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "an integer"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a non-negative integer"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	}
	return "an object"
}

// position is "line 3, column 7" of a byte by its number, both from 1, columns in bytes.
func position(body []byte, n int64) string {
	before := body[:min(max(n-1, 0), int64(len(body)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}
