package parquet

import (
	"errors"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// expecting stops at the first block, and remembers what it was told until then.
type expecting struct{ rows int }

var errEnough = errors.New("enough")

func (e *expecting) Begin([]dataset.Field) error { return nil }
func (e *expecting) Expect(rows int)             { e.rows = rows }
func (e *expecting) Block() dataset.Sink         { return e }
func (e *expecting) Add(*dataset.Batch) error    { return errEnough }
func (e *expecting) End(dataset.Sink) error      { return nil }

// A footer says how many rows there are: who wants them all is told before the first.
func TestRowsAreExpected(t *testing.T) {
	var e expecting
	if _, err := open(t, folder+"adult.parquet", folder+"adult.parquet").Scan(t.Context(), dataset.Options{}, &e); !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	rows := &summed{}
	if _, err := open(t, folder+"adult.parquet").Scan(t.Context(), dataset.Options{}, rows); err != nil {
		t.Fatal(err)
	}
	if want := 2 * rows.rows; e.rows != want || want == 0 {
		t.Errorf("%d rows are expected, want %d", e.rows, want)
	}
}
