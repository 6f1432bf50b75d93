package serving

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// answerTypes are the media types of answers, the favourite first.
var answerTypes = []string{typeJSON, typeCSV, typeLines, typeNDJSON}

// The headers of an answer that say which version it is of, whatever the format, and how many
// warnings there are, which only JSON has room for.
const (
	HeaderModel    = "Foretell-Model"
	HeaderVersion  = "Foretell-Version"
	HeaderDigest   = "Foretell-Digest"
	HeaderAlias    = "Foretell-Alias"
	HeaderArm      = "Foretell-Arm"
	HeaderWarnings = "Foretell-Warnings"
)

// csvForm says whether an answer as CSV has a header.
type csvForm bool

const (
	namedCSV csvForm = false
	bareCSV  csvForm = true
)

// describe sets the headers that say which version answers.
func (a *Response) describe(h http.Header) {
	values := make([]string, 0, 7) // of all headers, which have one each
	set := func(name, value string) {
		if value != "" {
			n := len(values)
			values = append(values, value)
			h[name] = values[n : n+1 : n+1]
		}
	}
	set(HeaderModel, string(a.Model))
	set(HeaderVersion, strconv.Itoa(a.Version))
	set(HeaderDigest, a.Digest)
	set(HeaderAlias, string(a.Alias))
	set(HeaderArm, string(a.Arm))
	set(HeaderRequest, a.ID)
	if n := len(a.Warnings); n > 0 {
		set(HeaderWarnings, strconv.Itoa(n))
	}
}

// write answers in a media type.
func (a *Response) write(w http.ResponseWriter, media string, form csvForm) error {
	w.Header().Set("Vary", "Accept")
	a.describe(w.Header())
	switch media {
	case typeCSV:
		body, err := a.csv(form)
		if err != nil {
			return err
		}
		head := headerPresent
		if form == bareCSV {
			head = headerAbsent
		}
		gateway.WriteBody(w, http.StatusOK, typeCSV+"; charset=utf-8; header="+string(head), body)
	case typeLines, typeNDJSON:
		body, err := a.lines()
		if err != nil {
			return err
		}
		gateway.WriteBody(w, http.StatusOK, media, body)
	default:
		body, err := a.json()
		if err != nil {
			return err
		}
		gateway.WriteBody(w, http.StatusOK, typeJSON, body)
	}
	return nil
}

// csv is a line for each row below a header: the value, with its interval if the model has any,
// or the class that is served and the probability of each, as foretell predict writes them.
func (a *Response) csv(form csvForm) ([]byte, error) {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	if form == namedCSV {
		if err := out.Write(a.csvHeader(a.pipeline)); err != nil {
			return nil, err
		}
	}
	var record []string
	for _, p := range a.Predictions {
		record = record[:0]
		if p.Value != nil {
			record = append(record, decimal(*p.Value))
		} else {
			record = append(record, *p.Class)
		}
		if p.Probabilities != nil {
			for _, v := range p.Probabilities.values {
				record = append(record, decimal(v))
			}
		}
		if p.Interval != nil {
			record = append(record, decimal(p.Interval[0]), decimal(p.Interval[1]))
		}
		if p.Reasons != nil {
			record = append(record, decimal(p.Reasons.Score), decimal(p.Reasons.Base))
			for _, v := range p.Reasons.Contributions.values {
				record = append(record, decimal(v))
			}
		}
		if err := out.Write(record); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return b.Bytes(), out.Error()
}

func (a *Response) csvHeader(p *pipeline.Pipeline) []string {
	names, first := []string{p.Target.Name}, a.Predictions[0]
	if first.Probabilities != nil {
		for _, class := range p.Target.Classes {
			names = append(names, "p("+class+")")
		}
	}
	if first.Interval != nil {
		names = append(names, "low", "high")
	}
	if first.Reasons != nil {
		names = append(names, "score", "base")
		for _, f := range p.Schema {
			names = append(names, "by("+f.Name+")")
		}
	}
	return names
}

// decimal is the shortest that reads back as the same number.
func decimal(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// lines is a prediction a line, each as in the JSON answer.
func (a *Response) lines() (b []byte, err error) {
	for i := range a.Predictions {
		if b, err = a.Predictions[i].append(b); err != nil {
			return nil, err
		}
		b = append(b, '\n')
	}
	return b, nil
}
