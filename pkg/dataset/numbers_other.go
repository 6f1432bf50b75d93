//go:build !amd64

package dataset

func parseNumbers(values []float64, i int, data []byte, bounds []uint32, stride int) int {
	return parseNumbersGo(values, i, data, bounds, stride)
}
