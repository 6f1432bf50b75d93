package profile

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// madeSample is rows of columns that go with each other: numbers, of which every gaps-th has
// missing ones, and of every categories columns one of categories (0: none).
func madeSample(rows, columns, gaps, categories int) *sample {
	s := &sample{rows: rows, of: rows}
	r := seed.Rand(7)
	hidden := make([]float64, rows)
	for i := range hidden {
		hidden[i] = r.NormFloat64()
	}
	for j := range columns {
		c := sampleColumn{name: fmt.Sprintf("c%d", j)}
		if categories > 0 && j%categories == 0 {
			c.levels = 3 + j%40
			c.codes = make([]int32, rows)
			for i := range c.codes {
				c.codes[i] = int32(r.IntN(c.levels))
				if hidden[i] > 1 {
					c.codes[i] /= 2
				}
			}
		} else {
			c.values = make([]float64, rows)
			for i := range c.values {
				c.values[i] = r.NormFloat64() + float64(hidden[i]*float64(j)/float64(columns))
			}
		}
		if gaps > 0 && j%gaps == 0 {
			for i := range rows {
				if r.IntN(10) == 0 {
					if c.values != nil {
						c.values[i] = math.NaN()
					} else {
						c.codes[i] = -1
					}
				}
			}
		}
		s.columns = append(s.columns, c)
	}
	return s
}

func BenchmarkComparePairs(b *testing.B) {
	for _, c := range []struct{ columns, gaps, categories int }{{30, 0, 0}, {30, 5, 3}, {300, 0, 0}, {300, 1, 0}, {300, 5, 3}, {3000, 5, 3}} {
		s := madeSample(16384, c.columns, c.gaps, c.categories)
		b.Run(fmt.Sprintf("columns=%d/gaps=%d/categories=%d", c.columns, c.gaps, c.categories), func(b *testing.B) {
			for b.Loop() {
				p, err := comparePairs(context.Background(), s, 1)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(p.Rows), "rows")
				b.ReportMetric(float64(len(p.Columns)), "columns")
			}
		})
		b.Run(fmt.Sprintf("target/columns=%d/gaps=%d/categories=%d", c.columns, c.gaps, c.categories), func(b *testing.B) {
			for b.Loop() {
				if _, err := compareTarget(context.Background(), s, "c1", 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
