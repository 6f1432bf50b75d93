package parquet

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// built is a Parquet file to be written, with what it claims about itself. So hostile files
// have an origin that can be read.
type built struct {
	columns []builtColumn
	rows    int64
	groups  int // with the same columns; 0 is one
	edit    func(*footer)
	schema  func(*thriftWriter) // instead of the columns'
	more    []byte              // fields of the footer, before its end
	padding int                 // bytes that nobody reads
}

type builtColumn struct {
	name     string
	physical physicalType
	optional bool
	logical  int
	codec    codec
	pages    []builtPage
}

// builtPage is a page; its header is made from it, and changed by edit.
type builtPage struct {
	kind     int64
	encoding encoding
	values   int64
	levels   []byte // RLE, if the column is optional
	body     []byte
	raw      []byte // what is stored instead of the compressed body
	edit     func(*pageHeader)
}

// thriftWriter writes the compact protocol.
type thriftWriter struct {
	b    []byte
	last []int
}

func (w *thriftWriter) field(id int, kind byte) {
	last := &w.last[len(w.last)-1]
	if delta := id - *last; delta > 0 && delta < 16 {
		w.b = append(w.b, byte(delta)<<4|kind)
	} else {
		w.b = binary.AppendVarint(append(w.b, kind), int64(id))
	}
	*last = id
}

func (w *thriftWriter) begin()           { w.last = append(w.last, 0) }
func (w *thriftWriter) end()             { w.b, w.last = append(w.b, thriftStop), w.last[:len(w.last)-1] }
func (w *thriftWriter) structure(id int) { w.field(id, thriftStruct); w.begin() }
func (w *thriftWriter) i32(id int, v int64) {
	w.field(id, thriftI32)
	w.b = binary.AppendVarint(w.b, v)
}
func (w *thriftWriter) i64(id int, v int64) {
	w.field(id, thriftI64)
	w.b = binary.AppendVarint(w.b, v)
}
func (w *thriftWriter) text(id int, s string)  { w.field(id, thriftBinary); w.bytes(s) }
func (w *thriftWriter) bytes(s string)         { w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...) }
func (w *thriftWriter) list(id, n int, k byte) { w.field(id, thriftList); w.elements(n, k) }
func (w *thriftWriter) elements(n int, k byte) {
	w.b = binary.AppendUvarint(append(w.b, 0xF0|k), uint64(n))
}

// element writes a node of the schema.
func (w *thriftWriter) element(c builtColumn, children int) {
	w.begin()
	if c.physical != noType {
		w.i32(1, int64(c.physical))
		if c.optional {
			w.i32(3, 1)
		} else {
			w.i32(3, 0)
		}
	}
	w.text(4, c.name)
	if children > 0 {
		w.i32(5, int64(children))
	}
	if c.logical > 0 {
		w.structure(10)
		w.structure(c.logical)
		w.end()
		w.end()
	}
	w.end()
}

func (p builtPage) write(t testing.TB, c builtColumn) (page []byte, uncompressed int64) {
	body := p.body
	if c.optional && p.kind == dataPage {
		body = append(binary.LittleEndian.AppendUint32(nil, uint32(len(p.levels))), p.levels...)
		body = append(body, p.body...)
	}
	stored := p.raw
	if stored == nil {
		stored = compressed(t, c.codec, body)
	}
	h := pageHeader{kind: p.kind, uncompressed: int64(len(body)), compressed: int64(len(stored)), values: p.values, encoding: p.encoding, levels: rle}
	if p.kind == dataPage2 {
		stored = append(bytes.Clone(p.levels), stored...)
		h.definition = int64(len(p.levels))
		h.compressed += h.definition
		h.uncompressed += h.definition
	}
	if p.edit != nil {
		p.edit(&h)
	}
	var w thriftWriter
	w.begin()
	w.i32(1, h.kind)
	w.i32(2, h.uncompressed)
	w.i32(3, h.compressed)
	switch p.kind {
	case dataPage:
		w.structure(5)
		w.i32(1, h.values)
		w.i32(2, int64(h.encoding))
		w.i32(3, int64(h.levels))
		w.i32(4, int64(rle))
		w.end()
	case dictionaryPage:
		w.structure(7)
		w.i32(1, h.values)
		w.i32(2, int64(h.encoding))
		w.end()
	case dataPage2:
		w.structure(8)
		w.i32(1, h.values)
		w.i32(2, 0)
		w.i32(3, h.values)
		w.i32(4, int64(h.encoding))
		w.i32(5, h.definition)
		w.i32(6, h.repetition)
		w.end()
	}
	w.end()
	return append(w.b, stored...), h.uncompressed + int64(len(w.b))
}

func compressed(t testing.TB, c codec, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch c {
	case snappyCodec:
		return snappy.Encode(nil, body)
	case zstdCodec:
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		return z.EncodeAll(body, nil)
	case lz4Raw:
		data := make([]byte, lz4.CompressBlockBound(len(body)))
		var z lz4.Compressor
		n, err := z.CompressBlock(body, data)
		if err != nil {
			t.Fatal(err)
		}
		return data[:n]
	case gzipCodec:
		w = gzip.NewWriter(&out)
	case brotliCodec:
		w = brotli.NewWriter(&out)
	default:
		return body
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bytes writes the file.
func (f built) bytes(t testing.TB) []byte {
	t.Helper()
	out := append([]byte("PAR1"), make([]byte, f.padding)...)
	claims := footer{}
	for range max(f.groups, 1) {
		g := rowGroup{rows: f.rows}
		for _, c := range f.columns {
			claim := chunk{physical: c.physical, codec: c.codec, values: f.rows, data: int64(len(out))}
			if len(c.pages) > 0 && c.pages[0].kind == dictionaryPage {
				claim.dictionary = claim.data
			}
			for i, p := range c.pages {
				page, size := p.write(t, c)
				out = append(out, page...)
				claim.uncompressed += size
				if i == 0 && claim.dictionary > 0 {
					claim.data = int64(len(out))
				}
			}
			claim.compressed = int64(len(out)) - claim.start()
			g.chunks = append(g.chunks, claim)
		}
		claims.groups = append(claims.groups, g)
		claims.rows += g.rows
	}
	if f.edit != nil {
		f.edit(&claims)
	}
	var w thriftWriter
	w.begin()
	w.i32(1, 2)
	if f.schema != nil {
		f.schema(&w)
	} else {
		w.list(2, len(f.columns)+1, thriftStruct)
		w.element(builtColumn{name: "schema", physical: noType}, len(f.columns))
		for _, c := range f.columns {
			w.element(c, 0)
		}
	}
	w.i64(3, claims.rows)
	w.list(4, len(claims.groups), thriftStruct)
	for _, g := range claims.groups {
		w.begin()
		w.list(1, len(g.chunks), thriftStruct)
		for i, c := range g.chunks {
			w.begin()
			w.i64(2, c.data)
			w.structure(3)
			w.i32(1, int64(c.physical))
			w.list(2, 1, thriftI32)
			w.b = binary.AppendVarint(w.b, 0)
			w.list(3, 1, thriftBinary)
			w.bytes(f.columns[i].name)
			w.i32(4, int64(c.codec))
			w.i64(5, c.values)
			w.i64(6, c.uncompressed)
			w.i64(7, c.compressed)
			w.i64(9, c.data)
			if c.dictionary != 0 {
				w.i64(11, c.dictionary)
			}
			w.end()
			w.end()
		}
		w.i64(2, 0)
		w.i64(3, g.rows)
		w.end()
	}
	w.b = append(w.b, f.more...)
	w.end()
	out = append(out, w.b...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(w.b))), "PAR1"...)
}

// run is an RLE run of a value of up to 8 bits.
func run(n uint64, value byte) []byte { return append(binary.AppendUvarint(nil, n<<1), value) }

// coded is the body of a page of a dictionary: a run of one entry.
func coded(width byte, n uint64, entry byte) []byte { return append([]byte{width}, run(n, entry)...) }

func plainText(texts ...string) (b []byte) {
	for _, s := range texts {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	return b
}

// inMemory is a file of the bytes, which can be read in ranges.
func inMemory(name string, data []byte) dataset.Part {
	at := func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return io.NopCloser(io.NewSectionReader(bytes.NewReader(data), offset, length)), nil
	}
	return dataset.Part{
		Name: name, Size: int64(len(data)), OpenAt: at,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return at(ctx, 0, int64(len(data))) },
	}
}
