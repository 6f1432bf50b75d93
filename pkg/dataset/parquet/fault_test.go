package parquet

import (
	"errors"
	"strings"
	"testing"

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
