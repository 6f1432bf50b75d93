package parquet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// maxStream is how long a file may be that can only be read from its start, in bytes.
const maxStream = 256 << 20

// openedFile is a file whose footer has been read and checked.
type openedFile struct {
	part     dataset.Part
	size     int64
	footer   *footer
	sum      []byte // SHA-256 of the footer
	streamed bool   // it can only be read from its start
	near     bool   // its bytes are at hand: see Part.OpenAt

	begun  sync.Once
	body   io.ReadCloser // of a file that is near, while it is being read; an io.ReaderAt
	data   []byte        // all of a file that is streamed, while it is being read
	broken error         // of reading data
	groups atomic.Int32  // row groups still to be read
}

func (f *openedFile) fault(err error) error {
	return &dataset.ParseError{Part: f.part.Name, Err: err}
}

// openFile reads the footer of a part.
func openFile(ctx context.Context, p dataset.Part) (*openedFile, error) {
	f := &openedFile{part: p, size: p.Size}
	if p.OpenAt == nil || p.Size < 0 {
		f.streamed = true
		if err := f.stream(ctx); err != nil {
			return nil, err
		}
		defer func() { f.data = nil }() // it is read again when its turn comes
	}
	if f.size < 12 {
		return nil, f.fault(fmt.Errorf("%d bytes are too few for a Parquet file; was it cut off?", f.size))
	}
	tail, err := f.tail(ctx, min(f.size, 64<<10))
	if err != nil {
		return nil, err
	}
	magic := string(tail[len(tail)-4:])
	if magic == "PARE" {
		return nil, f.fault(errors.New("the file is encrypted"))
	}
	if magic != "PAR1" {
		return nil, f.fault(errors.New("no Parquet file: it does not end with PAR1; was it cut off?"))
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if length > f.size-12 || length > maxFooter {
		return nil, f.fault(fmt.Errorf("the footer claims %d bytes of a file of %d; at most %d are read", length, f.size, maxFooter))
	}
	if length+8 > int64(len(tail)) {
		if tail, err = f.tail(ctx, length+8); err != nil {
			return nil, err
		}
	}
	end := len(tail) - 8
	sum := sha256.Sum256(tail[end-int(length) : end])
	f.sum = sum[:]
	if f.footer, err = parseFooter(tail[end-int(length) : end]); err == nil {
		err = f.footer.check(f.size)
	}
	if err != nil {
		return nil, f.fault(err)
	}
	return f, nil
}

// tail reads the last n bytes.
func (f *openedFile) tail(ctx context.Context, n int64) ([]byte, error) {
	if f.data != nil {
		return f.data[f.size-n:], nil
	}
	data := make([]byte, n)
	body, err := f.open(ctx, f.size-n, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	_, f.near = body.(io.ReaderAt)
	return data, f.fill(body, data, f.size-n)
}

// stream reads all of a file that can only be read from its start.
func (f *openedFile) stream(ctx context.Context) error {
	body, err := f.part.Open(ctx)
	if err != nil {
		return fmt.Errorf("open %s: %w", f.part.Name, err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(&contextReader{ctx, body}, maxStream+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", f.part.Name, err)
	}
	if len(data) > maxStream {
		return f.fault(fmt.Errorf("the file can only be read from its start, and is longer than the %d MiB that are held in memory for that; decompress it", maxStream>>20))
	}
	f.size = int64(len(data))
	f.data = data
	return nil
}

// begin gets a file ready for its row groups to be read.
func (f *openedFile) begin(ctx context.Context) error {
	f.begun.Do(func() {
		switch {
		case f.streamed:
			f.broken = f.stream(ctx)
		case f.near:
			f.body, f.broken = f.open(ctx, 0, f.size)
		}
	})
	return f.broken
}

// end forgets the file once its last row group has been read.
func (f *openedFile) end() {
	if f.groups.Add(-1) == 0 {
		f.close()
	}
}

// close forgets the file, which nobody is reading.
func (f *openedFile) close() {
	f.data = nil
	if f.body != nil {
		f.body.Close()
		f.body = nil
	}
}

// open begins to read some bytes of the file.
func (f *openedFile) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	body, err := f.part.OpenAt(ctx, offset, length)
	if err != nil {
		return nil, fmt.Errorf("read %s: bytes %d to %d: %w", f.part.Name, offset, offset+length, err)
	}
	return body, nil
}

// fill reads bytes, which begin at an offset of the file.
func (f *openedFile) fill(from io.Reader, data []byte, offset int64) error {
	if n, err := io.ReadFull(from, data); err != nil {
		return fmt.Errorf("read %s: bytes %d to %d, of which %d came: %w", f.part.Name, offset, offset+int64(len(data)), n, err)
	}
	return nil
}

// contextReader ends with the context's error once that is done.
type contextReader struct {
	ctx context.Context
	src io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}
