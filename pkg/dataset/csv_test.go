package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// text is a part of the given content.
func text(name, content string) Part {
	return Part{Name: name, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}
}

func read(t *testing.T, content string, o Options) *Table {
	t.Helper()
	table, _, err := ReadCSV(t.Context(), []Part{text("t.csv", content)}, o)
	if err != nil {
		t.Fatalf("ReadCSV(%q): %v", content, err)
	}
	return table
}

// texts shows a table as its names, types, and rows of canonical texts.
func texts(table *Table) [][]string {
	rows := make([][]string, 2+table.Rows())
	for j := range table.Columns {
		c := &table.Columns[j]
		rows[0] = append(rows[0], c.Name)
		rows[1] = append(rows[1], string(c.Type))
		for i := range table.Rows() {
			rows[2+i] = append(rows[2+i], c.Text(i))
		}
	}
	return rows
}

// equalTables compares all that a table holds; NaN equals NaN, and -0 equals 0.
func equalTables(t *testing.T, got, want *Table) {
	t.Helper()
	if got.Rows() != want.Rows() || !reflect.DeepEqual(got.Schema(), want.Schema()) {
		t.Fatalf("%d rows of %v, want %d of %v", got.Rows(), got.Schema(), want.Rows(), want.Schema())
	}
	for j := range want.Columns {
		g, w := &got.Columns[j], &want.Columns[j]
		if !reflect.DeepEqual(g.Codes, w.Codes) || len(g.Values) != len(w.Values) {
			t.Fatalf("column %q: codes %v, want %v", w.Name, g.Codes, w.Codes)
		}
		for i := range w.Values {
			if g.Values[i] != w.Values[i] && !(math.IsNaN(g.Values[i]) && math.IsNaN(w.Values[i])) {
				t.Fatalf("column %q, row %d: %v, want %v", w.Name, i, g.Values[i], w.Values[i])
			}
		}
	}
}

func TestReadCSV(t *testing.T) {
	num, cat := string(Numeric), string(Categorical)
	for _, c := range []struct {
		name, content string
		options       Options
		want          [][]string
	}{
		{"plain", "a,b\n1,x\n2,y\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}, {"2", "y"}}},
		{"no last line end", "a,b\n1,x", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"byte order mark", "\ufeffa,b\n1,x\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"mark and quoted header", "\ufeff\"a\",b\n1,x\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"CRLF", "a,b\r\n1,x\r\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"CR", "a,b\r1,x\r2,y", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}, {"2", "y"}}},
		{"blank lines", "\n\na,b\n\n1,x\n   \n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"quoted delimiter, quote, line end", "a,b\n\"1\",\"x,\"\"y\"\"\r\nz\"\n", Options{},
			[][]string{{"a", "b"}, {num, cat}, {"1", "x,\"y\"\nz"}}},
		{"quote inside unquoted value", "a,b\n1,5\" pipe\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "5\" pipe"}}},
		{"spaces", " a , b\n 1 ,\t x y \n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x y"}}},
		{"spaces around quotes", "a,b\n1, \" x\" \n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"semicolon", "a;b\n1;x,y\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x,y"}}},
		{"semicolon, commas in every row", "a;b\n1,5;x\n2,5;y\n", Options{}, [][]string{{"a", "b"}, {cat, cat}, {"1,5", "x"}, {"2,5", "y"}}},
		{"semicolon, more commas in the header", "a, or b, or c;d\n1;x\n", Options{}, [][]string{{"a, or b, or c", "d"}, {num, cat}, {"1", "x"}}},
		{"tab, empty first value", "a\tb\n\tx\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"", "x"}}},
		{"semicolon, where the comma breaks a quote", "a;b,c\n\"1\";x\n", Options{}, [][]string{{"a", "b,c"}, {num, cat}, {"1", "x"}}},
		{"bar", "a|b\n1|x\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"declared delimiter", "a^b,c\n1^x\n", Options{Delimiter: '^'}, [][]string{{"a", "b,c"}, {num, cat}, {"1", "x"}}},
		{"space as delimiter", "a b\n1 x\n", Options{Delimiter: ' '}, [][]string{{"a", "b"}, {num, cat}, {"1", "x"}}},
		{"one column, a missing value in quotes", "a\n1\n\"\"\n", Options{}, [][]string{{"a"}, {num}, {"1"}, {""}}},
		{"missing", "a,b\nNA,?\n1,x\n,\n", Options{}, [][]string{{"a", "b"}, {num, cat}, {"", ""}, {"1", "x"}, {"", ""}}},
		{"other missing", "a,b\n-9,NA\n1,x\n", Options{Missing: []string{"-9"}}, [][]string{{"a", "b"}, {num, cat}, {"", "NA"}, {"1", "x"}}},
		{"all missing", "a,b\n,1\n,2\n", Options{}, [][]string{{"a", "b"}, {num, num}, {"", "1"}, {"", "2"}}},
		{"all missing, declared", "a,b\n,1\n", Options{Types: map[string]Type{"a": Categorical}}, [][]string{{"a", "b"}, {cat, num}, {"", "1"}}},
		{"declared", "zip,on,at,note\n02134,1,2026-01-02,7\n", Options{Types: map[string]Type{"zip": Numeric, "on": Boolean, "at": Timestamp, "note": Text}},
			[][]string{{"zip", "on", "at", "note"}, {num, "boolean", "timestamp", "text"}, {"2134", "true", "2026-01-02T00:00:00Z", "7"}}},
		{"boolean, timestamp, code", "b,t,z\nTRUE,2026-01-02 03:04:05.5+02:00,007\nfalse,2026-01-02,010\n", Options{},
			[][]string{{"b", "t", "z"}, {"boolean", "timestamp", cat}, {"true", "2026-01-02T01:04:05.5Z", "007"}, {"false", "2026-01-02T00:00:00Z", "010"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := texts(read(t, c.content, c.options)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestReadCSVRefuses(t *testing.T) {
	long := strings.Repeat("x", maxField+1)
	for _, c := range []struct {
		name, content string
		options       Options
		want          ParseError // Err apart
		says          string
	}{
		{"empty file", "", Options{}, ParseError{}, "empty"},
		{"blank file", "\n \r\n", Options{}, ParseError{}, "empty"},
		{"byte order mark only", "\ufeff", Options{}, ParseError{}, "empty"},
		{"header only", "a,b\n", Options{}, ParseError{}, "no rows"},
		{"no name", "\"\"\n1\n", Options{}, ParseError{Line: 1}, "column 1 has no name"},
		{"few names", "\nReport,\" \",\n1,2,3\n", Options{}, ParseError{Line: 2}, "2 of 3 columns have no name"},
		{"name twice", "a,b, a\n1,2,3\n", Options{}, ParseError{Line: 1}, `columns 1 and 3 are both named "a"`},
		{"short row", "a,b\n1,2\n3\n", Options{}, ParseError{Row: 2, Line: 3}, "the row has 1 values, the header 2"},
		{"long row after quoted line end", "a,b\n\"1\n\n\",2\n\n3,4,5\n", Options{}, ParseError{Row: 2, Line: 6}, "the row has 3 values, the header 2"},
		{"NUL", "a,b\n1,2\n3,4\x005\n", Options{}, ParseError{Row: 2, Line: 3, Column: "b"}, "NUL"},
		{"NUL in quotes", "a,b\n1,2\n3,\"\x00\"\n", Options{}, ParseError{Row: 2, Line: 3, Column: "b"}, "NUL"},
		{"NUL in header", "a\x00,b\n", Options{}, ParseError{Line: 1}, "NUL"},
		{"Latin-1", "a,b\n1,Garc\xeda\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "UTF-8"},
		{"half a rune on either side of a delimiter", "a,b\n\xc3,\xa9\n", Options{}, ParseError{Row: 1, Line: 2, Column: "a"}, "UTF-8"},
		{"Latin-1 in header", "a,\xed\n1,2\n", Options{}, ParseError{Line: 1}, "UTF-8"},
		{"UTF-16", "\xff\xfea\x00", Options{}, ParseError{Line: 1}, "UTF-16"},
		{"gzip", "\x1f\x8b\x08", Options{}, ParseError{Line: 1}, "gzip"},
		{"Parquet", "PAR1\x15", Options{}, ParseError{Line: 1}, "Parquet"},
		{"quote left open", "a,b\n1,\"2\n3,4\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "opened in line 2 is never closed"},
		{"text after quote", "a,b\n1,\"2\"3\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "after a closing quote"},
		{"long value", "a,b\n1," + long + "\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "longer than"},
		{"long quoted value", "a,b\n1,\"" + long + "\"\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "longer than"},
		{"value of quotes", "a,b\n1,\"" + strings.Repeat(`""`, maxField+1) + "\"\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "longer than"},
		{"value of line ends", "a,b\n1,\"" + strings.Repeat("\n", maxField+2) + "\"\n", Options{}, ParseError{Row: 1, Line: 2, Column: "b"}, "longer than"},
		{"long row", "a,b\n" + strings.Repeat(long[2:]+",", 17), Options{}, ParseError{Row: 1, Line: 2}, "row is longer than"},
		{"many columns", strings.Repeat("a,", maxFields+1), Options{}, ParseError{Line: 1}, "more than 65536 values"},
		{"not a number", "a,b\n1,2\n\n3,four\n", Options{Types: map[string]Type{"b": Numeric}}, ParseError{Row: 2, Line: 4, Column: "b"}, `"four" is not a number`},
		{"not a boolean", "a\nyes\n", Options{Types: map[string]Type{"a": Boolean}}, ParseError{Row: 1, Line: 2, Column: "a"}, `"yes" is not true or false`},
		{"not a timestamp", "a\n2026-13-01\n", Options{Types: map[string]Type{"a": Timestamp}}, ParseError{Row: 1, Line: 2, Column: "a"}, `"2026-13-01" is not a timestamp`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := ReadCSV(t.Context(), []Part{text("t.csv", c.content)}, c.options)
			got, ok := errors.AsType[*ParseError](err)
			if !ok {
				t.Fatalf("got %v, want a *ParseError", err)
			}
			c.want.Part, c.want.Err = "t.csv", got.Err
			if *got != c.want || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v\nwant row %d, line %d, column %q, saying %q", err, c.want.Row, c.want.Line, c.want.Column, c.says)
			}
		})
	}
}

func TestParseErrorText(t *testing.T) {
	cause := errors.New("cause")
	for _, c := range []struct {
		err  ParseError
		want string
	}{
		{ParseError{Part: "p", Err: cause}, "p: cause"},
		{ParseError{Part: "p", Line: 1, Err: cause}, "p: header (line 1): cause"},
		{ParseError{Part: "p", Row: 3, Line: 5, Err: cause}, "p: row 3 (line 5): cause"},
		{ParseError{Part: "p", Row: 3, Line: 5, Column: "x", Err: cause}, `p: row 3 (line 5), column "x": cause`},
	} {
		if got := c.err.Error(); got != c.want || !errors.Is(&c.err, cause) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	o := Options{Delimiter: '"', Types: map[string]Type{"b": "number", "a": "string"}}
	_, _, err := ReadCSV(t.Context(), []Part{text("t.csv", "a\n1\n")}, o)
	for _, fault := range []string{"delimiter", `column "a": unknown type "string"`, `column "b": unknown type "number"`} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("error %v does not name %s", err, fault)
		}
	}
	_, _, err = ReadCSV(t.Context(), []Part{text("t.csv", "a\n1\n")}, Options{Types: map[string]Type{"agee": Numeric}})
	if fault, ok := errors.AsType[*ColumnError](err); !ok || fault.Column != "agee" {
		t.Errorf("a declared type for an unknown column: %v", err)
	}
}

func TestParts(t *testing.T) {
	parts := []Part{text("1", "a,b\n1,x\n2,z\n"), text("2", "a,b\n"), text("3", "\ufeffa , b\r\n,y\r\n4,x")}
	got, digest, err := ReadCSV(t.Context(), parts, Options{})
	if err != nil {
		t.Fatal(err)
	}
	equalTables(t, got, read(t, "a,b\n1,x\n2,z\n,y\n4,x\n", Options{}))

	sum := func(s string) string { b := sha256.Sum256([]byte(s)); return hex.EncodeToString(b[:]) }
	want := sum(sum("a,b\n1,x\n2,z\n") + "\n" + sum("a,b\n") + "\n" + sum("\ufeffa , b\r\n,y\r\n4,x"))
	if string(digest) != want {
		t.Errorf("digest %s, want %s", digest, want)
	}

	for _, c := range []struct{ second, says string }{
		{"a,c\n1,2\n", `column 2 is "c", but in 1 it is "b"`},
		{"a\n1\n", "1 columns, but 1 has 2"},
		{"", "empty"},
		{"a;b\n1;2\n", "1 columns, but 1 has 2"}, // the delimiter is that of the first part
	} {
		_, _, err := ReadCSV(t.Context(), []Part{parts[0], text("2", c.second)}, Options{})
		if e, ok := errors.AsType[*ParseError](err); !ok || e.Part != "2" || e.Row != 0 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("second part %q: got %v, want %q", c.second, err, c.says)
		}
	}
	_, _, err = ReadCSV(t.Context(), []Part{parts[0], text("2", "a,b\n1,2\n3\n")}, Options{})
	if e, ok := errors.AsType[*ParseError](err); !ok || e.Part != "2" || e.Row != 2 {
		t.Errorf("row of a second part: %v", err)
	}
	if _, _, err := ReadCSV(t.Context(), nil, Options{}); err == nil {
		t.Error("no parts: no error")
	}
}

// manyRows is a file whose first column has more distinct values than a dictionary keeps.
// manyCount rows are more than one batch.
const manyCount = 60_000

func manyRows(last string) string {
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range manyCount {
		fmt.Fprintf(&b, "%d.50,%c\n", i, 'x'+i%2)
	}
	b.WriteString(last)
	return b.String()
}

func TestManyDistinctNumbers(t *testing.T) {
	table := read(t, manyRows("NA,x\n"), Options{})
	c := table.Column("a")
	if c.Type != Numeric || c.Values[5000] != 5000.5 || !c.Missing(manyCount) {
		t.Errorf("type %s, values %v…", c.Type, c.Values[:3])
	}
	var days strings.Builder
	days.WriteString("t\n")
	for i := range 2 * dictionaryCap {
		fmt.Fprintf(&days, "20%02d-%02d-%02d\n", i/336, 1+i/28%12, 1+i%28)
	}
	if c := read(t, days.String(), Options{}).Column("t"); c.Type != Timestamp || c.Text(336) != "2001-01-01T00:00:00Z" {
		t.Errorf("type %s, row 336 %s", c.Type, c.Text(336))
	}
}

// A column that looks numeric for thousands of rows and then is not keeps every text as it
// was written, on a second pass.
func TestSecondPass(t *testing.T) {
	table := read(t, manyRows("none of these,y\n"), Options{})
	c := table.Column("a")
	if c.Type != Text || c.Text(7) != "7.50" || c.Text(5000) != "5000.50" || c.Text(manyCount) != "none of these" {
		t.Errorf("type %s, %q %q %q", c.Type, c.Text(7), c.Text(5000), c.Text(manyCount))
	}
	if got := table.Column("b").Text(manyCount); table.Rows() != manyCount+1 || got != "y" {
		t.Errorf("%d rows, last %q", table.Rows(), got)
	}

	opened := 0
	changing := Part{Name: "changing.csv", Open: func(context.Context) (io.ReadCloser, error) {
		opened++
		return io.NopCloser(strings.NewReader(manyRows(fmt.Sprintf("text %d,x\n", opened)))), nil
	}}
	_, _, err := ReadCSV(t.Context(), []Part{changing}, Options{})
	if err == nil || !strings.Contains(err.Error(), "changing.csv: it changed while it was read") {
		t.Errorf("a part that changes between passes: %v", err)
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("connection reset")
	part := Part{Name: "s3://b/k", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("a,b\n1,2\n\"3"), iotest.ErrReader(broken))), nil
	}}
	_, _, err := ReadCSV(t.Context(), []Part{part}, Options{})
	if _, parse := errors.AsType[*ParseError](err); parse || !errors.Is(err, broken) || !strings.Contains(err.Error(), "s3://b/k") {
		t.Errorf("got %v, want the reader's error, with the part", err)
	}
	part.Open = func(context.Context) (io.ReadCloser, error) { return nil, broken }
	if _, _, err := ReadCSV(t.Context(), []Part{part}, Options{}); !errors.Is(err, broken) {
		t.Errorf("open: got %v", err)
	}
}

func TestReadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endless := Part{Name: "endless", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("a\n"), &lines{after: 3, call: cancel})), nil
	}}
	if _, _, err := ReadCSV(ctx, []Part{endless}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// lines is an endless file that calls a function after some reads.
type lines struct {
	after int
	call  func()
}

func (l *lines) Read(p []byte) (int, error) {
	if l.after--; l.after == 0 {
		l.call()
	}
	return copy(p, strings.Repeat("1\n", len(p)/2+1)), nil
}

// One byte at a time gives what one read gives: detection and values do not depend on how
// the network cuts the file.
func TestShortReads(t *testing.T) {
	content := "\ufeffa;b,c\r\n\"1\r\n\";x\n2;\"y \"\"z\"\"\"\n"
	slow := Part{Name: "slow", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(iotest.OneByteReader(strings.NewReader(content))), nil
	}}
	got, _, err := ReadCSV(t.Context(), []Part{slow}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	equalTables(t, got, read(t, content, Options{}))
}

// A quoted value and a CRLF that lie across the border of two chunks.
func TestChunkBorders(t *testing.T) {
	for shift := range 12 {
		pad := strings.Repeat("p", chunkSize-8-shift)
		content := "a,b\n" + pad + ",\"x\"\"y\"\r\n" + "1,z\r\n"
		got := read(t, content, Options{})
		if b := got.Column("b"); got.Rows() != 2 || b.Text(0) != `x"y` || b.Text(1) != "z" {
			t.Errorf("shift %d: %d rows, %q", shift, got.Rows(), b.Levels)
		}
	}
}

// The sample ends in the middle of a row: what is cut off does not count against a
// delimiter.
func TestDetectionInCutSample(t *testing.T) {
	content := "a,b;c;d\n1," + strings.Repeat("x", chunkSize) + ";2;3\n"
	if got := read(t, content, Options{}); len(got.Columns) != 3 || got.Columns[0].Name != "a,b" {
		t.Errorf("%d columns, the first %q", len(got.Columns), got.Columns[0].Name)
	}
}

func TestReadHeader(t *testing.T) {
	source := &counting{Reader: strings.NewReader("a; b\n" + strings.Repeat("1;2\n", 1<<20))}
	part := Part{Name: "p", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(source), nil }}
	names, err := ReadHeader(t.Context(), part, Options{})
	if err != nil || !reflect.DeepEqual(names, []string{"a", "b"}) || source.n > chunkSize {
		t.Errorf("got %q, %v after %d bytes", names, err, source.n)
	}
	if names, err := ReadHeader(t.Context(), text("p", "only,header"), Options{}); err != nil || len(names) != 2 {
		t.Errorf("header only: %q, %v", names, err)
	}
	var wide strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&wide, "column %d|", i)
	}
	names, err = ReadHeader(t.Context(), text("p", wide.String()+"last\n"), Options{})
	if err != nil || len(names) != 20_001 || names[20_000] != "last" {
		t.Errorf("a header longer than a chunk: %d names, %v", len(names), err)
	}
	if _, err := ReadHeader(t.Context(), text("p", ""), Options{}); err == nil {
		t.Error("empty: no error")
	}
}

type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}
