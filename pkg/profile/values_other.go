//go:build !amd64

package profile

func foldValues(hashes []uint64, values []float64) (missing int) { return foldValuesGo(hashes, values) }

func takeFinite(to, values []float64) int { return takeFiniteGo(to, values) }

func addLanes(lanes *[sumLanes]float64, values []float64) { addLanesGo(lanes, values) }

// addQuick is of amd64 alone.
func (b *blockPowers) addQuick([]float64, float64) bool { return false }

func wholeIn(values []float64, counts []uint64) uint64 { return wholeInGo(values, counts) }
