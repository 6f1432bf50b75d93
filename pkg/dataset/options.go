package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// Options says how to read a data set. The zero value detects and infers everything.
type Options struct {
	// Delimiter separates the values of CSV: any ASCII character but quote, CR, LF and NUL.
	// 0 detects comma, semicolon, tab or bar from the start of the first part.
	Delimiter byte
	// Quote encloses values of CSV that hold delimiters, line ends or, doubled, itself. 0
	// detects whether it is " or ' from the start of the first part; see apostrophesQuote.
	Quote byte `json:",omitempty"`
	// Comment begins the lines of CSV that are left out, if it is their first character. 0:
	// there are none.
	Comment byte `json:",omitempty"`
	// Decimal is the sign before the fraction of numbers that are written as text, and
	// Thousands one that may stand between their digits; a space stands for no-break spaces
	// too. 0: a point, and none. They are never guessed, since 1,234 is either. Numbers of JSON
	// and Parquet are no texts.
	Decimal   byte `json:",omitempty"`
	Thousands byte `json:",omitempty"`
	// Types declares the types of columns by name; the types of all others are inferred.
	// A value that does not fit the declared type is a *ParseError.
	Types map[string]Type
	// Missing are the texts that mean "no value", compared after surrounding white space is
	// trimmed; nil means DefaultMissing. The empty text is missing in any case.
	Missing []string
	// Columns are the columns to read, by name, in the data set's order whatever theirs;
	// nil means all of them. One that is not there is a *ColumnError.
	Columns []string
	// Sample reads a part of the rows, chosen by position and the same each time: up to 1 the
	// share of the rows, above it their number. 0 reads all.
	Sample float64
	// Schema, if not nil, is enforced: each of its columns has to be there, of its type, and
	// a value that is none of its Levels, where it has any, is a *ParseError. Columns that it
	// does not name are left out unless Columns names them.
	Schema Schema
	// Workers is how many cores to use; 0 is all of them. The result does not depend on it.
	Workers int
}

// OptionError is what is wrong with an option: that of a field of Options in lower case, or ""
// with several together.
type OptionError struct {
	Option string
	Err    error
}

func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }

// Validate reports all faults of the options at once, each an *OptionError or, with a type, a
// *ColumnError.
func (o Options) Validate() error {
	var faults []error
	faults = append(faults, o.signFaults()...)
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		if err := o.Types[name].Validate(); err != nil {
			faults = append(faults, &ColumnError{name, err})
		}
	}
	if o.Columns != nil && len(o.Columns) == 0 {
		faults = append(faults, &OptionError{"columns", errors.New("columns: none are named")})
	}
	if !(o.Sample >= 0) || math.IsInf(o.Sample, 0) || o.Sample > 1 && o.Sample != math.Trunc(o.Sample) {
		faults = append(faults, &OptionError{"sample", fmt.Errorf("sample %v is neither a share up to 1 nor a number of rows", o.Sample)})
	}
	if err := o.Schema.Validate(); err != nil {
		faults = append(faults, &OptionError{"schema", fmt.Errorf("schema: %w", err)})
	}
	return errors.Join(faults...)
}

// signFaults is what is wrong with the signs.
func (o Options) signFaults() (faults []error) {
	fault := func(option, format string, args ...any) {
		faults = append(faults, &OptionError{option, fmt.Errorf(format, args...)})
	}
	alphanumeric := func(c byte) bool { return digit(c) || c|0x20-'a' < 26 }
	if d := o.Delimiter; d >= 0x80 || bytes.IndexByte([]byte("\"\r\n"), d) >= 0 && (d != '"' || o.Quote == 0) {
		fault("delimiter", "delimiter %q cannot separate values", d)
	}
	for _, sign := range []struct {
		name    string
		c       byte
		refused string
	}{{"quote", o.Quote, " \t"}, {"comment", o.Comment, " \t"}, {"decimal", o.Decimal, " +-"}, {"thousands", o.Thousands, "+-"}} {
		if c := sign.c; c != 0 && (c < ' ' || c > '~' || alphanumeric(c) || strings.IndexByte(sign.refused, c) >= 0) {
			fault(sign.name, "%s sign %q: want a punctuation mark", sign.name, c)
		}
	}
	numbers := o.NumberForm()
	same := func(a, b byte) bool { return a == b && a != 0 }
	switch {
	case same(numbers.Decimal, numbers.Thousands):
		fault("", "numbers cannot have %q both before the fraction and between thousands; declare both signs", numbers.Decimal)
	case same(o.Quote, numbers.Decimal), same(o.Quote, numbers.Thousands):
		fault("", "%q cannot both quote values and be part of numbers", o.Quote)
	case same(o.Delimiter, o.Quote), same(o.Delimiter, o.Comment), same(o.Quote, o.Comment):
		fault("", "delimiter, quote and comment sign have to differ")
	}
	return faults
}

// RefuseCSV is an error if an option is set that is of delimited text alone: what other formats
// would have to overlook.
func (o Options) RefuseCSV() error {
	for _, sign := range []struct {
		name string
		c    byte
	}{{"delimiter", o.Delimiter}, {"quote", o.Quote}, {"comment sign", o.Comment}} {
		if sign.c != 0 {
			return fmt.Errorf("a %s is declared, which only CSV has", sign.name)
		}
	}
	return nil
}

// missing is the set of the texts that mean "no value".
func (o Options) missing() map[string]bool {
	set := map[string]bool{"": true}
	tokens := o.Missing
	if tokens == nil {
		tokens = DefaultMissing
	}
	for _, token := range tokens {
		set[strings.TrimSpace(token)] = true
	}
	return set
}

// choose returns the columns to read of those that a data set has, with the types that are
// declared, and where each is. Every column that the options name and the data lacks is a
// *ColumnError; all of them are joined.
func (o Options) choose(header []string) (fields []Field, index []int, err error) {
	has := make(map[string]bool, len(header))
	for _, name := range header {
		has[name] = true
	}
	var faults []error
	wanted := map[string]bool{}
	want := func(name, fault string) {
		if !has[name] {
			faults = append(faults, &ColumnError{name, errors.New(fault + nearest.Hint(name, header))})
		}
		wanted[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		if !has[name] {
			faults = append(faults, &ColumnError{name, errors.New("has a declared type but is not in the data" + nearest.Hint(name, header))})
		}
	}
	for _, f := range o.Schema {
		want(f.Name, "is in the schema but not in the data")
	}
	for _, name := range o.Columns {
		want(name, "is to be read but not in the data")
	}
	if len(faults) > 0 {
		return nil, nil, errors.Join(faults...)
	}
	for i, name := range header {
		if len(wanted) > 0 && !wanted[name] {
			continue
		}
		f := Field{Name: name, Type: o.Types[name]}
		if declared := o.Schema.Field(name); declared != nil {
			f.Levels = declared.Levels
			if f.Type == "" {
				f.Type = declared.Type
			}
		}
		fields, index = append(fields, f), append(index, i)
	}
	return fields, index, nil
}
