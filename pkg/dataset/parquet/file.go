package parquet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

const (
	maxFooter  = 16 << 20  // bytes
	maxStream  = 256 << 20 // bytes of a file that can only be read from its start
	maxColumns = 65_536
	maxGroups  = 100_000
)

// openedFile is a file whose footer has been read and checked.
type openedFile struct {
	name string
	in   io.ReaderAt
	file *parquet.File
}

// openFile reads the footer of a part.
func openFile(ctx context.Context, p dataset.Part) (f *openedFile, err error) {
	in, size, err := readerOf(ctx, p)
	if err != nil {
		return nil, err
	}
	fault := func(format string, args ...any) error {
		return &dataset.ParseError{Part: p.Name, Err: fmt.Errorf(format, args...)}
	}
	defer recovered(p.Name, &err)
	var head [4]byte
	var tail [8]byte
	if size < 12 {
		return nil, fault("%d bytes are too few for a Parquet file; was it cut off?", size)
	}
	if _, err := in.ReadAt(head[:], 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", p.Name, err)
	}
	if _, err := in.ReadAt(tail[:], size-8); err != nil {
		return nil, fmt.Errorf("read %s: %w", p.Name, err)
	}
	if string(head[:]) == "PARE" || string(tail[4:]) == "PARE" {
		return nil, fault("the file is encrypted")
	}
	if string(head[:]) != "PAR1" || string(tail[4:]) != "PAR1" {
		return nil, fault("no Parquet file: it does not begin and end with PAR1; was it cut off?")
	}
	if footer := int64(binary.LittleEndian.Uint32(tail[:])); footer > size-12 || footer > maxFooter {
		return nil, fault("the footer claims %d bytes of a file of %d; at most %d are read", footer, size, maxFooter)
	}
	opened, err := parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<20))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fault("%w", err)
	}
	if err := checkFooter(opened, size); err != nil {
		return nil, fault("%w", err)
	}
	return &openedFile{p.Name, in, opened}, nil
}

// recovered makes an error of a panic: the library panics on some malformed input.
func recovered(part string, err *error) {
	if r := recover(); r != nil {
		*err = &dataset.ParseError{Part: part, Err: fmt.Errorf("the file is malformed: %v", r)}
	}
}

// readerOf gives random access to a part.
func readerOf(ctx context.Context, p dataset.Part) (io.ReaderAt, int64, error) {
	if p.OpenAt != nil && p.Size >= 0 {
		return &partReader{ctx, p}, p.Size, nil
	}
	body, err := p.Open(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", p.Name, err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(&contextReader{ctx, body}, maxStream+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", p.Name, err)
	}
	if len(data) > maxStream {
		return nil, 0, &dataset.ParseError{Part: p.Name, Err: fmt.Errorf("the file can only be read from its start, and is longer than the %d MiB that are held in memory for that; decompress it", maxStream>>20)}
	}
	return bytes.NewReader(data), int64(len(data)), nil
}

// partReader is an io.ReaderAt of a part.
type partReader struct {
	ctx  context.Context
	part dataset.Part
}

func (r *partReader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= r.part.Size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), r.part.Size-offset)
	body, err := r.part.OpenAt(r.ctx, offset, want)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, p[:want])
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
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

// hashPart is the digest of the bytes of a part.
func hashPart(ctx context.Context, p dataset.Part) (dataset.Digest, error) {
	body, err := p.Open(ctx)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", p.Name, err)
	}
	defer body.Close()
	src := &contextReader{ctx, body}
	var sums [][]byte
	for {
		hash := sha256.New()
		n, err := io.CopyN(hash, src, dataset.DigestPiece)
		if n > 0 || len(sums) == 0 {
			sums = append(sums, hash.Sum(nil))
		}
		if errors.Is(err, io.EOF) {
			return dataset.DigestOf(sums), nil
		}
		if err != nil {
			return "", fmt.Errorf("read %s: %w", p.Name, err)
		}
	}
}
