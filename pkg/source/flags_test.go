package source_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/santhosh-tekuri/jsonschema/v6"
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
		{[]string{"--delimiter", `"`}, "--delimiter: delimiter '\"' cannot separate values"},
		{[]string{"--quote", "apostrophe", "--comment", "#", "--decimal", "comma", "--thousands", "."}, "[] map[] 0 [] [] true 0'#,."},
		{[]string{"--quote", "qq", "--comment", "x"}, "--quote: \"qq\" is not one ASCII character"},
		{[]string{"--comment", "x"}, "--comment: comment sign 'x': want a punctuation mark"},
		{[]string{"--thousands", "point"}, "numbers cannot have '.'"},
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
		got := fmt.Sprint(o.Columns, o.Types, o.Sample, o.Schema, o.Missing, o.Missing == nil, o.Delimiter) + strings.Trim(string([]byte{o.Quote, o.Comment, o.Decimal, o.Thousands}), "\x00")
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

// Flags that are given replace what a config says, the others leave it.
func TestFlagsOver(t *testing.T) {
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	var f source.Flags
	f.Register(flags)
	if err := flags.Parse([]string{"--columns", "", "--types", "b=text", "--delimiter", "tab", "--missing", ""}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Over(source.Reading{Columns: []string{"a"}, Types: map[string]dataset.Type{"a": dataset.Text}, Sample: 0.5, Comment: "#"})
	want := source.Reading{Types: map[string]dataset.Type{"b": dataset.Text}, Sample: 0.5, Missing: []string{}, Delimiter: "tab", Comment: "#"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// What WriteSchema writes is read again, and is JSON as docs/schema.schema.json has it.
func TestWriteSchema(t *testing.T) {
	schema := dataset.Schema{{Name: `a "b", <c>`, Type: dataset.Numeric}, {Name: "é", Type: dataset.Categorical, Levels: []string{"x", "y"}}}
	var text bytes.Buffer
	if err := source.WriteSchema(&text, schema); err != nil {
		t.Fatal(err)
	}
	if want := "[\n  {\"name\":\"a \\\"b\\\", <c>\",\"type\":\"numeric\"},\n  {\"name\":\"é\",\"type\":\"categorical\",\"levels\":[\"x\",\"y\"]}\n]\n"; text.String() != want {
		t.Errorf("%s", text.String())
	}
	path := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := source.ReadSchema(path); err != nil || !reflect.DeepEqual(got, schema) {
		t.Errorf("%v, %v", got, err)
	}
	rules, err := jsonschema.NewCompiler().Compile("../../docs/schema.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return rules.Validate(value)
	}
	if err := check(text.String()); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"[]", "{}", `[{"name":"a"}]`, `[{"name":"a","type":"date"}]`, `[{"name":"","type":"text"}]`, `[{"name":"a","type":"text","kind":1}]`, `[{"name":"a","type":"numeric","levels":["1"]}]`} {
		if check(wrong) == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}
