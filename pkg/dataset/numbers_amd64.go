package dataset

import "golang.org/x/sys/cpu"

// parseNumbers is parseNumbersGo, sixteen characters at a time where there is AVX: it does not
// decide on a plus sign, nor on a few numbers just below 2^53.
func parseNumbers(values []float64, i int, data []byte, bounds []uint32, stride int) int {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasBMI1 {
		return parseNumbersGo(values, i, data, bounds, stride)
	}
	if i == len(values) || len(data) == 0 {
		return i
	}
	_ = bounds[(len(values)-1)*stride+1] // out of range panics here and not in assembly
	return parseNumbersAVX(&values[0], i, len(values), &data[0], len(data), &bounds[0], stride)
}

//go:noescape
func parseNumbersAVX(values *float64, i, n int, data *byte, length int, bounds *uint32, stride int) int

// withoutPoint says, of each of sixteen places, which characters are there when the point at that
// place is taken out and those before it move up: 255 is a zero. The last one is for no point.
var withoutPoint = func() (rows [17][16]byte) {
	for point := range rows {
		for i := range byte(16) {
			rows[point][i] = i
			if int(i) <= point && point < 16 {
				rows[point][i] = i - 1
			}
		}
	}
	return rows
}()

// pointScale is what the number of those digits is to be divided by.
var pointScale = func() (scale [17]float64) {
	for point := range scale {
		scale[point] = pow10[max(0, 15-point)]
	}
	return scale
}()
