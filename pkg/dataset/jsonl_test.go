package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var replaced = regexp.MustCompile(`(?i)\x{fffd}|\\ufffd`)

// jsonRow reads a line with encoding/json: the texts of its members in order, numbers as they
// are written and, apart, as a float64 is.
func jsonRow(line string, member func(name string, text, number *string) error) error {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if !utf8.ValidString(line) {
		return errors.New("not UTF-8")
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("no object: %v, %w", t, errors.Join(err, errors.New("no object")))
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		value, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("no name")
		}
		text, number := "", ""
		switch v := value.(type) {
		case nil:
			err = member(name, nil, nil)
		case bool:
			text = fmt.Sprint(v)
			err = member(name, &text, nil)
		case string:
			text = v
			err = member(name, &text, nil)
		case json.Number:
			text, number = v.String(), v.String()
			if f, ok := parseNumber(text); ok && (strings.ContainsAny(text, ".eE") || text == "-0") {
				number = numberText(f)
			}
			err = member(name, &text, &number)
		default:
			err = errors.New("nested")
		}
		if err != nil {
			return err
		}
		if strings.ContainsRune(name+text, 0) {
			return errors.New("NUL")
		}
		if strings.ContainsRune(name+text, utf8.RuneError) && !replaced.MatchString(line) {
			return errors.New("half a character")
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than an object")
	}
	return nil
}

// jsonSlowly reads JSON Lines row by row with encoding/json and a collector for each column:
// what the parallel reader is compared with. row is where it fails.
func jsonSlowly(content string, o Options) (table *Table, row int, err error) {
	content = strings.TrimPrefix(content, "\ufeff")
	var names []string
	raw, short := map[string]*collector{}, map[string]*collector{}
	pass := func(types map[string]Type) error {
		row = 0
		for line := range strings.SplitSeq(content, "\n") {
			if line = strings.Trim(line, " \t\r"); line == "" {
				continue
			}
			row++
			seen := map[string]bool{}
			err := jsonRow(line, func(name string, text, number *string) error {
				name = strings.TrimSpace(name)
				switch {
				case name == "" || seen[name]:
					return errors.New("no name, or twice")
				case raw[name] == nil:
					names = append(names, name)
					raw[name] = newCollector(name, types[name])
					short[name] = newCollector(name, types[name])
					for range row - 1 {
						raw[name].skip()
						short[name].skip()
					}
				}
				seen[name] = true
				add := func(c *collector, text *string) error {
					if text == nil || o.missing()[strings.TrimSpace(*text)] {
						c.skip()
						return nil
					}
					return c.add([]byte(strings.TrimSpace(*text)))
				}
				if number == nil {
					number = text
				}
				if t := types[name]; t != "" && t != Numeric {
					text = number
				}
				return errors.Join(add(raw[name], text), add(short[name], number))
			})
			if err != nil {
				return err
			}
			for _, name := range names {
				if !seen[name] {
					raw[name].skip()
					short[name].skip()
				}
			}
		}
		return nil
	}
	if err := pass(o.Types); err != nil {
		return nil, row, err
	}
	if row == 0 {
		return nil, 0, errors.New("no rows")
	}
	if len(names) == 0 {
		return nil, 0, errors.New("no columns")
	}
	var columns []Column
	for _, name := range names {
		c := raw[name].column()
		if c.Type.Coded() {
			t := c.Type
			c = short[name].column()
			c.Type = t
		}
		columns = append(columns, c)
	}
	table, err = NewTable(columns...)
	return table, 0, err
}

func jsonSource(content string) JSONLines { return JSONLines{Files: []Part{text("t.jsonl", content)}} }

// jsonText draws text that looks like JSON Lines and has everything in it that makes reading
// it hard.
func jsonText(t *rapid.T) string {
	value := rapid.OneOf(
		rapid.SampledFrom([]string{`null`, `true`, `false`, `0`, `-0`, `1.50`, `-2.5`, `1e3`, `12345678901234567890`, `0.1`, `1e400`, `0.0000001`,
			`100000000000000000000000`, `1.7976931348623157e308`, `"007"`, `"NA"`, `" y "`, `"2024-02-29"`, `"true"`, `"3"`, `"3.0"`, `"a\nb"`, `"\u00e9\ud83c\udf77"`,
			`"é"`, `"\"\\\/\b\f\r\t"`, `""`, `"x,y"`, `0.12345678901234567`, `"\u2028"`}),
		rapid.StringMatching(`"[a-c ]{0,3}"`),
		rapid.StringMatching(`-?[1-9][0-9]{0,3}(\.[0-9]{1,3})?`),
	)
	bad := rapid.SampledFrom([]string{`NaN`, `01`, `1.`, `.5`, `+1`, `"\u0000"`, `"\ud800"`, `"\udc00\ud800"`, `"\x"`, `"a`, `{}`, `[1,{"a":"]"}]`, `tru`, ``, `1 2`, "\"\t\"", "\"\xff\""})
	space := rapid.SampledFrom([]string{"", "", "", " ", "\t"})
	line := rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", "\n\n", " \n \n"})
	names := []string{"a", "b", "c", `\u0064`, " e "}
	spoil := rapid.IntRange(0, 3).Draw(t, "spoil") == 0
	var b strings.Builder
	if rapid.IntRange(0, 9).Draw(t, "mark") == 0 {
		b.WriteString("\ufeff")
	}
	for range rapid.IntRange(0, 30).Draw(t, "rows") {
		b.WriteString(space.Draw(t, "space") + "{")
		first := true
		for _, name := range names {
			if rapid.IntRange(0, 4).Draw(t, "left out") == 0 {
				continue
			}
			if !first {
				b.WriteString("," + space.Draw(t, "space"))
			}
			first = false
			v := value.Draw(t, "value")
			if spoil && rapid.IntRange(0, 40).Draw(t, "spoiled") == 0 {
				v = bad.Draw(t, "bad")
			}
			if spoil && rapid.IntRange(0, 60).Draw(t, "again") == 0 {
				name = "a"
			}
			fmt.Fprintf(&b, `"%s"%s:%s%s`, name, space.Draw(t, "space"), space.Draw(t, "space"), v)
		}
		b.WriteString(space.Draw(t, "space") + "}" + line.Draw(t, "line"))
	}
	content := b.String()
	if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
		content = content[:rapid.IntRange(0, len(content)).Draw(t, "length")]
	}
	return content
}

// However the file is cut into blocks and batches, and whoever reads them: the same table as
// row by row with encoding/json, or an error at the same row.
func TestJSONLinesAnyBlocksAndWorkers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		content := jsonText(r)
		o := Options{Workers: rapid.IntRange(1, 4).Draw(r, "workers")}
		if rapid.Bool().Draw(r, "declared") && strings.Contains(content, `"a":`) {
			o.Types = map[string]Type{"a": rapid.SampledFrom([]Type{Numeric, Categorical, Timestamp, Boolean, Text}).Draw(r, "type")}
		}
		source := jsonSource(content)
		source.blockSize, source.batchSize = rapid.IntRange(1, 200).Draw(r, "block"), rapid.IntRange(1, 100).Draw(r, "batch")
		sameAsSlow(r, source, content, o)
	})
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func sameAsSlow(t failer, source JSONLines, content string, o Options) {
	t.Helper()
	want, row, wantErr := jsonSlowly(content, o)
	got, _, err := Read(context.Background(), source, o)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q\nerror %v\n want %v", content, err, wantErr)
	}
	if err != nil {
		fault, ok := errors.AsType[*ParseError](err)
		if _, missing := errors.AsType[*ColumnError](err); !missing && (!ok || fault.Row != row && fault.Row != 0) {
			t.Fatalf("%q\nerror %v\n want row %d, %v", content, err, row, wantErr)
		}
		return
	}
	if g, w := fmt.Sprint(texts(got)), fmt.Sprint(texts(want)); g != w {
		t.Fatalf("%q\n got %s\nwant %s", content, g, w)
	}
}

func FuzzJSONLines(f *testing.F) {
	for _, seed := range []string{
		"{\"a\":1,\"b\":\"x\"}\n{\"b\":null}\n", `{"a":[1,2]}`, `{"a":"\ud83c\udf77"}`, "\ufeff{}\r\n", `{"a":1}{"a":2}`, `{"a":1,}`, `{"a" 1}`, "{\"\\u0061\":-0.0}\n{\"a\":\"x\"}",
	} {
		f.Add(seed, 7, 3)
	}
	f.Fuzz(func(t *testing.T, content string, block, batch int) {
		for _, magic := range foreign {
			if strings.HasPrefix(content, magic.magic) {
				return
			}
		}
		source := jsonSource(content)
		source.blockSize, source.batchSize = 1+(block&0x7fff), 1+(batch&0x7fff)
		sameAsSlow(t, source, content, Options{Workers: 2})
	})
}

// The same rows are the same table as CSV and as JSON Lines, on every way in.
func TestJSONLinesIsCSV(t *testing.T) {
	csv := "n,b,s,when,zip,empty\n1.5,true, x ,2024-02-29,02134,\n-3,false,\"a,\"\"b\"\"\n\",2024-03-01T10:00:00Z,NA,\n,,é,,10001,\n"
	lines := `{"n":1.5,"b":true,"s":" x ","when":"2024-02-29","zip":"02134","empty":null}
{"n":-3,"b":false,"s":"a,\"b\"\n","when":"2024-03-01T10:00:00Z","zip":"NA"}

{"s":"é","zip":"10001","n":null,"b":""}
`
	want := read(t, csv, Options{})
	got, digest, err := Read(t.Context(), jsonSource(lines), Options{})
	if err != nil || len(digest) != 64 {
		t.Fatal(digest, err)
	}
	equalTables(t, got, want)
	sampled := Options{Sample: 2}
	if got, _, err := Read(t.Context(), jsonSource(lines), sampled); err != nil || got.Rows() != 2 {
		t.Error(got, err)
	}
}

// What is sent to a model as a number finds the category that a file had as a number.
func TestJSONLinesNumbersAsTexts(t *testing.T) {
	lines := "{\"a\":1.50}\n{\"a\":\"x\"}\n{\"a\":15e-1}\n{\"a\":3}\n{\"a\":-0}\n{\"a\":9007199254740993}\n{\"a\":0.10000000000000001}\n"
	for _, o := range []Options{{}, {Types: map[string]Type{"a": Categorical}}, {Types: map[string]Type{"a": Text}}} {
		table, _, err := Read(t.Context(), jsonSource(lines), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(texts(table)[2:]); got != "[[1.5] [x] [1.5] [3] [0] [9007199254740993] [0.1]]" {
			t.Error(got)
		}
		schema := table.Schema()
		b := schema.Builder()
		b.AddRow()
		if err := b.Number(0, 1.5); err != nil || b.Table().Columns[0].Codes[0] < 0 {
			t.Error("1.5 is no level of the file", err)
		}
	}
	booleans := "{\"a\":1.0}\n{\"a\":0}\n{\"a\":true}\n"
	table, _, err := Read(t.Context(), jsonSource(booleans), Options{Types: map[string]Type{"a": Boolean}})
	if err != nil || fmt.Sprint(table.Columns[0].Values) != "[1 0 1]" {
		t.Error(table, err)
	}
}

func TestJSONLinesRefuses(t *testing.T) {
	many := strings.Repeat("{\"a\":1}\n", jsonHeaderLines)
	deep := strings.Repeat("[", jsonDepth+1) + strings.Repeat("]", jsonDepth+1)
	for _, c := range []struct {
		content string
		o       Options
		want    string
	}{
		{"", Options{}, "t.jsonl: no rows"},
		{"\n \r\n", Options{}, "t.jsonl: no rows"},
		{"[{\"a\":1}]\n", Options{}, "t.jsonl: the file is a JSON array"},
		{"\x1f\x8b", Options{}, "t.jsonl: the file is compressed with gzip"},
		{"\xff\xfe{", Options{}, "t.jsonl: the file is in UTF-16"},
		{"a,b\n1,2\n", Options{}, "t.jsonl: row 1 (line 1): the line is not a JSON object"},
		{"{\n\"a\": 1\n}\n", Options{}, "row 1 (line 1): the line ends inside the object"},
		{"{\"a\":1}\n\n{\"a\":NaN}\n", Options{}, `row 2 (line 3), column "a": "NaN}" is not a value of JSON; a missing value is null`},
		{"{\"a\":1}\n{\"a\":02}\n", Options{}, `row 2 (line 2), column "a": "02" is not a number as JSON writes it`},
		{"{\"a\":1}\n{\"a\":{\"b\":1}}\n", Options{}, `row 2 (line 2), column "a": holds an object`},
		{"{\"a\":[]}\n", Options{}, `row 1 (line 1), column "a": holds an array`},
		{"{\"a\":1,\"a\":1}\n", Options{}, `row 1 (line 1), column "a": appears twice in the row`},
		{"{\"a\":1,\"\\u0061\":1}\n", Options{}, `row 1 (line 1), column "a": appears twice in the row`},
		{"{\"a\":\"\\u0000\"}\n", Options{}, `row 1 (line 1), column "a": the character NUL`},
		{"{\"a\":\"\\ud800x\"}\n", Options{}, `row 1 (line 1), column "a": \ud800 is half of a character`},
		{"{\"a\":\"\\ud800\\ud800\"}\n", Options{}, `\ud800 is half of a character`},
		{"{\"a\":\"\\ud83c\\u0041\"}\n", Options{}, `\ud83c is half of a character`},
		{"{\"a\":\"\\q\"}\n", Options{}, `\q is not an escape of JSON`},
		{"{\"a\":\"\x01\"}\n", Options{}, `the character U+0001 has to be written as an escape`},
		{"{\"a\":\"\xff\"}\n", Options{}, "the row is not UTF-8"},
		{"{\"a\":1} x\n", Options{}, "want the end of the line after the object"},
		{"{\"\":1}\n", Options{}, "a column has no name"},
		{"{\"a\":1}\n{\"\":1}\n", Options{}, "row 2 (line 2): a column has no name"},
		{"{}\n", Options{}, "none of the first 1000 rows names a column"},
		{"{a:1}\n", Options{}, "want the name of a column in double quotes"},
		{"{\"b\":" + deep + ",\"a\":1}\n", Options{Columns: []string{"a"}}, "nested deeper than 64"},
		{"{\"b\":[1,],\"a\":1}\n", Options{Columns: []string{"a"}}, `column "b": the value in brackets is not JSON`},
		{many + "{\"b\":2}\n", Options{}, `row 1001 (line 1001), column "b": is not among the columns`},
		{many, Options{Columns: []string{"a", "bb"}}, `column "bb": is declared but in no row of the data`},
		{"{\"a\":\"x\"}\n", Options{Types: map[string]Type{"a": Numeric}}, `row 1 (line 1), column "a": "x" is not a number`},
		{"{\"a\":2026}\n", Options{Types: map[string]Type{"a": Timestamp}}, `"2026" is not a timestamp`},
		{"{\"a\":\"" + strings.Repeat("x", maxField+1) + "\"}\n", Options{}, "value is longer than 1048576 bytes"},
		{"{\"a\":\"" + strings.Repeat("x", 3*maxRecord) + "\"}\n", Options{}, "row is longer than 16777216 bytes"},
		{"{" + strings.Repeat(" ", 3*maxRecord), Options{}, "row is longer than 16777216 bytes"},
	} {
		_, _, err := Read(t.Context(), jsonSource(c.content), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80q: %v, want %s", c.content, err, c.want)
		}
	}
}

// Columns that come late are read if it was said what to read, and left out if it was said
// that they are not to be.
func TestJSONLinesLateColumns(t *testing.T) {
	content := strings.Repeat("{\"a\":1}\n", jsonHeaderLines) + "{\"c\":{\"x\":1},\"b\":2}\n"
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Columns: []string{"b", "a"}}, "[a b] 2"},
		{Options{Columns: []string{"a"}}, "[a] "},
		{Options{Schema: Schema{{Name: "b", Type: Text}}}, "[b] 2"},
	} {
		table, _, err := Read(t.Context(), jsonSource(content), c.o)
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
			continue
		}
		last := &table.Columns[len(table.Columns)-1]
		if got := fmt.Sprint(texts(table)[0], " ", last.Text(jsonHeaderLines)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
		fields, err := jsonSource(content).Header(t.Context(), c.o)
		if err != nil || len(fields) != len(table.Columns) {
			t.Errorf("header %v, %v", fields, err)
		}
	}
	declared := strings.Replace(content, `{"x":1}`, "null", 1)
	table, _, err := Read(t.Context(), jsonSource(declared), Options{Types: map[string]Type{"b": Numeric, "c": Text}})
	if err != nil || fmt.Sprint(texts(table)[0]) != "[a b c]" {
		t.Error(table, err)
	}
}

func TestJSONLinesParts(t *testing.T) {
	source := JSONLines{Files: []Part{
		text("0.jsonl", "\n"), text("1.jsonl", "\ufeff{\"a\":1,\"b\":\"x\"}\n"), text("2.jsonl", ""), text("3.jsonl", "\ufeff\r\n{\"b\":\"y\"}"),
	}}
	table, _, err := Read(t.Context(), source, Options{})
	if err != nil || fmt.Sprint(texts(table)) != "[[a b] [numeric categorical] [1 x] [ y]]" {
		t.Fatal(texts(table), err)
	}
	if fields, err := source.Header(t.Context(), Options{}); err != nil || len(fields) != 2 || fields[0].Name != "a" {
		t.Error(fields, err)
	}
	source.Files = append(source.Files, text("4.jsonl", "{\"a\":1}\n{\"a\":\n"))
	_, _, err = Read(t.Context(), source, Options{})
	if fault, ok := errors.AsType[*ParseError](err); !ok || fault.Part != "4.jsonl" || fault.Row != 2 || fault.Line != 2 {
		t.Error(err)
	}
}

// Hostile text is refused soon.
func TestJSONLinesHostile(t *testing.T) {
	var wide, many strings.Builder
	for i := range maxFields + 1 {
		member := fmt.Sprintf("\"%d\":1,", i)
		many.WriteString(member)
		if i < 60_000 {
			wide.WriteString(member)
		}
	}
	for name, content := range map[string]string{
		"sparse":       "{" + wide.String() + "\"x\":1}\n" + strings.Repeat("{}\n", 4<<20),
		"many columns": "{" + many.String() + "\"x\":1}\n",
		"no end":       strings.Repeat("{\"a\":\"", 40<<20/6),
		"brackets":     "{\"a\":" + strings.Repeat("[", 15<<20) + "}\n",
	} {
		began := time.Now()
		_, err := jsonSource(content).Scan(t.Context(), Options{}, nowhere{})
		if fault, ok := errors.AsType[*ParseError](err); !ok {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Logf("%s: %v, %.100s", name, time.Since(began), fault.Error())
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// nowhere takes all rows and keeps none.
type nowhere struct{}

func (nowhere) Begin([]Field) error { return nil }
func (n nowhere) Block() Sink       { return n }
func (nowhere) End(Sink) error      { return nil }
func (nowhere) Add(*Batch) error    { return nil }

func BenchmarkReadJSONLines(b *testing.B) {
	var content strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&content, `{"id":%d,"price":%.4f,"ratio":%v,"city":"town %d","when":"2024-02-%02dT10:00:00Z","flag":%t,"note":"said \"%d\""}`+"\n",
			i, float64(i)*1.37, float64(i)/7, i%50, 1+i%28, i%3 == 0, i%1000)
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(content.Len()))
			for b.Loop() {
				if _, err := jsonSource(content.String()).Scan(b.Context(), Options{Workers: workers}, nowhere{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
