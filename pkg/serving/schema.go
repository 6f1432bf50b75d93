package serving

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// schema answers the JSON Schema of a request with instances, for the version that is asked for.
func (s *Server) schema(w http.ResponseWriter, r *http.Request) error {
	response, p, err := s.described(r)
	if err != nil {
		return err
	}
	response.describe(w.Header())
	body, err := json.Marshal(requestSchema(p, response))
	if err != nil {
		return err
	}
	gateway.WriteBody(w, http.StatusOK, "application/schema+json", body)
	return nil
}

// described opens the version that the query of a GET names.
func (s *Server) described(r *http.Request) (*Response, *pipeline.Pipeline, error) {
	which, err := selected(request{query: queryOf(r)})
	if err != nil {
		return nil, nil, err
	}
	f, p, err := s.open(r.Context(), registry.ModelName(r.PathValue("model")), which)
	if err != nil {
		return nil, nil, err
	}
	return f.response(), p.Pipeline, nil
}

// object is a JSON object whose members keep their order.
type object []field

type field struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// requestSchema is draft 2020-12 of a body with instances. Rows that are valid by it are predicted,
// without a warning if the values are among the examples and between the bounds.
func requestSchema(p *pipeline.Pipeline, of *Response) object {
	ordered := make([]any, len(p.Schema))
	for i, f := range p.Schema {
		ordered[i] = object{{"$ref", "#/$defs/row/properties/" + strings.ReplaceAll(escapePointer(f.Name), "%", "%25")}}
	}
	return object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", fmt.Sprintf("urn:foretell:%s:%s", of.Model, of.Digest)},
		{"title", fmt.Sprintf("Request for predictions of %s of model %s, version %d", p.Target.Name, of.Model, of.Version)},
		{"type", "object"},
		{"required", []string{"instances"}},
		{"additionalProperties", false},
		{"properties", append(object{
			{"instances", object{{"type", "array"}, {"minItems", 1}, {"maxItems", MaxInstances}, {"items", object{
				{"anyOf", []any{object{{"$ref", "#/$defs/row"}}, object{{"$ref", "#/$defs/values"}}}},
			}}}},
		}, optionSchemas()...)},
		{"$defs", object{
			{"row", rowSchema(p, jsonSchemaType, "examples")},
			{"values", object{{"description", "The values of a row in the order of the columns."}, {"type", "array"},
				{"minItems", len(p.Schema)}, {"maxItems", len(p.Schema)}, {"prefixItems", ordered}}},
		}},
	}
}

func optionSchemas() object {
	flag := func(what string) object { return object{{"description", what}, {"type", "boolean"}} }
	return object{
		{"alias", object{{"description", "Which version answers; champion if neither it nor a version is named."}, {"type", "string"}}},
		{"version", object{{"type", "integer"}, {"minimum", 1}}},
		{"digest", object{{"description", "The SHA-256 of a version's artifact, or its start."}, {"type", "string"}, {"pattern", fmt.Sprintf("^[0-9a-f]{%d,64}$", registry.MinDigest)}}},
		{"explain", flag("Say what each column adds to a prediction.")},
		{"proba", flag("Answer the probabilities of classes; true if it is not given.")},
		{"intervals", flag("Answer the intervals of values; true if it is not given.")},
		{"capture", flag("Keep of the request what monitoring keeps of traffic; true if it is not given.")},
		{"extra", object{{"description", "What becomes of columns that the model does not have."}, {"enum", []string{"error", "ignore"}}}},
	}
}

// rowSchema is a row as an object, whose columns are described by what training saw. typed writes
// that a value is of one of some types or null, and examples is what those are called: OpenAPI 3.0 has
// one example.
func rowSchema(p *pipeline.Pipeline, typed func(types ...string) object, examples string) object {
	columns := make(object, len(p.Schema))
	for i, f := range p.Schema {
		var reference profile.Column
		if i < len(p.Reference.Columns) && p.Reference.Columns[i].Name == f.Name {
			reference = p.Reference.Columns[i]
		}
		columns[i] = field{f.Name, columnSchema(f, reference, typed, examples)}
	}
	return object{{"type", "object"}, {"minProperties", 1}, {"additionalProperties", false}, {"properties", columns}}
}

// columnSchema is a value of a column. What is no bound of what is accepted, but of what training
// saw, is told in words, as examples, and for programs in x-foretell.
func columnSchema(f dataset.Field, of profile.Column, typed func(types ...string) object, called string) object {
	said, hints := "", object{{"type", f.Type}, {"missing_in_training", of.Missing}}
	var schema object
	var examples []any
	switch f.Type {
	case dataset.Numeric:
		schema = typed("number")
		if n := of.Numeric; n != nil {
			median := n.Quantiles.P50
			said = fmt.Sprintf("In training from %v to %v.", n.Min, n.Max)
			examples = []any{median}
			hints = append(hints, field{"min", n.Min}, field{"max", n.Max}, field{"median", median}, field{"integers", n.Integers == of.Count})
		}
	case dataset.Boolean:
		schema = typed("boolean")
		examples = []any{true, false}
	case dataset.Timestamp:
		schema = append(typed("string"), field{"format", "date-time"})
		said = "A moment by RFC 3339, or a date."
	case dataset.Categorical:
		schema = typed("string", "number", "boolean")
		said = "A category that training never saw counts as missing."
		for _, level := range f.Levels {
			examples = append(examples, level)
		}
		hints = append(hints, field{"levels", f.Levels})
	default:
		schema = typed("string", "number")
	}
	if said != "" {
		schema = append(schema, field{"description", said})
	}
	switch {
	case len(examples) == 0:
	case called == "example":
		schema = append(schema, field{called, examples[0]})
	default:
		schema = append(schema, field{called, examples})
	}
	return append(schema, field{"x-foretell", hints})
}

// jsonSchemaType is one of some types, or null, as JSON Schema writes it.
func jsonSchemaType(types ...string) object { return object{{"type", append(types, "null")}} }
