package feature

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// methodsOf are those that can encode columns of a type. Free text has n-grams only: every other
// encoding would keep the texts.
func methodsOf(t dataset.Type) []Method {
	switch t {
	case dataset.Numeric:
		return []Method{LeaveOut, AsIs, Standard, Robust, Power, Quantile, Uniform}
	case dataset.Boolean:
		return []Method{LeaveOut, AsIs, Standard}
	case dataset.Timestamp:
		return []Method{LeaveOut, AsIs, Standard, Robust, Parts, Cyclic}
	case dataset.Categorical:
		return []Method{LeaveOut, OneHot, Indices, TargetMean, NGrams}
	}
	return []Method{LeaveOut, NGrams}
}

// Validate reports a name that is no method's.
func (m Method) Validate() error {
	var names []string
	for _, t := range []dataset.Type{dataset.Numeric, dataset.Timestamp, dataset.Categorical} {
		for _, known := range methodsOf(t) {
			if known == m {
				return nil
			}
			if !slices.Contains(names, string(known)) {
				names = append(names, string(known))
			}
		}
	}
	return fmt.Errorf("unknown method %q%s", string(m), nearest.Hint(string(m), names))
}

// Suits reports why a method cannot encode columns of a type for what a learner needs.
func (m Method) Suits(t dataset.Type, o Options) error {
	if err := m.Validate(); err != nil {
		return err
	}
	switch can := methodsOf(t); {
	case !slices.Contains(can, m):
		return fmt.Errorf("%q is not for %s columns; these are: %q", string(m), t, can)
	case m == Parts && o.Impute:
		return fmt.Errorf("%q leaves missing values, which the learner does not take: take %q", string(m), string(Cyclic))
	case m == Indices && !o.Codes:
		return fmt.Errorf("%q is for learners that split categories themselves, which this one does not: take %q", string(m), string(OneHot))
	}
	return nil
}

// Check lists the methods of Columns that cannot be, in the order of names, each as a
// *dataset.ColumnError.
func (o Options) Check(s dataset.Schema) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(o.Columns)) {
		err := errors.New("is not among the inputs")
		if field := s.Field(name); field != nil {
			err = o.Columns[name].Suits(field.Type, o)
		}
		if err != nil {
			faults = append(faults, &dataset.ColumnError{Column: name, Err: err})
		}
	}
	return faults
}
