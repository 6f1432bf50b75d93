package profile

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Of many columns each has smaller sketches, whose errors are stated and hold, so that the
// profile can be stored: 16 columns are as exact as 1.
func TestWideDataHasSmallSketches(t *testing.T) {
	const rows, texts = 400, 390
	for _, c := range []struct {
		columns        int
		rank, relative float64 // greatest error that may be stated
		bytes          int     // of JSON, for a column
	}{{16, 0, 0, 20_000}, {1000, 0.014, 0.024, 12_000}, {2800, 0.052, 0.047, 6000}} {
		columns := make([]dataset.Column, c.columns)
		codes, levels := make([]int32, rows), make([]string, texts)
		for i := range levels {
			levels[i] = fmt.Sprint("text ", i)
		}
		for i := range codes {
			codes[i] = int32(i % texts)
		}
		for i := range columns {
			if i%2 == 1 {
				columns[i] = dataset.Column{Type: dataset.Categorical, Codes: codes, Levels: levels}
			} else {
				random := seed.Rand(uint64(i))
				columns[i] = numbersOf(rows, func(int) float64 { return random.NormFloat64() })
			}
			columns[i].Name = fmt.Sprint("c", i)
		}
		p := mustProfile(t, mustTable(t, columns...))
		text, err := json.MarshalIndent(p, "", "  ")
		if err != nil || len(text) > c.bytes*c.columns {
			t.Errorf("%d columns: %d bytes, %v; %d at most", c.columns, len(text), err, c.bytes*c.columns)
		}
		outside, all := 0, 0
		for i := range p.Columns {
			d, exact := &p.Columns[i], texts
			if d.DistinctError > c.relative || (d.DistinctError > 0) != (c.relative > 0) {
				t.Fatalf("%d columns: column %d has the distinct error %v", c.columns, i, d.DistinctError)
			}
			if n := d.Numeric; n != nil {
				exact = rows
				if n.Quantiles.RankError > c.rank || (n.Quantiles.RankError > 0) != (c.rank > 0) {
					t.Fatalf("%d columns: column %d has the rank error %v", c.columns, i, n.Quantiles.RankError)
				}
				sorted := slices.Sorted(slices.Values(columns[i].Values))
				at, _ := slices.BinarySearch(sorted, n.Quantiles.P50)
				all++
				if math.Abs(float64(at)/rows-0.5) > n.Quantiles.RankError+1.0/rows {
					outside++
				}
			}
			// Linear counting, while registers are empty, is closer.
			if e := math.Abs(float64(d.Distinct - exact)); e > 5*d.DistinctError*float64(exact) {
				t.Errorf("%d columns: column %d has %d distinct values of %d, error %v", c.columns, i, d.Distinct, exact, d.DistinctError)
			}
		}
		if outside*100 > all {
			t.Errorf("%d columns: %d of %d medians are outside of their error", c.columns, outside, all)
		}
	}
}
