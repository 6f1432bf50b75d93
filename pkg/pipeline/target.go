package pipeline

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Target is the column to predict and what is asked of it.
type Target struct {
	Name string       `json:"name"`
	Type dataset.Type `json:"type"`
	Task dataset.Task `json:"task"`
	// Classes are the labels of the classes, in the order of the model's outputs; nil for
	// regression.
	Classes []string `json:"classes,omitempty"`
	// Offset names the input column that holds the logarithm of each row's exposure, such as the
	// time that a count is of; "" if there is none. It is not encoded: predictions are multiplied
	// by e to its power. Only of regression, and for learners that model.TakesOffset.
	Offset string `json:"offset,omitempty"`
}

// Outputs is the number of values that a model of the target predicts per row.
func (t Target) Outputs() int { return max(1, len(t.Classes)) }

// Describe names the target and what is asked of it, for people.
func (t Target) Describe() string {
	if len(t.Classes) == 0 {
		return fmt.Sprintf("%s of %q", t.Task, t.Name)
	}
	return fmt.Sprintf("%s of %q into %.100q", t.Task, t.Name, t.Classes)
}

// NewTarget describes a column as a target. An empty task is inferred from the column.
func NewTarget(c *dataset.Column, task dataset.Task) (Target, error) {
	target := Target{Name: c.Name, Type: c.Type, Task: task}
	if task == "" {
		var err error
		if target.Task, err = dataset.InferTask(c); err != nil {
			return Target{}, fmt.Errorf("target %q: %w", c.Name, err)
		}
	}
	if !target.Task.Classification() {
		if c.Type != dataset.Numeric {
			return Target{}, fmt.Errorf("target %q is %s; regression needs numbers", c.Name, c.Type)
		}
		return target, nil
	}
	classes, err := dataset.Classes(c, target.Task)
	if err != nil {
		return Target{}, fmt.Errorf("target %q: %w", c.Name, err)
	}
	target.Classes = classes
	return target, nil
}

// Values returns what a learner fits: numbers, or indices into Classes. NaN where the row
// has no target or one of no known class.
func (t Target) Values(c *dataset.Column) []float64 {
	y := make([]float64, c.Len())
	if !t.Task.Classification() {
		for i, v := range c.Values {
			y[i] = v
			if math.IsInf(v, 0) {
				y[i] = math.NaN() // an infinite target teaches nothing
			}
		}
		return y
	}
	index := make(map[string]float64, len(t.Classes))
	for i, class := range t.Classes {
		index[class] = float64(i)
	}
	for i := range y {
		y[i] = math.NaN()
		if !c.Missing(i) {
			if class, ok := index[c.Text(i)]; ok {
				y[i] = class
			}
		}
	}
	return y
}
