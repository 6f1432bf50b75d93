package source

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Flags are a Reading on a command line. The zero value is ready to register.
type Flags struct {
	given map[string]string
}

// usages are the flags and what they are for.
var usages = []struct{ name, usage string }{
	{"columns", "the `columns` to read, separated by commas (default: all)"},
	{"types", "the `types` of columns, like zip=categorical,age=numeric (default: inferred from all values)"},
	{"sample", "read a `part` of the rows: a share like 0.1 or 10%, or a number of rows (default: all)"},
	{"schema", "a schema `file` (JSON) that the data has to agree with"},
	{"missing", "the `texts` that mean no value, separated by commas (default: NA, null, ? and the like)"},
	{"delimiter", "the `sign` between the values of CSV, like ; or tab (default: detected)"},
	{"quote", "the `sign` around values of CSV, like apostrophe (default: detected)"},
	{"comment", "the `sign` that begins lines of CSV to be left out, like # (default: none)"},
	{"decimal", "the `sign` before the fraction of numbers that are written as text, like comma (default: point)"},
	{"thousands", "the `sign` between thousands of such numbers, like point or space (default: none)"},
}

// Register declares the flags.
func (f *Flags) Register(flags *flag.FlagSet) {
	f.given = map[string]string{}
	for _, u := range usages {
		flags.Func(u.name, u.usage, func(s string) error {
			f.given[u.name] = s
			return nil
		})
	}
}

// Names are those of the flags that were given: the keys of a reading that they replace.
func (f *Flags) Names() []string { return slices.Sorted(maps.Keys(f.given)) }

// Over lays what the flags say over a reading: each that is given replaces the key of its
// name, and an empty one takes it out. The schema file is read. All faults are reported at once.
func (f *Flags) Over(r Reading) (Reading, error) {
	var faults []error
	for _, u := range usages { // in their order
		s, given := f.given[u.name]
		if !given {
			continue
		}
		var err error
		switch u.name {
		case "columns":
			r.Columns = nil
			if s != "" {
				r.Columns, err = ParseNames(s)
			}
		case "types":
			r.Types, err = ParseTypes(s)
		case "sample":
			r.Sample, err = ParseSample(s)
		case "schema":
			r.Schema = NamedSchema{File: s}
			err = r.Schema.Read(func(name string) string { return name })
		case "missing":
			r.Missing = []string{}
			if s != "" {
				r.Missing, err = values(s)
			}
		default:
			*map[string]*string{"delimiter": &r.Delimiter, "quote": &r.Quote, "comment": &r.Comment, "decimal": &r.Decimal, "thousands": &r.Thousands}[u.name] = s
			_, err = parseSign(s)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", u.name, err))
		}
	}
	return r, errors.Join(faults...)
}

// Options are what the flags say. All faults are reported at once.
func (f *Flags) Options() (dataset.Options, error) {
	r, err := f.Over(Reading{})
	if err != nil {
		return dataset.Options{}, err
	}
	o, faults := r.options()
	var errs []error
	for _, fault := range faults {
		key, _, _ := strings.Cut(strings.TrimPrefix(fault.Pointer, "/"), "/")
		errs = append(errs, errors.New(strings.TrimPrefix("--"+key+": "+fault.Detail, "--: ")))
	}
	return o, errors.Join(errs...)
}

// ParseNames reads names of columns separated by commas. One that holds a comma stands in
// double quotes, as in CSV.
func ParseNames(s string) ([]string, error) {
	names, err := values(s)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if name == "" {
			return nil, fmt.Errorf("name %d of %d is empty", i+1, len(names))
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("%q is named twice", name)
		}
	}
	return names, nil
}

// ParseTypes reads types of columns: zip=categorical,age=numeric. A name may hold an equals
// sign; one that holds a comma stands in double quotes together with its type:
// "city, state=text". Nothing is nil.
func ParseTypes(s string) (map[string]dataset.Type, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	entries, err := values(s)
	if err != nil {
		return nil, err
	}
	types := make(map[string]dataset.Type, len(entries))
	for _, entry := range entries {
		at := strings.LastIndexByte(entry, '=')
		if at <= 0 {
			return nil, fmt.Errorf("%q is not of the form column=type", entry)
		}
		name, t := strings.TrimSpace(entry[:at]), dataset.Type(strings.TrimSpace(entry[at+1:]))
		if err := t.Validate(); err != nil {
			return nil, &dataset.ColumnError{Column: name, Err: err}
		}
		if _, twice := types[name]; twice {
			return nil, &dataset.ColumnError{Column: name, Err: errors.New("has two types")}
		}
		types[name] = t
	}
	return types, nil
}

// ParseSample reads how much to read: a share like 0.1 or 10%, or a whole number of rows
// from 2 on. 1 and 100% are everything, and so is nothing: 0.
func ParseSample(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, nil
	}
	digits, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if percent {
		v /= 100
	}
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v <= 0:
		return 0, fmt.Errorf("%q is neither a share like 0.1 or 10%% nor a number of rows", s)
	case percent && v > 1:
		return 0, fmt.Errorf("%s is more than there is", s)
	case v > 1 && v != math.Trunc(v) || v >= 1<<53:
		return 0, fmt.Errorf("%s is not a number of rows", s)
	}
	return v, nil
}

// values splits at commas, which double quotes protect as in CSV.
func values(s string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(s))
	r.TrimLeadingSpace = true
	found, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%q is not a list separated by commas", s)
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%q has more than one line", s)
	}
	for i := range found {
		found[i] = strings.TrimSpace(found[i])
	}
	return found, nil
}
