package dataset

import (
	"context"
	"errors"
	"fmt"
)

// blockScan is the state of one Scan of a format that is read in blocks. split runs on a
// goroutine of its own, each piece's work on some worker, and what a piece adds to the state
// is added in the order of pieces.
type blockScan struct {
	format    blockFormat
	parts     []Part
	firstPart int    // index of the first of them in the data set
	span      *Range // nil: all of the parts
	blockSize int    // bytes of a block
	batchSize int    // of a batch
	options   Options
	to        Consumer
	missing   *missingTexts
	buffers   buffers

	// Of split.
	header []string
	fields []Field
	index  []int

	// Of the pieces in order.
	extent      Extent
	read        int64 // bytes
	hashes      hasher
	rows, lines int // of the current part so far, lines from 1
}

// blockFormat is what formats differ in.
type blockFormat interface {
	// begin looks at the first n bytes of a part and returns where its records begin, and
	// on how many lines before. The first one sets the header. ready is false if more of
	// the part has to be read first. buffer is longer than n if the part ended there.
	begin(part int, buffer []byte, n int, whole bool) (start, lines int, ready bool, err error)
	// lastEnd returns where the last whole record of data ends, 0 if there is none. data
	// begins with a record.
	lastEnd(data []byte) int
	// nextEnd returns where the record that data begins with ends, -1 if it is not whole.
	nextEnd(data []byte) int
	// guess returns where the first record at or behind at begins, whatever data begins
	// with, and whether that is sure; -1 if there is none.
	guess(data []byte, at int) (start int, sure bool)
	// line returns where a line of data begins, counted from 1.
	line(data []byte, line int) int
	// read hands the rows of a piece to its sink. Rows and lines of a *ParseError are
	// counted within the piece.
	read(ctx context.Context, p *piece) error
	// took is called for each piece in order.
	took(p *piece)
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
	met     []bool // of JSON Lines: for each name, whether a row has it
	first   bool   // of its part
	last    bool   // of its part
}

type submitter = func(work func() error, finish func(error) error) bool

// run scans the parts, or the range.
func (s *blockScan) run(ctx context.Context) error {
	if s.span != nil {
		return s.runRange(ctx)
	}
	return ordered(ctx, s.options.Workers, s.split)
}

// split reads the parts and cuts them into pieces.
func (s *blockScan) split(ctx context.Context, submit submitter) error {
	for i := range s.parts {
		if err := s.splitPart(ctx, i, submit); err != nil {
			return err
		}
	}
	return nil
}

func (s *blockScan) splitPart(ctx context.Context, part int, submit submitter) error {
	body, err := openBlocks(ctx, s.parts[part], s.blockSize, &s.buffers)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.parts[part].Name, err)
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
			return fmt.Errorf("read %s: %w", s.parts[part].Name, err)
		}
		p := &piece{part: part, first: first, last: last, raw: data[len(body.rest):], buffer: buffer}
		if !begun {
			head := data
			if last {
				head = data[:len(data)+1]
			}
			start, lines, ready, err := s.format.begin(part, head, len(data), last)
			if err != nil {
				return err
			}
			if begun = ready; ready {
				data, position = data[start:], int64(start)
				p.lines = lines
			}
		}
		if begun && s.header != nil {
			end := len(data)
			if !last {
				end = s.format.lastEnd(data)
			}
			if end == 0 && len(data) > maxRecord {
				end, last, p.last = len(data), true, true // too long: the worker says what is wrong
			}
			s.give(p, data[:end], position)
			position += int64(end)
			data = data[end:]
		}
		body.keep(data)
		if !s.submit(ctx, p, submit) {
			return ctx.Err()
		}
		if last {
			return nil
		}
	}
}

// give gives a piece its records and where their rows go.
func (s *blockScan) give(p *piece, records []byte, position int64) {
	if p.start = position; len(records) > 0 {
		p.records, p.sink = records, s.to.Block()
	}
}

func (s *blockScan) submit(ctx context.Context, p *piece, submit submitter) bool {
	work := func() error {
		p.sum = sumOf(p.raw)
		if p.records == nil {
			return nil
		}
		if err := s.format.read(ctx, p); err != nil {
			return err
		}
		return CloseSink(p.sink)
	}
	return submit(work, func(err error) error { return s.finish(p, err) })
}

// finish takes the pieces in order.
func (s *blockScan) finish(p *piece, err error) error {
	defer s.buffers.put(p.buffer)
	if p.first {
		s.rows, s.lines = 0, 0
	}
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Part = s.parts[p.part].Name
		if s.span != nil && s.span.Start > 0 {
			e.place(p.start + int64(s.format.line(p.records, e.Line-p.lines)))
		} else {
			e.shift(s.rows, s.lines)
		}
	}
	if err != nil {
		return err
	}
	s.format.took(p)
	s.rows += p.rows
	s.lines += p.lines
	s.extent.Rows += p.rows
	s.expect(len(p.raw))
	if len(p.raw) > 0 {
		s.hashes.pieces = append(s.hashes.pieces, p.sum)
	}
	if p.records != nil {
		if err := s.to.End(p.sink); err != nil {
			return err
		}
	}
	if p.last && s.span == nil {
		s.hashes.endPart()
	}
	return nil
}

// expect tells how many rows there are if those to come are as long as those that were read:
// so many more bytes of the parts, of whose sizes none may be unknown.
func (s *blockScan) expect(read int) {
	s.read += int64(read)
	to, ok := s.to.(Expecter)
	if !ok {
		return
	}
	size := int64(0)
	for _, part := range s.parts {
		if part.Size < 0 {
			return
		}
		size += part.Size
	}
	if s.span != nil {
		size = s.extent.Range.End - s.extent.Range.Start
	}
	to.Expect(int(float64(s.extent.Rows) * float64(size) / float64(max(s.read, 1))))
}

// keys are what a sample of the rows is drawn by: a hash of where each begins.
func (s *blockScan) keys(keys []uint64, p *piece, r *records) []uint64 {
	for _, start := range r.starts {
		keys = append(keys, Key(s.firstPart+p.part, p.start+int64(start)))
	}
	return keys
}
