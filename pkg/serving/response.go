package serving

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Response is the answer to a request: one prediction per instance, in order.
type Response struct {
	Model   registry.ModelName `json:"model"`
	Version int                `json:"version"`
	Digest  string             `json:"digest"`          // of the artifact that predicted
	Alias   registry.AliasName `json:"alias,omitempty"` // if the version was found by one
	// Arm is main or canary, where the alias has a canary.
	Arm capture.Role `json:"arm,omitempty"`
	// ID is that of the request: the prediction of its first row has the id <ID>-1.
	ID string `json:"id,omitempty"`
	// Coverage is the share of intervals that hold the true value; 0 if there are none.
	Coverage    float64      `json:"coverage,omitempty"`
	Predictions []Prediction `json:"predictions"`
	Warnings    []Warning    `json:"warnings,omitempty"`

	pipeline *pipeline.Pipeline // that predicted
}

// Prediction is a value for regression, with its interval if the model has any; else a class
// and the probability of each. The class is the likeliest (of equally likely ones the first),
// or that of the model's threshold or costs.
type Prediction struct {
	Value         *float64    `json:"value,omitempty"`
	Interval      *[2]float64 `json:"interval,omitempty"` // low and high
	Class         *string     `json:"class,omitempty"`
	Probabilities *ordered    `json:"probabilities,omitempty"`
	Reasons       *Reasons    `json:"reasons,omitempty"` // if they are asked for
}

// ordered is a JSON object of numbers by name, such as probabilities by class, in their order.
type ordered struct {
	names  []json.RawMessage // as JSON strings
	values []float64
}

// MarshalJSON is what an answer says of them.
func (p *ordered) MarshalJSON() ([]byte, error) { return p.append(nil), nil }

// predictions gives the pipeline's output, row by row, its meaning; intervals may be nil. Numbers so large that the
// output is none are the client's fault.
func predictions(p *prepared, output []float64, intervals [][2]float64, o options) ([]Prediction, error) {
	target := &p.Target
	k := target.Outputs()
	if at := slices.IndexFunc(output, notFinite); at >= 0 {
		row := at/k + 1
		const detail = "the model predicts no finite number for it; its numbers are too large"
		return nil, gateway.InvalidInstances.New(fmt.Sprintf("row %d: %s", row, detail), gateway.FieldError{Row: row, Detail: detail})
	}
	all := make([]Prediction, len(output)/k)
	if !target.Task.Classification() {
		for i := range output {
			all[i].Value = &output[i]
		}
		for i := range intervals {
			all[i].Interval = &intervals[i]
		}
		return all, nil
	}
	probabilities := make([]ordered, len(all))
	for i := range all {
		row := output[i*k : (i+1)*k]
		all[i].Class = &target.Classes[p.Decide(row)]
		if !o.noProba {
			probabilities[i] = ordered{p.classes, row}
			all[i].Probabilities = &probabilities[i]
		}
	}
	return all, nil
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// jsonText is a value as JSON, without the escapes that HTML would need.
func jsonText(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// cut shortens a user's text to what fits an error.
func cut(s string) string {
	const longest = 40 // letters
	n := 0
	for i := range s {
		if n++; n > longest {
			return s[:i] + "…"
		}
	}
	return s
}
