package serving

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Inference is the answer to an inference.
type Inference struct {
	ModelName    string          `json:"model_name"`
	ModelVersion string          `json:"model_version"`
	ID           string          `json:"id,omitempty"`         // of the request, as it was sent
	Parameters   json.RawMessage `json:"parameters,omitempty"` // likewise
	Outputs      []Output        `json:"outputs"`
}

// Output is a tensor of an inference.
type Output struct {
	Name     string `json:"name"`
	DataType string `json:"datatype"`
	Shape    []int  `json:"shape"`
	Data     any    `json:"data"` // []float64 or []string, row by row
}

// inference is the body of a request.
type inference struct {
	request
	id         string
	parameters string
	outputs    []string // those wanted; nil are all
}

func (s *Server) infer(w http.ResponseWriter, r *http.Request) error {
	body, _, err := gateway.ReadDecoded(r, MaxBody, MaxDecoded, typeJSON)
	if err != nil {
		return err
	}
	q := inference{request: request{options: options{redact: s.Redact}, query: queryOf(r)}}
	if err := q.options.query(q.query); err != nil {
		return err
	}
	if err := q.parseInference(string(body)); err != nil {
		return err
	}
	which, err := versionOf(r, q.request)
	if err != nil {
		return err
	}
	if which.who, err = askerOf(w, r); err != nil {
		return err
	}
	response, err := s.answer(r.Context(), modelOf(r), which, q.request)
	if err != nil {
		return err
	}
	outputs, err := q.tensors(response)
	if err != nil {
		return err
	}
	response.describe(w.Header())
	gateway.WriteJSON(w, http.StatusOK, Inference{
		ModelName: string(response.Model), ModelVersion: strconv.Itoa(response.Version), ID: q.id, Parameters: json.RawMessage(q.parameters), Outputs: outputs,
	})
	return nil
}

// parseInference takes a body apart, but for its tensors.
func (q *inference) parseInference(body string) error {
	r := jsontext.NewReader(body)
	seen := map[string]bool{}
	err := r.Object(func(name string) (err error) {
		if seen[name] {
			return at(body, r.Offset(), fmt.Sprintf("the member%s appears twice", q.options.shown(name)))
		}
		seen[name] = true
		switch name {
		case "id":
			q.id, err = r.Text()
		case "parameters":
			q.parameters, err = r.Raw()
			if err == nil && q.parameters != "null" {
				err = q.settings(q.parameters)
			}
		case "inputs":
			var raw string
			raw, err = r.Raw()
			q.fill = fromTensors(raw)
		case "outputs":
			err = q.wanted(r)
		default:
			return q.unknown(name, []string{"id", "parameters", "inputs", "outputs"})
		}
		return of(name, err)
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return q.syntax(body, err)
	}
	if q.fill == nil {
		return gateway.InvalidInstances.New(`the request has no "inputs"`, gateway.FieldError{Pointer: "/inputs", Detail: "is missing; want an array of tensors"})
	}
	return nil
}

// settings reads the options among the parameters; others are for other servers, and echoed.
func (q *inference) settings(parameters string) error {
	r := jsontext.NewReader(parameters)
	if r.Kind() != jsontext.Object {
		return gateway.InvalidParameter.New("the parameters are "+r.Kind().String(), gateway.FieldError{Pointer: "/parameters", Detail: "want an object"})
	}
	err := r.Object(func(name string) error {
		if !slices.Contains(settings, name) {
			return r.Skip()
		}
		return q.member(r, name)
	})
	if syntax := new(jsontext.SyntaxError); errors.As(err, &syntax) {
		return gateway.InvalidParameter.New("parameters: "+syntax.Detail, gateway.FieldError{Pointer: "/parameters", Detail: syntax.Detail})
	}
	return err
}

// mostOutputs is more than a model has.
const mostOutputs = 16

// wanted reads the names of the outputs that are asked for.
func (q *inference) wanted(r *jsontext.Reader) error {
	q.outputs = []string{}
	return r.Array(func() error {
		return r.Object(func(member string) error {
			if member != "name" {
				return r.Skip()
			}
			name, err := r.Text()
			if err == nil && slices.Contains(q.outputs, name) { // a few bytes would ask for megabytes
				return gateway.InvalidParameter.New(fmt.Sprintf("the output%s is asked for twice", q.options.shown(name)),
					gateway.FieldError{Pointer: "/outputs", Detail: "names an output twice"})
			}
			if len(q.outputs) <= mostOutputs { // one of so many there is not
				q.outputs = append(q.outputs, name)
			}
			return err
		})
	})
}

// tensors are the outputs that are wanted, or all.
func (q *inference) tensors(a *Response) ([]Output, error) {
	all := a.outputs(a.pipeline)
	if len(q.outputs) == 0 {
		return all, nil
	}
	chosen := make([]Output, len(q.outputs))
	for i, name := range q.outputs {
		at := slices.IndexFunc(all, func(o Output) bool { return o.Name == name })
		if at < 0 {
			names := make([]string, len(all))
			for j, o := range all {
				names[j] = o.Name
			}
			return nil, gateway.InvalidParameter.New(fmt.Sprintf("there is no output%s%s", q.options.shown(name), q.options.hint(name, names)),
				gateway.FieldError{Pointer: "/outputs/" + strconv.Itoa(i) + "/name", Detail: "is no output of the model"})
		}
		chosen[i] = all[at]
	}
	return chosen, nil
}

// outputs are the predictions as tensors, and what they are made of if that was asked for.
func (a *Response) outputs(p *pipeline.Pipeline) []Output {
	all := a.predicted(p)
	n := len(a.Predictions)
	if a.Predictions[0].Reasons == nil {
		return all
	}
	var scores, bases, contributions []float64
	for _, row := range a.Predictions {
		scores, bases = append(scores, row.Reasons.Score), append(bases, row.Reasons.Base)
		contributions = append(contributions, row.Reasons.Contributions.values...)
	}
	return append(all, Output{outputScore, "FP64", []int{n}, scores}, Output{outputBase, "FP64", []int{n}, bases},
		Output{outputContributions, "FP64", []int{n, len(p.Schema)}, contributions})
}

// predicted are the predictions themselves.
func (a *Response) predicted(p *pipeline.Pipeline) []Output {
	n, k := len(a.Predictions), len(p.Target.Classes)
	if k == 0 {
		values, intervals := make([]float64, n), []float64(nil)
		for i, row := range a.Predictions {
			values[i] = *row.Value
			if row.Interval != nil {
				intervals = append(intervals, row.Interval[:]...)
			}
		}
		all := []Output{{outputPredict, "FP64", []int{n}, values}}
		if intervals != nil {
			all = append(all, Output{outputInterval, "FP64", []int{n, 2}, intervals})
		}
		return all
	}
	classes, chances := make([]string, n), []float64(nil)
	for i, row := range a.Predictions {
		classes[i] = *row.Class
		if row.Probabilities != nil {
			chances = append(chances, row.Probabilities.values...)
		}
	}
	all := []Output{{outputPredict, "BYTES", []int{n}, classes}}
	if chances != nil {
		all = append(all, Output{outputProbabilities, "FP64", []int{n, k}, chances}, Output{outputClasses, "BYTES", []int{k}, p.Target.Classes})
	}
	return all
}
