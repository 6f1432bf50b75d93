package model

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// powers returns the columns of x, then their squares, and so on up to the degree, each as
// what float64 holds of it and, in low, what that leaves: together some 32 digits. A power
// rounded to 16 digits is another column, and where powers nearly depend on each other that
// changes the first digits of a solution: NIST's Filip keeps 8 of them. low is nil for
// degree 1.
func powers(x *dataset.Matrix, degree int) (all *dataset.Matrix, low [][]float64, err error) {
	if degree <= 1 {
		return x, nil, nil
	}
	all = &dataset.Matrix{Rows: x.Rows}
	all.Columns = append(all.Columns, x.Columns...)
	all.Names = append(all.Names, x.Names...)
	low = make([][]float64, len(x.Columns), len(x.Columns)*degree)
	for d := 2; d <= degree; d++ {
		for j, column := range x.Columns {
			before := len(all.Columns) - len(x.Columns)
			high, rest := make([]float64, x.Rows), make([]float64, x.Rows)
			for i, v := range column {
				high[i], rest[i] = num.TwoProduct(all.Columns[before][i], v)
				if low[before] != nil {
					rest[i] += float64(low[before][i] * v)
				}
				if math.IsInf(high[i], 0) || math.IsInf(rest[i], 0) || math.IsNaN(rest[i]) {
					return nil, nil, &ValueError{i + 1, x.Names[j], v, fmt.Sprintf("to the power %d is not a finite number: scale the column or lower degree", d)}
				}
			}
			all.Columns, low = append(all.Columns, high), append(low, rest)
			all.Names = append(all.Names, fmt.Sprintf("%s^%d", x.Names[j], d))
		}
	}
	return all, low, nil
}
