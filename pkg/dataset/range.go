package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Range is a part of a file: the records that begin in the bytes from Start to before End, of
// a file whose header, if the format has one, is at its first byte. Start is a multiple of
// DigestPiece; so is End, unless it is the end of the file or beyond.
//
// Where the first record begins cannot be known from the middle of CSV, as a quoted value may
// hold line breaks. It is guessed: the following 4 MiB are read as if Start were inside of a
// quoted value and as if it were not, and what gives rows as long as the header is taken. A
// guess is checked by whoever puts the ranges of a file together: Extent says where the first
// record was taken to begin and where the last one ended, and Join refuses ranges that do not
// meet. As the first range begins behind the header, ranges that meet were all read from where
// records begin: as one scan reads them. One that does not is read again with First.
type Range struct {
	Start, End int64
	// First is where the first record begins, if it is known: the Extent.Last of the range
	// before. 0: it is to be found.
	First int64 `json:",omitempty"`
}

// GuessError is a fault in a Range whose first record was guessed to begin at Start: it may be
// the guess that is wrong. If Start is the Extent.Last of the range before, the fault is in
// the file; else read the range again with that as its First.
type GuessError struct {
	Start int64
	Err   error
}

func (e *GuessError) Error() string {
	return fmt.Sprintf("%v (a record was taken to begin at byte %d)", e.Err, e.Start)
}

// Unwrap returns the fault.
func (e *GuessError) Unwrap() error { return e.Err }

const (
	lookBack  = 64      // bytes before a range that are looked at: is a quote in its first ones the first of a value?
	guessSize = 4 << 20 // bytes that a guess is tried on: more than any one value has
)

func (s *blockScan) checkRange() error {
	r := *s.span
	switch {
	case len(s.parts) != 1:
		return fmt.Errorf("a range is one of one file, not of %d", len(s.parts))
	case s.parts[0].OpenAt == nil || s.parts[0].Size < 0:
		return errors.New("the file can only be read from its start, as compressed files can; read all of it")
	case r.Start < 0 || r.End <= r.Start || r.Start > 0 && r.Start >= s.parts[0].Size:
		return fmt.Errorf("a file of %d bytes has no range %d to %d", s.parts[0].Size, r.Start, r.End)
	case r.Start%int64(s.blockSize) != 0 || r.End < s.parts[0].Size && r.End%int64(s.blockSize) != 0:
		return fmt.Errorf("range %d to %d: the borders have to be multiples of %d", r.Start, r.End, s.blockSize)
	case r.First != 0 && r.First < r.Start:
		return fmt.Errorf("the first record, at byte %d, lies before range %d to %d", r.First, r.Start, r.End)
	case s.options.Sample > 1:
		return errors.New("a number of rows cannot be drawn from ranges of a file; draw a share")
	}
	return nil
}

// runRange scans the range.
func (s *blockScan) runRange(ctx context.Context) error {
	part := s.parts[0]
	if err := s.checkRange(); err != nil {
		return fmt.Errorf("read %s: %w", part.Name, err)
	}
	head, lines, err := s.head(ctx, part)
	if err != nil {
		return err
	}
	first, known := s.span.First, s.span.First > 0 || s.header == nil
	if s.span.Start <= head {
		first, known = max(first, head), true
	}
	s.extent.Range = &Range{Start: s.span.Start, End: min(s.span.End, part.Size)}
	s.extent.First, s.extent.Size = first, part.Size
	r := rangeSplit{blockScan: s, part: part, end: s.extent.Range.End, known: known}
	err = ordered(ctx, s.options.Workers, func(ctx context.Context, submit submitter) error {
		return r.split(ctx, lines, submit)
	})
	if err != nil && r.guessed {
		return &GuessError{s.extent.First, err}
	}
	return err
}

// head reads the beginning of a file and returns where its records begin, and on how many
// lines before.
func (s *blockScan) head(ctx context.Context, part Part) (start int64, lines int, err error) {
	for size := int64(2 * chunkSize); ; size *= 2 {
		buffer, err := readAt(ctx, part, 0, min(size, part.Size))
		if err != nil {
			return 0, 0, err
		}
		whole := size >= part.Size
		if n := len(buffer); whole {
			buffer = append(buffer, 0)[:n+1]
		}
		end, lines, ready, err := s.format.begin(0, buffer, int(min(size, part.Size)), whole)
		if err != nil || ready {
			return int64(end), lines, err
		}
	}
}

// readAt reads length bytes of a part, all of which have to be there.
func readAt(ctx context.Context, part Part, offset, length int64) ([]byte, error) {
	if length == 0 {
		return nil, nil
	}
	body, err := part.OpenAt(ctx, offset, length)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", part.Name, err)
	}
	defer body.Close()
	data := make([]byte, length)
	if n, err := io.ReadFull(&contextReader{ctx, body}, data); err != nil {
		return nil, fmt.Errorf("read %s: bytes %d to %d, of which %d came: %w", part.Name, offset, offset+length, n, err)
	}
	return data, nil
}

// section is a part of a part as a part.
func (p Part) section(from, to int64) Part {
	at := p.OpenAt
	p.OpenAt = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return at(ctx, from+offset, min(length, to-from-offset))
	}
	p.Open = func(ctx context.Context) (io.ReadCloser, error) { return at(ctx, from, to-from) }
	p.Size = to - from
	return p
}

// rangeSplit cuts a range into pieces.
type rangeSplit struct {
	*blockScan
	part    Part
	end     int64 // of the range, no further than the file's
	known   bool  // the first record's place is
	guessed bool
}

func (r *rangeSplit) split(ctx context.Context, lines int, submit submitter) error {
	body, err := openBlocks(ctx, r.part.section(r.span.Start, r.end), r.blockSize, &r.buffers)
	if err != nil {
		return fmt.Errorf("open %s: %w", r.part.Name, err)
	}
	defer body.Close()
	position := r.span.Start // of what is kept for the next piece, in the file
	if !r.known {
		position = max(0, position-lookBack)
		before, err := readAt(ctx, r.part, position, r.span.Start-position)
		if err != nil {
			return err
		}
		body.keep(before)
	}
	begun := false
	read := r.span.Start
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, buffer, _, err := body.block()
		if err != nil {
			return fmt.Errorf("read %s: %w", r.part.Name, err)
		}
		p := &piece{first: first, raw: data[len(body.rest):], buffer: buffer}
		if read += int64(len(p.raw)); len(p.raw) < int(min(int64(r.blockSize), r.end-read+int64(len(p.raw)))) {
			return fmt.Errorf("read %s: it ends at byte %d; it had %d when it was opened", r.part.Name, read, r.part.Size)
		}
		p.last = read == r.end
		if !begun {
			at, err := r.first(ctx, &data, position, p.last)
			if err != nil {
				return err
			}
			if begun = at >= 0; begun {
				data, position = data[at:], position+int64(at)
				p.lines = lines
			}
		}
		if begun {
			end, err := r.cut(ctx, &data, position, p.last)
			if err != nil {
				return err
			}
			if end == 0 && len(data) > maxRecord {
				end = len(data) // too long: the worker says what is wrong
			}
			r.give(p, data[:end], position)
			position += int64(end)
			data = data[end:]
			if p.last {
				r.extent.Last = position
			}
		} else if r.known {
			position, data = position+int64(len(data)), nil
			if p.last {
				r.extent.Last = r.extent.First
			}
		}
		body.keep(data)
		if !r.submit(ctx, p, submit) {
			return ctx.Err()
		}
		if p.last {
			return nil
		}
	}
}

// first returns where in data, which lies at a position of the file, the first record begins:
// -1 if more has to be read. last says that there is no more of the range; data is then longer
// after it if a record before the range reaches beyond.
func (r *rangeSplit) first(ctx context.Context, data *[]byte, position int64, last bool) (int, error) {
	if r.known {
		if at := r.extent.First - position; at <= int64(len(*data)) && (at < int64(len(*data)) || !last) {
			return int(at), nil
		}
		return -1, nil
	}
	for {
		at, sure := r.format.guess(*data, int(r.span.Start-position))
		if position+int64(len(*data)) == r.part.Size && at < 0 {
			at = len(*data) // the record before is the file's last
		}
		if at >= 0 {
			r.extent.First, r.guessed = position+int64(at), !sure
			return at, nil
		}
		if len(*data) > maxRecord+lookBack {
			return 0, &ParseError{Part: r.part.Name, Offset: position, Err: fmt.Errorf("no record begins within %d bytes", len(*data))}
		}
		if !last {
			return -1, nil
		}
		if err := r.more(ctx, data, position); err != nil {
			return 0, err
		}
	}
}

// cut returns where in data, which begins with a record, the last whole record ends; of the
// last piece that is where the last record that begins in the range does, for which data is
// read on.
func (r *rangeSplit) cut(ctx context.Context, data *[]byte, position int64, last bool) (int, error) {
	if !last {
		return r.format.lastEnd(*data), nil
	}
	inside := int(max(0, r.end-position))
	end := r.format.lastEnd((*data)[:min(inside, len(*data))])
	for position+int64(end) < r.end {
		n := r.format.nextEnd((*data)[end:])
		switch {
		case n >= 0:
			end += n
		case position+int64(len(*data)) == r.part.Size || len(*data)-end > maxRecord:
			return len(*data), nil
		default:
			if err := r.more(ctx, data, position); err != nil {
				return 0, err
			}
		}
	}
	return end, nil
}

// more reads some of what follows data.
func (r *rangeSplit) more(ctx context.Context, data *[]byte, position int64) error {
	from := position + int64(len(*data))
	next, err := readAt(ctx, r.part, from, min(max(chunkSize, int64(len(*data))), r.part.Size-from))
	*data = append((*data)[:len(*data):len(*data)], next...)
	return err
}

// done completes the extent of a scan.
func (s *blockScan) done() {
	if s.span != nil {
		s.extent.Sums = [][][]byte{s.hashes.pieces}
		return
	}
	s.extent.Sums, s.extent.Digest = s.hashes.parts, DigestOfPieces(s.hashes.parts)
}
