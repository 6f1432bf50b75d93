package feature

import (
	"context"
	"fmt"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// BenchmarkTransform encodes one row, as a request has it, and a table of them, for learners
// that multiply and for trees: ten columns, every encoding, two of them text.
func BenchmarkTransform(b *testing.B) {
	rows, y := everything(b)
	for name, o := range map[string]Options{"sums": {Impute: true, Scale: true}, "trees": {}} {
		e, _, err := Fit(context.Background(), rows, y, o, 1)
		if err != nil {
			b.Fatal(err)
		}
		schema := rows.Schema()
		build := schema.Builder()
		build.AddRow()
		for i := range rows.Columns {
			if c := &rows.Columns[i]; c.Type == dataset.Numeric {
				err = build.Number(i, c.Values[1])
			} else {
				err = build.Text(i, c.Text(1))
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		for _, t := range []*dataset.Table{build.Table(), rows} {
			b.Run(fmt.Sprintf("for=%s/rows=%d", name, t.Rows()), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := e.Transform(t); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
