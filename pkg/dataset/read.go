package dataset

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Read reads a data set into one table. A column's type is inferred from all of its values
// (InferType), unless it is declared. Memory is 8 bytes for a number and 4 for a coded value,
// and each distinct text once. The data set is read again, and only those columns of it, if
// columns that looked numeric for a while turn out not to be.
func Read(ctx context.Context, source Source, o Options) (*Table, Digest, error) {
	t := &tableReader{}
	extent, err := source.Scan(ctx, o, t)
	if err != nil {
		return nil, "", err
	}
	columns, err := t.columns(ctx, o.Workers)
	if err != nil {
		return nil, "", err
	}
	if again := t.givenUp(); len(again) > 0 {
		if err := readTexts(ctx, source, o, again, extent.Digest, columns); err != nil {
			return nil, "", err
		}
	}
	table, err := NewTable(columns...)
	return table, extent.Digest, err
}

// ReadCSV reads CSV files into one table.
func ReadCSV(ctx context.Context, parts []Part, o Options) (*Table, Digest, error) {
	return Read(ctx, CSV{Files: parts}, o)
}

// readTexts reads the named columns as what they are written as, and infers their types from
// that.
func readTexts(ctx context.Context, source Source, o Options, names []string, digest Digest, columns []Column) error {
	o.Columns, o.Schema, o.Types = names, nil, map[string]Type{}
	for _, name := range names {
		o.Types[name] = Text
	}
	t := &tableReader{inferred: true}
	extent, err := source.Scan(ctx, o, t)
	if err != nil {
		return err
	}
	if extent.Digest != digest {
		return fmt.Errorf("read %s: it changed while it was read", source.Parts()[0].Name)
	}
	texts, err := t.columns(ctx, o.Workers)
	if err != nil {
		return err
	}
	for _, c := range texts {
		i := slices.IndexFunc(columns, func(old Column) bool { return old.Name == c.Name })
		columns[i] = c
	}
	return nil
}

// tableReader is the consumer that makes a table.
type tableReader struct {
	inferred bool // declared types are not to be kept
	fields   []Field
	blocks   []*tableBlock
	mixed    []bool       // columns that are not of one form
	rows     atomic.Int64 // the most rows of a block so far: how many the next ones may have
}

// tableBlock is the rows of one block, column by column.
type tableBlock struct {
	columns []blockColumn
	room    int // for how many rows to make columns
}

// blockColumn is a column of a block in the form of its batches, while that is one.
type blockColumn struct {
	rows, present int
	form          Type // of the batches with a value: Numeric, Boolean, Timestamp or Text; "" if none has
	mixed         bool // the batches are of different forms; nothing more is kept
	values        []float64
	codes         []int32
	levels        dictionary
}

func (t *tableReader) Begin(columns []Field) error {
	t.fields, t.mixed = columns, make([]bool, len(columns))
	return nil
}

func (t *tableReader) Block() Sink {
	return &tableBlock{make([]blockColumn, len(t.fields)), int(t.rows.Load())}
}

func (t *tableReader) End(s Sink) error {
	b := s.(*tableBlock)
	t.blocks = append(t.blocks, b)
	if len(b.columns) > 0 {
		t.rows.Store(max(t.rows.Load(), int64(b.columns[0].rows)))
	}
	return nil
}

// Add takes the rows of a batch.
func (b *tableBlock) Add(batch *Batch) error {
	for i := range batch.Columns {
		b.columns[i].add(&batch.Columns[i], batch.Rows, b.room)
	}
	return nil
}

func (c *blockColumn) add(b *BatchColumn, rows, room int) {
	if c.mixed {
		return
	}
	switch form := b.form(); {
	case b.empty():
		c.addMissing(rows)
	case c.form != "" && c.form != form:
		*c = blockColumn{mixed: true}
		return
	default:
		if c.form == "" && form == Text {
			c.codes = make([]int32, 0, max(room, c.rows+rows))
		} else if c.form == "" {
			c.values = make([]float64, 0, max(room, c.rows+rows))
		}
		c.form = form
		c.addPresent(b)
	}
	c.rows += rows
}

// form is Text for all batches of codes.
func (b *BatchColumn) form() Type {
	if b.Type.Coded() {
		return Text
	}
	return b.Type
}

func (c *blockColumn) addMissing(rows int) {
	if c.form == Text {
		c.codes = append(c.codes, slices.Repeat([]int32{-1}, rows)...)
	} else if c.form != "" {
		c.values = append(c.values, slices.Repeat([]float64{missingValue}, rows)...)
	}
}

func (c *blockColumn) addPresent(b *BatchColumn) {
	if before := c.rows - len(c.values) - len(c.codes); before > 0 {
		c.addMissing(before) // now that the form is known
	}
	if b.Values != nil {
		c.values = append(c.values, b.Values...)
		return
	}
	recode := make([]int32, len(b.Levels))
	for i, level := range b.Levels {
		recode[i] = c.levels.code(b.Hash(i), level)
	}
	for _, code := range b.Codes {
		if code >= 0 {
			code = recode[code]
		}
		c.codes = append(c.codes, code)
	}
}

// columns joins the blocks, several columns side by side.
func (t *tableReader) columns(ctx context.Context, workers int) ([]Column, error) {
	columns := make([]Column, len(t.fields))
	err := par.For(ctx, len(columns), workers, func(i int) error {
		columns[i] = t.column(i)
		return nil
	})
	return columns, err
}

// givenUp names the columns that have to be read again as texts.
func (t *tableReader) givenUp() (names []string) {
	for i, mixed := range t.mixed {
		if mixed {
			names = append(names, t.fields[i].Name)
		}
	}
	return names
}

func (t *tableReader) column(i int) Column {
	var form Type
	rows := 0
	for _, b := range t.blocks {
		c := &b.columns[i]
		if c.mixed || c.form != "" && form != "" && c.form != form {
			t.mixed[i] = true
			return Column{Name: t.fields[i].Name}
		}
		if c.form != "" {
			form = c.form
		}
		rows += c.rows
	}
	field := t.fields[i]
	switch declared := field.Type; {
	case declared != "" && !t.inferred && !declared.Coded():
		form = declared
	case declared != "" && !t.inferred:
		form = Text
	case form == "":
		form = Numeric // no value at all
	}
	if form == Text {
		return t.textColumn(i, field, rows)
	}
	values := make([]float64, 0, rows)
	for _, b := range t.blocks {
		c := &b.columns[i]
		values = append(values, c.values...)
		values = append(values, slices.Repeat([]float64{missingValue}, c.rows-len(c.values))...)
		*c = blockColumn{}
	}
	return Column{Name: field.Name, Type: form, Values: values}
}

func (t *tableReader) textColumn(i int, field Field, rows int) Column {
	codes := make([]int32, 0, rows)
	var known dictionary
	present := 0
	for _, b := range t.blocks {
		c := &b.columns[i]
		recode := make([]int32, c.levels.len())
		for j, hash := range c.levels.hashes {
			recode[j] = known.code(hash, c.levels.text(int32(j)))
		}
		for _, code := range c.codes {
			if code >= 0 {
				code = recode[code]
				present++
			}
			codes = append(codes, code)
		}
		codes = append(codes, slices.Repeat([]int32{-1}, c.rows-len(c.codes))...)
		*c = blockColumn{}
	}
	levels := known.texts()
	kind := field.Type
	if kind == "" || t.inferred {
		kind = InferType(levels, present)
	}
	if !kind.Coded() {
		return Column{Name: field.Name, Type: kind, Values: decode(kind, codes, levels)}
	}
	codes, levels = sortLevels(codes, levels)
	return Column{Name: field.Name, Type: kind, Codes: codes, Levels: levels}
}

// decode looks codes up among the parsed levels.
func decode(t Type, codes []int32, levels []string) []float64 {
	parsed := make([]float64, len(levels))
	for i, s := range levels {
		parsed[i], _ = ParseValue(t, s) // InferType has parsed it before
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
