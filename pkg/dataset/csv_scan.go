package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// csvScan is the state of one CSV.Scan.
type csvScan struct {
	blockScan
	headSize int // bytes in which the header is looked for
	dialect      // detected in the first part where the options do not say
	readers  sync.Pool
}

// columnReaders are those of all columns, used for one piece after another.
func (s *csvScan) columnReaders() []columnReader {
	if free, ok := s.readers.Get().(*[]columnReader); ok {
		return *free
	}
	columns, shared := make([]columnReader, len(s.fields)), new(coding)
	for i, f := range s.fields {
		columns[i] = columnReader{index: s.index[i], field: f, missing: s.missing, numbers: s.options.NumberForm(), coding: shared}
	}
	return columns
}

// free gives up readers.
func (s *csvScan) free(columns []columnReader) {
	for i := range columns {
		levels := columns[i].levels
		clear(levels[:cap(levels)]) // they lie in the piece
	}
	s.readers.Put(&columns)
}

func (s *csvScan) lastEnd(data []byte) int { return lastRecordEnd(data, s.dialect) }

func (s *csvScan) nextEnd(data []byte) int { return recordEnd(data, 0, s.dialect) }

func (s *csvScan) line(data []byte, line int) int { return lineStart(data, line) }

func (s *csvScan) took(*piece) {}

// begin reads the header from the first n bytes of a part and returns where it ends.
func (s *csvScan) begin(part int, buffer []byte, n int, whole bool) (end, lines int, ready bool, err error) {
	f := &csvFile{part: s.parts[part].Name}
	f.scanner = &scanner{chunk: buffer, end: n, done: true, line: 1}
	if !whole && n < s.headSize {
		return 0, 0, false, nil
	}
	err = f.readHeader(s.dialect, s.options.NumberForm())
	if !whole && f.scanner.end-f.scanner.pos < 2 && n <= maxRecord {
		return 0, 0, false, nil // it may go on
	}
	if !whole && f.header == nil && f.scanner.pos == n && len(f.scanner.buf) == 0 {
		err = &ParseError{Part: f.part, Err: fmt.Errorf("nothing but blank lines and comments in the first %d bytes", n)}
	}
	if err != nil {
		return 0, 0, false, err
	}
	if s.header == nil {
		s.dialect, s.header = f.scanner.dialect, f.header
		if s.fields, s.index, err = s.options.choose(f.header); err != nil {
			return 0, 0, false, err
		}
		if err := s.to.Begin(s.fields); err != nil {
			return 0, 0, false, err
		}
	} else if err := sameHeader(s.header, f.header, s.parts[0].Name); err != nil {
		return 0, 0, false, &ParseError{Part: f.part, Line: f.scanner.start, Err: err}
	}
	return f.scanner.pos, f.scanner.line - 1, true, nil
}

// read hands the rows of a piece to its sink.
func (s *csvScan) read(ctx context.Context, p *piece) error {
	records := newRecords(p.records, s.dialect, len(s.header))
	defer records.free()
	columns := s.columnReaders()
	defer s.free(columns)
	batch := Batch{Part: p.part, Numbers: s.options.NumberForm(), Columns: make([]BatchColumn, len(columns))}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := records.pos
		field, fault := records.next(s.batchSize)
		if errors.Is(fault, io.EOF) {
			p.lines += records.line - 1
			return nil
		}
		batch.Rows, batch.Start, batch.End = records.rows, p.start+int64(begin), p.start+int64(records.pos)
		failed, at, first := -1, 0, records.rows
		for i := range columns {
			column, row, err := columns[i].read(records)
			if err != nil && row < first { // the first row at fault, and in it the first column
				failed, at, first, fault = i, row, row, err
			}
			batch.Columns[i] = column
		}
		if failed >= 0 {
			return &ParseError{Row: p.rows + at + 1, Line: p.lines + records.lines[at], Column: s.fields[failed].Name, Err: fault}
		}
		if fault != nil {
			return s.located(fault, field, p)
		}
		if s.options.Sample > 0 {
			batch.Keys = s.keys(batch.Keys[:0], p, records)
		}
		if err := p.sink.Add(&batch); err != nil {
			return err
		}
		p.rows += records.rows
	}
}

// located completes a fault in a record: the batches before it, and the column.
func (s *csvScan) located(err error, field int, p *piece) error {
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.shift(p.rows, p.lines)
		if 0 <= field && field < len(s.header) {
			e.Column = s.header[field]
		}
	}
	return err
}
