//go:build !amd64

package model

import "unsafe"

// tilePairs is tilePairsGo of the n values at each pointer.
func tilePairs(pairs *[18]float64, a, b, c, x, y, z *float64, n int) {
	tilePairsGo(pairs, unsafe.Slice(a, n), unsafe.Slice(b, n), unsafe.Slice(c, n),
		unsafe.Slice(x, n), unsafe.Slice(y, n), unsafe.Slice(z, n))
}
