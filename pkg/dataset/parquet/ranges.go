package parquet

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
)

// How a file is read: in ranges of several columns
// where they are short, of one where it is long, and the next range of a column while the one
// before is being decoded.
const (
	maxRange    = 8 << 20   // bytes
	minRange    = 256 << 10 // bytes
	maxGap      = 256 << 10 // bytes between columns that are read for nothing
	rangeBudget = 64 << 20  // bytes of ranges in memory, for all columns of a row group
)

// span is a range of a file that is read at once.
type span struct {
	file       *openedFile
	start, end int64
	users      atomic.Int32 // chunks that have yet to read from it
	once       sync.Once
	ready      chan struct{}
	data       []byte
	err        error
}

func newSpan(f *openedFile, start, end int64) *span {
	return &span{file: f, start: start, end: end, ready: make(chan struct{})}
}

// fetch begins to read the range.
func (s *span) fetch(ctx context.Context) {
	s.once.Do(func() {
		go func() {
			defer close(s.ready)
			s.data, s.err = s.file.read(ctx, s.start, s.end)
		}()
	})
}

func (s *span) wait(ctx context.Context) ([]byte, error) {
	s.fetch(ctx)
	<-s.ready
	return s.data, s.err
}

// release forgets the bytes once nobody needs them.
func (s *span) release() {
	if s.users.Add(-1) == 0 {
		free := s.data
		s.data = nil
		buffers.Put(&free)
	}
}

// planSpans says how the chunks of a row group are read: for each its ranges, in order.
func planSpans(f *openedFile, chunks []*chunk) [][]*span {
	window := min(max(rangeBudget/2/int64(len(chunks)), minRange), maxRange)
	order := make([]int, len(chunks))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(min(max(chunks[a].start()-chunks[b].start(), -1), 1)) })
	spans := make([][]*span, len(chunks))
	var open *span // to which the next chunk may be added
	for _, i := range order {
		start := chunks[i].start()
		end := start + chunks[i].compressed
		if end-start > window {
			for ; start < end; start += window {
				s := newSpan(f, start, min(start+window, end))
				s.users.Store(1)
				spans[i] = append(spans[i], s)
			}
			open = nil
			continue
		}
		if open == nil || start-open.end > maxGap || end-open.start > maxRange {
			open = newSpan(f, start, end)
		}
		open.end = max(open.end, end)
		open.users.Add(1)
		spans[i] = []*span{open}
	}
	return spans
}

// input is the bytes of a column chunk.
type input struct {
	ctx     context.Context
	data    []byte      // those at hand that are not read yet
	rest    []byte      // behind them, those of the span that are not joined with data
	left    int64       // bytes of the chunk behind these
	at      int64       // where they begin in the file
	current *span       // that data is of
	spans   []*span     // to be read
	joined  []byte      // bytes that lie in several spans
	near    io.ReaderAt // where they are at hand, and there are no spans; then joined is what has been read
	file    *openedFile
}

// peek returns the next n bytes, fewer where the chunk ends.
func (in *input) peek(n int) ([]byte, error) {
	for len(in.data) < n && (len(in.rest) > 0 || in.left > 0) {
		switch {
		case in.near != nil:
			if err := in.fill(max(n, leastFilled)); err != nil {
				return nil, err
			}
			continue
		case len(in.rest) == 0:
			if err := in.more(); err != nil {
				return nil, err
			}
		}
		in.join(n)
	}
	return in.data[:min(n, len(in.data))], nil
}

// take returns the next n bytes, which are valid until the next call.
func (in *input) take(n int) ([]byte, error) {
	b, err := in.peek(n)
	if err != nil {
		return nil, err
	}
	if len(b) < n {
		return nil, fmt.Errorf("a page has %d bytes, and the column only %d more", n, len(b))
	}
	in.data = in.data[n:]
	return b, nil
}

// leastFilled is how many bytes are read at a time where they are at hand: pages may be small.
const leastFilled = 128 << 10

// fill makes n bytes of data, as far as there are so many.
func (in *input) fill(n int) error {
	if err := in.ctx.Err(); err != nil {
		return &readError{err}
	}
	have := len(in.data)
	n = int(min(int64(n), int64(have)+in.left))
	to := in.joined
	if cap(to) < n {
		to = make([]byte, n)
	}
	to = to[:n]
	copy(to, in.data)
	if err := in.file.fill(io.NewSectionReader(in.near, in.at, in.left), to[have:], in.at); err != nil {
		return &readError{err}
	}
	in.at += int64(n - have)
	in.left -= int64(n - have)
	in.data, in.joined = to, to
	return nil
}

// more reads the next span.
func (in *input) more() error {
	s := in.spans[0]
	in.spans = in.spans[1:]
	bytes, err := s.wait(in.ctx)
	if err != nil {
		return &readError{err}
	}
	if len(in.spans) > 0 {
		in.spans[0].fetch(in.ctx)
	}
	bytes = bytes[in.at-s.start:]
	bytes = bytes[:min(int64(len(bytes)), in.left)]
	in.at += int64(len(bytes))
	in.left -= int64(len(bytes))
	in.rest = bytes
	if len(in.data) > 0 { // of the span that is closed
		in.joined = append(in.joined[:0], in.data...)
		in.data = in.joined
	}
	in.close()
	in.current = s
	return nil
}

// join puts as many bytes of the rest behind data as make n of it: all, without moving any, if data
// is empty.
func (in *input) join(n int) {
	if len(in.data) == 0 {
		in.data, in.rest = in.rest, nil
		return
	}
	some := in.rest[:min(n-len(in.data), len(in.rest))]
	in.joined = append(append(in.joined[:0], in.data...), some...)
	in.data, in.rest = in.joined, in.rest[len(some):]
}

// readError is a fault of the reading, not of what is read.
type readError struct{ error }

// close releases the span that is being read.
func (in *input) close() {
	if in.current != nil {
		in.current.release()
		in.current = nil
	}
}

// buffers are those of ranges that have been read.
var buffers sync.Pool

func bufferOf(n int64) []byte {
	if b, ok := buffers.Get().(*[]byte); ok && int64(cap(*b)) >= n {
		return (*b)[:n]
	}
	return make([]byte, n)
}

// read reads a range of the file into memory.
func (f *openedFile) read(ctx context.Context, start, end int64) ([]byte, error) {
	body, err := f.open(ctx, start, end-start)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data := bufferOf(end - start)
	return data, f.fill(body, data, start)
}
