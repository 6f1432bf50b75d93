package source

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Flags are the options of reading on a command line. The zero value is ready to register.
type Flags struct {
	columns, types, sample, schema, delimiter string
	missing                                   *string
}

// Register declares the flags.
func (f *Flags) Register(flags *flag.FlagSet) {
	flags.StringVar(&f.columns, "columns", "", "the columns to read, separated by commas; default: all")
	flags.StringVar(&f.types, "types", "", "types of columns, like zip=categorical,age=numeric; the others are inferred")
	flags.StringVar(&f.sample, "sample", "", "read a part of the rows: a share like 0.1 or 10%, or a number of rows")
	flags.StringVar(&f.schema, "schema", "", "a schema `file` (JSON) that the data has to agree with")
	flags.StringVar(&f.delimiter, "delimiter", "", "what separates the values of CSV, like ; or tab; default: detected")
	flags.Func("missing", "the texts that mean no value, separated by commas; default: NA, null, ? and the like", func(s string) error {
		f.missing = &s
		return nil
	})
}

// Options are what the flags say. All faults are reported at once.
func (f *Flags) Options() (dataset.Options, error) {
	var o dataset.Options
	var faults []error
	note := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", name, err))
		}
	}
	var err error
	if f.columns != "" {
		o.Columns, err = ParseNames(f.columns)
		note("columns", err)
	}
	o.Types, err = ParseTypes(f.types)
	note("types", err)
	o.Sample, err = ParseSample(f.sample)
	note("sample", err)
	if f.schema != "" {
		o.Schema, err = ReadSchema(f.schema)
		note("schema", err)
	}
	if f.missing != nil {
		o.Missing = []string{}
		if *f.missing != "" {
			o.Missing, err = list(*f.missing)
			note("missing", err)
		}
	}
	o.Delimiter, err = parseSign(f.delimiter)
	note("delimiter", err)
	if len(faults) == 0 {
		if err := o.Validate(); err != nil {
			faults = append(faults, err)
		}
	}
	return o, errors.Join(faults...)
}

// maxSchema is the longest schema file, in bytes.
const maxSchema = 64 << 20

// ReadSchema reads a schema file: JSON as a dataset.Schema is written.
func ReadSchema(path string) (dataset.Schema, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := json.NewDecoder(io.LimitReader(f, maxSchema))
	d.DisallowUnknownFields()
	var s dataset.Schema
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s is no schema: %w", path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is no schema: more than one value", path)
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("%s is no schema: it names no columns", path)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// ParseNames reads names of columns separated by commas. One that holds a comma stands in
// double quotes, as in CSV.
func ParseNames(s string) ([]string, error) {
	names, err := list(s)
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
	entries, err := list(s)
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

// list splits at commas, which double quotes protect as in CSV.
func list(s string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(s))
	r.TrimLeadingSpace = true
	values, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%q is not a list separated by commas", s)
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%q has more than one line", s)
	}
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return values, nil
}

// signs are names for characters that are hard to type or to see.
var signs = map[string]byte{
	"tab": '\t', `\t`: '\t', "space": ' ', "comma": ',', "semicolon": ';', "bar": '|', "point": '.',
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
	return 0, fmt.Errorf("%q is not one ASCII character", s)
}
