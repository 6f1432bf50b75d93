package serving

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Response is the answer to a request: one prediction per instance, in order.
type Response struct {
	Model   registry.ModelName `json:"model"`
	Version int                `json:"version"`
	Digest  string             `json:"digest"`          // of the artifact that predicted
	Alias   registry.AliasName `json:"alias,omitempty"` // if the version was found by one
	// Coverage is the share of intervals that hold the true value; 0 if there are none.
	Coverage    float64      `json:"coverage,omitempty"`
	Predictions []Prediction `json:"predictions"`
	Warnings    []Warning    `json:"warnings,omitempty"`
}

// Prediction is a value for regression, with its interval if the model has any; else a class
// and the probability of each. The class is the likeliest (of equally likely ones the first),
// or that of the model's threshold or costs.
type Prediction struct {
	Value         *float64       `json:"value,omitempty"`
	Interval      *[2]float64    `json:"interval,omitempty"` // low and high
	Class         *string        `json:"class,omitempty"`
	Probabilities *probabilities `json:"probabilities,omitempty"`
}

// Warning says what is odd about a value that was predicted from all the same.
type Warning struct {
	Pointer string `json:"pointer,omitempty"` // RFC 6901
	Row     int    `json:"row,omitempty"`     // from 1
	Column  string `json:"column,omitempty"`
	Detail  string `json:"detail"`
}

// probabilities is a JSON object by class, in the order of the classes.
type probabilities struct {
	names  []json.RawMessage // the labels as JSON strings
	values []float64
}

// MarshalJSON writes the shortest decimals that read back as the same numbers. NaN makes it
// invalid JSON, which json.Marshal refuses.
func (p *probabilities) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, v := range p.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, p.names[i]...)
		b = append(b, ':')
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	return append(b, '}'), nil
}

// predictions gives the pipeline's output, row by row, its meaning.
func predictions(p *pipeline.Pipeline, output []float64) ([]Prediction, error) {
	target := p.Target
	if !target.Task.Classification() {
		all := make([]Prediction, len(output))
		for i := range output {
			all[i].Value = &output[i]
		}
		intervals := p.Intervals(output)
		for i := range intervals {
			all[i].Interval = &intervals[i]
		}
		return all, nil
	}
	k := len(target.Classes)
	names := make([]json.RawMessage, k)
	for i, class := range target.Classes {
		name, err := jsonText(class)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	all := make([]Prediction, len(output)/k)
	for i := range all {
		row := output[i*k : (i+1)*k]
		all[i].Class, all[i].Probabilities = &target.Classes[p.Decide(row)], &probabilities{names, row}
	}
	return all, nil
}

// warnings lists the texts that training never saw, at most MaxFaults of them.
func warnings(unseen []dataset.Unseen) []Warning {
	var all []Warning
	for i, u := range unseen {
		if i == MaxFaults {
			all = append(all, Warning{Detail: fmt.Sprintf("%d more values were never seen in training", len(unseen)-i)})
			break
		}
		all = append(all, Warning{
			Pointer: pointer(u.Row, u.Column), Row: u.Row + 1, Column: u.Column,
			Detail: fmt.Sprintf("%q was never seen in training and counts as missing", cut(u.Value)),
		})
	}
	return all
}

// jsonText is a text as JSON, without the escapes that HTML would need.
func jsonText(s string) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
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
