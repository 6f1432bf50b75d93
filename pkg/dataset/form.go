package dataset

import "fmt"

// NumberForm is how texts write numbers; the zero value is as ParseValue has it: 1234.5.
type NumberForm struct {
	Decimal   byte // the sign before the fraction
	Thousands byte // the sign between groups of digits; 0: there is none
}

// NumberForm is that of Options.Decimal and Thousands.
func (o Options) NumberForm() NumberForm {
	f := NumberForm{o.Decimal, o.Thousands}
	switch {
	case f.Decimal == 0 && f.Thousands != 0:
		f.Decimal = '.'
	case f.Decimal == '.' && f.Thousands == 0:
		f.Decimal = 0
	}
	return f
}

// IsUsual reports whether numbers are written as everywhere else.
func (f NumberForm) IsUsual() bool { return f == (NumberForm{}) }

// Parse is ParseValue, of trimmed bytes, where numbers have the form.
func (f NumberForm) Parse(t Type, b []byte) (float64, error) {
	if t != Numeric || f.IsUsual() {
		return parseBytes(t, b)
	}
	if v, ok := f.number(b, true); ok {
		return v, nil
	}
	example := "1234"
	if f.Thousands != 0 {
		example = "1" + string(f.Thousands) + "234"
	}
	return 0, fmt.Errorf("%s is not a number such as %s%c5", quote(string(b)), example, f.Decimal)
}

// number is parseNumberBytes of the form.
func (f NumberForm) number(b []byte, leading bool) (float64, bool) {
	if f.IsUsual() {
		return parseNumberBytes(b, leading)
	}
	var buffer [64]byte
	plain, ok := f.plain(buffer[:0], b)
	if !ok {
		return 0, false
	}
	return parseNumberBytes(plain, leading)
}

// plain appends what b is in the usual form. Groups of digits are those of thousands, or of
// India's lakhs: up to three digits, then two or three each, the last three. 1.23 is none, so
// that a file whose signs are the other way round is text rather than numbers a hundred times
// as large. What has neither sign nor digit first (inf) is left to the parser.
func (f NumberForm) plain(to, b []byte) ([]byte, bool) {
	i := 0
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		to = append(to, b[0])
		i = 1
	}
	if i == len(b) || !digit(b[i]) && b[i] != f.Decimal {
		return append(to, b[i:]...), i < len(b) && (b[i] == 'i' || b[i] == 'I')
	}
	group, grouped := 0, false
	for i < len(b) && b[i] != f.Decimal {
		if digit(b[i]) {
			to = append(to, b[i])
			group++
			i++
			continue
		}
		width := f.separates(b[i:])
		if width == 0 {
			break
		}
		if group == 0 || group > 3 || grouped && group < 2 {
			return to, false
		}
		group, grouped = 0, true
		i += width
	}
	if grouped && group != 3 {
		return to, false
	}
	if i < len(b) && b[i] == f.Decimal {
		to = append(to, '.')
		i++
	}
	for ; i < len(b); i++ {
		if c := b[i]; !digit(c) && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return to, false
		}
		to = append(to, b[i])
	}
	return to, true
}

func digit(c byte) bool { return c-'0' <= 9 }

// separates returns how many bytes of the sign between groups b begins with. Where that is a
// space, as in French, it is one of those at which no line breaks as well.
func (f NumberForm) separates(b []byte) int {
	if b[0] == f.Thousands {
		return 1
	}
	if f.Thousands != ' ' || b[0] < 0x80 {
		return 0
	}
	for _, space := range []string{"\u00a0", "\u202f", "\u2009"} {
		if len(b) >= len(space) && string(b[:len(space)]) == space {
			return len(space)
		}
	}
	return 0
}
