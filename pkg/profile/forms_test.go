package profile

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Numbers of a declared form are numbers also where one text among them makes texts of the rest;
// sampled or not.
func TestNumberForm(t *testing.T) {
	content := "a;b\n" + strings.Repeat("1.234,5;1.234,5\n", 99) + "2;none\n"
	csv := dataset.CSV{Files: []dataset.Part{{Name: "t.csv", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}}}
	for _, sample := range []float64{0, 1, 1000} {
		p, _, err := Scan(t.Context(), csv, dataset.Options{Decimal: ',', Thousands: '.', Sample: sample}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		a, b := p.Columns[0], p.Columns[1]
		if a.Type != dataset.Numeric || a.Numeric.Max != 1234.5 || a.Numeric.Min != 2 {
			t.Errorf("sample %v: %+v", sample, a)
		}
		if b.Kinds.Number != 99 || b.Kinds.Text != 1 {
			t.Errorf("sample %v: %+v", sample, b.Kinds)
		}
	}
}
