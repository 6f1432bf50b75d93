package profile

import "golang.org/x/sys/cpu"

// quick says whether there is what values_amd64.s is made of.
var quick = cpu.X86.HasAVX2

func foldValues(hashes []uint64, values []float64) (missing int) {
	n := 0
	if quick && len(values) >= 4 {
		n = len(values) &^ 3
		_ = hashes[n-1] // out of range panics here and not in assembly
		missing = foldValuesAVX2(&hashes[0], &values[0], n)
	}
	return missing + foldValuesGo(hashes[n:], values[n:])
}

func takeFinite(to, values []float64) int {
	n := 0
	if quick && len(values) >= 4 {
		n = len(values) &^ 3
		_ = to[n-1]
		if taken := takeFiniteAVX2(&to[0], &values[0], n); taken < n {
			n = taken
		}
	}
	return n + takeFiniteGo(to[n:], values[n:])
}

func addLanes(lanes *[sumLanes]float64, values []float64) {
	n := 0
	if quick && len(values) >= sumLanes {
		n = len(values) &^ (sumLanes - 1)
		addLanesAVX2(lanes, &values[0], n)
	}
	addLanesGo(lanes, values[n:])
}

// addQuick is addGo of the deviations of the last powerBlock of x from center, of which there is one
// more before. It reports false, with nothing done, if that cannot be had.
func (b *blockPowers) addQuick(x []float64, center float64) bool {
	if !quick || len(x) != powerBlock+1 {
		return false
	}
	blockPowersAVX2(b, &x[1], center)
	return true
}

func wholeIn(values []float64, counts []uint64) (whole uint64) {
	n := 0
	if quick && len(values) >= 4 {
		n = len(values) &^ 3
		_ = counts[n-1]
		whole = wholeInAVX2(&values[0], &counts[0], n)
	}
	return whole + wholeInGo(values[n:], counts[n:])
}

//go:noescape
func foldValuesAVX2(hashes *uint64, values *float64, n int) (missing int)

// takeFiniteAVX2 stops before the four values with the first that is not finite.
//
//go:noescape
func takeFiniteAVX2(to, values *float64, n int) int

//go:noescape
func addLanesAVX2(lanes *[sumLanes]float64, values *float64, n int)

//go:noescape
func blockPowersAVX2(b *blockPowers, x *float64, center float64)

//go:noescape
func wholeInAVX2(values *float64, counts *uint64, n int) uint64
