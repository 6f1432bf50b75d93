package dataset

import (
	"context"
	"fmt"
	"io"
)

// readsAhead is how many ranges of a part are read at a time: one connection to S3 carries
// about 90 MB/s.
const readsAhead = 4

// openAhead opens a part for reading from its start, in ranges of the given size side by side
// if it allows that.
func openAhead(ctx context.Context, part Part, size int) (io.ReadCloser, error) {
	if part.OpenAt == nil || part.Size <= int64(size) {
		return part.Open(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &aheadReader{ctx: ctx, cancel: cancel, part: part, size: int64(size)}
	for range readsAhead {
		r.start()
	}
	return r, nil
}

type aheadReader struct {
	ctx    context.Context
	cancel func()
	part   Part
	size   int64
	next   int64 // where the next range begins
	ranges []chan fetched
	body   []byte // of the range being handed out
}

type fetched struct {
	body []byte
	err  error
}

// start begins to read the next range, if there is one.
func (r *aheadReader) start() {
	from, length := r.next, min(r.size, r.part.Size-r.next)
	if length <= 0 {
		return
	}
	r.next += length
	done := make(chan fetched, 1)
	r.ranges = append(r.ranges, done)
	go func() {
		body, err := r.fetch(from, length)
		done <- fetched{body, err}
	}()
}

func (r *aheadReader) fetch(from, length int64) ([]byte, error) {
	src, err := r.part.OpenAt(r.ctx, from, length)
	if err != nil {
		return nil, fmt.Errorf("bytes %d to %d: %w", from, from+length, err)
	}
	defer src.Close()
	body := make([]byte, length)
	if n, err := io.ReadFull(src, body); err != nil {
		return nil, fmt.Errorf("bytes %d to %d, of which %d came: %w", from, from+length, n, err)
	}
	return body, nil
}

func (r *aheadReader) Read(p []byte) (int, error) {
	for len(r.body) == 0 {
		if len(r.ranges) == 0 {
			return 0, io.EOF
		}
		got := <-r.ranges[0]
		if got.err != nil {
			return 0, got.err
		}
		r.body, r.ranges = got.body, r.ranges[1:]
		r.start()
	}
	n := copy(p, r.body)
	r.body = r.body[n:]
	return n, nil
}

func (r *aheadReader) Close() error {
	r.cancel()
	return nil
}

// readFull fills p, all of it if the input has as much. ended says that the input ends here.
// Unlike io.ReadFull it does not take io.ErrUnexpectedEOF for an end: that is what a
// connection that broke off, or a compressed file that was cut off, returns.
func readFull(src io.Reader, p []byte) (n int, ended bool, err error) {
	for n < len(p) {
		m, err := src.Read(p[n:])
		n += m
		if err == io.EOF { // exactly: wrapped, it is the end of something else
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}
