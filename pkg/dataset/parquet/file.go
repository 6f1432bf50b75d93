package parquet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

const (
	// A file up to this size is read once, as a whole: for its digest all of it is needed
	// anyway. Of a longer one the columns are read in ranges, and the digest beside them.
	maxWhole  = 64 << 20
	maxStream = 256 << 20 // bytes of a file that can only be read from its start
	readers   = 4         // ranges of a whole file that are read at a time
)

// openedFile is a file whose footer has been read and checked.
type openedFile struct {
	part   dataset.Part
	size   int64
	footer *footer

	begun    sync.Once
	streamed bool // it can only be read from its start

	ready  chan struct{}          // closed once data and err are there
	data   atomic.Pointer[[]byte] // all of the file, or nil
	err    error                  // of reading data
	hashed chan struct{}          // closed once digest and broken are there
	digest dataset.Digest
	broken error
	groups atomic.Int32 // row groups still to be read
}

func (f *openedFile) fault(err error) error {
	return &dataset.ParseError{Part: f.part.Name, Err: err}
}

// openFile reads the footer of a part.
func openFile(ctx context.Context, p dataset.Part) (*openedFile, error) {
	f := &openedFile{part: p, size: p.Size, ready: make(chan struct{}), hashed: make(chan struct{})}
	if p.OpenAt == nil || p.Size < 0 {
		f.streamed = true
		if err := f.stream(ctx); err != nil {
			return nil, err
		}
		defer f.data.Store(nil) // it is read again when its turn comes
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
	if data := f.data.Load(); data != nil {
		return (*data)[f.size-n:], nil
	}
	return f.read(ctx, f.size-n, f.size)
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
	f.data.Store(&data)
	return nil
}

// begin starts to read the file: all of it if it is short, and for its digest in any case.
func (f *openedFile) begin(ctx context.Context, running *sync.WaitGroup) {
	f.begun.Do(func() {
		running.Go(func() {
			defer close(f.hashed)
			sums := make([][]byte, max(1, (f.size+dataset.DigestPiece-1)/dataset.DigestPiece))
			switch {
			case f.streamed:
				if f.err = f.stream(ctx); f.err == nil {
					f.err = f.pieces(ctx, sums, *f.data.Load(), false)
				}
			case f.size <= maxWhole:
				data := make([]byte, f.size)
				if f.err = f.pieces(ctx, sums, data, true); f.err == nil {
					f.data.Store(&data)
				}
			default:
				close(f.ready)
				f.broken = f.pieces(ctx, sums, nil, true)
				f.digest = dataset.DigestOf(sums)
				return
			}
			f.broken, f.digest = f.err, dataset.DigestOf(sums)
			close(f.ready)
		})
	})
}

// pieces makes the SHA-256 of each piece of the file, several at a time, and reads them before
// if that is asked for: into data, unless it is nil.
func (f *openedFile) pieces(ctx context.Context, sums [][]byte, data []byte, read bool) error {
	var group sync.WaitGroup
	var next atomic.Int64
	faults := make([]error, len(sums))
	for range min(readers, len(sums)) {
		group.Go(func() {
			var buffer []byte
			for i := next.Add(1) - 1; i < int64(len(sums)); i = next.Add(1) - 1 {
				from := i * dataset.DigestPiece
				to := min(from+dataset.DigestPiece, f.size)
				piece := buffer
				if data != nil {
					piece = data[from:to]
				} else if piece == nil {
					buffer = make([]byte, dataset.DigestPiece)
					piece = buffer
				}
				piece = piece[:to-from]
				if read {
					if faults[i] = f.readAt(ctx, piece, from); faults[i] != nil {
						next.Store(int64(len(sums)))
					}
				}
				sum := sha256.Sum256(piece)
				sums[i] = sum[:]
			}
		})
	}
	group.Wait()
	return errors.Join(faults...)
}

// end forgets the file once its last row group has been read.
func (f *openedFile) end() {
	if f.groups.Add(-1) == 0 {
		f.data.Store(nil)
	}
}

// digestOf is the digest of files that have been begun.
func digestOf(files []*openedFile) (dataset.Digest, error) {
	sums := make([][]byte, len(files))
	for i, f := range files {
		<-f.hashed
		if f.broken != nil {
			return "", f.broken
		}
		var err error
		if sums[i], err = hex.DecodeString(string(f.digest)); err != nil {
			return "", err
		}
	}
	return dataset.DigestOf(sums), nil
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
