package model

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// tensor returns the named tensor of a State, which must have exactly that shape; a length
// of -1 matches any.
func tensor(s State, name string, shape ...int) (safetensors.Tensor, error) {
	t, ok := s.Tensors[name]
	if !ok {
		return t, fmt.Errorf("tensor %q is missing", name)
	}
	if len(t.Shape) != len(shape) {
		return t, fmt.Errorf("tensor %q has shape %v, want %d dimensions", name, t.Shape, len(shape))
	}
	for i, n := range shape {
		if n >= 0 && t.Shape[i] != n {
			return t, fmt.Errorf("tensor %q has shape %v, want length %d in dimension %d", name, t.Shape, n, i)
		}
	}
	return t, nil
}

// tensorF64 returns the values of a one-dimensional float64 tensor.
func tensorF64(s State, name string) ([]float64, error) {
	t, err := tensor(s, name, -1)
	if err != nil {
		return nil, err
	}
	values, err := t.F64()
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", name, err)
	}
	return values, nil
}

// line returns the coefficients of a model with one set of them, finite, and its intercept:
// finite or −∞, which a log link makes a mean of 0.
func line(s State) (coefficients []float64, intercept float64, err error) {
	if coefficients, err = tensorF64(s, "coefficients"); err != nil {
		return nil, 0, err
	}
	intercepts, err := tensorF64(s, "intercept")
	if err != nil {
		return nil, 0, err
	}
	if len(intercepts) != 1 {
		return nil, 0, fmt.Errorf("%d intercepts, want 1", len(intercepts))
	}
	if c := intercepts[0]; math.IsNaN(c) || math.IsInf(c, 1) {
		return nil, 0, fmt.Errorf("tensor %q holds %v", "intercept", c)
	}
	return coefficients, intercepts[0], checkFinite("coefficients", coefficients)
}

// tensorsOfLine is the inverse of line.
func tensorsOfLine(coefficients []float64, intercept float64) map[string]safetensors.Tensor {
	return map[string]safetensors.Tensor{
		"coefficients": safetensors.FromF64(coefficients, len(coefficients)),
		"intercept":    safetensors.FromF64([]float64{intercept}, 1),
	}
}

// matrixF64 returns the rows of a two-dimensional float64 tensor.
func matrixF64(s State, name string) ([][]float64, error) {
	t, err := tensor(s, name, -1, -1)
	if err != nil {
		return nil, err
	}
	values, err := t.F64()
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", name, err)
	}
	rows, columns := t.Shape[0], t.Shape[1]
	if rows < 0 || columns < 0 || rows > 0 && len(values)/rows != columns || len(values) != rows*columns {
		return nil, fmt.Errorf("tensor %q has shape %v and %d values", name, t.Shape, len(values))
	}
	if columns == 0 && rows > 1<<16 {
		return nil, fmt.Errorf("tensor %q has %d empty rows", name, rows)
	}
	matrix := make([][]float64, rows)
	for i := range matrix {
		matrix[i] = values[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return matrix, nil
}

// fromRows is the inverse of matrixF64; all rows have the given length.
func fromRows(rows [][]float64, columns int) safetensors.Tensor {
	flat := make([]float64, 0, len(rows)*columns)
	for _, r := range rows {
		flat = append(flat, r...)
	}
	return safetensors.FromF64(flat, len(rows), columns)
}

func checkFinite(name string, values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("tensor %q holds %v at %d", name, v, i)
		}
	}
	return nil
}

func checkProbabilities(p []float64) error {
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("%v at %d is not a probability", v, i)
		}
	}
	if sum := num.Sum(p); math.Abs(sum-1) > 1e-9 {
		return fmt.Errorf("probabilities sum to %v", sum)
	}
	return nil
}
