package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// What a compressed part may ask for. Deflate cannot do better than 1,032:1, which only a
// run of one byte reaches; zstd has no such bound. A short part may be of one repeated row, so
// that the ratio only counts once there is too much to come by harmlessly. Then there are two
// bounds, because tables of next to nothing come close to a bomb: by gzip -9, a counter and a
// thousand constant columns reach 341:1, one column in a thousand set in each row (one-hot) 403,
// one cell in 10,000 574, one column of 10,000 790. Such a table may be read while it is small; what
// goes on for longBytes, up to a second of profiling short rows, must hold a little more than that.
const (
	maxRatio  = 1000      // bytes out per byte in
	freeBytes = 16 << 20  // bytes out before the ratio counts
	longRatio = 500       // as maxRatio, of gzip, behind longBytes: zstd writes the same tables two to three times as short
	longBytes = 128 << 20 // bytes out before longRatio counts
	maxWindow = 128 << 20 // bytes of zstd's window: what zstd -d accepts unless told otherwise
)

// decompressed is the part with the content that its own is compressed from. It can only be
// read from its start. Its tag stays that of the compressed bytes.
func decompressed(part dataset.Part, compression dataset.Compression) dataset.Part {
	plain := part
	plain.Size = -1
	plain.OpenAt = nil
	plain.Open = func(ctx context.Context) (io.ReadCloser, error) {
		body, err := part.Open(ctx)
		if err != nil {
			return nil, err
		}
		d, err := newDecompressor(body, compression)
		if err != nil {
			body.Close()
			return nil, err
		}
		return d, nil
	}
	return plain
}

// decompressor reads what a body is compressed from, within limits. Its errors are never
// io.ErrUnexpectedEOF: a reader that fills blocks takes that for the end, and a file that is
// cut off would look like a shorter one.
type decompressor struct {
	compression dataset.Compression
	in          *counter
	src         io.Reader
	release     func()
	out         int64
}

func newDecompressor(body io.ReadCloser, compression dataset.Compression) (*decompressor, error) {
	d := &decompressor{compression: compression, in: &counter{src: body}, release: func() {}}
	switch compression {
	case dataset.Gzip:
		z, err := gzip.NewReader(bufio.NewReaderSize(d.in, 64<<10))
		if err != nil {
			return nil, d.fault(err)
		}
		d.src = z
	case dataset.Zstd:
		z, err := zstd.NewReader(d.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, d.fault(err)
		}
		d.src, d.release = z, z.Close
	default:
		return nil, fmt.Errorf("compression %q is not known", compression)
	}
	return d, nil
}

// Read decompresses.
func (d *decompressor) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	d.out += int64(n)
	if ratio := d.ratio(); ratio > 0 && d.out/ratio > d.in.n {
		return 0, d.refuse(fmt.Errorf("%d bytes decompress to more than %d times as many; hardly a table does, so this is not read: if it is one, decompress it first", d.in.n, ratio))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = d.fault(err)
	}
	return n, err
}

// ratio is how many bytes may have come out by now for each that went in; 0: any number.
func (d *decompressor) ratio() int64 {
	switch {
	case d.out > longBytes && d.compression == dataset.Gzip:
		return longRatio
	case d.out > freeBytes:
		return maxRatio
	}
	return 0
}

// Close releases the decompressor and closes the body.
func (d *decompressor) Close() error {
	d.release()
	return d.in.src.Close()
}

// fault says what is wrong: with the reading, or else with the data.
func (d *decompressor) fault(err error) error {
	if d.in.err != nil {
		return d.in.err
	}
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return d.refuse(fmt.Errorf("the %s data ends too early; the file is cut off or empty", d.compression))
	case errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch):
		return d.refuse(fmt.Errorf("this is not %s data, though the name says so, or something else follows it", d.compression))
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return d.refuse(fmt.Errorf("it takes a zstd window of more than %d MiB to decompress; compress it without --long or --ultra", maxWindow>>20))
	}
	return d.refuse(fmt.Errorf("the %s data is corrupt: %s", d.compression, err.Error()))
}

func (d *decompressor) refuse(err error) error { return &invalid{err} }

// counter counts what is read, and remembers why it could not be.
type counter struct {
	src io.ReadCloser
	n   int64
	err error // other than io.EOF
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// invalid is a fault of what was to be read, not of the reading. Who reads a part says which.
type invalid struct{ err error }

func (e *invalid) Error() string { return e.err.Error() }

// InvalidData returns what is wrong; pkg/gateway finds the error by this method.
func (e *invalid) InvalidData() (row int, column, detail string) { return 0, "", e.err.Error() }
