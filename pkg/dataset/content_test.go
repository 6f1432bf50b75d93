package dataset

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawTable draws a table of every type of column, with missing values.
func drawTable(t *rapid.T, rows int) *Table {
	number := func(label string, from ...float64) []float64 {
		return rapid.SliceOfN(rapid.SampledFrom(append(from, math.NaN())), rows, rows).Draw(t, label)
	}
	codes := func(label string) []int32 {
		return rapid.SliceOfN(rapid.Int32Range(-1, 2), rows, rows).Draw(t, label)
	}
	table, err := NewTable(
		Column{Name: "n", Type: Numeric, Values: number("n", 0, 1, 0.1, -5e300)},
		Column{Name: "b", Type: Boolean, Values: number("b", 0, 1)},
		Column{Name: "t", Type: Timestamp, Values: number("t", 0, 1.6e15)},
		Column{Name: "c", Type: Categorical, Levels: []string{"a", "b", "c"}, Codes: codes("c")},
		Column{Name: "x", Type: Text, Levels: []string{"", "b", "c"}, Codes: codes("x")})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestContents: rows have equal hashes if and only if they hold equal values, wherever they
// stand, whatever the codes of their levels and the order of their columns are.
func TestContents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 40).Draw(t, "rows")
		table := drawTable(t, rows)
		hashes := table.Contents()
		byText := map[string]uint64{}
		for i, h := range hashes {
			text := ""
			for j := range table.Columns {
				c := &table.Columns[j]
				text += fmt.Sprintf("%t %q,", c.Missing(i), c.Text(i))
			}
			if known, ok := byText[text]; ok && known != h {
				t.Fatalf("row %d, %s: %x and %x", i, text, h, known)
			}
			byText[text] = h
		}
		different := slices.Compact(slices.Sorted(slices.Values(hashes)))
		if len(different) != len(byText) {
			t.Fatalf("%d hashes of %d different rows", len(different), len(byText))
		}
		order := rapid.Permutation(rowsUpTo(rows)).Draw(t, "order")
		moved := table.Select(order)
		columns := slices.Clone(moved.Columns)
		slices.Reverse(columns)
		for j := range columns { // a level before the others moves every code
			if c := &columns[j]; c.Type.Coded() {
				c.Levels = append([]string{" first"}, c.Levels...)
				c.Codes = slices.Clone(c.Codes)
				for i := range c.Codes {
					if c.Codes[i] >= 0 {
						c.Codes[i]++
					}
				}
			}
		}
		nothing := Column{Name: "later", Type: Numeric, Values: slices.Repeat([]float64{math.NaN()}, rows)}
		other, err := NewTable(append(columns, nothing)...)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range other.Contents() {
			if h != hashes[order[i]] {
				t.Fatalf("row %d has another hash as row %d", order[i], i)
			}
		}
	})
}

func rowsUpTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// TestContentsAreEven: of consecutive numbers and of texts alike every tenth of the hashes
// has a tenth of the rows, within four standard deviations.
func TestContentsAreEven(t *testing.T) {
	const rows = 100_000
	numbers := make([]float64, rows)
	for i := range numbers {
		numbers[i] = float64(i)
	}
	text := Column{Name: "x", Type: Text}
	for i := range rows {
		text.Levels = append(text.Levels, fmt.Sprintf("%06d", i))
		text.Codes = append(text.Codes, int32(i))
	}
	for _, c := range []Column{{Name: "n", Type: Numeric, Values: numbers}, text} {
		table, err := NewTable(c)
		if err != nil {
			t.Fatal(err)
		}
		var tenths [10]int
		for _, h := range table.Contents() {
			tenths[int(float64(h>>11)/(1<<53)*10)]++
		}
		for i, n := range tenths {
			if math.Abs(float64(n)-rows/10) > 4*math.Sqrt(rows*0.1*0.9) {
				t.Errorf("%s: tenth %d has %d of %d rows", c.Name, i, n, rows)
			}
		}
	}
}

// TestContentsOfTypes: true and false are the same as texts and as booleans; 0 is −0; a value
// means another thing in another column.
func TestContentsOfTypes(t *testing.T) {
	hash := func(c Column) uint64 {
		table, err := NewTable(c)
		if err != nil {
			t.Fatal(err)
		}
		return table.Contents()[0]
	}
	if hash(Column{Name: "a", Type: Boolean, Values: []float64{1}}) != hash(Column{Name: "a", Type: Categorical, Levels: []string{"true"}, Codes: []int32{0}}) {
		t.Error("true is another as text")
	}
	zero := hash(Column{Name: "a", Type: Numeric, Values: []float64{0}})
	if zero != hash(Column{Name: "a", Type: Numeric, Values: []float64{math.Copysign(0, -1)}}) {
		t.Error("0 and -0 differ")
	}
	if zero == hash(Column{Name: "b", Type: Numeric, Values: []float64{0}}) {
		t.Error("a column's name does not matter")
	}
}
