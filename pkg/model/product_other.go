//go:build !amd64

package model

func productTile(c, a, b []float64, inner, aRow, aColumn, bRow, cRow int) {
	productTileGo(c, a, b, inner, aRow, aColumn, bRow, cRow)
}
