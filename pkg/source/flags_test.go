package source_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/source"
)

func TestParseTypes(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "map[]",
		"zip=categorical,age=numeric":    "map[age:numeric zip:categorical]",
		" zip = categorical , age=text ": "map[age:text zip:categorical]",
		`"city, state=text",a=b=boolean`: "map[a=b:boolean city, state:text]",
		"zip":                            `"zip" is not of the form column=type`,
		"=text":                          "is not of the form",
		"zip=string":                     `unknown type "string"`,
		"zip=text,zip=text":              "has two types",
		`"zip=text`:                      "is not a list",
		"a=text\nb=text":                 "more than one line",
	} {
		got, err := source.ParseTypes(in)
		if s := fmt.Sprint(got); err == nil && s != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %s", in, got, err, want)
		}
	}
}

func TestParseSample(t *testing.T) {
	for in, want := range map[string]string{
		"": "0", "0.1": "0.1", "10%": "0.1", " 2.5 % ": "0.025", "1": "1", "100%": "1", "1000": "1000", "1e6": "1e+06",
		"0": "neither", "-1": "neither", "0%": "neither", "nan": "neither", "inf": "neither", "ten": "neither", "1.5": "not a number of rows",
		"101%": "more than there is", "1e300": "not a number of rows",
	} {
		got, err := source.ParseSample(in)
		if err == nil && fmt.Sprint(got) != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %s", in, got, err, want)
		}
	}
}

func TestFlags(t *testing.T) {
	schema := filepath.Join(t.TempDir(), "schema.json")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(schema, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"name":"a","type":"numeric"},{"name":"b","type":"categorical","levels":["x","y"]}]`)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "[] map[] 0 [] [] true 0"},
		{[]string{"--columns", `a,"b, c"`, "--types", "a=text", "--sample", "5%"}, `[a b, c] map[a:text] 0.05 [] [] true 0`},
		{[]string{"--missing", "-, NA", "--delimiter", "tab"}, "[] map[] 0 [] [- NA] false 9"},
		{[]string{"--missing", ""}, "[] map[] 0 [] [] false 0"},
		{[]string{"--schema", schema}, "[] map[] 0 [{a numeric []} {b categorical [x y]}] [] true 0"},
		{[]string{"--columns", "a,a", "--sample", "x"}, "--columns: \"a\" is named twice\n--sample: \"x\" is neither"},
		{[]string{"--columns", "a,,b"}, "name 2 of 3 is empty"},
		{[]string{"--delimiter", ";;"}, `--delimiter: ";;" is not one ASCII character`},
		{[]string{"--delimiter", `"`}, "cannot separate values"},
		{[]string{"--schema", schema + "x"}, "--schema: open"},
	} {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		var f source.Flags
		f.Register(flags)
		if err := flags.Parse(tt.args); err != nil {
			t.Fatal(err)
		}
		o, err := f.Options()
		got := fmt.Sprint(o.Columns, o.Types, o.Sample, o.Schema, o.Missing, o.Missing == nil, o.Delimiter)
		got = strings.ReplaceAll(strings.ReplaceAll(got, "] map", "] map"), "  ", " ")
		if err == nil && strings.Join(strings.Fields(got), " ") != tt.want || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %s, %v, want %s", tt.args, got, err, tt.want)
		}
	}
	for content, want := range map[string]string{
		"{": "is no schema", "[]": "names no columns", `[{"name":"a","kind":"numeric"}]`: "unknown field", `[{"name":"a","type":"number"}]`: "unknown type",
		`[{"name":"a","type":"numeric"}] []`: "more than one value",
	} {
		write(content)
		if _, err := source.ReadSchema(schema); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", content, err, want)
		}
	}
}
