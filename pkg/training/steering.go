package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// steering is what rows are split by besides their targets and inputs, row by row; what the
// scheme does not use is nil.
type steering struct {
	groups []uint64 // hashes of the values; 0 where there is none
	times  []float64
	folds  []int   // −1: of none
	gap    float64 // in the unit of times
}

// maxPredefined is how many folds a column may say: a column of more is something else.
const maxPredefined = 100

// steering reads the columns that the split goes by. They need not be among the inputs.
func (v ValidationConfig) steering(table *dataset.Table) (by steering, err error) {
	for _, r := range v.roles() {
		column := table.Column(r.column)
		if column == nil {
			return by, &ConfigError{[]Fault{{Pointer: r.pointer, Detail: fmt.Sprintf("the data has no column %q", r.column)}}}
		}
		switch r.part {
		case "group":
			by.groups, err = groups(column)
		case "time":
			by.times = column.Values
			by.gap, err = v.gap(column)
		case "fold":
			by.folds, err = predefined(column)
		}
		if err != nil {
			return by, err
		}
	}
	return by, nil
}

// pick returns the steering of some rows.
func (by steering) pick(rows []int) steering {
	return steering{groups: pick(by.groups, rows), times: pick(by.times, rows), folds: pick(by.folds, rows), gap: by.gap}
}

// pick returns the values of some rows, nil of nil.
func pick[T any](values []T, rows []int) []T {
	if values == nil {
		return nil
	}
	picked := make([]T, len(rows))
	for i, row := range rows {
		picked[i] = values[row]
	}
	return picked
}

// groups are hashes of what a column holds, which stay when rows are appended.
func groups(column *dataset.Column) ([]uint64, error) {
	table, err := dataset.NewTable(*column)
	if err != nil {
		return nil, err
	}
	hashes := table.Contents()
	for i := range hashes {
		if column.Missing(i) {
			hashes[i] = 0
		} else {
			hashes[i] = max(1, hashes[i])
		}
	}
	return hashes, nil
}

// gap is the time between what is learned from and what is tested, in the unit of the column.
func (v ValidationConfig) gap(column *dataset.Column) (float64, error) {
	number, unit, _ := v.Gap.value()
	fail := func(pointer, format string, args ...any) (float64, error) {
		return 0, &ConfigError{[]Fault{{Pointer: pointer, Detail: fmt.Sprintf(format, args...)}}}
	}
	switch {
	case column.Type != dataset.Timestamp && column.Type != dataset.Numeric:
		return fail("/validation/time", "column %q is %s; want timestamps or numbers", column.Name, column.Type)
	case column.Type == dataset.Timestamp && unit == 0 && number != 0:
		return fail("/validation/gap", "the times of column %q are timestamps: want a unit, such as %vd", column.Name, number)
	case column.Type == dataset.Numeric && unit != 0:
		return fail("/validation/gap", "the times of column %q are numbers: want a number without a unit", column.Name)
	case column.Type == dataset.Timestamp:
		return float64(number * float64(unit.Microseconds())), nil
	}
	for row, t := range column.Values {
		if math.IsInf(t, 0) {
			return 0, &dataset.ColumnError{Column: column.Name, Err: fmt.Errorf("row %d is infinite, which is no time", row+1)}
		}
	}
	return number, nil
}

// predefined numbers the folds that a column says, −1 where it says none.
func predefined(column *dataset.Column) ([]int, error) {
	fail := func(format string, args ...any) ([]int, error) {
		return nil, &ConfigError{[]Fault{{Pointer: "/validation/fold", Detail: fmt.Sprintf("column %q ", column.Name) + fmt.Sprintf(format, args...)}}}
	}
	folds := make([]int, column.Len())
	if column.Type.Coded() {
		for row, code := range column.Codes {
			folds[row] = int(code)
		}
	} else {
		different := slices.Sorted(slices.Values(column.Values))
		different = slices.Compact(slices.DeleteFunc(different, func(v float64) bool { return math.IsNaN(v) || v == -1 }))
		for row, v := range column.Values {
			if !math.IsNaN(v) && (v < -1 || v != math.Trunc(v) || math.IsInf(v, 0)) {
				return fail("has %v in row %d; want whole numbers from 0 on, −1 for rows that are never tested, or texts", v, row+1)
			}
			at, found := slices.BinarySearch(different, v)
			if folds[row] = at; !found {
				folds[row] = -1
			}
		}
	}
	different := slices.Compact(slices.Sorted(slices.Values(folds)))
	if different = slices.DeleteFunc(different, func(f int) bool { return f < 0 }); len(different) > maxPredefined {
		return fail("has %d different values; want %d folds at most", len(different), maxPredefined)
	}
	return folds, nil
}
