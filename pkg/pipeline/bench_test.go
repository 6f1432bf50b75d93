package pipeline

import (
	"context"
	"fmt"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// BenchmarkLines predicts by logistic regression over 8 numbers and 6 categories of 5 to 30 levels, encoded and fused,
// a row by itself as a request has it and 10,000 at a time: of evenly spread numbers, and of skewed
// ones, each of which is bent by a power too.
func BenchmarkLines(b *testing.B) {
	for _, numbers := range []string{"even", "skewed"} {
		p, inputs := benchmarkLines(b, numbers == "skewed")
		m := &p.Members[0]
		for _, rows := range []int{1, 10_000} {
			of := make([]int, rows)
			for i := range of {
				of[i] = i % inputs.Rows()
			}
			t := inputs.Select(of)
			dst := make([]float64, 2*rows)
			for _, way := range []struct {
				name  string
				write func() error
			}{
				{"encoded", func() error { return m.writeEncoded(dst, t, map[*feature.Encoder]*dataset.Matrix{}) }},
				{"fused", func() error { return m.writeFused(dst, t) }},
			} {
				b.Run(fmt.Sprintf("numbers=%s/columns=%d/rows=%d/%s", numbers, m.Model.Inputs(), rows, way.name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := way.write(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
				})
			}
		}
	}
}

func benchmarkLines(b *testing.B, skewed bool) (*Pipeline, *dataset.Table) {
	b.Helper()
	const rows = 4000
	random := seed.Rand(seed.Derive(1, "lines"))
	columns, y := make([]dataset.Column, 14), make([]float64, rows)
	for j := range columns {
		c := &columns[j]
		*c = dataset.Column{Name: fmt.Sprint("column ", j), Type: dataset.Numeric}
		if j >= 8 {
			c.Type = dataset.Categorical
			for level := range 5 * (j - 7) {
				c.Levels = append(c.Levels, fmt.Sprintf("level %02d", level))
			}
		}
		for i := range rows {
			v := random.Float64()
			if y[i] += v - 0.5; j >= 8 {
				c.Codes = append(c.Codes, int32(v*float64(len(c.Levels))))
				continue
			}
			if skewed {
				v = random.ExpFloat64()
			}
			c.Values = append(c.Values, v)
		}
	}
	for i, v := range y {
		if y[i] = 0; v > 0 {
			y[i] = 1
		}
	}
	inputs, err := dataset.NewTable(columns...)
	if err != nil {
		b.Fatal(err)
	}
	target := Target{Name: "y", Type: dataset.Categorical, Task: dataset.Binary, Classes: []string{"no", "yes"}}
	p, err := Fit(context.Background(), Data{Inputs: inputs, Y: y}, target, Configuration{Learner: "logistic"}, 1)
	if err != nil {
		b.Fatal(err)
	}
	return p, inputs
}
