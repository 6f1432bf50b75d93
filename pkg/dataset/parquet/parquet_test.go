package parquet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

const folder = "../../../testdata/parquet/"

func open(t testing.TB, paths ...string) Files {
	t.Helper()
	var f Files
	for _, path := range paths {
		parts, err := dataset.Files(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Files = append(f.Files, parts...)
	}
	return f
}

// Every codec, page version and encoding gives what pyarrow reads, at any number of workers.
func TestReadsAsPyarrow(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/golden/parquet_pyarrow.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Files   []string
		Columns map[string][]any
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Files) != 25 {
		t.Fatalf("%d files", len(golden.Files))
	}
	for _, name := range golden.Files {
		for workers := range 4 {
			table, _, err := dataset.Read(t.Context(), open(t, folder+name), dataset.Options{Workers: workers})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			if len(table.Columns) != len(golden.Columns) {
				t.Errorf("%s: %d columns", name, len(table.Columns))
			}
			for _, c := range table.Columns {
				want := golden.Columns[c.Name]
				if c.Len() != len(want) {
					t.Errorf("%s: %s has %d rows, want %d", name, c.Name, c.Len(), len(want))
					continue
				}
				for i, w := range want {
					ok := w == nil && c.Missing(i)
					switch w := w.(type) {
					case float64:
						ok = !c.Type.Coded() && c.Values[i] == w
					case string:
						ok = c.Type == dataset.Categorical && c.Text(i) == w
					}
					if !ok {
						t.Errorf("%s: %s row %d is %s (%s), want %v", name, c.Name, i, c.Text(i), c.Type, w)
						break
					}
				}
			}
		}
	}
}

func TestReadsSpecialFiles(t *testing.T) {
	ctx := t.Context()
	plain, _, err := dataset.Read(ctx, open(t, folder+"none-v1-plain.parquet"), dataset.Options{Columns: []string{"micros", "nanos"}})
	if err != nil {
		t.Fatal(err)
	}
	int96, _, err := dataset.Read(ctx, open(t, folder+"int96.parquet"), dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range plain.Columns {
		for row, v := range plain.Columns[i].Values {
			if got := int96.Columns[i].Values[row]; got != v {
				t.Fatalf("INT96 row %d: %v, want %v", row, got, v)
			}
		}
	}
	wide, _, err := dataset.Read(ctx, open(t, folder+"wide.parquet"), dataset.Options{})
	if err != nil || wide.Columns[0].Type != dataset.Text || wide.Columns[0].Text(0) != "9007199254740993" || !wide.Columns[0].Missing(2) {
		t.Errorf("identifiers: %v, %v", wide, err)
	}
	for name, want := range map[string]string{
		"wide-silent.parquet": "2^53", "nested.parquet": "nested", "binary.parquet": "row 2", "empty.parquet": "no rows",
	} {
		if _, _, err := dataset.Read(ctx, open(t, folder+name), dataset.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, _, err := dataset.Read(ctx, open(t, folder+"nested.parquet"), dataset.Options{Columns: []string{"a"}}); err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	ctx, f := t.Context(), open(t, folder+"zstd-v2-dictionary.parquet", folder+"snappy-v1-plain.parquet")
	table, _, err := dataset.Read(ctx, f, dataset.Options{Columns: []string{"int8"}, Types: map[string]dataset.Type{"int8": dataset.Text}})
	if err != nil || table.Rows() != 80 || table.Columns[0].Text(40) != "-20" {
		t.Errorf("declared text: %v", err)
	}
	for _, sample := range []float64{7, 80, 1} {
		table, _, err := dataset.Read(ctx, f, dataset.Options{Sample: sample})
		if want := int(sample); err != nil || table.Rows() != want && sample > 1 || sample == 1 && table.Rows() != 80 {
			t.Errorf("sample %v: %v", sample, err)
		}
	}
	var column *dataset.ColumnError
	for _, o := range []dataset.Options{{Columns: []string{"colour"}}, {Types: map[string]dataset.Type{"int8": dataset.Timestamp}}} {
		if _, _, err := dataset.Read(ctx, f, o); !errors.As(err, &column) {
			t.Errorf("%v: %v", o, err)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := dataset.Read(done, f, dataset.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// CSV and Parquet of the same rows give equal tables: names, types, levels, values.
func TestReadsAsCSV(t *testing.T) {
	for name, csv := range map[string]string{
		"penguins": "../penguins.csv", "adult": "../adult.csv",
		"writers-pyarrow": "writers.csv", "writers-polars": "writers.csv", "writers-duckdb-V1": "writers.csv", "writers-duckdb-V2": "writers.csv",
	} {
		want, _, err := dataset.Read(t.Context(), dataset.CSV{Files: open(t, folder+csv).Files}, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for workers := range 4 {
			got, _, err := dataset.Read(t.Context(), open(t, folder+name+".parquet"), dataset.Options{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Schema(), want.Schema()) || got.Rows() != want.Rows() {
				t.Fatalf("%s: %v of %d rows, want %v of %d", name, got.Schema(), got.Rows(), want.Schema(), want.Rows())
			}
			for i := range want.Columns {
				g, w := &got.Columns[i], &want.Columns[i]
				same := slices.Equal(g.Codes, w.Codes) && slices.EqualFunc(g.Values, w.Values, func(a, b float64) bool {
					return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
				})
				if !same {
					t.Errorf("%s: %s differs", name, w.Name)
				}
			}
		}
	}
}

// counted is a part that notes which bytes are read.
func counted(data []byte) (dataset.Part, *[]bool, *atomic.Int32) {
	read, requests := make([]bool, len(data)), new(atomic.Int32)
	var mutex sync.Mutex
	p := inMemory("counted.parquet", data)
	at := p.OpenAt
	p.OpenAt = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		requests.Add(1)
		mutex.Lock()
		defer mutex.Unlock()
		for i := offset; i < offset+length; i++ {
			read[i] = true
		}
		return at(ctx, offset, length)
	}
	p.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("read from its start") }
	return p, &read, requests
}

// Only the chosen columns are read, in few requests, and the digest is that of what is read.
func TestReadsWhatIsChosen(t *testing.T) {
	const n = 100_000 // rows; 800 kB, beyond the tail that is read for the footer
	value := func(column string, first byte) builtColumn {
		p := eights(n / 10)
		p.body[0] = first
		return number(column, append(pages(9, eights(n/10)), p)...)
	}
	scan := func(b byte, columns ...string) (string, []bool, int) {
		data := one(n, value("a", 0), value("b", b), value("c", 0)).bytes(t)
		p, read, requests := counted(data)
		extent, err := Files{[]dataset.Part{p}}.Scan(t.Context(), dataset.Options{Columns: columns}, &discard{})
		if err != nil {
			t.Fatal(err)
		}
		return string(extent.Digest), *read, int(requests.Load())
	}
	part := func(read []bool) float64 {
		count := 0
		for _, r := range read {
			if r {
				count++
			}
		}
		return float64(count) / float64(len(read))
	}
	all, read, requests := scan(0)
	if part(read) < 0.99 || requests > 1+3*4 {
		t.Errorf("all columns: %v of the file in %d requests", part(read), requests)
	}
	some, read, requests := scan(0, "a")
	if p := part(read); p < 0.33 || p > 0.4 || requests > 1+4 {
		t.Errorf("column a: %v of the file in %d requests", p, requests)
	}
	changed, _, _ := scan(1)
	same, _, _ := scan(1, "a")
	if all == some || all == changed || same != some {
		t.Errorf("digests %s, of a %s; with another b %s, of a %s", all, some, changed, same)
	}
	for workers := range 4 {
		extent, err := Files{[]dataset.Part{inMemory("x", one(n, value("a", 0), value("b", 0), value("c", 0)).bytes(t))}}.Scan(t.Context(), dataset.Options{Workers: workers}, &discard{})
		if err != nil || string(extent.Digest) != all {
			t.Errorf("%d workers: %s, want %s: %v", workers, extent.Digest, all, err)
		}
	}
}

// The digest is what the comment says: of the footer and, here, of the pages of one column.
func TestDigest(t *testing.T) {
	data := one(2, number("a", eights(1), eights(1))).bytes(t)
	at := len(data) - 8 - int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	footer, pages := sha256.Sum256(data[at:len(data)-8]), sha256.Sum256(data[4:at])
	want := dataset.DigestOf([][]byte{footer[:], pages[:]})
	extent, err := Files{[]dataset.Part{inMemory("x", data)}}.Scan(t.Context(), dataset.Options{}, &discard{})
	if err != nil || extent.Digest != want {
		t.Errorf("%s, want %s: %v", extent.Digest, want, err)
	}
}

// Rows that go over many pages, batches and blocks, and bytes that go over several ranges, are
// the same at any number of workers, and so are the blocks.
func TestBlocks(t *testing.T) {
	const rows, page = 1_200_000, 77_777
	plain, missing, coded1 := number("n"), number("o"), text("s", builtPage{kind: dictionaryPage, values: 3, body: plainText("a", "b", "c")})
	missing.optional = true
	for from := 0; from < rows; from += page {
		n := min(page, rows-from)
		body := make([]byte, 0, 8*n)
		for i := from; i < from+n; i++ {
			body = binary.LittleEndian.AppendUint64(body, math.Float64bits(float64(i)))
		}
		plain.pages = append(plain.pages, builtPage{values: int64(n), body: body})
		first, second := n/3, n-n/3 // a run without values, then one with
		missing.pages = append(missing.pages, builtPage{values: int64(n), levels: append(run(uint64(first), 0), run(uint64(second), 1)...), body: body[8*first:]})
		coded1.pages = append(coded1.pages, builtPage{encoding: rleDictionary, values: int64(n), body: append([]byte{2}, append(run(uint64(first), byte(from/page%3)), run(uint64(second), 2)...)...)})
	}
	data := one(rows, plain, missing, coded1).bytes(t)
	var blocks []string
	for workers := range 4 {
		seen := &borders{}
		if _, err := (Files{[]dataset.Part{inMemory("x", data)}}).Scan(t.Context(), dataset.Options{Workers: workers}, seen); err != nil {
			t.Fatal(err)
		}
		if blocks == nil {
			blocks = seen.blocks
		}
		if !slices.Equal(seen.blocks, blocks) || len(blocks) < 4 {
			t.Fatalf("%d workers: blocks %s, want %s", workers, seen.blocks, blocks)
		}
		table, _, err := dataset.Read(t.Context(), Files{[]dataset.Part{inMemory("x", data)}}, dataset.Options{Workers: workers})
		if err != nil || table.Rows() != rows {
			t.Fatal(table.Rows(), err)
		}
		for i := range rows {
			from := i / page * page
			without := i-from < min(page, rows-from)/3
			want := "c"
			if without {
				want = string(rune('a' + from/page%3))
			}
			if v := table.Columns[0].Values[i]; v != float64(i) {
				t.Fatalf("row %d: %v", i, v)
			}
			if v := table.Columns[1].Values[i]; v != float64(i) && !without || math.IsNaN(v) != without {
				t.Fatalf("row %d: %v", i, v)
			}
			if got := table.Columns[2].Text(i); got != want {
				t.Fatalf("row %d: %q, want %q", i, got, want)
			}
		}
	}
}

// borders notes where blocks begin and end.
type borders struct {
	blocks     []string
	start, end int64
	begun      bool
}

func (b *borders) Begin([]dataset.Field) error { return nil }
func (b *borders) Block() dataset.Sink         { return &borders{} }

func (b *borders) End(s dataset.Sink) error {
	one := s.(*borders)
	b.blocks = append(b.blocks, fmt.Sprint(one.start, "-", one.end))
	return nil
}

func (b *borders) Add(batch *dataset.Batch) error {
	if b.begun && batch.Start != b.end || batch.End-batch.Start != int64(batch.Rows) {
		return fmt.Errorf("rows %d to %d come after %d", batch.Start, batch.End, b.end)
	}
	if !b.begun {
		b.start, b.begun = batch.Start, true
	}
	b.end = batch.End
	return nil
}

// What is cut off or flipped is read or refused, never a panic or a hang.
func TestDamaged(t *testing.T) {
	for _, name := range []string{"none-v1-dictionary", "lz4-v2-plain", "snappy-v1-plain", "delta"} {
		whole, err := os.ReadFile(folder + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "damaged.parquet")
		try := func(data []byte) error {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := dataset.Read(t.Context(), open(t, path), dataset.Options{})
			return err
		}
		for cut := 0; cut < len(whole); cut += len(whole)/10 + 1 {
			if try(whole[:cut]) == nil {
				t.Errorf("%s: the first %d bytes were read", name, cut)
			}
		}
		for at := 4; at < len(whole); at += len(whole)/40 + 1 {
			flipped := append([]byte(nil), whole...)
			flipped[at] ^= 1 << (at % 8)
			_ = try(flipped)
		}
		claim := append([]byte(nil), whole...)
		binary.LittleEndian.PutUint32(claim[len(claim)-8:], math.MaxUint32)
		if err := try(claim); err == nil || !strings.Contains(err.Error(), "footer claims") {
			t.Errorf("footer: %v", err)
		}
	}
}
