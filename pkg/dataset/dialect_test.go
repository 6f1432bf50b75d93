package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An apostrophe quotes values only if the file leaves no doubt.
func TestDetectQuote(t *testing.T) {
	for _, c := range []struct {
		name, content string
		quote, comma  byte
	}{
		{"no quotes", "a,b\n1,x\n", '"', ','},
		{"double quotes", "a,b\n1,\"x, y\"\n", '"', ','},
		{"a quoted header", "'a','b'\n1,x\n", '\'', ','},
		{"a quoted name with the delimiter", "'a, b';c\n1;x\n", '\'', ';'},
		{"all of a column", "a,b\n1,'x'\n2,'y'\n3,'x'\n", '\'', ','},
		{"all of a column but the missing ones", "a,b\n1,'x'\n2,\n3,'x'\n4,'y'\n", '\'', ','},
		{"a delimiter in quotes", "a,b\n1,x\n2,'Smith, John'\n", '\'', ','},
		{"a line end in quotes", "a,b\n1,'x\ny'\n2,z\n", '\'', ','},
		{"a doubled quote in quotes", "a,b\n1,'it''s, so'\n2,z\n", '\'', ','},
		{"quotes, and another delimiter", "a;b\n1;'x;y'\n2;z\n", '\'', ';'},

		{"apostrophes inside", "name,n\nO'Hara,1\nd'Arc,2\nMcDonald's,3\n", '"', ','},
		{"apostrophes first", "name,n\n'tis,1\n's-Hertogenbosch,2\n'n,3\n", '"', ','},
		{"apostrophes first and last, of different values", "name,n\n'tis,1\nx,2\ndogs',3\n", '"', ','},
		{"some values in apostrophes", "word,n\n'so-called',1\nplain,2\n'scare',3\n'quotes',4\n", '"', ','},
		{"too few to tell", "word,n\n'so',1\n'so',2\n", '"', ','},
		{"ragged anyhow", "a,b\n1,'x'\n1,'y'\n1,'z'\n1,2,3\n", '"', ','},
		{"a length in feet and inches", "feet,inches\n5',3\"\n6',0\"\n4',2\"\n", '"', ','},
		{"both kinds", "a,b\n\"1\",'x'\n\"2\",'y'\n\"3\",'z'\n", '"', ','},
		{"an apostrophe in double quotes", "a,b\n1,\"'x', he said\"\n2,\"'y'\"\n3,\"'z'\"\n", '"', ','},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := CSV{Files: []Part{text("t.csv", c.content)}}.Detect(t.Context(), Options{})
			if err != nil || o.Quote != c.quote || o.Delimiter != c.comma {
				t.Errorf("quote %q, delimiter %q, %v; want %q, %q", o.Quote, o.Delimiter, err, c.quote, c.comma)
			}
		})
	}
}

func TestDialects(t *testing.T) {
	for _, c := range []struct {
		name, content string
		options       Options
		want          [][]string
	}{
		{"single quotes", "a,b\n1,'x, ''y''\nz'\n2,\"\n", Options{Quote: '\''}, [][]string{{"a", "b"}, {"numeric", "categorical"}, {"1", "x, 'y'\nz"}, {"2", "\""}}},
		{"another quote", "a,b\n1,~x, y~\n", Options{Quote: '~'}, [][]string{{"a", "b"}, {"numeric", "categorical"}, {"1", "x, y"}}},
		{"double quotes are declared", "'a',b\n'x',1\n", Options{Quote: '"'}, [][]string{{"'a'", "b"}, {"categorical", "numeric"}, {"'x'", "1"}}},
		{"no comments by default", "#a,b\n#1,x\n", Options{}, [][]string{{"#a", "b"}, {"categorical", "categorical"}, {"#1", "x"}}},
		{"comments", "# made by, \"hand\n#\n\na,b\n1,x#y\n# 2,\"\n\n 3,\"\n#4\"\n#\r\n# end", Options{Comment: '#'},
			[][]string{{"a", "b"}, {"numeric", "categorical"}, {"1", "x#y"}, {"3", "#4"}}},
		{"a delimiter that comments have more of", "; a; b; c\na,b\n1,x\n", Options{Comment: ';'}, [][]string{{"a", "b"}, {"numeric", "categorical"}, {"1", "x"}}},
		{"decimal comma", "a;b;c\n1,5;x;-0,25\n,5;1.5;+3\n", Options{Decimal: ','}, [][]string{{"a", "b", "c"}, {"numeric", "categorical", "numeric"}, {"1.5", "x", "-0.25"}, {"0.5", "1.5", "3"}}},
		{"a comma in the header, and in numbers", "Price, EUR;n\n1,5;2\n2,5;3\n", Options{Decimal: ','}, [][]string{{"Price, EUR", "n"}, {"numeric", "numeric"}, {"1.5", "2"}, {"2.5", "3"}}},
		{"numbers of another form are text", "a;b\n1.5;1,234\n2.5;7\n", Options{Decimal: ','}, [][]string{{"a", "b"}, {"categorical", "numeric"}, {"1.5", "1.234"}, {"2.5", "7"}}},
		{"thousands", "a;b\n1.234.567,5;1.5\n-12.345;2.5\n", Options{Decimal: ',', Thousands: '.'}, [][]string{{"a", "b"}, {"numeric", "categorical"}, {"1234567.5", "1.5"}, {"-12345", "2.5"}}},
		{"spaces between thousands", "a;b\n1 234,5;1\u00a0234\n7;12\u202f345,5\n", Options{Decimal: ',', Thousands: ' '}, [][]string{{"a", "b"}, {"numeric", "numeric"}, {"1234.5", "1234"}, {"7", "12345.5"}}},
		{"apostrophes between thousands", "a,b\n1'234.5,x\n", Options{Thousands: '\''}, [][]string{{"a", "b"}, {"numeric", "categorical"}, {"1234.5", "x"}}},
		{"missing texts are not numbers of the form", "a;b\n-9,5;1\n1,5;-999\n", Options{Decimal: ',', Missing: []string{"-9,5", "-999"}}, [][]string{{"a", "b"}, {"numeric", "numeric"}, {"", "1"}, {"1.5", ""}}},
		{"declared", "a;b\n01,5;2.000,5\n", Options{Decimal: ',', Thousands: '.', Types: map[string]Type{"a": Numeric, "b": Text}}, [][]string{{"a", "b"}, {"numeric", "text"}, {"1.5", "2.000,5"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := texts(read(t, c.content, c.options)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// Strings of JSON are written in the form; its numbers are those of JSON.
func TestNumberFormOfJSON(t *testing.T) {
	part := text("t.jsonl", `{"a": "1.234,5", "b": 1.5, "c": 1.50}`+"\n"+`{"a": 2.5e1, "b": "-0,5", "c": "x"}`+"\n")
	table, _, err := Read(t.Context(), JSONLines{Files: []Part{part}}, Options{Decimal: ',', Thousands: '.'})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(texts(table)); got != "[[a b c] [numeric numeric categorical] [1234.5 1.5 1.5] [25 -0.5 x]]" {
		t.Error(got)
	}
	if _, _, err := Read(t.Context(), JSONLines{Files: []Part{part}}, Options{Comment: '#'}); err == nil || !strings.Contains(err.Error(), "a comment sign is declared, which only CSV has") {
		t.Error(err)
	}
}

func TestDialectFaults(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Quote: 'x'}, "quote sign 'x': want a punctuation mark"},
		{Options{Comment: ' '}, "comment sign ' '"},
		{Options{Decimal: '5'}, "decimal sign '5'"},
		{Options{Thousands: '-'}, "thousands sign '-'"},
		{Options{Thousands: '.'}, "declare both signs"},
		{Options{Decimal: ',', Thousands: ','}, "numbers cannot have ','"},
		{Options{Quote: '\'', Thousands: '\''}, "cannot both quote values"},
		{Options{Quote: '|', Delimiter: '|'}, "have to differ"},
		{Options{Comment: '#', Delimiter: '#'}, "have to differ"},
		{Options{Delimiter: '"'}, "delimiter '\"' cannot separate values"},
		{Options{Delimiter: '\xe9'}, "cannot separate values"},
	} {
		if err := c.o.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
	for _, c := range []struct {
		content string
		o       Options
		want    string
	}{
		{"a;b\n1;2,5\n# x\n1;2.5\n", Options{Comment: '#', Decimal: ',', Types: map[string]Type{"b": Numeric}}, `t.csv: row 2 (line 4), column "b": "2.5" is not a number such as 1234,5`},
		{"a;b\n1;1.23\n", Options{Decimal: ',', Thousands: '.', Types: map[string]Type{"b": Numeric}}, `"1.23" is not a number such as 1.234,5`},
		{"#\na,b\n#\n\n1,'2\n", Options{Comment: '#', Quote: '\''}, `t.csv: row 1 (line 5), column "b": the quote opened in line 5 is never closed`},
		{"a,b\n1,2\n#" + strings.Repeat("x", maxRecord+1) + "\n3,4\n", Options{Comment: '#'}, "t.csv: row 2 (line 3): comment is longer than 16777216 bytes"},
		{"#" + strings.Repeat("x", maxRecord+1) + "\na,b\n3,4\n", Options{Comment: '#'}, "comment is longer than 16777216 bytes"},
	} {
		if _, _, err := ReadCSV(t.Context(), []Part{text("t.csv", c.content)}, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %s", c.content, err, c.want)
		}
	}
}

// A number in any form is that number: the same, to the last bit, as without signs between.
func TestNumberForms(t *testing.T) {
	german, indian := NumberForm{',', '.'}, NumberForm{'.', ','}
	for s, want := range map[string]string{"1.234": "1234", "1.234,5": "1234.5", "12.34": "", "1.2345": "", "1234.567": "", ".123": "", "1..234": "", "1.234.": "", "1.234,5.6": "",
		"0.123": "", "1,5e3": "1500", "1.234e2": "123400", "-1.000.000": "-1000000", "1,": "1", ",": "", "": "", "-": "", "inf": "Inf", "1.5": "", "x": "", "1,2,3": "", "1,2 ": ""} {
		got := ""
		if v, ok := german.number([]byte(s), false); ok {
			got = strings.TrimPrefix(numberText(v), "+")
		}
		if got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	if v, ok := indian.number([]byte("12,34,567.5"), false); !ok || v != 1234567.5 {
		t.Errorf("lakhs: %v, %v", v, ok)
	}
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.StringMatching(`[+-]?(0|[1-9][0-9]{0,8})(\.[0-9]{0,8})?(e[+-]?[0-9])?`).Draw(r, "number")
		whole, rest := s, ""
		if i := strings.IndexAny(s, ".e"); i >= 0 {
			whole, rest = s[:i], strings.Replace(s[i:], ".", ",", 1)
		}
		for i := len(whole) - 3; i > 0 && digit(whole[i-1]); i -= 3 {
			whole = whole[:i] + "." + whole[i:]
		}
		want, isNumber := parseNumberBytes([]byte(s), false)
		if got, ok := german.number([]byte(whole+rest), false); ok != isNumber || got != want {
			r.Fatalf("%q: %v, %v; %q is %v", whole+rest, got, ok, s, want)
		}
	})
}

// TestPandasForms compares files in rare forms with what pandas reads from them, told the same
// signs; testdata/peers/dataset_forms.py writes both.
func TestPandasForms(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(testdata, "golden", "dataset_forms.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Text, Delimiter, Quote, Comment, Decimal, Thousands string
			Columns                                             map[string][]any
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) != 10 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	sign := func(s string) byte { return (s + "\x00")[0] }
	for _, c := range golden.Cases {
		o := Options{Delimiter: sign(c.Delimiter), Quote: sign(c.Quote), Comment: sign(c.Comment), Decimal: sign(c.Decimal), Thousands: sign(c.Thousands)}
		table := read(t, c.Text, o)
		if len(table.Columns) != len(c.Columns) {
			t.Errorf("%q: %d columns, pandas %d", c.Text, len(table.Columns), len(c.Columns))
		}
		for name, want := range c.Columns {
			got := table.Column(name)
			if got == nil || got.Len() != len(want) {
				t.Errorf("%q, column %q: pandas has %v", c.Text, name, want)
				continue
			}
			for i, w := range want {
				equal := false
				switch w := w.(type) {
				case nil:
					equal = got.Missing(i)
				case float64:
					equal = got.Type == Numeric && got.Values[i] == w
				case string:
					equal = got.Type.Coded() && got.Text(i) == w
				}
				if !equal {
					t.Errorf("%q, column %q, row %d: %s, pandas %v", c.Text, name, i+1, got.Text(i), w)
				}
			}
		}
	}
}

// dialectText is csvText in a dialect: with another quote, and with comments between the lines.
func dialectText(t *rapid.T) (content string, o Options) {
	content, o.Delimiter = csvText(t), ','
	if rapid.Bool().Draw(t, "single") {
		o.Quote = '\''
		content = strings.NewReplacer(`"`, `'`, `'`, `"`).Replace(content)
	} else {
		o.Quote = '"'
	}
	if !rapid.Bool().Draw(t, "commented") {
		return content, o
	}
	o.Comment = '#'
	var b bytes.Buffer
	for line := range strings.SplitAfterSeq(content, "\n") {
		// In the middle of a quoted value it is text.
		b.WriteString(rapid.SampledFrom([]string{"", "", "# \"a', b\n", "#\r\n", "#'\r", "#,\""}).Draw(t, "comment"))
		b.WriteString(line)
	}
	return b.String(), o
}

// However a file with decimal commas is cut: the table of the same file with points.
func TestFormsInAnyBlocks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,3})?`)
		whole := rapid.StringMatching(`[1-9][0-9]{0,2}`)
		var usual, formed strings.Builder
		usual.WriteString("a;b;c\n")
		formed.WriteString("a;b;c\n")
		for range rapid.IntRange(1, 40).Draw(r, "rows") {
			a, b := number.Draw(r, "a"), rapid.OneOf(whole, rapid.SampledFrom([]string{"x", "NA", "2024-01-02", ""})).Draw(r, "b")
			c := whole.Draw(r, "c")
			fmt.Fprintf(&usual, "%s;%s;%s567\n", a, b, c)
			fmt.Fprintf(&formed, "%s;%s;%s.567\n", strings.ReplaceAll(a, ".", ","), b, c)
		}
		want, _, err := ReadCSV(r.Context(), []Part{text("t.csv", usual.String())}, Options{Delimiter: ';'})
		if err != nil {
			r.Fatal(err)
		}
		source := CSV{Files: []Part{text("t.csv", formed.String())}, blockSize: rapid.IntRange(1, 200).Draw(r, "block"), batchSize: rapid.IntRange(1, 100).Draw(r, "batch"), headSize: 1}
		got, _, err := Read(r.Context(), source, Options{Delimiter: ';', Decimal: ',', Thousands: '.', Workers: rapid.IntRange(1, 4).Draw(r, "workers")})
		if err != nil {
			r.Fatal(err)
		}
		equalTables(t, got, want)
	})
}
