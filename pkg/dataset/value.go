package dataset

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// DefaultMissing are the texts that mean "no value". They are compared after surrounding
// white space is trimmed, case as written: those of pandas.read_csv, and the question mark
// of the UCI repository.
var DefaultMissing = []string{
	"", "?", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "Null", "null", "None", "<NA>",
	"#N/A", "#N/A N/A", "#NA", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
}

// ParseValue reads a value of a numeric, boolean or timestamp column, in the form in which
// Column.Values stores it. White space around it is ignored.
//
//   - numeric: a decimal number with an optional sign, point and exponent, or inf, infinity;
//     one too large for a float64 is an error, and so are hexadecimal, thousands
//     separators and decimal commas.
//   - boolean: true, false in any case, 1, 0.
//   - timestamp: RFC 3339, or an ISO 8601 date with or without a time (seconds, fraction
//     and zone optional, T or a space between); no zone means UTC. Years 0 to 9999.
//     Digits below a microsecond are cut; moments before 1684 or after 2255 are rounded to
//     what a float64 can hold, at most 32 µs away.
//
// The other types have no such form: an error.
func ParseValue(t Type, s string) (float64, error) {
	s = strings.TrimSpace(s)
	switch t {
	case Numeric:
		if v, ok := parseNumber(s); ok {
			return v, nil
		}
		return 0, fmt.Errorf("%s is not a number", quote(s))
	case Boolean:
		if v, ok := parseBoolean(s); ok {
			return v, nil
		}
		switch s {
		case "1":
			return 1, nil
		case "0":
			return 0, nil
		}
		return 0, fmt.Errorf("%s is not true or false", quote(s))
	case Timestamp:
		if v, ok := parseTimestamp(s); ok {
			return v, nil
		}
		return 0, fmt.Errorf("%s is not a timestamp such as 2026-11-22T10:00:00Z", quote(s))
	}
	return 0, fmt.Errorf("a %s value has no number", t)
}

// parseNumber accepts fewer forms than strconv: hexadecimal floats, underscores and "nan"
// are not how data files write numbers.
func parseNumber(s string) (float64, bool) {
	if !decimal(s) {
		switch strings.ToLower(strings.TrimLeft(s, "+-")) {
		case "inf", "infinity": // ParseFloat refuses two signs
		default:
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// decimal reports whether s has the form [+-] digits [. digits] [e [+-] digits], with at
// least one digit before the exponent.
func decimal(s string) bool {
	i := sign(s, 0)
	whole := digits(s, i)
	count := whole - i
	i = whole
	if i < len(s) && s[i] == '.' {
		fraction := digits(s, i+1)
		count += fraction - i - 1
		i = fraction
	}
	if count == 0 {
		return false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		start := sign(s, i+1)
		if i = digits(s, start); i == start {
			return false
		}
	}
	return i == len(s)
}

func sign(s string, i int) int {
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	return i
}

func digits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

func parseBoolean(s string) (float64, bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return 1, true
	case strings.EqualFold(s, "false"):
		return 0, true
	}
	return 0, false
}

// The moments a timestamp can be: years 0 to 9999, those that RFC 3339 can write. The last
// one is the largest float64 below the year 10000; the spacing there is 32 µs.
const (
	firstTimestamp = -62167219200e6
	lastTimestamp  = 253402300800e6 - 32
)

func parseTimestamp(s string) (float64, bool) {
	if len(s) < len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return 0, false // most texts leave here, without an allocation
	}
	layout := "2006-01-02"
	if len(s) > len(layout) {
		if s[10] != ' ' && s[10] != 'T' && s[10] != 't' {
			return 0, false
		}
		clock := strings.ToUpper(s[11:])
		s = s[:10] + "T" + clock
		layout += clockLayout(clock)
	}
	moment, err := time.Parse(layout, s)
	if err != nil {
		return 0, false
	}
	v := float64(moment.UnixMicro())
	if year := moment.UTC().Year(); year < 0 || year > 9999 {
		return 0, false
	}
	return min(v, lastTimestamp), true
}

// clockLayout is the layout that a time of day with an optional zone must fit. time.Parse
// takes a fraction after the seconds without being told.
func clockLayout(clock string) string {
	layout := "T15:04"
	if len(clock) > 5 && clock[5] == ':' {
		layout = "T15:04:05"
	}
	zone := strings.IndexAny(clock, "Z+-")
	if zone < 0 {
		return layout
	}
	switch len(clock) - zone {
	case len("Z"), len("+07:00"):
		return layout + "Z07:00"
	case len("+0700"):
		return layout + "Z0700"
	}
	return layout + "Z07"
}

// Text is the canonical text of the value in row i, "" if it is missing: numbers in the
// shortest form that reads back equal, written as JSON writes them (no exponent from 1e-6
// up to 1e21; -0 is 0; infinities +Inf and -Inf), booleans true and false, timestamps in
// RFC 3339 in UTC. ParseValue reads it back.
func (c *Column) Text(i int) string {
	if c.Missing(i) {
		return ""
	}
	if c.Type.Coded() {
		return c.Levels[c.Codes[i]]
	}
	return valueText(c.Type, c.Values[i])
}

func valueText(t Type, v float64) string {
	switch t {
	case Boolean:
		return strconv.FormatBool(v != 0)
	case Timestamp:
		return time.UnixMicro(int64(v)).UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	}
	return numberText(v)
}

// numberText does not use strconv's 'g' alone, which writes 1234567 as 1.234567e+06: a
// class or category of that number could not be found by its own text.
func numberText(v float64) string {
	switch size := math.Abs(v); {
	case size == 0:
		return "0"
	case 1e-6 <= size && size < 1e21:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
