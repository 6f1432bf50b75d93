package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// OutColumn is a column of a file that is written: numbers, or texts of which some may be missing.
type OutColumn struct {
	Name string
	Text bool
}

// OutValues are the values of a column in a row group: Numbers, or Codes into Texts, −1 where
// there is none.
type OutValues struct {
	Numbers []float64
	Codes   []int32
	Texts   []string
}

// Writer writes a Parquet file of flat columns: doubles and strings, plain pages, one a column in
// each row group, compressed by zstd. That is all that predictions need, and every reader has it.
// A library would bring ten times the code that reads Parquet here, for encodings that do not pay
// for probabilities, which hardly repeat.
type Writer struct {
	to      io.Writer
	columns []OutColumn
	offset  int64
	rows    int64
	groups  []outGroup
}

type outGroup struct {
	rows   int64
	chunks []outChunk
}

type outChunk struct {
	offset       int64 // in the file
	values       int64
	plain, bytes int64 // with the page's header, before and after compression
}

const fileMagic = "PAR1"

// NewWriter begins a file.
func NewWriter(to io.Writer, columns []OutColumn) (*Writer, error) {
	w := &Writer{to: to, columns: columns}
	return w, w.write([]byte(fileMagic))
}

func (w *Writer) write(b []byte) error {
	n, err := w.to.Write(b)
	w.offset += int64(n)
	return err
}

// Group writes a row group: a value in each row of every column. No rows make no group.
func (w *Writer) Group(rows int, columns []OutValues) error {
	if rows == 0 {
		return nil
	}
	g := outGroup{rows: int64(rows)}
	for i, c := range w.columns {
		page := plainPage(c, columns[i])
		if len(page) > math.MaxInt32 {
			return fmt.Errorf("column %q: %d bytes in a row group are too many", c.Name, len(page))
		}
		encoder, err := pageEncoder()
		if err != nil {
			return err
		}
		packed := encoder.EncodeAll(page, nil)
		header := pageHead(rows, len(page), len(packed))
		g.chunks = append(g.chunks, outChunk{offset: w.offset, values: int64(rows), plain: int64(len(header) + len(page)), bytes: int64(len(header) + len(packed))})
		if err := w.write(append(header, packed...)); err != nil {
			return err
		}
	}
	w.groups, w.rows = append(w.groups, g), w.rows+int64(rows)
	return nil
}

// pageEncoder is shared: EncodeAll may be called side by side, and gives the same bytes each time.
var pageEncoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
})

// plainPage is the content of a data page: of texts, before the values, which rows have one.
func plainPage(c OutColumn, v OutValues) []byte {
	if !c.Text {
		page := make([]byte, 0, 8*len(v.Numbers))
		for _, x := range v.Numbers {
			page = binary.LittleEndian.AppendUint64(page, math.Float64bits(x))
		}
		return page
	}
	// One run of bits, in groups of eight (the hybrid of run lengths and bits, width 1).
	groups := (len(v.Codes) + 7) / 8
	run := binary.AppendUvarint(nil, uint64(groups)<<1|1)
	bits := make([]byte, groups)
	for i, code := range v.Codes {
		if code >= 0 {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	page := binary.LittleEndian.AppendUint32(nil, uint32(len(run)+groups))
	page = append(append(page, run...), bits...)
	for _, code := range v.Codes {
		if code >= 0 {
			text := v.Texts[code]
			page = append(binary.LittleEndian.AppendUint32(page, uint32(len(text))), text...)
		}
	}
	return page
}

func pageHead(rows, plain, packed int) []byte {
	var t compactWriter
	t.begin()
	t.int32(1, dataPage)
	t.int32(2, int64(plain))
	t.int32(3, int64(packed))
	t.structure(5, func() {
		t.int32(1, int64(rows))
		t.int32(2, int64(plainEncoding))
		t.int32(3, int64(rle)) // of the levels
		t.int32(4, int64(rle))
	})
	t.end()
	return t.out
}

// Close writes the footer. The file is whole then; what it was written to is not closed.
func (w *Writer) Close() error {
	var t compactWriter
	t.begin()
	t.int32(1, 1) // the version of the format
	t.list(2, thriftStruct, len(w.columns)+1)
	t.begin()
	t.text(4, "schema")
	t.int32(5, int64(len(w.columns)))
	t.end()
	for _, c := range w.columns {
		t.begin()
		w.element(&t, c)
		t.end()
	}
	t.int64(3, w.rows)
	t.list(4, thriftStruct, len(w.groups))
	for _, g := range w.groups {
		t.begin()
		w.group(&t, g)
		t.end()
	}
	t.text(6, "foretell")
	t.end()
	footer := binary.LittleEndian.AppendUint32(t.out, uint32(len(t.out)))
	return w.write(append(footer, fileMagic...))
}

func (w *Writer) element(t *compactWriter, c OutColumn) {
	const required, optional = 0, 1
	if !c.Text {
		t.int32(1, int64(doubles))
		t.int32(3, required)
		t.text(4, c.Name)
		return
	}
	t.int32(1, int64(byteArrays))
	t.int32(3, optional)
	t.text(4, c.Name)
	t.int32(6, 0)                                         // UTF-8, in the older form
	t.structure(10, func() { t.structure(1, func() {}) }) // and in the newer
}

func (w *Writer) group(t *compactWriter, g outGroup) {
	var bytes int64
	t.list(1, thriftStruct, len(g.chunks))
	for i, c := range g.chunks {
		bytes += c.plain
		t.begin()
		t.int64(2, c.offset)
		t.structure(3, func() { w.chunk(t, w.columns[i], c) })
		t.end()
	}
	t.int64(2, bytes)
	t.int64(3, g.rows)
}

func (w *Writer) chunk(t *compactWriter, column OutColumn, c outChunk) {
	physical := doubles
	if column.Text {
		physical = byteArrays
	}
	t.int32(1, int64(physical))
	t.list(2, thriftI32, 2)
	t.zigzag(int64(plainEncoding))
	t.zigzag(int64(rle))
	t.list(3, thriftBinary, 1)
	t.bytes(column.Name)
	t.int32(4, int64(zstdCodec))
	t.int64(5, c.values)
	t.int64(6, c.plain)
	t.int64(7, c.bytes)
	t.int64(9, c.offset)
}
