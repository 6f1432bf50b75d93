package dataset

import (
	"context"
	"slices"
)

// tableColumn is a column of the rows read so far, in the form of its batches, while that is
// one.
type tableColumn struct {
	form   Type // of the batches with a value: Numeric, Boolean, Timestamp or Text; "" if none has
	mixed  bool // the batches are of different forms; nothing more is kept
	rows   int
	values []float64 // of all rows, once the form is known; or
	codes  []int32   // of all rows, of levels
	levels dictionary
	pile   pile
	recode []int32 // scratch: what the codes of a batch are in levels, from code -1
}

// add takes the next rows. If there is no place for them, one is made for as many rows as room
// says.
func (c *tableColumn) add(b *keptColumn, rows, room int) {
	if c.mixed {
		return
	}
	if b.placed { // and so are those of all batches
		c.form = b.form
		c.rows += rows
		return
	}
	if b.form != "" && c.form == "" {
		c.form = b.form
		c.grow(max(room, c.rows+rows))
		c.fill(c.rows) // now that the form is known
	}
	if b.form != "" && b.form != c.form {
		*c = tableColumn{mixed: true}
		return
	}
	if c.rows+rows > cap(c.values)+cap(c.codes) {
		c.grow(max(room, 2*c.rows, c.rows+rows))
	}
	switch {
	case b.form == "":
		c.fill(rows)
	case b.form == Text:
		c.addTexts(b, room)
	default:
		c.values = append(c.values, b.values...)
	}
	c.rows += rows
}

// grow makes room for so many rows in all, if the form is known.
func (c *tableColumn) grow(rows int) {
	switch c.form {
	case "":
	case Text:
		c.codes = append(make([]int32, 0, rows), c.codes...)
	default:
		c.values = append(make([]float64, 0, rows), c.values...)
	}
}

// fill adds rows without a value, if the form is known.
func (c *tableColumn) fill(rows int) {
	switch c.form {
	case "":
	case Text:
		c.codes = append(c.codes, slices.Repeat([]int32{-1}, rows)...)
	default:
		c.values = append(c.values, slices.Repeat([]float64{missingValue}, rows)...)
	}
}

func (c *tableColumn) addTexts(b *keptColumn, room int) {
	if c.pile.on {
		c.pileTexts(b, room)
		return
	}
	to := c.more(len(b.codes))
	c.recode = append(c.recode[:0], -1)
	begin := 0
	for i, end := range b.ends {
		if i%lookedAhead == 0 {
			c.levels.look(b.hashes[i:])
		}
		c.recode = append(c.recode, c.levels.code(b.hashes[i], b.bytes[begin:end]))
		begin = end
	}
	for i, code := range b.codes {
		to[i] = c.recode[code+1]
	}
	c.pileUp()
}

// more are the codes of the next rows, to be written.
func (c *tableColumn) more(rows int) []int32 {
	c.codes = slices.Grow(c.codes, rows)[:len(c.codes)+rows]
	return c.codes[len(c.codes)-rows:]
}

// finish makes a column of the table.
func (t *tableReader) finish(ctx context.Context, i int) (Column, error) {
	c, field := &t.columns[i], t.fields[i]
	kind := field.Type
	if t.inferred {
		kind = ""
	}
	if c.mixed {
		return Column{Name: field.Name}, nil
	}
	if c.form == "" { // no value at all: none of the rows are there yet
		switch {
		case kind == "":
			c.form = Numeric
		case kind.Coded():
			c.form = Text
		default:
			c.form = kind
		}
		c.fill(c.rows)
	}
	if c.form != Text {
		return Column{Name: field.Name, Type: c.form, Values: c.values}, nil
	}
	levels, err := sortLevels(ctx, c.codes, &c.levels, t.workers)
	if err != nil {
		return Column{}, err
	}
	if kind == "" {
		present := 0
		if len(levels) <= manyLevels { // else it says nothing
			present = c.present()
		}
		kind = t.numbers.inferType(levels, present)
	}
	if !kind.Coded() {
		return Column{Name: field.Name, Type: kind, Values: t.numbers.decode(kind, c.codes, levels)}, nil
	}
	return Column{Name: field.Name, Type: kind, Codes: c.codes, Levels: levels}, nil
}

// present is how many rows have a text.
func (c *tableColumn) present() (n int) {
	for _, code := range c.codes {
		if code >= 0 {
			n++
		}
	}
	return n
}

// decode looks codes up among the parsed levels.
func (f NumberForm) decode(t Type, codes []int32, levels []string) []float64 {
	parsed := make([]float64, len(levels))
	for i, s := range levels {
		parsed[i], _ = f.Parse(t, []byte(s)) // inferType has parsed it before
	}
	values := make([]float64, len(codes))
	for i, code := range codes {
		values[i] = missingValue
		if code >= 0 {
			values[i] = parsed[code]
		}
	}
	return values
}
