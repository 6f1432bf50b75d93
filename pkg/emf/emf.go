// Package emf writes metrics as lines of a function's log: CloudWatch's Embedded Metric Format.
// CloudWatch makes metrics of the lines by itself, so that nothing is called while somebody waits
// for an answer, and the lines stay searchable. A line is written without reflection, in one go.
//
//	emf.Write(os.Stdout, emf.Line{Namespace: …, Time: now, Fields: …, Groups: …})
//
// Each pair of a metric and the values of a dimension set is a metric that is paid for: dimensions
// are for what there is little of (functions, models, kinds of problems), and all else that is
// worth finding is a field without being a dimension. The package does not add up: CloudWatch does.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package emf

import (
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// Unit is what a metric counts, in CloudWatch's words.
type Unit string

// The units in use. Dollars have none of their own.
const (
	Count        Unit = "Count"
	Milliseconds Unit = "Milliseconds"
	None         Unit = "None"
)

// Metric is a named number. One that is not finite is left out.
type Metric struct {
	Name  string
	Unit  Unit
	Value float64
}

// Field is a text of a line: the value of a dimension, or only something to find the line by. An
// empty one is left out, and with it the dimension sets that name it.
type Field struct{ Name, Value string }

// Group are metrics that share their dimension sets.
type Group struct {
	// Sets are the names of fields by which the metrics are told apart; each set makes metrics of
	// its own. An empty set makes those of everything together.
	Sets    [][]string
	Metrics []Metric
}

// Line is what was measured at a moment. Names of fields and metrics are unlike each other, and a
// metric is in one group.
type Line struct {
	Namespace string
	Time      time.Time
	Fields    []Field
	Groups    []Group
}

// Write writes a line, with its end, by one call of w. A nil w, and a line without any metric, write
// nothing.
func Write(w io.Writer, l Line) error {
	if w == nil {
		return nil
	}
	b := l.Append(make([]byte, 0, 1024))
	if len(b) == 0 {
		return nil
	}
	_, err := w.Write(append(b, '\n'))
	return err
}

// Append appends the line as JSON, without its end, or nothing if there is no metric to tell of.
func (l Line) Append(b []byte) []byte {
	if !slices.ContainsFunc(l.Groups, l.tells) {
		return b
	}
	b = append(b, `{"_aws":{"Timestamp":`...)
	b = strconv.AppendInt(b, l.Time.UnixMilli(), 10)
	b = append(b, `,"CloudWatchMetrics":[`...)
	for _, g := range l.Groups {
		if l.tells(g) {
			b = append(l.appendDirective(b, g), ',')
		}
	}
	b[len(b)-1] = ']' // in place of the last comma
	b = append(b, '}')
	for _, f := range l.Fields {
		if f.Value != "" {
			b = jsontext.AppendText(append(b, ','), f.Name)
			b = jsontext.AppendText(append(b, ':'), f.Value)
		}
	}
	for _, g := range l.Groups {
		if !l.tells(g) {
			continue
		}
		for _, m := range g.Metrics {
			if finite(m.Value) {
				b = jsontext.AppendText(append(b, ','), m.Name)
				b = jsontext.AppendNumber(append(b, ':'), m.Value)
			}
		}
	}
	return append(b, '}')
}

// appendDirective appends which metrics there are, and by what they are told apart.
func (l Line) appendDirective(b []byte, g Group) []byte {
	b = jsontext.AppendText(append(b, `{"Namespace":`...), l.Namespace)
	b = append(b, `,"Dimensions":[`...)
	for _, set := range g.Sets {
		if !l.has(set) {
			continue
		}
		b = append(b, '[')
		for i, name := range set {
			if i > 0 {
				b = append(b, ',')
			}
			b = jsontext.AppendText(b, name)
		}
		b = append(b, ']', ',')
	}
	b[len(b)-1] = ']'
	b = append(b, `,"Metrics":[`...)
	for _, m := range g.Metrics {
		if finite(m.Value) {
			b = jsontext.AppendText(append(b, `{"Name":`...), m.Name)
			b = jsontext.AppendText(append(b, `,"Unit":`...), string(m.Unit))
			b = append(b, '}', ',')
		}
	}
	b[len(b)-1] = ']'
	return append(b, '}')
}

// tells reports whether a group has a metric, and a dimension set for it.
func (l Line) tells(g Group) bool {
	return slices.ContainsFunc(g.Metrics, func(m Metric) bool { return finite(m.Value) }) && slices.ContainsFunc(g.Sets, l.has)
}

// has reports whether every dimension of a set has a value.
func (l Line) has(set []string) bool {
	for _, name := range set {
		if !slices.ContainsFunc(l.Fields, func(f Field) bool { return f.Name == name && f.Value != "" }) {
			return false
		}
	}
	return true
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
