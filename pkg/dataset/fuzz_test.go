package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

var seedCSV = []string{
	"", "a", "a\n", "a,b\n1,x\n2,y\n", "\ufeffa;b\r\n\"1\r\n\";x\n", "a\tb\n\t\n", "a,b\n\"x\"\"y\",NA\n", "a,a\n1,2\n",
	"t,u\n2026-01-02 03:04:05.678+01:00,true\n9999-12-31T23:59:59.999999Z,FALSE\n", "n\n-0\n1e308\n1e-320\ninf\n007\n",
	"a,b\n1,\"2\n", "a,b\n1\n", "a|b\n5\" pipe| \"x\" \n", "a\n\"\"\n\n \n?\n", "\x1f\x8b", "a\x00,b\n", "a,\xed\n1,2\n",
	"\r\ufeffa{\r\n\";x\r\n\n;{\"", // found by fuzzing: a byte order mark after a blank line
}

// FuzzReadCSV: any bytes give a table or an error with a position, never a panic, and a
// table written as canonical text and read with its types is the same table.
func FuzzReadCSV(f *testing.F) {
	for _, s := range seedCSV {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		table, _, err := ReadCSV(t.Context(), []Part{text("fuzz", content)}, Options{})
		if err != nil {
			if _, ok := errors.AsType[*ParseError](err); !ok {
				t.Fatalf("%q: %v is no *ParseError", content, err)
			}
			return
		}
		written := write(t, table)
		again, _, err := ReadCSV(t.Context(), []Part{text("again", written)}, Options{Delimiter: ',', Types: table.Schema().Types()})
		if err != nil {
			t.Fatalf("%q, written as %q: %v", content, written, err)
		}
		equalTables(t, again, table)
		loaded, err := FromSafetensors(table.Safetensors())
		if err != nil {
			t.Fatalf("%q, stored: %v", content, err)
		}
		equalTables(t, loaded, table)
	})
}

// write writes a table by the standard library, so that reading is checked against another
// hand's idea of CSV.
func write(t *testing.T, table *Table) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for i, row := range texts(table) {
		if i == 1 {
			continue // the types
		}
		if len(row) == 1 && row[0] == "" {
			// The standard library writes a blank line, which is no row.
			w.Flush()
			b.WriteString("\"\"\n")
			continue
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.String()
}

// FuzzScanner compares the scanner with encoding/csv on all that both accept.
func FuzzScanner(f *testing.F) {
	for _, s := range seedCSV {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		// Where the two differ on purpose: lone CR, byte order marks, NUL, and values
		// that are not UTF-8; what is white space around values is trimmed here.
		if strings.Contains(strings.ReplaceAll(content, "\r\n", "\n"), "\r") {
			return
		}
		peer := csv.NewReader(strings.NewReader(content))
		peer.FieldsPerRecord = -1
		want, err := peer.ReadAll()
		if err != nil {
			return
		}
		s := newScanner(strings.NewReader(content))
		s.write(usual)
		for _, record := range want {
			if len(record) == 1 && strings.TrimSpace(record[0]) == "" {
				return // blank here, or a quoted nothing: the two number rows differently
			}
			if err := s.next(); err != nil {
				if says := err.Error(); strings.Contains(says, "UTF-8") || strings.Contains(says, "NUL") {
					return
				}
				t.Fatalf("%q: %v", content, err)
			}
			if len(s.ends) != len(record) {
				t.Fatalf("%q: %d values, encoding/csv %q", content, len(s.ends), record)
			}
			for i := range record {
				if got := string(s.field(i)); got != strings.TrimSpace(record[i]) {
					t.Fatalf("%q: value %q, encoding/csv %q", content, got, record[i])
				}
			}
		}
		if err := s.next(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q: %v after the last record", content, err)
		}
	})
}

// FuzzFromSafetensors: any bytes give a table or an error, never a panic, and a table can
// be used in full.
func FuzzFromSafetensors(f *testing.F) {
	for _, s := range seedCSV[3:9] {
		table, _, err := ReadCSV(f.Context(), []Part{text("seed", s)}, Options{})
		if err != nil {
			continue // the seeds that are errors
		}
		b, err := table.Safetensors().Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := safetensors.Decode(b)
		if err != nil {
			return
		}
		if table, err := FromSafetensors(file); err == nil {
			texts(table)
		}
	})
}
