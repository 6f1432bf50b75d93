package sketch

import "golang.org/x/sys/cpu"

// quick says whether there is what scan_amd64.s is made of: it goes over values four at a time.
var quick = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

func extentOf(values []float64) (low, high float64, ascending bool) {
	if !quick || len(values) < 5 {
		return extentOfGo(values)
	}
	n := (len(values)-1)&^3 + 1
	low, high, descents := extentOfAVX2(&values[0], n)
	l, h, ascending := extentOfGo(values[n-1:])
	return min(low, l), max(high, h), ascending && descents == 0
}

func runEnds(values []float64, ends []uint64, sorted []float64) int {
	i, n := 1, 0
	if quick && len(sorted) >= 5 {
		i = (len(sorted)-1)&^3 + 1
		_, _ = values[len(sorted)-1], ends[len(sorted)-1] // out of range panics here and not in assembly
		n = runEndsAVX2(&values[0], &ends[0], &sorted[0], i)
	}
	return runEndsGo(values, ends, sorted, i, n)
}

// packed is, of each set of four values, those that are in it as halves, moved to the front.
var packed = func() (rows [16][8]uint32) {
	for set := range rows {
		n := 0
		for i := range uint32(4) {
			if set>>i&1 == 1 {
				rows[set][n], rows[set][n+1] = 2*i, 2*i+1
				n += 2
			}
		}
	}
	return rows
}()

// extentOfAVX2 looks at n values, of which there are one and some fours: descents is 0 if none is
// less than the one before.
//
//go:noescape
func extentOfAVX2(values *float64, n int) (low, high float64, descents uint64)

// runEndsAVX2 is runEndsGo of so many values, from the second on, too.
//
//go:noescape
func runEndsAVX2(values *float64, ends *uint64, sorted *float64, n int) int
