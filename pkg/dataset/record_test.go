package dataset_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func TestRecords(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "EOF",
		"\n\r\n":                              "EOF",
		"a,b\n1, 2 \n":                        `1["a" "b"] 2["1" "2"] EOF`,
		"\ufeff\"a\",b\r\n\r\n1\n":            `1["a" "b"] 3["1"] EOF`, // as many values as it has
		"\"two\r\nlines\",\"a \"\"b\"\"\"\rx": `1["two\nlines" "a \"b\""] 3["x"] EOF`,
		"a,,\n":                               `1["a" "" ""] EOF`,
		"\"\"\n":                              `1[""] EOF`,
		"a\n\"b\n":                            `1["a"] text: row 2 (line 2): value 1: the quote opened in line 2 is never closed`,
		"a\nb,\"c\"d\n":                       `1["a"] text: row 2 (line 2): value 2: text after a closing quote; a quote inside a quoted value is written twice`,
		"a\nb\x00\n":                          `1["a"] text: row 2 (line 2): value 1: NUL byte; this is not a text file, or not in UTF-8`,
		"a,\xff\n":                            `text: row 1 (line 1): value 2: value is not UTF-8; save the file in that encoding`,
	} {
		var got strings.Builder
		r := dataset.NewRecords([]byte(text), ',')
		for {
			err := r.Next()
			if err != nil {
				var parse *dataset.ParseError
				if !errors.Is(err, io.EOF) && !errors.As(err, &parse) {
					t.Errorf("%q: %T", text, err)
				}
				got.WriteString(err.Error())
				break
			}
			values := make([]string, r.Len())
			for i := range values {
				values[i] = r.Value(i)
			}
			fmt.Fprintf(&got, "%d%q ", r.Line(), values)
		}
		if got.String() != want {
			t.Errorf("%q: %s, want %s", text, got.String(), want)
		}
	}
}
