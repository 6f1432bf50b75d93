package dataset

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// jsonScan is the state of one JSONLines.Scan: that of CSV's, but for how pieces are cut and
// read. A line break is never inside a string of JSON, so that pieces end at the last one.
type jsonScan struct {
	csvScan
	found int // how many of the header's names are in the first lines; the others are declared
	at    map[string]int
	slot  []int // of each name, the column to read, -1 if it is not

	met []bool // of each name, whether a row had it; of the pieces in order
}

func (s *jsonScan) split(ctx context.Context, submit func(func() error, func(error) error) bool) error {
	for i := range s.source.Files {
		if err := s.splitPart(ctx, i, submit); err != nil {
			return err
		}
	}
	return nil
}

func (s *jsonScan) splitPart(ctx context.Context, part int, submit func(func() error, func(error) error) bool) error {
	body, err := openBlocks(ctx, s.source.Files[part], s.source.blockSize, &s.buffers)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.source.Files[part].Name, err)
	}
	defer body.Close()
	position := int64(0) // of what is kept for the next piece, in the part
	begun := false
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, buffer, last, err := body.block()
		if err != nil {
			return fmt.Errorf("read %s: %w", s.source.Files[part].Name, err)
		}
		p := &piece{part: part, first: first, last: last, raw: data[len(body.rest):], buffer: buffer}
		if !begun {
			start, ready, err := s.begin(part, data, last)
			if err != nil {
				return err
			}
			if begun = ready; ready {
				data, position = data[start:], int64(start)
			}
		}
		if begun && s.header != nil {
			end := bytes.LastIndexByte(data, '\n') + 1
			if last || end == 0 && len(data) > maxRecord { // too long: the worker says so
				end, last, p.last = len(data), true, true
			}
			p.start = position
			if end > 0 {
				p.records, p.sink = data[:end], s.to.Block()
			}
			position += int64(end)
			data = data[end:]
		}
		body.keep(data)
		var met []bool
		work := func() (err error) {
			met, err = s.read(ctx, p)
			return err
		}
		finish := func(err error) error {
			for i, m := range met {
				s.met[i] = s.met[i] || m
			}
			return s.finish(p, err)
		}
		if !submit(work, finish) {
			return ctx.Err()
		}
		if last {
			return nil
		}
	}
}

// begin looks at the first bytes of a part and returns where its text begins. The first part
// with a row has the names of the columns. ready is false if more has to be read first.
func (s *jsonScan) begin(part int, data []byte, whole bool) (start int, ready bool, err error) {
	name := s.source.Files[part].Name
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
		return 0, false, cmp.Or(err, errNoColumns(s.source.Files[part]))
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

// read hashes a piece and hands its rows to its sink. Rows and lines of a *ParseError are
// counted within the piece. met says of each name whether a row has it.
func (s *jsonScan) read(ctx context.Context, p *piece) (met []bool, err error) {
	sum := sha256.Sum256(p.raw)
	p.sum = sum[:]
	if p.records == nil {
		return nil, nil
	}
	records := newJSONRecords(p.records, s.header, s.at, s.slot, len(s.fields), 0)
	records.open = len(s.options.Columns) > 0 || s.options.Schema != nil
	var none emptyColumns
	columns := make([]columnReader, len(s.fields))
	for i, f := range s.fields {
		columns[i] = columnReader{index: i, field: f, missing: s.missing}
	}
	batch := Batch{Part: p.part, Columns: make([]BatchColumn, len(columns))}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		begin := records.pos
		fault := records.next(s.source.batchSize)
		if errors.Is(fault, io.EOF) {
			p.lines += records.line - 1
			return records.met, nil
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
			return nil, &ParseError{Row: p.rows + at + 1, Line: p.lines + records.lines[at], Column: s.fields[failed].Name, Err: fault}
		}
		if e, ok := errors.AsType[*ParseError](fault); ok {
			e.Row += p.rows
			e.Line += p.lines
			return nil, e
		}
		batch.Rows, batch.Start, batch.End = records.rows, p.start+int64(begin), p.start+int64(records.pos)
		if s.options.Sample > 0 {
			batch.Keys = s.keys(batch.Keys[:0], p, &records.records)
		}
		if err := p.sink.Add(&batch); err != nil {
			return nil, err
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
