package model

import "golang.org/x/sys/cpu"

// productTile is productTileGo, by AVX where there is: multiplied and then added, as two
// instructions, so that nothing is fused and the bits are the same.
func productTile(c, a, b []float64, inner, aRow, aColumn, bRow, cRow int) {
	if !cpu.X86.HasAVX {
		productTileGo(c, a, b, inner, aRow, aColumn, bRow, cRow)
		return
	}
	// The last elements that the tile touches: out of range panics here and not in assembly.
	_ = c[(tileRows-1)*cRow+tileColumns-1]
	_ = a[(tileRows-1)*aRow+(inner-1)*aColumn]
	_ = b[(inner-1)*bRow+tileColumns-1]
	productTileAVX(&c[0], &a[0], &b[0], inner, aRow, aColumn, bRow, cRow)
}

//go:noescape
func productTileAVX(c, a, b *float64, inner, aRow, aColumn, bRow, cRow int)
