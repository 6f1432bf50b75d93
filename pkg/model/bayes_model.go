package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// bayes is a fitted Bayes.
type bayes struct {
	priors  []float64 // logarithms of the classes' shares, -Inf for none
	columns []bayesColumn
}

// bayesColumn is what is known of a column: normals or Logs, or neither if it is constant.
type bayesColumn struct {
	// Of numbers: times Scale they are normal in each class.
	Scale      float64
	Means      []float64
	Precisions []float64 // 1/variance
	// Logs are of categories: the logarithm of the share, by class and category.
	Logs [][]float64
}

func (m *bayes) Inputs() int { return len(m.columns) }

func (m *bayes) Outputs() int { return len(m.priors) }

// Predict adds the logarithms column by column, for blocks of rows that stay in the cache.
func (m *bayes) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, len(m.columns), len(m.priors))
	const block = 256
	n := len(m.priors)
	for begin := 0; begin < x.Rows; begin += block {
		end := min(begin+block, x.Rows)
		scores := dst[begin*n : end*n]
		for i := 0; i < len(scores); i += n {
			copy(scores[i:], m.priors)
		}
		for j := range m.columns {
			m.columns[j].add(scores, n, x.Columns[j][begin:end])
		}
		for i := 0; i < len(scores); i += n {
			softmaxRow(scores[i : i+n])
		}
	}
}

// add adds the log likelihoods of values to the scores of their rows.
func (c *bayesColumn) add(scores []float64, classes int, values []float64) {
	for class := range classes {
		switch {
		case c.Logs != nil:
			logs := c.Logs[class]
			for i, v := range values {
				if v >= 0 && v < float64(len(logs)) { // neither missing nor unknown
					scores[i*classes+class] += logs[int(v)]
				}
			}
		case c.Means != nil:
			mean, precision := c.Means[class], c.Precisions[class]
			constant := float64(0.5 * num.Log(precision))
			for i, v := range values {
				if !math.IsNaN(v) {
					d := float64(v*c.Scale) - mean
					far := float64(0.5 * float64(float64(d*d)*precision))
					scores[i*classes+class] += max(leastLog, constant-far)
				}
			}
		}
	}
}

// leastLog bounds how much one value may speak against a class: so much does one 1,400
// deviations off. A value far from all classes leaves the other columns a say.
const leastLog = -1e6

type bayesParams struct {
	Columns []bayesKind `json:"columns"`
}

// bayesKind says how long a column's numbers are: Categories of them by class, or 3 for
// normals (scale, mean, precision), or none.
type bayesKind struct {
	Categories int  `json:"categories,omitempty"`
	Normal     bool `json:"normal,omitempty"`
}

// State stores the priors as shares and the columns one after the other.
func (m *bayes) State() State {
	classes := len(m.priors)
	var p bayesParams
	var values []float64
	for _, c := range m.columns {
		var kind bayesKind
		switch {
		case c.Logs != nil:
			kind.Categories = len(c.Logs[0])
			for _, logs := range c.Logs {
				values = append(values, logs...)
			}
		case c.Means != nil:
			kind.Normal = true
			values = append(append(append(values, c.Scale), c.Means...), c.Precisions...)
		}
		p.Columns = append(p.Columns, kind)
	}
	params, _ := json.Marshal(p) // ints and bools always marshal
	return State{Learner: bayesName, Params: params, Tensors: map[string]safetensors.Tensor{
		"priors": safetensors.FromF64(m.priors, classes),
		"values": safetensors.FromF64(values, len(values)),
	}}
}

func loadBayes(s State) (Model, error) {
	var p bayesParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	priors, err := tensorF64(s, "priors")
	if err != nil {
		return nil, err
	}
	values, err := tensorF64(s, "values")
	if err != nil {
		return nil, err
	}
	m := &bayes{priors: priors, columns: make([]bayesColumn, len(p.Columns))}
	if err := m.checkPriors(); err != nil {
		return nil, err
	}
	take := func(n int) []float64 {
		if n < 0 || n > len(values) {
			err = errors.New("fewer values than the columns have")
			return nil
		}
		taken := values[:n:n]
		values = values[n:]
		return taken
	}
	for j, kind := range p.Columns {
		c := &m.columns[j]
		switch {
		case kind.Categories < 0 || kind.Categories > len(values) || kind.Categories > 0 && kind.Normal:
			return nil, fmt.Errorf("column %d has %d categories", j, kind.Categories)
		case kind.Categories > 0:
			for range priors {
				c.Logs = append(c.Logs, take(kind.Categories))
			}
		case kind.Normal:
			if scale := take(1); scale != nil {
				c.Scale = scale[0]
			}
			c.Means, c.Precisions = take(len(priors)), take(len(priors))
		}
		if err == nil {
			err = c.check()
		}
		if err != nil {
			return nil, fmt.Errorf("column %d: %w", j, err)
		}
	}
	if len(values) > 0 {
		return nil, fmt.Errorf("%d values more than the columns have", len(values))
	}
	return m, nil
}

func (m *bayes) checkPriors() error {
	if len(m.priors) < 2 {
		return fmt.Errorf("%d classes", len(m.priors))
	}
	any := false
	for _, v := range m.priors {
		if !(v <= 0) {
			return fmt.Errorf("%v is not the logarithm of a share", v)
		}
		any = any || !math.IsInf(v, -1)
	}
	if !any {
		return errors.New("no class occurs")
	}
	return nil
}

func (c *bayesColumn) check() error {
	for _, logs := range c.Logs {
		for _, v := range logs {
			if !(v <= 0) || math.IsInf(v, -1) {
				return fmt.Errorf("%v is not the logarithm of a share above 0", v)
			}
		}
	}
	if c.Means == nil {
		return nil
	}
	if !(c.Scale > 0) || math.IsInf(c.Scale, 0) {
		return fmt.Errorf("scale %v", c.Scale)
	}
	for k, v := range c.Means {
		if math.IsNaN(v) || math.IsInf(v, 0) || !(c.Precisions[k] > 0) || math.IsInf(c.Precisions[k], 0) {
			return fmt.Errorf("mean %v with precision %v", v, c.Precisions[k])
		}
	}
	return nil
}
