package dataset

import "slices"

// dictionaryCap is the number of distinct texts up to which a column is kept as a
// dictionary although all of them are numbers or timestamps. Past it only the parsed
// values are kept: a dictionary of a million different numbers would take twenty times
// the memory. The price is a second pass over the file if a later value is no number.
const dictionaryCap = 4096

// collector gathers the values of one column as they are read.
type collector struct {
	name     string
	declared Type // "" if the type is inferred
	kinds    kinds
	present  int // rows with a value

	// Until the type is known: the distinct texts in order of appearance.
	dictionary map[string]int32
	levels     []string
	codes      []int32

	// Once it is: parsed values.
	direct Type // the type parsed; "" while there is a dictionary
	values []float64

	closed bool // takes no more values: given up, or complete after the first pass
}

func newCollector(name string, declared Type) *collector {
	c := &collector{name: name, declared: declared, kinds: anyKind, dictionary: map[string]int32{}}
	if declared != "" {
		c.kinds = kinds{}
		if !declared.Coded() {
			c.direct = declared
		}
	}
	return c
}

// skip adds a missing value.
func (c *collector) skip() {
	if c.direct != "" {
		c.values = append(c.values, missingValue)
	} else {
		c.codes = append(c.codes, -1)
	}
}

// add adds a value, trimmed and not missing. An error means that it does not fit the
// declared type.
func (c *collector) add(field []byte) error {
	c.present++
	if c.direct != "" {
		return c.addValue(string(field))
	}
	code, known := c.dictionary[string(field)]
	if !known {
		s := string(field)
		code = int32(len(c.levels))
		c.dictionary[s] = code
		c.levels = append(c.levels, s)
		c.kinds = c.kinds.narrow(s, NumberForm{})
	}
	c.codes = append(c.codes, code)
	if len(c.levels) > dictionaryCap && (c.kinds.numeric || c.kinds.timestamp) {
		c.leaveDictionary()
	}
	return nil
}

func (c *collector) addValue(s string) error {
	if c.declared != "" {
		v, err := ParseValue(c.declared, s)
		c.values = append(c.values, v)
		return err
	}
	v, ok := c.inferred(s)
	if !ok {
		c.closed, c.values = true, nil
		return nil
	}
	c.values = append(c.values, v)
	return nil
}

// inferred parses a value of a numeric or timestamp column of undeclared type.
func (c *collector) inferred(s string) (float64, bool) {
	if c.direct == Numeric {
		return inferNumber(s)
	}
	return parseTimestamp(s)
}

// leaveDictionary goes over to parsed values.
func (c *collector) leaveDictionary() {
	c.direct = Timestamp
	if c.kinds.numeric {
		c.direct = Numeric
	}
	c.values = c.decode(func(s string) float64 {
		v, _ := c.inferred(s) // narrow has parsed it before
		return v
	})
	c.dictionary, c.levels, c.codes = nil, nil, nil
}

// decode looks the codes up in the parsed levels.
func (c *collector) decode(parse func(s string) float64) []float64 {
	parsed := make([]float64, len(c.levels))
	for i, s := range c.levels {
		parsed[i] = parse(s)
	}
	values := make([]float64, len(c.codes))
	for i, code := range c.codes {
		values[i] = missingValue
		if code >= 0 {
			values[i] = parsed[code]
		}
	}
	return values
}

// column is the finished column.
func (c *collector) column() Column {
	if c.direct != "" {
		return Column{Name: c.name, Type: c.direct, Values: c.values}
	}
	t := c.declared
	if t == "" {
		t = InferType(c.levels, c.present)
	}
	if t.Coded() {
		levels := append([]string{}, c.levels...)
		slices.Sort(levels)
		for i, code := range c.codes {
			if code >= 0 {
				c.codes[i] = LevelOf(levels, c.levels[code])
			}
		}
		return Column{Name: c.name, Type: t, Codes: c.codes, Levels: levels}
	}
	return Column{Name: c.name, Type: t, Values: c.decode(func(s string) float64 {
		v, _ := ParseValue(t, s) // InferType has parsed it before
		return v
	})}
}

// inferNumber is parseNumber for a column of undeclared type: no leading zeros.
func inferNumber(s string) (float64, bool) {
	if i := sign(s, 0); i+1 < len(s) && s[i] == '0' && '0' <= s[i+1] && s[i+1] <= '9' {
		return 0, false
	}
	return parseNumber(s)
}
