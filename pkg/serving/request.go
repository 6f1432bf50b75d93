package serving

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Limits of one request. More rows are a matter for a batch.
const (
	MaxBody      = 6 << 20  // bytes, as they are sent
	MaxDecoded   = 24 << 20 // bytes of a compressed body, decompressed
	MaxInstances = 10_000   // rows
	MaxText      = 1 << 20  // bytes of one value, as in a CSV file
	MaxFaults    = 100      // faults, and warnings, that an answer lists
)

// request is what is asked for, whatever the format: which version, how to answer, and the rows,
// which can be read only when it is known which columns that version has.
type request struct {
	Alias   *registry.AliasName
	Version *int
	Digest  *string
	options options
	query   url.Values
	fill    fill
}

// fill puts the rows of a body into rows.
type fill func(*rows) error

// rows reads the rows of the request for a pipeline.
func (q *request) rows(p *prepared) (*dataset.Table, []Warning, error) {
	d := newRows(p, q.options)
	if err := q.fill(d); err != nil && !errors.Is(err, errFull) {
		return nil, nil, err
	}
	return d.table()
}

// options are how to read the rows and how to answer.
type options struct {
	explain       bool // say what each column adds to a prediction
	noProba       bool // leave out the probabilities of classes
	noIntervals   bool // leave out the intervals of values
	noCapture     bool // keep nothing of the request, and ask no shadow: it is a trial, and no traffic
	ignoreExtra   bool // columns that the model does not have
	header        header
	headerIsGiven bool
	redact        bool // say what is wrong without what was sent
}

// parameters are those of the query.
var parameters = []string{"alias", "version", "digest", "explain", "proba", "intervals", "extra", "header", "capture"}

// shown is a text of the request as what is said of it shows it, after a space; "" if that is not to
// be told.
func (o *options) shown(text string) string {
	if o.redact {
		return ""
	}
	return " " + strconv.Quote(cut(text))
}

// hint is what may have been meant by a name, unless that would tell it.
func (o *options) hint(name string, known []string) string {
	if o.redact {
		return "; there are " + nearest.List(known)
	}
	return nearest.Hint(name, known)
}

// flag returns where an option of true or false is kept, and whether true sets it.
func (o *options) flag(name string) (field *bool, set bool) {
	switch name {
	case "explain":
		return &o.explain, true
	case "proba":
		return &o.noProba, false
	case "intervals":
		return &o.noIntervals, false
	case "capture":
		return &o.noCapture, false
	}
	return nil, false
}

// setFlag sets an option of true or false, and reports whether there is one of that name.
func (o *options) setFlag(name string, to bool) bool {
	field, set := o.flag(name)
	if field != nil {
		*field = to == set
	}
	return field != nil
}

// setExtra sets what becomes of columns that the model does not have.
func (o *options) setExtra(text string) error {
	switch text {
	case "error":
		o.ignoreExtra = false
	case "ignore":
		o.ignoreExtra = true
	default:
		return gateway.InvalidParameter.New(fmt.Sprintf(`extra%s is neither "error" nor "ignore"`, o.shown(text)))
	}
	return nil
}

// query reads the options of a query. A parameter that there is not is an error: it would be
// without effect, and nobody would know.
func (o *options) query(query url.Values) error {
	for name, values := range query {
		if !slices.Contains(parameters, name) {
			return gateway.InvalidParameter.New(fmt.Sprintf("there is no parameter%s%s", o.shown(name), o.hint(name, parameters)))
		}
		if name == "alias" || name == "version" || name == "digest" {
			continue // selected
		}
		if len(values) != 1 {
			return gateway.InvalidParameter.New(name + " is given more than once")
		}
		text := values[0]
		switch name {
		case "extra":
			if err := o.setExtra(text); err != nil {
				return err
			}
		case "header":
			if err := o.setHeader(text); err != nil {
				return err
			}
		default:
			to, err := strconv.ParseBool(text)
			if err != nil {
				return gateway.InvalidParameter.New(fmt.Sprintf("%s%s is neither true nor false", name, o.shown(text)))
			}
			o.setFlag(name, to)
		}
	}
	return nil
}

// queryOf is the query of a request; nil if it has none.
func queryOf(r *http.Request) url.Values {
	if r.URL.RawQuery == "" {
		return nil
	}
	return r.URL.Query()
}

// setHeader says whether a CSV body has a header, once.
func (o *options) setHeader(text string) error {
	head := header(strings.ToLower(text))
	if head != headerPresent && head != headerAbsent {
		return gateway.InvalidParameter.New(fmt.Sprintf(`header%s is neither "present" nor "absent"`, o.shown(text)))
	}
	if o.headerIsGiven && o.header != head {
		return gateway.InvalidParameter.New("the query and the Content-Type say different things of the header")
	}
	o.header, o.headerIsGiven = head, true
	return nil
}

// The media types of requests and answers.
const (
	typeJSON   = "application/json"
	typeCSV    = "text/csv"
	typeTSV    = "text/tab-separated-values"
	typeLines  = "application/jsonlines"
	typeNDJSON = "application/x-ndjson"
)

// read takes a request apart, but for its rows.
func (s *Server) read(r *http.Request) (request, error) {
	q := request{options: options{redact: s.Redact}}
	body, media, err := gateway.ReadDecoded(r, MaxBody, MaxDecoded, typeJSON, typeCSV, typeTSV, typeLines, typeNDJSON)
	if err != nil {
		return q, err
	}
	q.query = queryOf(r)
	if err := q.options.query(q.query); err != nil {
		return q, err
	}
	switch media.Type {
	case typeCSV, typeTSV:
		if head, ok := media.Parameters["header"]; ok {
			if err := q.options.setHeader(head); err != nil {
				return q, err
			}
		}
		delimiter := byte(',')
		if media.Type == typeTSV {
			delimiter = '\t'
		}
		q.fill = fromCSV(body, delimiter, q.options.header)
	case typeLines, typeNDJSON:
		q.fill = fromJSONLines(string(body), q.options.redact)
	default:
		return q, q.parse(string(body))
	}
	return q, nil
}

// selected combines what the query and the body say. More than one of alias, version
// and digest, or one of them twice, is a problem: no rule of precedence could be guessed.
func selected(q request) (selection, error) {
	var s selection
	said := 0
	for _, text := range q.query["alias"] {
		s.alias, said = registry.AliasName(text), said+1
	}
	for _, text := range q.query["version"] {
		n, err := strconv.Atoi(text)
		if err != nil {
			n = 0
		}
		s.version, said = n, said+1
		if n < 1 {
			return s, gateway.InvalidParameter.New(fmt.Sprintf("version%s is not a positive integer", q.options.shown(text)))
		}
	}
	digests := q.query["digest"]
	if q.Digest != nil {
		digests = append(digests[:len(digests):len(digests)], *q.Digest)
	}
	for _, text := range digests {
		if s.digest, said = text, said+1; !registry.NamesVersion(text) {
			return s, gateway.InvalidParameter.New(fmt.Sprintf("digest%s is not %d to 64 of 0-9 and a-f", q.options.shown(text), registry.MinDigest))
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
		return s, gateway.InvalidParameter.New("the request names more than one alias, version or digest; name one, or none for the champion")
	case said == 0:
		s.alias = registry.Champion
	case s.version == 0 && s.digest == "":
		err := s.alias.Validate()
		if err != nil && q.options.redact {
			err = gateway.InvalidName.New("the alias is none that there may be")
		}
		return s, err
	}
	return s, nil
}

// selection says which version of a model is asked for, by its number or digest, else what an
// alias points at; and by whom, which decides where the alias has a canary.
type selection struct {
	alias   registry.AliasName
	version int
	digest  string // or its start
	who     asker
}
