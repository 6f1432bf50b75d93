//go:build !amd64

package sketch

func extentOf(values []float64) (low, high float64, ascending bool) { return extentOfGo(values) }

func runEnds(values []float64, ends []uint64, sorted []float64) int {
	return runEndsGo(values, ends, sorted, 1, 0)
}
