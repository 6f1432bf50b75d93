package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// block is a row group and who takes its rows.
type block struct {
	file    *openedFile
	part    int
	group   int
	start   int64 // its first row in the file
	rows    int64
	columns []column
	missing map[string]bool
	limit   uint64 // the largest key of a sample; 0: all rows

	sink   dataset.Sink
	done   chan error
	handed int
}

// read checks the row group and hands its rows to the sink.
func (b *block) read(ctx context.Context) (err error) {
	defer recovered(b.file.name, &err)
	group := &b.file.file.Metadata().RowGroups[b.group]
	chunks := b.file.file.RowGroups()[b.group].ColumnChunks()
	cursors := make([]*cursor, len(b.columns))
	for i := range b.columns {
		c := &b.columns[i]
		if err := checkPages(ctx, b.file.in, &group.Columns[c.index].MetaData, b.rows); err != nil {
			return b.fault(ctx, c, err)
		}
		cursors[i] = &cursor{column: c, pages: chunks[c.index].Pages(), missing: b.missing}
		defer cursors[i].pages.Close()
	}
	batch := dataset.Batch{Part: b.part, Columns: make([]dataset.BatchColumn, len(cursors))}
	for at := int64(0); at < b.rows; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(batchRows, b.rows-at))
		batch.Keys = batch.Keys[:0]
		keep := []int(nil)
		for row := range n {
			if b.limit == 0 {
				break
			}
			if k := key(b.part, b.start+at+int64(row)); k <= b.limit {
				keep, batch.Keys = append(keep, row), append(batch.Keys, k)
			}
		}
		failed, first := -1, n
		var fault error
		for i, c := range cursors {
			row, err := c.read(n, &batch.Columns[i])
			if row < 0 {
				return b.fault(ctx, c.column, err)
			}
			if err != nil && row < first {
				failed, first, fault = i, row, err
			}
		}
		if failed >= 0 {
			return &dataset.ParseError{Part: b.file.name, Row: int(b.start+at) + first + 1, Column: b.columns[failed].field.Name, Err: fault}
		}
		batch.Rows, batch.Start, batch.End = n, b.start+at, b.start+at+int64(n)
		if b.limit > 0 {
			batch.Rows = len(keep)
			for i := range batch.Columns {
				pick(&batch.Columns[i], keep)
			}
		} else {
			batch.Keys = nil
		}
		at += int64(n)
		b.handed += batch.Rows
		if batch.Rows == 0 {
			continue
		}
		if err := b.sink.Add(&batch); err != nil {
			return err
		}
	}
	return nil
}

// pick keeps some rows of a column.
func pick(c *dataset.BatchColumn, rows []int) {
	for i, row := range rows {
		if c.Type.Coded() {
			c.Codes[i] = c.Codes[row]
		} else {
			c.Values[i] = c.Values[row]
		}
	}
	if !c.Type.Coded() {
		c.Values = c.Values[:len(rows)]
		return
	}
	c.Codes = c.Codes[:len(rows)]
	renamed := make([]int32, len(c.Levels)) // code + 1
	var levels [][]byte
	for i, code := range c.Codes {
		if code < 0 {
			continue
		}
		if renamed[code] == 0 {
			levels = append(levels, c.Levels[code])
			renamed[code] = int32(len(levels))
		}
		c.Codes[i] = renamed[code] - 1
	}
	c.Levels = levels
}

// fault says in which column the file is malformed.
func (b *block) fault(ctx context.Context, c *column, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &dataset.ParseError{Part: b.file.name, Column: c.field.Name, Err: fmt.Errorf("row group %d: %w", b.group, err)}
}

// cursor reads a column of a row group page by page.
type cursor struct {
	column  *column
	pages   parquet.Pages
	missing map[string]bool

	dictionary parquet.Dictionary
	entries    converted // of the dictionary
	plain      converted // of the page, if it has no dictionary
	indexes    []int32   // into entries
	coded      bool
	levels     []byte // definition levels, nil if every row has a value
	max        byte   // the level of a value
	rows, row  int    // of the page
	at         int    // among its values

	values []float64
	codes  []int32
	texts  [][]byte
	known  map[string]int32
	recode []int32 // of entries: code in the batch + 1
}

// next reads a page.
func (c *cursor) next() error {
	page, err := c.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return errors.New("the column has fewer values than the row group has rows")
	}
	if err != nil {
		return err
	}
	c.rows, c.row, c.at = int(page.NumValues()), 0, 0
	c.levels, c.max = page.DefinitionLevels(), 1
	dictionary := page.Dictionary()
	data := page.Data()
	if c.coded = dictionary != nil; !c.coded {
		c.plain = c.column.convert(data, c.missing)
		return nil
	}
	c.indexes = data.Int32()
	if dictionary != c.dictionary {
		c.dictionary = dictionary
		c.entries = c.column.convert(dictionary.Page().Data(), c.missing)
		c.recode = make([]int32, max(len(c.entries.texts), len(c.entries.numbers)))
	}
	return nil
}

// read reads the next n values. An error with row -1 is one of the file, else of that row.
func (c *cursor) read(n int, out *dataset.BatchColumn) (row int, err error) {
	c.values, c.codes, c.texts = c.values[:0], c.codes[:0], nil
	clear(c.recode)
	c.known = map[string]int32{}
	texts := c.column.field.Type == "" || c.column.field.Type.Coded()
	fault, faulty := error(nil), 0
	for i := range n {
		for c.row == c.rows {
			if err := c.next(); err != nil {
				return -1, err
			}
		}
		present := len(c.levels) == 0 || c.levels[c.row] == c.max
		c.row++
		if !present || c.column.typ == "null" {
			c.values, c.codes = addMissing(c.values, c.codes, texts)
			continue
		}
		from, at := &c.plain, c.at
		if c.coded {
			if from = &c.entries; c.at >= len(c.indexes) {
				return -1, errors.New("a page has fewer values than it claims")
			}
			at = int(c.indexes[c.at])
		}
		c.at++
		if at < 0 || at >= max(len(from.numbers), len(from.texts)) {
			return -1, errors.New("a page has fewer values than it claims")
		}
		if from.faults[at] != nil && fault == nil {
			fault, faulty = from.faults[at], i
		}
		if !texts {
			c.values = append(c.values, from.numbers[at])
			continue
		}
		text := from.texts[at]
		if text == nil {
			c.codes = append(c.codes, -1)
			continue
		}
		code := int32(0)
		if c.coded {
			code = c.recode[at]
		}
		if code == 0 {
			known, ok := c.known[string(text)]
			if !ok {
				c.texts = append(c.texts, text)
				known = int32(len(c.texts))
				c.known[string(text)] = known
				if levels := c.column.field.Levels; levels != nil && fault == nil {
					if _, listed := slices.BinarySearch(levels, string(text)); !listed {
						fault, faulty = fmt.Errorf("%.40q is none of the values that the schema lists", text), i
					}
				}
			}
			if code = known; c.coded {
				c.recode[at] = code
			}
		}
		c.codes = append(c.codes, code-1)
	}
	out.Type, out.Values, out.Codes, out.Levels = c.column.field.Type, c.values, nil, nil
	if texts {
		if out.Type == "" {
			out.Type = dataset.Text
		}
		out.Values, out.Codes, out.Levels = nil, c.codes, c.texts
	}
	return faulty, fault
}

func addMissing(values []float64, codes []int32, texts bool) ([]float64, []int32) {
	if texts {
		return values, append(codes, -1)
	}
	return append(values, math.NaN()), codes
}
