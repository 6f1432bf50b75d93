package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// role is a part that a column plays in a run other than to be predicted from.
type role struct {
	pointer string // where the config names it
	part    string // target, weight or offset
	column  string
}

// roles are those of the columns that the config names for them, the target first.
func (d DataConfig) roles() []role {
	all := []role{{"/data/target", "target", d.Target}}
	if d.Weight != "" {
		all = append(all, role{"/data/weight", "weight", d.Weight})
	}
	if d.Offset != "" {
		all = append(all, role{"/data/offset", "offset", d.Offset})
	}
	return all
}

// roleFaults are columns that have two roles, or are not there to have one.
func (d DataConfig) roleFaults(l *faultList) {
	roles := d.roles()
	for i, r := range roles {
		if r.column == "" {
			continue // of the target, which is required and said to be
		}
		if slices.Contains(d.Drop, r.column) {
			l.add("/data/drop", "drops the %s %q", r.part, r.column)
		}
		if d.Schema.File == "" && !d.Reads(r.column) {
			l.add(r.pointer, "%q is none of the columns to read", r.column)
		}
		for _, other := range roles[:i] {
			if other.column == r.column {
				l.add(r.pointer, "%q is the %s already", r.column, other.part)
			}
		}
	}
}

// weights are those of the rows of a table; nil if the config names none. They are checked while
// rows still have their numbers.
func (d DataConfig) weights(t *dataset.Table) ([]float64, error) {
	if d.Weight == "" {
		return nil, nil
	}
	column, err := numbers(t, "/data/weight", d.Weight)
	if err != nil {
		return nil, err
	}
	for i, w := range column.Values {
		if !(w >= 0) || math.IsInf(w, 1) {
			said := fmt.Sprintf("row %d has the weight %v", i+1, w)
			if math.IsNaN(w) {
				said = fmt.Sprintf("row %d has no weight", i+1)
			}
			return nil, &dataset.ColumnError{Column: d.Weight, Err: fmt.Errorf("%s; give it a finite number, 0 or more", said)}
		}
	}
	return column.Values, nil
}

// checkOffset refuses an offset that is none. That it is finite is checked with the inputs.
func (d DataConfig) checkOffset(t *dataset.Table, task dataset.Task) error {
	if d.Offset == "" {
		return nil
	}
	if task != dataset.Regression {
		return &ConfigError{[]Fault{{Pointer: "/data/offset", Detail: fmt.Sprintf("belongs to regression, and the task is %s", task)}}}
	}
	_, err := numbers(t, "/data/offset", d.Offset)
	return err
}

// numbers is the numeric column of that name.
func numbers(t *dataset.Table, pointer, name string) (*dataset.Column, error) {
	column := t.Column(name)
	switch {
	case column == nil:
		return nil, &ConfigError{[]Fault{{Pointer: pointer, Detail: fmt.Sprintf("the data has no column %q", name)}}}
	case column.Type != dataset.Numeric:
		return nil, &ConfigError{[]Fault{{Pointer: pointer, Detail: fmt.Sprintf("column %q is %s; want numbers", name, column.Type)}}}
	}
	return column, nil
}
