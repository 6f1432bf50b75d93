package model

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

const (
	// gramRows is how many rows of all columns are multiplied before the next: what three by
	// three columns of them take stays in the first-level cache.
	gramRows = 256
	// gramPart is how many rows are summed before the sum is added to those before: a part is
	// a worker's piece of work.
	gramPart = 8192
	// gramMemory bounds the numbers in all parts' sums; with more columns the parts are longer.
	gramMemory = 1 << 23
)

// gram is the lower triangle of Xᵀ·diag(h)·X, row by row, for X given by its columns; h nil
// stands for ones. Each sum runs in row order within parts whose bounds follow from the
// shape alone, and over the parts in order, so the bits do not depend on the number of
// workers. It is for tall X: nine sums of a tile of three by three columns run side by side,
// each as two of every other row, in blocks of rows that stay in the cache. (gonum's SymOuterK reads all of X once per pair
// of columns, and its kernels differ between amd64 and arm64.)
func gram(ctx context.Context, columns [][]float64, h []float64) ([][]float64, error) {
	n := len(columns)
	if n == 0 {
		return nil, nil
	}
	rows := len(columns[0])
	parts := max(1, min((rows+gramPart-1)/gramPart, gramMemory/(n*n)))
	sums := make([][][]float64, parts)
	err := par.For(ctx, parts, 0, func(part int) error {
		sums[part] = lowerTriangle(n)
		scaled := make([][]float64, n)
		for j := range scaled {
			scaled[j] = make([]float64, gramRows)
		}
		end := (part + 1) * rows / parts
		for from := part * rows / parts; from < end; from += gramRows {
			if err := ctx.Err(); err != nil {
				return err
			}
			gramBlock(sums[part], scaled, columns, h, from, min(from+gramRows, end))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range sums[1:] {
		for i, row := range s {
			addScaled(sums[0][i], sums[0][i], 1, row)
		}
	}
	return sums[0], nil
}

func lowerTriangle(n int) [][]float64 {
	cells := make([]float64, n*(n+1)/2)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i], cells = cells[:i+1:i+1], cells[i+1:]
	}
	return rows
}

// gramBlock adds to sum what rows from … to-1 contribute. scaled is scratch.
func gramBlock(sum, scaled, columns [][]float64, h []float64, from, to int) {
	n := len(columns)
	for j, column := range columns {
		scaled[j] = scaled[j][:to-from]
		if h == nil {
			copy(scaled[j], column[from:to])
			continue
		}
		block, dst := column[from:to], scaled[j]
		for i, v := range h[from:to][:len(dst)] {
			dst[i] = v * block[i]
		}
	}
	if n < 3 {
		for i := range n {
			dots(sum[i], columns[i][from:to], scaled[:i+1])
		}
		return
	}
	// The last tile begins early enough to be whole; what it shares with the one before is
	// added only once.
	for i := 0; i < n; i += 3 {
		for j := 0; j <= i; j += 3 {
			gramTile(sum, scaled, columns, i, j, from, to)
		}
	}
}

// gramTile adds the products of columns i … i+2 and j … j+2 that are in the lower triangle.
func gramTile(sum, scaled, columns [][]float64, i, j, from, to int) {
	newI, newJ := i, j
	i, j = min(i, len(columns)-3), min(j, len(columns)-3)
	products := tileProducts([3][]float64{columns[i][from:to], columns[i+1][from:to], columns[i+2][from:to]},
		[3][]float64{scaled[j], scaled[j+1], scaled[j+2]})
	for a := range products {
		row := sum[i+a]
		for b, product := range products[a] {
			if i+a < newI || j+b < newJ || j+b > i+a {
				continue
			}
			row[j+b] += product
		}
	}
}

// tileProducts are the sums of products of columns of the same length, left by right.
func tileProducts(left, right [3][]float64) (products [3][3]float64) {
	n := len(left[0])
	var pairs [18]float64
	if even := n &^ 1; even > 0 {
		tilePairs(&pairs, &left[0][0], &left[1][0], &left[2][0], &right[0][0], &right[1][0], &right[2][0], even)
	}
	for a := range left {
		for b := range right {
			products[a][b] = pairs[2*(3*a+b)] + pairs[2*(3*a+b)+1]
			if n&1 == 1 {
				products[a][b] += float64(left[a][n-1] * right[b][n-1])
			}
		}
	}
	return products
}

// addProducts adds v[k]·x[j] over rows from … to-1 to sum[k][j]; there are three of both at least.
// Tiles and blocks are those of gram.
func addProducts(sum, v, x [][]float64, from, to int) {
	for ; from < to; from += gramRows {
		end := min(from+gramRows, to)
		for k := 0; k < len(v); k += 3 {
			l := min(k, len(v)-3)
			left := [3][]float64{v[l][from:end], v[l+1][from:end], v[l+2][from:end]}
			for j := 0; j < len(x); j += 3 {
				r := min(j, len(x)-3)
				products := tileProducts(left, [3][]float64{x[r][from:end], x[r+1][from:end], x[r+2][from:end]})
				for a := k - l; a < 3; a++ {
					for b := j - r; b < 3; b++ {
						sum[l+a][r+b] += products[a][b]
					}
				}
			}
		}
	}
}

// tilePairsGo sets pairs[2·(3·l+r)] to the sum over even rows of left column l times right
// column r, and the place behind it to that over odd rows: what the two halves of a vector
// register hold in the assembly for amd64, which gives the same bits. n is even.
func tilePairsGo(pairs *[18]float64, a, b, c, x, y, z []float64) {
	n := len(x)
	for l, v := range [3][]float64{a[:n], b[:n], c[:n]} {
		var x0, x1, y0, y1, z0, z1 float64
		for k := 0; k+1 < n; k += 2 {
			v0, v1 := v[k], v[k+1]
			x0 += float64(v0 * x[k])
			x1 += float64(v1 * x[k+1])
			y0 += float64(v0 * y[k])
			y1 += float64(v1 * y[k+1])
			z0 += float64(v0 * z[k])
			z1 += float64(v1 * z[k+1])
		}
		copy(pairs[6*l:], []float64{x0, x1, y0, y1, z0, z1})
	}
}
