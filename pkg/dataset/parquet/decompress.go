package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// codec is how pages are compressed.
type codec int32

const (
	uncompressed codec = iota
	snappyCodec
	gzipCodec
	lzo
	brotliCodec
	lz4Hadoop
	zstdCodec
	lz4Raw
)

func (c codec) String() string {
	if c >= 0 && int(c) < len(codecNames) {
		return codecNames[c]
	}
	return fmt.Sprint(int32(c))
}

var codecNames = [...]string{"none", "snappy", "gzip", "lzo", "brotli", "lz4 (of Hadoop)", "zstd", "lz4_raw"}

// decompress fills out with what data decompresses to: it has to be exactly that long.
func (c codec) decompress(out, data []byte) error {
	if len(data) == 0 && len(out) == 0 {
		return nil
	}
	n, err := 0, error(nil)
	switch c {
	case uncompressed:
		if n = len(data); n == len(out) {
			copy(out, data)
		}
	case snappyCodec:
		if n, err = snappy.DecodedLen(data); err == nil && n == len(out) {
			_, err = snappy.Decode(out, data)
		}
	case lz4Raw:
		// The library takes no empty output, which a page without values has.
		if n, err = lz4.UncompressBlock(data, out); errors.Is(err, lz4.ErrInvalidSourceShortBuffer) {
			err = errors.New("the data is corrupt, or longer than it claims")
		}
	case zstdCodec:
		var d *zstd.Decoder
		if d, err = zstdDecoder(); err == nil {
			var got []byte
			// No more than the capacity is decoded.
			got, err = d.DecodeAll(data, out[:0:len(out)])
			n = len(got)
		}
	case gzipCodec:
		r, _ := gzips.Get().(*gzip.Reader)
		if r == nil {
			r = new(gzip.Reader)
		}
		defer gzips.Put(r)
		if err = r.Reset(bytes.NewReader(data)); err == nil {
			n, err = fill(r, out)
		}
	case brotliCodec:
		n, err = fill(brotli.NewReader(bytes.NewReader(data)), out)
	default:
		return fmt.Errorf("compression %s is not supported; write the file with snappy, gzip, zstd, brotli or lz4_raw", c)
	}
	if err != nil {
		return fmt.Errorf("a page does not decompress to the %d bytes that it claims: %s: %w", len(out), c, err)
	}
	if n != len(out) {
		return fmt.Errorf("a page decompresses to other than the %d bytes that it claims", len(out))
	}
	return nil
}

// fill reads len(out) bytes, and one more if there is one.
func fill(r io.Reader, out []byte) (int, error) {
	n, err := io.ReadFull(r, out)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, nil
	}
	if err != nil {
		return n, err
	}
	var more [1]byte
	m, err := io.ReadFull(r, more[:])
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n + m, err
}

var gzips sync.Pool

// zstdDecoder has no limit of decoders of its own: DecodeAll is called by as many workers as
// there are.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(2*maxPage), zstd.WithDecoderLowmem(true))
})
