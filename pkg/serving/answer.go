package serving

import (
	"strconv"

	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// json is the answer as encoding/json would write it, with a line end, but written field by
// field: an answer of 10,000 rows is numbers, for which reflection takes longer than the models do.
func (a *Response) json() ([]byte, error) {
	b := make([]byte, 0, 256+len(a.Predictions)*a.predictionBytes())
	b = jsontext.AppendText(append(b, `{"model":`...), string(a.Model))
	b = strconv.AppendInt(append(b, `,"version":`...), int64(a.Version), 10)
	b = jsontext.AppendText(append(b, `,"digest":`...), a.Digest)
	if a.Alias != "" {
		b = jsontext.AppendText(append(b, `,"alias":`...), string(a.Alias))
	}
	if a.Arm != "" {
		b = jsontext.AppendText(append(b, `,"arm":`...), string(a.Arm))
	}
	if a.ID != "" {
		b = jsontext.AppendText(append(b, `,"id":`...), a.ID)
	}
	if a.Coverage != 0 {
		b = jsontext.AppendNumber(append(b, `,"coverage":`...), a.Coverage)
	}
	b = append(b, `,"predictions":[`...)
	for i := range a.Predictions {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = a.Predictions[i].append(b); err != nil {
			return nil, err
		}
	}
	b = append(b, ']')
	if len(a.Warnings) > 0 {
		warnings, err := jsonText(a.Warnings) // few, and not of every answer
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"warnings":`...), warnings...)
	}
	return append(b, "}\n"...), nil
}

// predictionBytes is about how many bytes a prediction takes.
func (a *Response) predictionBytes() int {
	n := 64
	if len(a.Predictions) > 0 && a.Predictions[0].Probabilities != nil {
		for _, name := range a.Predictions[0].Probabilities.names {
			n += len(name) + 24
		}
	}
	return n
}

// append appends the prediction as JSON.
func (p *Prediction) append(b []byte) ([]byte, error) {
	start := len(b)
	if p.Value != nil {
		b = jsontext.AppendNumber(append(b, `,"value":`...), *p.Value)
	}
	if p.Interval != nil {
		b = jsontext.AppendNumber(append(b, `,"interval":[`...), p.Interval[0])
		b = append(jsontext.AppendNumber(append(b, ','), p.Interval[1]), ']')
	}
	if p.Class != nil {
		b = jsontext.AppendText(append(b, `,"class":`...), *p.Class)
	}
	if p.Probabilities != nil {
		b = p.Probabilities.append(append(b, `,"probabilities":`...))
	}
	if p.Reasons != nil {
		reasons, err := jsonText(p.Reasons) // found out at length, so that writing them is nothing
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"reasons":`...), reasons...)
	}
	if len(b) == start {
		return append(b, "{}"...), nil
	}
	b[start] = '{' // in place of the first comma
	return append(b, '}'), nil
}

// append appends the shortest decimals that read back as the same numbers.
func (p *ordered) append(b []byte) []byte {
	b = append(b, '{')
	for i, v := range p.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, p.names[i]...), ':')
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	return append(b, '}')
}
