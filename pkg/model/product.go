package model

// A product is made of tiles of tileRows by tileColumns sums, which the registers hold.
const (
	tileRows    = 4
	tileColumns = 8
)

// padded is n rounded up to whole tiles.
func padded(n int) int { return (n + tileColumns - 1) / tileColumns * tileColumns }

// grid is a matrix in a slice: element (i, j) is at i·row + j·column.
type grid struct {
	values      []float64
	row, column int
}

// addProduct adds a·b to c: c has rows × columns elements, a rows × inner, b inner × columns,
// rows a multiple of tileRows, columns of tileColumns, and the elements of a row of b and c
// lie side by side. Each element is summed in the order of inner, every product rounded, so
// the bits are the same on every machine.
func addProduct(c, a, b grid, rows, inner, columns int) {
	if inner == 0 {
		return
	}
	for j := 0; j < columns; j += tileColumns {
		for i := 0; i < rows; i += tileRows {
			productTile(c.values[i*c.row+j:], a.values[i*a.row:], b.values[j:], inner, a.row, a.column, b.row, c.row)
		}
	}
}

// productTileGo adds one tile, for any machine.
func productTileGo(c, a, b []float64, inner, aRow, aColumn, bRow, cRow int) {
	for i := range tileRows {
		sums := (*[tileColumns]float64)(c[i*cRow:])
		s0, s1, s2, s3, s4, s5, s6, s7 := sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7]
		for k := range inner {
			v, w := a[i*aRow+k*aColumn], (*[tileColumns]float64)(b[k*bRow:])
			s0 += float64(v * w[0])
			s1 += float64(v * w[1])
			s2 += float64(v * w[2])
			s3 += float64(v * w[3])
			s4 += float64(v * w[4])
			s5 += float64(v * w[5])
			s6 += float64(v * w[6])
			s7 += float64(v * w[7])
		}
		*sums = [tileColumns]float64{s0, s1, s2, s3, s4, s5, s6, s7}
	}
}
