package parquet

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// A value that is not what its column is declared as is told by file, row and column: the
// first of them, whether the texts lie in a dictionary or not and whatever is missing before.
func TestFaultsSayWhere(t *testing.T) {
	levels := []byte{1<<1 | 1, 0b01101101} // rows 1, 3, 4, 6 and 7 of 8 have a value
	texts := []string{"1", "2", "x3", "4", "y5"}
	plain := builtPage{values: 8, levels: levels, body: plainText(texts...)}
	dict := builtPage{kind: dictionaryPage, values: 5, body: plainText(texts...)}
	// Places 0 to 4, bit-packed in 3 bits each.
	places := builtPage{encoding: rleDictionary, values: 8, levels: levels, body: []byte{3, 1<<1 | 1, 0b10_001_000, 0b0_100_011_0, 0}}
	for name, pages := range map[string][]builtPage{"plain": {plain, plain}, "dictionary": {dict, places, places}} {
		c := text("a", pages...)
		c.optional = true
		first := number("b", eights(16))
		f := Files{[]dataset.Part{inMemory("data/x.parquet", one(16, first, c).bytes(t))}}
		table, _, err := dataset.Read(t.Context(), f, dataset.Options{})
		if err != nil || table.Columns[1].Text(3) != "x3" || !table.Columns[1].Missing(4) || table.Columns[1].Text(6) != "y5" {
			t.Fatalf("%s: %v", name, err)
		}
		for _, o := range []dataset.Options{
			{Types: map[string]dataset.Type{"a": dataset.Numeric}},
			{Schema: dataset.Schema{{Name: "a", Type: dataset.Categorical, Levels: []string{"1", "2", "4"}}}},
		} {
			_, _, err := dataset.Read(t.Context(), f, o)
			var fault *dataset.ParseError
			if !errors.As(err, &fault) || fault.Row != 4 || fault.Column != "a" || fault.Part != "data/x.parquet" || !strings.Contains(fault.Err.Error(), `"x3"`) {
				t.Errorf("%s: %v", name, err)
			}
			if want := `data/x.parquet: row 4, column "a": `; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

// A declared type that the file's values cannot have is refused by column, and so is a
// logical type that does not belong to what is stored.
func TestTypesThatDoNotFit(t *testing.T) {
	for _, logical := range []int{logicalDate, logicalDecimal, logicalUUID, logicalFloat16, logicalInteger, logicalTime, logicalTimestamp} {
		c := number("a", eights(1))
		c.logical = logical
		_, _, err := dataset.Read(t.Context(), Files{[]dataset.Part{inMemory("x", one(1, c).bytes(t))}}, dataset.Options{})
		var fault *dataset.ColumnError
		if !errors.As(err, &fault) || fault.Column != "a" || !strings.Contains(err.Error(), "logical type") {
			t.Errorf("logical type %d of doubles: %v", logical, err)
		}
	}
	f := Files{[]dataset.Part{inMemory("x", one(1, number("a", eights(1))).bytes(t))}}
	var fault *dataset.ColumnError
	if _, _, err := dataset.Read(t.Context(), f, dataset.Options{Types: map[string]dataset.Type{"a": dataset.Timestamp}}); !errors.As(err, &fault) || !strings.Contains(err.Error(), "declared timestamp, but numeric") {
		t.Error(err)
	}
}

// A connection that breaks off is no fault of the file: whichever request it is that fails,
// that is the error, and it is not taken for the end of the data.
func TestConnectionLost(t *testing.T) {
	const n = 300_000
	data := one(n, number("a", eights(n/2), eights(n/2)), number("b", eights(n)), number("c", eights(n)), number("d", eights(n))).bytes(t)
	lost := errors.New("connection lost")
	for _, workers := range []int{1, 3} {
		for _, short := range []bool{false, true} {
			failed := 0
			for at := int32(1); ; at++ {
				p := inMemory("x", data)
				whole, requests := p.OpenAt, new(atomic.Int32)
				p.OpenAt = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
					switch {
					case requests.Add(1) != at:
						return whole(ctx, offset, length)
					case short:
						body, err := whole(ctx, offset, length/2)
						return io.NopCloser(io.MultiReader(body, iotest.ErrReader(io.ErrUnexpectedEOF))), err
					}
					return nil, lost
				}
				_, err := Files{[]dataset.Part{p}}.Scan(t.Context(), dataset.Options{Workers: workers}, &discard{})
				if requests.Load() < at {
					break
				}
				failed++
				var fault *dataset.ParseError
				if err == nil || errors.As(err, &fault) || !short && !errors.Is(err, lost) || !strings.Contains(err.Error(), "read x") {
					t.Errorf("request %d: %v", at, err)
				}
			}
			if failed < 2 {
				t.Errorf("only %d requests", failed)
			}
		}
	}
}
