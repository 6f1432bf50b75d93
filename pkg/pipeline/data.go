package pipeline

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Data is what a pipeline is fitted to. Rows of Y and Weights are those of Inputs.
type Data struct {
	// Inputs are the columns to predict from, and the column of offsets if the target names one.
	Inputs *dataset.Table
	// Y is what Target.Values made of the target column, without NaN.
	Y []float64
	// Weights say how much each row counts: finite and not negative; nil is 1 for all. A row of
	// weight 0 is as if it were not there. They are not part of Inputs, for a request has none.
	Weights []float64
	// Segments are categories by which predictions are looked at; nothing is learned from them.
	// Nil if nobody asked.
	Segments *dataset.Table
}

// Select returns the rows of the given indices, in that order.
func (d Data) Select(rows []int) Data {
	selected := Data{Inputs: d.Inputs.Select(rows), Y: pick(d.Y, rows), Weights: pick(d.Weights, rows)}
	if d.Segments != nil {
		selected.Segments = d.Segments.Select(rows)
	}
	return selected
}

// pick returns the values of the rows of the given indices; nil of nil.
func pick(values []float64, rows []int) []float64 {
	if values == nil {
		return nil
	}
	picked := make([]float64, len(rows))
	for i, row := range rows {
		picked[i] = values[row]
	}
	return picked
}

// weighed returns the data without its rows of weight 0.
func (d Data) weighed() Data {
	var rows []int
	for i, w := range d.Weights {
		if w != 0 {
			rows = append(rows, i)
		}
	}
	if len(rows) == len(d.Weights) { // also without weights
		return d
	}
	return d.Select(rows)
}

// offsets are the rows of a table's column of offsets, 0 where it is missing; nil if the target
// has no such column. Requests may leave an offset out, or null: it is then an exposure of 1.
func (t Target) offsets(inputs *dataset.Table) ([]float64, error) {
	if t.Offset == "" {
		return nil, nil
	}
	column := inputs.Column(t.Offset)
	if column == nil || column.Type != dataset.Numeric {
		return nil, fmt.Errorf("column %q of offsets is missing or holds no numbers", t.Offset)
	}
	offsets := make([]float64, len(column.Values))
	for i, v := range column.Values {
		if !math.IsNaN(v) {
			offsets[i] = v
		}
	}
	return offsets, nil
}

// largestOffset is that of the largest exposure: the next one's exponential is no number.
const largestOffset = 709

// expose multiplies predictions for an exposure of 1 by each row's own. Beyond the largest number
// they are the largest number.
func expose(predictions, offsets []float64) {
	outputs := len(predictions) / max(1, len(offsets))
	for i := range predictions {
		exposure := num.Exp(min(offsets[i/outputs], largestOffset))
		predictions[i] = min(float64(predictions[i]*exposure), math.MaxFloat64)
	}
}
