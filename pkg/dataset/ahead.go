package dataset

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// readsAhead is how many blocks of a part are read at a time: one connection to S3 carries
// about 90 MB/s. With the workers+3 pieces that are alive (ordered), a scan on two workers
// holds nine blocks of 8 MiB at most, beside the batches of one block per worker, which are
// smaller than 2 MB each: less than 85 MB whatever the size of the data.
const readsAhead = 4

// blockReader reads a part in blocks of equal size, several at a time if the part allows that,
// each into a buffer of its own in which the rest of the block before it fits in front: what is
// read is not copied again.
type blockReader struct {
	ctx     context.Context
	cancel  func()
	part    Part
	size    int
	buffers *buffers
	rest    []byte         // of the block before
	body    io.ReadCloser  // of a part that is read from its start; else nil
	next    int64          // where the next block to fetch begins
	blocks  []chan fetched // being fetched
}

type fetched struct {
	buffer []byte
	n      int
	err    error
}

// openBlocks opens a part for reading from its start.
func openBlocks(ctx context.Context, part Part, size int, free *buffers) (*blockReader, error) {
	ctx, cancel := context.WithCancel(ctx)
	r := &blockReader{ctx: ctx, cancel: cancel, part: part, size: size, buffers: free}
	if part.OpenAt != nil && part.Size > int64(size) {
		for range readsAhead {
			r.start()
		}
		return r, nil
	}
	var err error
	if r.body, err = part.Open(ctx); err != nil {
		cancel()
		return nil, err
	}
	return r, nil
}

// start begins to fetch the next block, if there is one.
func (r *blockReader) start() {
	from, length := r.next, min(int64(r.size), r.part.Size-r.next)
	if length <= 0 {
		return
	}
	r.next += length
	done := make(chan fetched, 1)
	r.blocks = append(r.blocks, done)
	go func() {
		buffer := r.buffers.get(r.size)
		err := r.fetch(from, buffer[front(r.size):][:length])
		done <- fetched{buffer, int(length), err}
	}()
}

func (r *blockReader) fetch(from int64, block []byte) error {
	length := int64(len(block))
	src, err := r.part.OpenAt(r.ctx, from, length)
	if err != nil {
		return fmt.Errorf("bytes %d to %d: %w", from, from+length, err)
	}
	defer src.Close()
	if n, err := io.ReadFull(src, block); err != nil {
		return fmt.Errorf("bytes %d to %d, of which %d came: %w", from, from+length, n, err)
	}
	return nil
}

// keep remembers the rest of a block: the next one will begin with it.
func (r *blockReader) keep(rest []byte) { r.rest = append(r.rest[:0], rest...) }

// block reads the next block. data is what was kept and behind it the block; last says that
// the part ends with it. buffer goes back to the buffers when nobody needs data any more. data
// has room for a byte more.
func (r *blockReader) block() (data, buffer []byte, last bool, err error) {
	var got fetched
	switch {
	case r.body != nil:
		got.buffer = r.buffers.get(r.size)
		got.n, last, err = readFull(r.body, got.buffer[front(r.size):][:r.size])
	case len(r.blocks) == 0:
		got.buffer, last = r.buffers.get(r.size), true
	default:
		got = <-r.blocks[0]
		r.blocks, err = r.blocks[1:], got.err
		r.start()
		last = len(r.blocks) == 0
	}
	if err != nil {
		return nil, nil, false, err
	}
	begin := front(r.size) - len(r.rest)
	if begin < 0 { // a rest that does not fit in front, such as the beginning of a very long record
		data = make([]byte, len(r.rest)+got.n, len(r.rest)+got.n+1)
		copy(data[len(r.rest):], got.buffer[front(r.size):])
	} else {
		data = got.buffer[begin:][:len(r.rest)+got.n]
	}
	copy(data, r.rest)
	return data, got.buffer, last, nil
}

func (r *blockReader) Close() error {
	r.cancel()
	if r.body != nil {
		return r.body.Close()
	}
	return nil
}

// front is how many bytes a buffer has in front of a block of a size: enough for the usual
// record that is cut in two.
func front(size int) int { return min(size, chunkSize) }

// buffers are those that are free to be read into: making them anew for each block would cost
// as much as reading, for they have to be cleared.
type buffers struct {
	mutex sync.Mutex
	free  [][]byte
}

func (b *buffers) get(size int) []byte {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if n := len(b.free); n > 0 {
		buffer := b.free[n-1]
		b.free = b.free[:n-1]
		return buffer
	}
	buffer := make([]byte, front(size)+size+1)
	enlarge(buffer)
	return buffer
}

func (b *buffers) put(buffer []byte) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.free = append(b.free, buffer)
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
