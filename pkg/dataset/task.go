package dataset

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Task is what a target column asks a model for.
type Task string

// The tasks.
const (
	Regression Task = "regression" // a number
	Binary     Task = "binary"     // one of two classes
	Multiclass Task = "multiclass" // one of three or more classes
)

// Classification reports whether the task asks for a class.
func (t Task) Classification() bool { return t == Binary || t == Multiclass }

// maxClasses is more classes than any learner here is meant for; a target with more is
// taken for the wrong column.
const maxClasses = 1000

// InferTask says what a target column asks for, from the values it holds:
//
//   - categorical and boolean: binary with two classes, multiclass with three or more;
//   - numeric: binary if its values are exactly two whole numbers (0 and 1, 1 and 2), else
//     regression. More whole numbers than two (a count, a grade) are regression; declare
//     the task, or the column categorical, for classes.
//
// It is an error, a *ColumnError, if the target has one value only or none, if a number
// is infinite, if there are more than 1,000 classes, or if it is a timestamp or free text.
func InferTask(target *Column) (Task, error) {
	if target.Type == Timestamp {
		return "", target.fault("a timestamp cannot be predicted; predict a number of days, say")
	}
	if target.Type == Text {
		return "", target.fault("free text cannot be predicted; declare it categorical if its values are classes")
	}
	if target.Type == Numeric && !twoWholeNumbers(target) {
		return Regression, checkNumbers(target)
	}
	labels, err := distinctTexts(target)
	switch {
	case err != nil:
		return "", err
	case len(labels) == 2:
		return Binary, nil
	}
	return Multiclass, nil
}

// Classes returns the labels of the classes of a classification target: the canonical
// texts (Column.Text) of the values it holds, each once, numbers in numeric order, all
// others in bytewise order, in which false comes before true. It is a *ColumnError if the
// number of classes does not fit the task, or if the target cannot be one (InferTask).
func Classes(target *Column, task Task) ([]string, error) {
	if target.Type == Timestamp || target.Type == Text {
		return nil, target.fault("a %s has no classes", target.Type)
	}
	labels, err := distinctTexts(target)
	switch {
	case err != nil:
		return nil, err
	case !task.Classification():
		return nil, target.fault("task %q has no classes", string(task))
	case task == Binary && len(labels) != 2:
		return nil, target.fault("the task is binary, but it has %d classes", len(labels))
	case task == Multiclass && len(labels) == 2:
		return nil, target.fault("the task is multiclass, but it has 2 classes: use binary")
	}
	return labels, nil
}

func (c *Column) fault(format string, args ...any) error {
	return &ColumnError{c.Name, fmt.Errorf(format, args...)}
}

// twoWholeNumbers reports whether a numeric column holds exactly two different values, both
// whole.
func twoWholeNumbers(c *Column) bool {
	seen := map[float64]bool{}
	for _, v := range c.Values {
		if math.IsNaN(v) {
			continue
		}
		seen[v] = true
		if v != math.Trunc(v) || math.IsInf(v, 0) || len(seen) > 2 {
			return false
		}
	}
	return len(seen) == 2
}

// checkNumbers refuses a regression target that is constant, missing or infinite.
func checkNumbers(c *Column) error {
	lowest, highest := math.Inf(1), math.Inf(-1)
	for i, v := range c.Values {
		if math.IsInf(v, 0) {
			return c.fault("the target is infinite in row %d", i+1)
		}
		if !math.IsNaN(v) {
			lowest, highest = min(lowest, v), max(highest, v)
		}
	}
	switch {
	case lowest > highest:
		return c.fault("the target is missing in every row")
	case lowest == highest:
		return c.fault("the target is %s in every row: nothing to learn", numberText(lowest))
	}
	return nil
}

// distinctTexts returns the texts of the values that occur, sorted as Classes says; fewer
// than two or more than maxClasses are an error.
func distinctTexts(c *Column) ([]string, error) {
	var labels []string
	if c.Type.Coded() {
		labels = usedLevels(c)
	} else {
		values := map[float64]bool{}
		for i, v := range c.Values {
			if math.IsInf(v, 0) {
				return nil, c.fault("the target is infinite in row %d", i+1)
			}
			if !math.IsNaN(v) {
				values[v] = true
			}
		}
		for _, v := range slices.Sorted(maps.Keys(values)) {
			labels = append(labels, valueText(c.Type, v))
		}
	}
	switch {
	case len(labels) == 0:
		return nil, c.fault("the target is missing in every row")
	case len(labels) == 1:
		return nil, c.fault("the target is %s in every row: nothing to learn", quote(labels[0]))
	case len(labels) > maxClasses:
		return nil, c.fault("the target has %d classes; at most %d can be learned", len(labels), maxClasses)
	}
	return labels, nil
}

// usedLevels returns the levels that occur in some row: a table of selected rows keeps the
// levels of the whole.
func usedLevels(c *Column) []string {
	used := make([]bool, len(c.Levels))
	for _, code := range c.Codes {
		if code >= 0 {
			used[code] = true
		}
	}
	var levels []string
	for i, level := range c.Levels {
		if used[i] {
			levels = append(levels, level)
		}
	}
	return levels
}
