package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// csvScan is the state of one CSV.Scan. split runs on a goroutine of its own, each piece's
// work on some worker, and what a piece adds to the state is added in the order of pieces.
type csvScan struct {
	source  CSV
	options Options
	to      Consumer
	missing *missingTexts
	buffers buffers

	// Of split.
	comma  byte // 0 until it is detected in the first part
	header []string
	fields []Field
	index  []int

	// Of the pieces in order.
	extent      Extent
	hashes      hasher
	rows, lines int // of the current part so far, lines from 1
}

// piece is what one worker does: hash raw, and read records.
type piece struct {
	part    int
	raw     []byte // as it was read
	buffer  []byte // in which it lies
	sum     []byte
	records []byte // whole records, perhaps begun in an earlier piece; nil if there are none
	start   int64  // where they begin in the part
	lines   int    // before the first of them, in the piece
	sink    Sink
	rows    int
	first   bool // of its part
	last    bool // of its part
}

// split reads the parts and cuts them into pieces.
func (s *csvScan) split(ctx context.Context, submit func(func() error, func(error) error) bool) error {
	for i := range s.source.Files {
		if err := s.splitPart(ctx, i, submit); err != nil {
			return err
		}
	}
	return nil
}

func (s *csvScan) splitPart(ctx context.Context, part int, submit func(func() error, func(error) error) bool) error {
	body, err := openBlocks(ctx, s.source.Files[part], s.source.blockSize, &s.buffers)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.source.Files[part].Name, err)
	}
	defer body.Close()
	position := int64(0) // of what is kept for the next piece, in the part
	headed := false
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, buffer, last, err := body.block()
		if err != nil {
			return fmt.Errorf("read %s: %w", s.source.Files[part].Name, err)
		}
		p := &piece{part: part, first: first, last: last, raw: data[len(body.rest):], buffer: buffer}
		if !headed {
			head := data
			if last {
				head = data[:len(data)+1]
			}
			end, lines, ready, err := s.readHeader(part, head, len(data), last)
			if err != nil {
				return err
			}
			if headed = ready; ready {
				data, position = data[end:], int64(end)
				p.lines = lines
			}
		}
		if headed {
			end := len(data)
			if !last {
				end = lastRecordEnd(data, s.comma)
			}
			if end == 0 && len(data) > maxRecord {
				end, last, p.last = len(data), true, true // too long: the worker says what is wrong
			}
			p.start = position
			if end > 0 {
				p.records, p.sink = data[:end], s.to.Block()
			}
			position += int64(end)
			data = data[end:]
		}
		body.keep(data)
		if !submit(func() error { return s.read(ctx, p) }, func(err error) error { return s.finish(p, err) }) {
			return ctx.Err()
		}
		if last {
			return nil
		}
	}
}

// readHeader reads the header from the first n bytes of a part and returns where it ends.
// ready is false if more of the part has to be read first. buffer is longer than n if the
// part ended there.
func (s *csvScan) readHeader(part int, buffer []byte, n int, whole bool) (end, lines int, ready bool, err error) {
	f := &csvFile{part: s.source.Files[part].Name}
	f.scanner = &scanner{chunk: buffer, end: n, done: true, line: 1}
	if !whole && n < s.source.headSize {
		return 0, 0, false, nil
	}
	err = f.readHeader(s.comma)
	if !whole && f.scanner.end-f.scanner.pos < 2 && n <= maxRecord {
		return 0, 0, false, nil // it may go on
	}
	if err != nil {
		return 0, 0, false, err
	}
	if s.header == nil {
		s.comma, s.header = f.scanner.comma, f.header
		if s.fields, s.index, err = s.options.choose(f.header); err != nil {
			return 0, 0, false, err
		}
		if err := s.to.Begin(s.fields); err != nil {
			return 0, 0, false, err
		}
	} else if err := sameHeader(s.header, f.header, s.source.Files[0].Name); err != nil {
		return 0, 0, false, &ParseError{Part: f.part, Line: f.scanner.start, Err: err}
	}
	return f.scanner.pos, f.scanner.line - 1, true, nil
}

// read hashes a piece and hands its rows to its sink. Rows and lines of a *ParseError are
// counted within the piece.
func (s *csvScan) read(ctx context.Context, p *piece) error {
	sum := sha256.Sum256(p.raw)
	p.sum = sum[:]
	if p.records == nil {
		return nil
	}
	records := newRecords(p.records, s.comma, len(s.header))
	columns := make([]columnReader, len(s.fields))
	for i, f := range s.fields {
		columns[i] = columnReader{index: s.index[i], field: f, missing: s.missing}
	}
	batch := Batch{Part: p.part, Columns: make([]BatchColumn, len(columns))}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := records.pos
		field, fault := records.next(s.source.batchSize)
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

// keys are what a sample of the rows is drawn by: a hash of where each begins.
func (s *csvScan) keys(keys []uint64, p *piece, r *records) []uint64 {
	for _, start := range r.starts {
		keys = append(keys, Key(p.part, p.start+int64(start)))
	}
	return keys
}

// finish takes the pieces in order.
func (s *csvScan) finish(p *piece, err error) error {
	defer s.buffers.put(p.buffer)
	if p.first {
		s.rows, s.lines = 0, 0
	}
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Part = s.source.Files[p.part].Name
		e.shift(s.rows, s.lines)
	}
	if err != nil {
		return err
	}
	s.rows += p.rows
	s.lines += p.lines
	s.extent.Rows += p.rows
	if len(p.raw) > 0 {
		s.hashes.pieces = append(s.hashes.pieces, p.sum)
	}
	if p.records != nil {
		if err := s.to.End(p.sink); err != nil {
			return err
		}
	}
	if p.last {
		s.hashes.endPart()
	}
	return nil
}
