package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// discard counts the rows that it is given.
type discard struct{ rows int }

func (d *discard) Begin([]dataset.Field) error { return nil }
func (d *discard) Block() dataset.Sink         { return &discard{} }
func (d *discard) End(s dataset.Sink) error    { d.rows += s.(*discard).rows; return nil }
func (d *discard) Add(b *dataset.Batch) error  { d.rows += b.Rows; return nil }

// number is a column of n doubles.
func number(name string, pages ...builtPage) builtColumn {
	return builtColumn{name: name, physical: doubles, pages: pages}
}

func text(name string, pages ...builtPage) builtColumn {
	return builtColumn{name: name, physical: byteArrays, pages: pages}
}

func eights(n int) builtPage { return builtPage{values: int64(n), body: make([]byte, 8*n)} }

// dictionary is one of the text x.
var dictionary = builtPage{kind: dictionaryPage, values: 1, body: plainText("x")}

// bomb is a page of zeros that few bytes decompress to.
func bomb(size int) builtPage { return builtPage{values: int64(size / 8), body: make([]byte, size)} }

func compressedBy(c codec, column builtColumn) builtColumn {
	column.codec = c
	return column
}

func pages(n int, p builtPage) (all []builtPage) {
	for range n {
		all = append(all, p)
	}
	return all
}

func one(rows int64, columns ...builtColumn) built { return built{rows: rows, columns: columns} }

func edited(f built, edit func(*footer)) built {
	f.edit = edit
	return f
}

func header(p builtPage, edit func(*pageHeader)) builtPage {
	p.edit = edit
	return p
}

// schemaOf writes a schema of nodes that each claim so many children, and one leaf.
func schemaOf(nodes, children int) func(*thriftWriter) {
	return func(w *thriftWriter) {
		w.list(2, nodes+1, thriftStruct)
		for range nodes {
			w.element(builtColumn{physical: noType, name: "a"}, children)
		}
		w.element(builtColumn{physical: doubles, name: "a"}, 0)
	}
}

func leaves(n int) func(*thriftWriter) {
	return func(w *thriftWriter) {
		w.list(2, n+1, thriftStruct)
		w.element(builtColumn{physical: noType, name: "schema"}, n)
		for range n {
			w.element(builtColumn{physical: doubles, name: "a"}, 0)
		}
	}
}

// claimed is a list of the footer that claims two billion elements.
func claimed(kind byte, id int) []byte {
	w := thriftWriter{last: []int{0}}
	w.field(id, thriftList)
	w.elements(math.MaxInt32, kind)
	return w.b
}

// deltaHeader is that of DELTA_BINARY_PACKED.
func deltaHeader(total, first uint64, rest ...byte) []byte {
	b := binary.AppendUvarint(nil, 128)
	b = binary.AppendUvarint(b, 4)
	b = binary.AppendUvarint(b, total)
	return append(binary.AppendUvarint(b, first), rest...)
}

// growing are texts each of which begins with all of the one before: a few bytes for each
// length, thousands for each text.
func growing() []byte {
	step := deltaHeader(128*300, 0) // prefixes 0, 1, 2 …
	for range 300 {
		step = append(step, 2, 0, 0, 0, 0) // the least difference, 1, and no bits beside it
	}
	same := deltaHeader(128*300, 2) // 1 byte each
	for range 300 {
		same = append(same, 0, 0, 0, 0, 0)
	}
	return append(append(step, same...), make([]byte, 128*300)...)
}

type hostile struct {
	name string
	file built
	want []string // in the error
}

func hostiles() []hostile {
	where := []string{`column "a"`, "row group 0"}
	at := func(want string) []string { return append([]string{want}, where...) }
	many := int64(math.MaxInt32)
	repeat := text("a", dictionary, builtPage{encoding: rleDictionary, values: many, body: coded(1, uint64(many), 0)})
	list := []hostile{
		{"a page repeats a value", one(many, repeat), []string{"no more than 256 values"}},
		{"many groups repeat a value", built{rows: 1 << 22, groups: 100, columns: []builtColumn{text("a", dictionary, builtPage{encoding: rleDictionary, values: 1 << 22, body: coded(1, 1<<22, 0)})}}, []string{"no more than 256 values"}},
		{"all is missing", one(many, builtColumn{name: "a", physical: doubles, optional: true, pages: []builtPage{{values: many, levels: run(uint64(many), 0)}}}), []string{"no more than 256 values"}},
		{"absurd rows", one(1<<50, number("a", eights(1))), []string{"row group 0 claims"}},
		{"rows of several groups overflow", edited(built{rows: 1 << 40, groups: 9, columns: []builtColumn{number("a", eights(1))}}, func(f *footer) { f.rows = 1 }), []string{"footer claims 1 rows"}},
		{"negative rows", edited(one(1, number("a", eights(1))), func(f *footer) { f.groups[0].rows = -1 }), []string{"claims -1 rows"}},
		{"more rows than values", one(10, number("a", eights(3))), at("3 values where the row group has 10 rows")},
		{"more values than rows", one(10, number("a", eights(30))), at("30 values or more, the row group has 10 rows")},
		{"pages of nothing", one(10, number("a", pages(50_000, builtPage{})...)), at("0 values where")},
		{"a page claims more than it has", one(10, number("a", header(eights(1), func(h *pageHeader) { h.values = 10 }))), at("fewer values")},
		{"a run ends too early", one(10, text("a", dictionary, builtPage{encoding: rleDictionary, values: 10, body: coded(1, 3, 0)})), at("fewer values")},
		{"a run of the longest length", one(10, text("a", dictionary, builtPage{encoding: rleDictionary, values: 10, body: coded(1, math.MaxUint64>>1, 0)})), at("run of values")},
		{"a run of no values, again and again", one(10, text("a", dictionary, builtPage{encoding: rleDictionary, values: 10, body: append([]byte{1}, bytes.Repeat(run(0, 0), 100_000)...)})), at("fewer values")},

		{"1,000,000 columns", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, schema: leaves(1_000_000)}, []string{"more than 65536 columns"}},
		{"nodes without end", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, schema: schemaOf(100_000, 2)}, []string{"schema is malformed"}},
		{"absurd children", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, schema: schemaOf(2, math.MaxInt32)}, []string{"schema is malformed"}},
		{"negative children", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, schema: schemaOf(2, -3)}, []string{"schema is malformed"}},
		{"a list of two billion elements", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, more: claimed(thriftStruct, 5)}, []string{"a list claims 2147483647 elements"}},
		{"two billion row groups", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, more: append([]byte{thriftList, 8}, claimed(thriftStruct, 4)[1:]...)}, []string{"a list claims 2147483647 elements"}},
		{"structures without end", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, more: bytes.Repeat([]byte{0x1C}, 1<<20)}, []string{"nested too deeply"}},
		{"lists without end", built{rows: 1, columns: []builtColumn{number("a", eights(1))}, more: append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 1<<20)...)}, []string{"nested too deeply"}},

		{"a chunk beyond the file", edited(one(1, number("a", eights(1))), func(f *footer) { f.groups[0].chunks[0].compressed = 1 << 40 }), []string{`row group 0, column "a"`, "not in the file"}},
		{"a chunk of negative length", edited(one(1, number("a", eights(1))), func(f *footer) { f.groups[0].chunks[0].compressed = -1 }), []string{`row group 0, column "a"`, "not in the file"}},
		{"a chunk at a negative place", edited(one(1, number("a", eights(1))), func(f *footer) { f.groups[0].chunks[0].data = -5 }), []string{`row group 0, column "a"`, "not in the file"}},
		{"the same bytes again and again", edited(built{rows: 100, groups: 50, columns: []builtColumn{number("a", eights(100))}}, func(f *footer) {
			for i := range f.groups {
				f.groups[i].chunks[0].data = 4
			}
		}), []string{"column chunks overlap"}},
		{"a chunk of another type", edited(one(1, number("a", eights(1))), func(f *footer) { f.groups[0].chunks[0].physical = int96s }), where},

		{"a page longer than its chunk", one(1, number("a", header(eights(1), func(h *pageHeader) { h.compressed, h.uncompressed = 1<<20, 1<<20 }))), at("only 8 more")},
		{"an absurd page", one(1, number("a", header(eights(1), func(h *pageHeader) { h.compressed = math.MaxInt32 }))), at("compressed bytes; at most")},
		{"a page of negative length", one(1, number("a", header(eights(1), func(h *pageHeader) { h.compressed = -1 }))), at("compressed bytes; at most")},
		{"negative values", one(1, number("a", header(eights(1), func(h *pageHeader) { h.values = -1 }))), at("claims -1 values")},
		{"negative levels", one(1, builtColumn{name: "a", physical: doubles, optional: true, pages: []builtPage{{kind: dataPage2, values: 1, levels: run(1, 1), body: make([]byte, 8), edit: func(h *pageHeader) { h.definition = -1 }}}}), at("levels are longer")},
		{"levels longer than the page", one(1, builtColumn{name: "a", physical: doubles, optional: true, pages: []builtPage{{kind: dataPage2, values: 1, levels: run(1, 1), body: make([]byte, 8), edit: func(h *pageHeader) { h.definition = 1 << 20 }}}}), at("levels are longer")},
		{"levels of version 1 longer than the page", one(1, builtColumn{name: "a", physical: doubles, optional: true, pages: []builtPage{{values: 1, raw: append([]byte{255, 255, 255, 127}, make([]byte, 8)...), body: make([]byte, 8)}}}), at("levels are longer")},

		{"a text of negative length", one(1, text("a", builtPage{values: 1, body: []byte{255, 255, 255, 255, 'x'}})), at("fewer values")},
		{"a text longer than all texts", one(1, text("a", builtPage{values: 1, body: []byte{100, 0, 0, 0, 'x'}})), at("fewer values")},
		{"a text of 2 MiB", one(1, text("a", builtPage{values: 1, body: plainText(strings.Repeat("x", 2<<20))})), at("longer than 1048576 bytes")},
		{"a dictionary of two billion", one(1, text("a", header(dictionary, func(h *pageHeader) { h.values = many }))), at("a dictionary claims")},
		{"a dictionary cut off", one(1, text("a", builtPage{kind: dictionaryPage, values: 2, body: append(plainText("x"), 9, 0, 0, 0)})), at("the dictionary")},
		{"a dictionary of empty texts", one(1, text("a", header(builtPage{kind: dictionaryPage, values: 5 << 20, body: make([]byte, 20<<20)}, nil))), at("at most 4194304 are read")},
		{"two dictionaries", one(1, text("a", dictionary, dictionary)), at("two dictionaries")},
		{"no dictionary", one(1, text("a", builtPage{encoding: rleDictionary, values: 1, body: coded(1, 1, 0)})), at("there is none")},
		{"beyond the dictionary", one(1, text("a", dictionary, builtPage{encoding: rleDictionary, values: 1, body: coded(8, 1, 200)})), at("beyond the end of the dictionary")},
		{"places of 60 bits", one(1, text("a", dictionary, builtPage{encoding: rleDictionary, values: 1, body: coded(60, 1, 0)})), at("values of 60 bits")},

		{"deltas without end", one(10, builtColumn{name: "a", physical: int64s, pages: []builtPage{{encoding: deltaBinaryPacked, values: 10, body: deltaHeader(math.MaxInt32, 0, 0, 0, 0, 0, 0)}}}), at("2147483647 delta-encoded values where 10")},
		{"deltas of 200 bits", one(10, builtColumn{name: "a", physical: int64s, pages: []builtPage{{encoding: deltaBinaryPacked, values: 10, body: append(deltaHeader(10, 0, 0, 200, 200, 200, 200), make([]byte, 5000)...)}}}), at("delta-encoded values are malformed")},
		{"delta blocks of no values", one(10, builtColumn{name: "a", physical: int64s, pages: []builtPage{{encoding: deltaBinaryPacked, values: 10, body: []byte{0, 0, 10, 0}}}}), at("delta-encoded values are malformed")},
		{"texts that grow", one(128*300, text("a", builtPage{encoding: deltaByteArray, values: 128 * 300, body: growing()})), at("more than 67108864 bytes")},
		{"an unknown encoding", one(1, number("a", header(eights(1), func(h *pageHeader) { h.encoding = 77 }))), at("encoding 77")},
		{"an unknown compression", one(1, compressedBy(77, number("a", builtPage{values: 1, body: make([]byte, 8), raw: make([]byte, 8)}))), at("compression 77 is not supported")},

		{"bombs that say so", one(20*(32<<20)/8, compressedBy(zstdCodec, number("a", pages(20, bomb(32<<20))...))), []string{`row group 0, column "a"`, "more than 1000 times"}},
		{"bombs that do not", edited(one(3*(32<<20)/8, compressedBy(zstdCodec, number("a", pages(3, bomb(32<<20))...))), func(f *footer) { f.groups[0].chunks[0].uncompressed = 1000 }), at("the footer claims 1000")},
		{"bombs side by side", built{rows: 2 << 20, padding: 200 << 10, columns: []builtColumn{
			compressedBy(zstdCodec, number("a", bomb(16<<20))), compressedBy(zstdCodec, number("b", bomb(16<<20))), compressedBy(zstdCodec, number("c", bomb(16<<20))),
			compressedBy(zstdCodec, number("d", bomb(16<<20))), compressedBy(zstdCodec, number("e", bomb(16<<20))), compressedBy(zstdCodec, number("f", bomb(16<<20))),
			compressedBy(zstdCodec, number("g", bomb(16<<20))), compressedBy(zstdCodec, number("h", bomb(16<<20))), compressedBy(zstdCodec, number("i", bomb(16<<20))),
		}}, []string{"bytes of memory at a time", "row group 0"}},
	}
	for _, c := range []codec{snappyCodec, gzipCodec, brotliCodec, zstdCodec, lz4Raw} {
		shorter := header(bomb(8<<20), func(h *pageHeader) { h.uncompressed = 8 })
		list = append(list,
			hostile{"more than it claims by " + c.String(), edited(one(1<<20, compressedBy(c, number("a", shorter))), func(f *footer) { f.groups[0].chunks[0].uncompressed = 1 << 20 }), at("does not decompress|decompresses to other")},
			hostile{"less than it claims by " + c.String(), one(1, compressedBy(c, number("a", header(eights(1), func(h *pageHeader) { h.uncompressed = 1 << 20 })))), at("does not decompress|decompresses to other")},
			hostile{"garbage by " + c.String(), one(1, compressedBy(c, number("a", builtPage{values: 1, body: make([]byte, 8), raw: bytes.Repeat([]byte{0xAB}, 40)}))), at("does not decompress|decompresses to other")},
		)
	}
	return list
}

// What claims to be more than it is, is refused with the place, and nothing is allocated for
// the claim: neither by the default number of workers nor by one.
func TestHostile(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			data := h.file.bytes(t)
			for _, workers := range []int{1, 3} {
				// A hang would be ended by this; no verdict depends on how long it takes.
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				begun := time.Now()
				_, err := Files{[]dataset.Part{inMemory("hostile.parquet", data)}}.Scan(ctx, dataset.Options{Workers: workers}, &discard{})
				took := time.Since(begun)
				runtime.ReadMemStats(&after)
				cancel()
				if err == nil {
					t.Fatal("it was read")
				}
				if strings.Contains(err.Error(), "runtime error") || strings.Contains(err.Error(), "line 0") {
					t.Error(err)
				}
				for _, want := range append([]string{"hostile.parquet"}, h.want...) {
					one, other, _ := strings.Cut(want, "|")
					if !strings.Contains(err.Error(), one) && (other == "" || !strings.Contains(err.Error(), other)) {
						t.Errorf("%v, want %s", err, want)
					}
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 400<<20 {
					t.Errorf("%d MiB were allocated for a file of %d bytes", used>>20, len(data))
				}
				t.Logf("%d bytes, %v: %v", len(data), took.Round(time.Millisecond), err)
			}
		})
	}
}

// What is short because it repeats itself is no reason to refuse it.
func TestShort(t *testing.T) {
	rows := int64(3_000_000)
	f := one(rows, text("a", dictionary, builtPage{encoding: rleDictionary, values: rows, body: coded(1, uint64(rows), 0)}),
		builtColumn{name: "b", physical: doubles, optional: true, pages: []builtPage{{values: rows, levels: run(uint64(rows), 0)}}})
	table, _, err := dataset.Read(t.Context(), Files{[]dataset.Part{inMemory("short.parquet", f.bytes(t))}}, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if table.Rows() != int(rows) || table.Columns[0].Text(int(rows)-1) != "x" || !table.Columns[1].Missing(0) {
		t.Errorf("%d rows, %q, %v", table.Rows(), table.Columns[0].Text(int(rows)-1), table.Columns[1].Missing(0))
	}
}

// Many columns are read in blocks of few rows, so that they take no more memory than a few.
func TestWide(t *testing.T) {
	f := built{rows: 500}
	for i := range 20_000 {
		c := number(fmt.Sprintf("c%d", i), eights(500))
		if i%2 == 1 {
			c = text(c.name, dictionary, builtPage{encoding: rleDictionary, values: 500, body: coded(1, 500, 0)})
		}
		c.codec = snappyCodec
		f.columns = append(f.columns, c)
	}
	data := f.bytes(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var rows discard
	if _, err := (Files{[]dataset.Part{inMemory("wide.parquet", data)}}).Scan(t.Context(), dataset.Options{}, &rows); err != nil || rows.rows != 500 {
		t.Fatalf("%d rows: %v", rows.rows, err)
	}
	runtime.ReadMemStats(&after)
	if used := after.Sys - before.Sys; used > 512<<20 {
		t.Errorf("%d MiB", used>>20)
	} else {
		t.Logf("%d MiB for %d bytes", used>>20, len(data))
	}
}
