package profile

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestGreatestNumbers: the mean of equal values is that value, also of the greatest there are, whose
// sum is beyond them and whose thirds may add up to more; the profile can be written.
func TestGreatestNumbers(t *testing.T) {
	for _, v := range []float64{math.MaxFloat64, -math.MaxFloat64} {
		for n := range 64 {
			table, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: slices.Repeat([]float64{v}, n+1)})
			if err != nil {
				t.Fatal(err)
			}
			p, err := New(t.Context(), table, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if mean := p.Columns[0].Numeric.Mean; mean != v {
				t.Errorf("mean of %d times %v: %v", n+1, v, mean)
			}
			if _, err := json.Marshal(p); err != nil {
				t.Errorf("%d times %v: %v", n+1, v, err)
			}
		}
	}
}
