package dataset

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
)

// jsonScan is the state of one JSONLines.Scan. A line break is never inside a string of JSON, so that pieces end at the last one.
type jsonScan struct {
	blockScan
	found int // how many of the header's names are in the first lines; the others are declared
	at    map[string]int
	slot  []int // of each name, the column to read, -1 if it is not

	met []bool // of each name, whether a row had it; of the pieces in order
}

func (s *jsonScan) lastEnd(data []byte) int { return bytes.LastIndexByte(data, '\n') + 1 }

func (s *jsonScan) nextEnd(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return -1
}

// guess is sure: whatever is before it, a line break ends a record.
func (s *jsonScan) guess(data []byte, at int) (int, bool) {
	if i := bytes.IndexByte(data[at-1:], '\n'); i >= 0 {
		return at + i, true
	}
	return -1, true
}

func (s *jsonScan) line(data []byte, line int) int {
	at := 0
	for ; line > 1; line-- {
		at += bytes.IndexByte(data[at:], '\n') + 1
	}
	return at
}

func (s *jsonScan) took(p *piece) {
	for i, m := range p.met {
		s.met[i] = s.met[i] || m
	}
}

// begin looks at the first bytes of a part and returns where its text begins. The first part
// with a row has the names of the columns. ready is false if more has to be read first.
func (s *jsonScan) begin(part int, buffer []byte, n int, whole bool) (start, lines int, ready bool, err error) {
	start, ready, err = s.names(part, buffer[:n], whole)
	return start, 0, ready, err
}

func (s *jsonScan) names(part int, data []byte, whole bool) (start int, ready bool, err error) {
	name := s.parts[part].Name
	if s.header != nil {
		if !whole && len(data) < chunkSize {
			return 0, false, nil
		}
		if start, err = jsonStart(data); err != nil {
			return 0, false, &ParseError{Part: name, Err: err}
		}
		return start, true, nil
	}
	names, start, ready, err := jsonNames(name, data, whole)
	if names == nil {
		return start, ready, err
	}
	s.found = len(names)
	if names = s.options.declared(names); len(names) == 0 {
		return 0, false, cmp.Or(err, errNoColumns(s.parts[part]))
	}
	if _, ok := errors.AsType[*ParseError](err); err != nil && !ok {
		return 0, false, err
	} // else it is in one of the rows: whoever reads them says which is the first
	if s.fields, s.index, err = s.options.choose(names); err != nil {
		return 0, false, err
	}
	s.header, s.met = names, make([]bool, len(names))
	s.at, s.slot = make(map[string]int, len(names)), make([]int, len(names))
	for i, name := range names {
		s.at[name], s.slot[i] = i, -1
	}
	for column, i := range s.index {
		s.slot[i] = column
	}
	return start, ready, s.to.Begin(s.fields)
}

// read hands the rows of a piece to its sink.
func (s *jsonScan) read(ctx context.Context, p *piece) error {
	records := newJSONRecords(p.records, s.header, s.at, s.slot, len(s.fields), s.options.NumberForm().Decimal)
	records.open = len(s.options.Columns) > 0 || s.options.Schema != nil
	var none emptyColumns
	columns, shared := make([]columnReader, len(s.fields)), new(coding)
	for i, f := range s.fields {
		columns[i] = columnReader{index: i, field: f, missing: s.missing, numbers: s.options.NumberForm(), coding: shared}
	}
	batch := Batch{Part: p.part, Numbers: s.options.NumberForm(), Columns: make([]BatchColumn, len(columns))}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := records.pos
		fault := records.next(s.batchSize)
		if errors.Is(fault, io.EOF) {
			p.lines += records.line - 1
			p.met = records.met
			return nil
		}
		failed, at, first := -1, 0, records.rows
		for i := range columns {
			if !records.filled[i] {
				batch.Columns[i] = none.column(s.fields[i].Type, records.rows)
				continue
			}
			column, row, err := s.column(&columns[i], records)
			if err != nil && row < first { // the first row at fault, and in it the first column
				failed, at, first, fault = i, row, row, err
			}
			batch.Columns[i] = column
		}
		if failed >= 0 {
			return &ParseError{Row: p.rows + at + 1, Line: p.lines + records.lines[at], Column: s.fields[failed].Name, Err: fault}
		}
		if e, ok := errors.AsType[*ParseError](fault); ok {
			e.Row += p.rows
			e.Line += p.lines
			return e
		}
		batch.Rows, batch.Start, batch.End = records.rows, p.start+int64(begin), p.start+int64(records.pos)
		if s.options.Sample > 0 {
			batch.Keys = s.keys(batch.Keys[:0], p, &records.records)
		}
		if err := p.sink.Add(&batch); err != nil {
			return err
		}
		p.rows += records.rows
	}
}

// column reads a column of a batch. Numbers that turn out to be texts are rewritten first.
func (s *jsonScan) column(c *columnReader, r *jsonRecords) (BatchColumn, int, error) {
	if t := c.field.Type; len(r.odd[c.index]) > 0 && t != "" && t != Numeric {
		r.rewrite(c.index)
	}
	b, row, err := c.read(&r.records)
	if b.Type.Coded() && len(r.odd[c.index]) > 0 {
		r.rewrite(c.index)
		b, row, err = c.read(&r.records)
	}
	return b, row, err
}

// emptyColumns are columns without a value. There are many where rows name few columns.
type emptyColumns struct {
	values []float64
	codes  []int32
}

func (e *emptyColumns) column(t Type, rows int) BatchColumn {
	if t.Coded() {
		for len(e.codes) < rows {
			e.codes = append(e.codes, -1)
		}
		return BatchColumn{Type: t, Codes: e.codes[:rows]}
	}
	for len(e.values) < rows {
		e.values = append(e.values, missingValue)
	}
	if t == "" {
		t = Numeric
	}
	return BatchColumn{Type: t, Values: e.values[:rows]}
}
