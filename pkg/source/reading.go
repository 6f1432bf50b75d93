package source

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// Reading says how a data set is read, as people say it: the data section of a run config, the
// body of a request, and Flags have these keys. The zero value reads all of it and detects
// everything. What each means is said at dataset.Options.
type Reading struct {
	Columns []string                `json:"columns,omitzero"`
	Types   map[string]dataset.Type `json:"types,omitempty"`
	// Sample is a share up to 1, or a number of rows.
	Sample float64     `json:"sample,omitempty"`
	Schema NamedSchema `json:"schema,omitzero"`
	// Missing are the texts that mean "no value"; null is dataset.DefaultMissing.
	Missing []string `json:"missing,omitzero"`

	// One character each, or its name: tab, space, comma, semicolon, bar, point, apostrophe.

	Delimiter string `json:"delimiter,omitempty"`
	Quote     string `json:"quote,omitempty"`
	Comment   string `json:"comment,omitempty"`
	Decimal   string `json:"decimal,omitempty"`
	Thousands string `json:"thousands,omitempty"`
}

// Options are what a reading says. All faults are reported at once.
func (r Reading) Options() (dataset.Options, error) {
	o, faults := r.options()
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = errors.New(strings.TrimPrefix(f.Pointer+": "+f.Detail, ": "))
	}
	return o, errors.Join(errs...)
}

// Faults is what is wrong with a reading, each by its place in it: as far as that can be told
// without the data.
func (r Reading) Faults() []document.Fault {
	_, faults := r.options()
	return faults
}

func (r Reading) options() (dataset.Options, []document.Fault) {
	o := dataset.Options{Columns: r.Columns, Types: r.Types, Sample: r.Sample, Schema: r.Schema.Columns, Missing: r.Missing}
	var faults []document.Fault
	fault := func(pointer string, err error) {
		if err != nil {
			faults = append(faults, document.Fault{Pointer: pointer, Detail: err.Error()})
		}
	}
	for i, name := range r.Columns {
		at := fmt.Sprintf("/columns/%d", i)
		if name == "" {
			fault(at, errors.New("is empty"))
		} else if slices.Contains(r.Columns[:i], name) {
			fault(at, fmt.Errorf("%q is named twice", name))
		}
	}
	faults = append(faults, r.Schema.faults...)
	if r.Schema.File != "" {
		fault("/schema", fmt.Errorf("names the file %.80q, which only the command line reads; write the columns out here", r.Schema.File))
	}
	for _, sign := range []struct {
		key, text string
		to        *byte
	}{
		{"/delimiter", r.Delimiter, &o.Delimiter}, {"/quote", r.Quote, &o.Quote}, {"/comment", r.Comment, &o.Comment},
		{"/decimal", r.Decimal, &o.Decimal}, {"/thousands", r.Thousands, &o.Thousands},
	} {
		var err error
		*sign.to, err = parseSign(sign.text)
		fault(sign.key, err)
	}
	for _, err := range list(o.Validate()) {
		var option *dataset.OptionError
		var column *dataset.ColumnError
		switch {
		case errors.As(err, &option) && option.Option == "schema" && len(r.Schema.faults) > 0: // which say it better
		case errors.As(err, &option):
			fault(strings.TrimSuffix("/"+option.Option, "/"), option.Err)
		case errors.As(err, &column):
			fault("/types/"+document.Escape(column.Column), column.Err)
		default:
			fault("", err)
		}
	}
	return o, faults
}

// ColumnFaults is what is wrong with the columns that a reading names, given those that the
// data has.
func (r Reading) ColumnFaults(header []string) (faults []document.Fault) {
	has := make(map[string]bool, len(header))
	for _, name := range header {
		has[name] = true
	}
	check := func(pointer, name string) {
		if !has[name] {
			faults = append(faults, document.Fault{Pointer: pointer, Detail: fmt.Sprintf("the data has no column %q%s", name, nearest.Hint(name, header))})
		}
	}
	for i, name := range r.Columns {
		check(fmt.Sprintf("/columns/%d", i), name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Types)) {
		check("/types/"+document.Escape(name), name)
	}
	for i, f := range r.Schema.Columns {
		check(fmt.Sprintf("/schema/%d", i), f.Name)
	}
	return faults
}

// Reads reports whether a column of the data is among those to read.
func (r Reading) Reads(column string) bool {
	return len(r.Columns) == 0 && len(r.Schema.Columns) == 0 || slices.Contains(r.Columns, column) || r.Schema.Columns.Field(column) != nil
}

// list is the errors that one joins.
func list(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// signs are names for characters that are hard to type or to see.
var signs = map[string]byte{
	"tab": '\t', `\t`: '\t', "space": ' ', "comma": ',', "semicolon": ';', "bar": '|', "point": '.', "apostrophe": '\'',
}

// parseSign reads a character; 0 for none.
func parseSign(s string) (byte, error) {
	if c, ok := signs[s]; ok {
		return c, nil
	}
	switch {
	case s == "":
		return 0, nil
	case len(s) == 1 && 0 < s[0] && s[0] < 0x80:
		return s[0], nil
	}
	return 0, fmt.Errorf("%.40q is not one ASCII character, nor tab, space, comma, semicolon, bar, point or apostrophe", s)
}
