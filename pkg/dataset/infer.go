package dataset

// A coded column is text rather than categories if it has more than fewLevels distinct
// values, and these are more than manyLevels, or more than half of the values that are
// present, or on average longer than longLevel bytes.
const (
	fewLevels  = 50
	manyLevels = 10_000
	longLevel  = 64
)

// InferType says what a column is whose distinct texts, trimmed and without the missing
// ones, are given; present is the number of rows that have one of them. The first that
// holds for every text, without exception:
//
//   - numeric: a number as in ParseValue, but not with a leading zero as in 02134: that is
//     a code, and the zero would be lost. A column with no value at all is numeric, too,
//     as it is in pandas: all of it missing, whatever it might have been.
//   - boolean: true or false in any case. 0 and 1 are numbers, yes and no categories.
//   - timestamp: as in ParseValue. A year alone is a number.
//   - text: more than 50 distinct values, which are also more than 10,000, or more than
//     half of the present ones, or longer than 64 bytes on average.
//   - categorical: all others.
//
// One bad cell in a million turns numbers into text; the profile shows it, and declaring
// the type (Options.Types) turns it into an error that names the row.
func InferType(distinct []string, present int) Type { return NumberForm{}.inferType(distinct, present) }

// inferType is InferType where numbers have a form of their own.
func (f NumberForm) inferType(distinct []string, present int) Type {
	kinds := anyKind
	bytes := 0
	for _, s := range distinct {
		kinds = kinds.narrow(s, f)
		bytes += len(s)
		if kinds == noKind && len(distinct) > manyLevels {
			return Text // whatever the others are
		}
	}
	switch {
	case kinds.numeric:
		return Numeric
	case kinds.boolean:
		return Boolean
	case kinds.timestamp:
		return Timestamp
	}
	return CodedType(len(distinct), bytes, present)
}

// Recognize says what a text of undeclared type is by itself, as InferType would have it:
// Numeric, Boolean or Timestamp with its value, else Text.
func (f NumberForm) Recognize(text []byte) (Type, float64) {
	if len(text) == 0 {
		return Text, 0
	}
	switch c := text[0]; {
	case '0' <= c && c <= '9', c == '+', c == '-', c == '.', c == f.Decimal, c == 'i', c == 'I':
		if v, ok := f.number(text, false); ok {
			return Numeric, v
		}
		if v, ok := parseTimestampBytes(text); ok {
			return Timestamp, v
		}
	case c == 't', c == 'T', c == 'f', c == 'F':
		if len(text) > len("false") {
			break
		}
		if v, ok := parseBoolean(string(text)); ok {
			return Boolean, v
		}
	}
	return Text, 0
}

// CodedType says whether a coded column is Categorical or Text, given its distinct texts,
// their bytes all together, and how many rows have one of them.
func CodedType(distinct, bytes, present int) Type {
	if distinct > fewLevels && (distinct > manyLevels || 2*distinct > present || bytes > longLevel*distinct) {
		return Text
	}
	return Categorical
}

// kinds says what all values of a column seen so far can be, beside text.
type kinds struct{ numeric, boolean, timestamp bool }

// anyKind is the kind of a column with no value yet, noKind of one of text.
var anyKind, noKind = kinds{numeric: true, boolean: true, timestamp: true}, kinds{}

// narrow returns the kinds that are left when s is among the values.
func (k kinds) narrow(s string, f NumberForm) kinds {
	if k.numeric {
		_, k.numeric = f.number([]byte(s), false)
	}
	if k.boolean {
		_, k.boolean = parseBoolean(s)
	}
	if k.timestamp {
		_, k.timestamp = parseTimestamp(s)
	}
	return k
}
