package model

// tilePairs is tilePairsGo of the n values at each pointer, by SSE2, which every amd64 has:
// multiplied and then added, as two instructions, so that nothing is fused.
//
//go:noescape
func tilePairs(pairs *[18]float64, a, b, c, x, y, z *float64, n int)
