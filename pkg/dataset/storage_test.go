package dataset

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

func stored(t *testing.T, table *Table) []byte {
	t.Helper()
	b, err := table.Safetensors().Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSafetensors(t *testing.T) {
	for _, content := range []string{
		"n,b,t,c\n1.5,true,2026-01-02,<x>\n,,,\n-0,false,9999-12-31,\"a\nb\"\n",
		"__metadata__,\"quote\"\"\"\n1,é\n", // names that matter to the format
		"e\n\"\"\n",
	} {
		want := read(t, content, Options{})
		b := stored(t, want)
		f, err := safetensors.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := FromSafetensors(f)
		if err != nil {
			t.Fatal(err)
		}
		equalTables(t, got, want)
		if !bytes.Equal(stored(t, got), b) {
			t.Errorf("%q: stored again, the bytes differ", content)
		}
	}
	empty, err := FromSafetensors((&Table{}).Safetensors())
	if err != nil || empty.Rows() != 0 || len(empty.Columns) != 0 {
		t.Errorf("empty table: %v, %v", empty, err)
	}
}

func TestFromSafetensorsRefuses(t *testing.T) {
	valid := read(t, "n,b,t,c\n1,true,2026-01-02,x\n2,false,2026-01-03,y\n", Options{})
	for _, c := range []struct {
		name  string
		spoil func(f *safetensors.File)
		says  string
	}{
		{"no metadata", func(f *safetensors.File) { f.Metadata = nil }, "format"},
		{"other format", func(f *safetensors.File) { f.Metadata["format"] = "foretell-table-9" }, "format"},
		{"rows not a number", func(f *safetensors.File) { f.Metadata["rows"] = "two" }, "rows"},
		{"rows negative", func(f *safetensors.File) { f.Metadata["rows"] = "-1" }, "rows"},
		{"rows differ", func(f *safetensors.File) { f.Metadata["rows"] = "3" }, "shape"},
		{"schema not JSON", func(f *safetensors.File) { f.Metadata["schema"] = "{" }, "schema"},
		{"schema empty", func(f *safetensors.File) { f.Metadata["schema"] = "[]" }, "no columns"},
		{"schema with unknown type", func(f *safetensors.File) {
			f.Metadata["schema"] = strings.Replace(f.Metadata["schema"], "numeric", "decimal", 1)
		}, "unknown type"},
		{"tensor missing", func(f *safetensors.File) { delete(f.Tensors, "column/b") }, `column "b": has no tensor`},
		{"tensor too many", func(f *safetensors.File) { f.Tensors["column/z"] = f.Tensors["column/b"] }, "5 tensors"},
		{"wrong element type", func(f *safetensors.File) { f.Tensors["column/c"] = f.Tensors["column/b"] }, `column "c"`},
		{"matrix", func(f *safetensors.File) { f.Tensors["column/n"] = safetensors.FromF64([]float64{1, 2}, 2, 1) }, "shape"},
		{"bytes cut", func(f *safetensors.File) {
			n := f.Tensors["column/n"]
			n.Bytes = n.Bytes[:8]
			f.Tensors["column/n"] = n
		}, `column "n"`},
		{"code past the levels", func(f *safetensors.File) { f.Tensors["column/c"] = safetensors.FromI32([]int32{0, 2}, 2) }, "row 2: code 2"},
		{"code below -1", func(f *safetensors.File) { f.Tensors["column/c"] = safetensors.FromI32([]int32{-2, 0}, 2) }, "row 1: code -2"},
		{"boolean of 2", func(f *safetensors.File) { f.Tensors["column/b"] = safetensors.FromF64([]float64{1, 2}, 2) }, "row 2: 2 is no boolean"},
		{"half a microsecond", func(f *safetensors.File) { f.Tensors["column/t"] = safetensors.FromF64([]float64{1, 1.5}, 2) }, "no timestamp"},
		{"timestamp past the calendar", func(f *safetensors.File) { f.Tensors["column/t"] = safetensors.FromF64([]float64{1e300, 1}, 2) }, "no timestamp"},
		{"infinite timestamp", func(f *safetensors.File) { f.Tensors["column/t"] = safetensors.FromF64([]float64{math.Inf(1), 1}, 2) }, "no timestamp"},
	} {
		f := valid.Safetensors()
		c.spoil(f)
		if _, err := FromSafetensors(f); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error saying %q", c.name, err, c.says)
		}
	}
}
