package feature

import (
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Means encodes a categorical column by the mean of the target in each category, shrunk to
// the overall mean (Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
// attributes", SIGKDD Explorations 3, 2001), with three classes or more by the share of each
// class: one column for any number of categories. Missing and unseen ones have the overall
// mean.
//
// It is Fit's training matrix that makes it honest: there a row's mean is over the other
// four fifths of the rows. By all rows, a category of one row would be that row's target.
type Means struct {
	Levels []string    `json:"levels"` // sorted
	Prior  []float64   `json:"prior"`  // by output
	Means  [][]float64 `json:"means"`  // by output, then level
	// Shift and Factor scale each output for learners that want it: (mean − Shift) · Factor.
	Shift  []float64 `json:"shift"`
	Factor []float64 `json:"factor"`
}

// fitMeans returns the encoding and the training rows encoded out of fold.
func fitMeans(c *dataset.Column, y Target, folds []uint8, o Options) (*Means, [][]float64) {
	m := &Means{}
	var kept []int // levels that occur
	counts := make([]int, len(c.Levels))
	for _, code := range c.Codes {
		if code >= 0 {
			counts[code]++
		}
	}
	for code, n := range counts {
		if n > 0 {
			m.Levels, kept = append(m.Levels, c.Levels[code]), append(kept, code)
		}
	}
	training := zeros(y.outputs(), c.Len())
	for k := range training {
		overall := y.overall(folds, k)
		byLevel := make([][foldCount]tally, len(c.Levels))
		for i, code := range c.Codes {
			if code >= 0 {
				byLevel[code][folds[i]].add(y.value(i, k), y.weight(i))
			}
		}
		prior := without(overall, -1).mean()
		means := make([]float64, len(kept))
		for i, code := range kept {
			means[i] = without(byLevel[code][:], -1).shrunk(prior)
		}
		for i, code := range c.Codes {
			fold := int(folds[i])
			training[k][i] = without(overall, fold).mean()
			if code >= 0 {
				training[k][i] = without(byLevel[code][:], fold).shrunk(training[k][i])
			}
		}
		m.Prior, m.Means = append(m.Prior, prior), append(m.Means, means)
	}
	m.Shift, m.Factor = scale(training, o)
	return m, training
}

// scale standardizes columns in place if the learner wants it, and returns how.
func scale(columns [][]float64, o Options) (shift, factor []float64) {
	shift, factor = make([]float64, len(columns)), make([]float64, len(columns))
	for k, column := range columns {
		factor[k] = 1
		if o.Scale {
			shift[k], factor[k] = standardize(column)
		}
		for i, v := range column {
			column[i] = float64((v - shift[k]) * factor[k])
		}
	}
	return shift, factor
}

func (m *Means) names(column string) []string { return outputNames(column+" mean", len(m.Means)) }

// outputNames are one per output.
func outputNames(name string, outputs int) []string {
	if outputs == 1 {
		return []string{name}
	}
	names := make([]string, outputs)
	for k := range names {
		names[k] = fmt.Sprintf("%s of class %d", name, k+1)
	}
	return names
}

func (m *Means) takes(t dataset.Type) bool { return t.Coded() }

func (m *Means) encode(dst [][]float64, c *dataset.Column) {
	for k, column := range dst {
		for i := range column {
			column[i] = m.value(k, -1)
		}
	}
	places(c, func(level string) int { return place(m.Levels, nil, level) }, func(row, place int) {
		if place < len(m.Levels) {
			for k := range m.Means {
				dst[k][row] = m.value(k, place)
			}
		}
	})
}

// value is that of a category in column k, −1 for one that is missing or was not seen.
func (m *Means) value(k, place int) float64 {
	mean := m.Prior[k]
	if place >= 0 {
		mean = m.Means[k][place]
	}
	return float64((mean - m.Shift[k]) * m.Factor[k])
}

func (m *Means) check() error {
	n := len(m.Means)
	if n == 0 || len(m.Prior) != n || len(m.Shift) != n || len(m.Factor) != n {
		return errors.New("has means whose parts do not agree")
	}
	for _, means := range m.Means {
		if len(means) != len(m.Levels) {
			return fmt.Errorf("has %d means for %d categories", len(means), len(m.Levels))
		}
	}
	return checkLevels(m.Levels)
}
