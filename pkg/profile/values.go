package profile

import "math"

// What looks at every value of the data, in few and simple steps, is here, and for amd64 in assembly
// that takes four values at a time. Both give the same bytes: sums are those of as many lanes.

// foldValuesGo takes values as the next cells of rows into their hashes, and returns how many are
// missing.
func foldValuesGo(hashes []uint64, values []float64) (missing int) {
	hashes = hashes[:len(values)]
	for row, v := range values {
		cell := math.Float64bits(v + 0) // -0 + 0 is 0
		if v != v {
			cell = missingKey
			missing++
		}
		hashes[row] = fold(hashes[row], cell)
	}
	return missing
}

// takeFiniteGo copies values, without the sign of 0, and returns how many there are before the first
// that is missing or infinite. to is as long, and may be overwritten behind them.
func takeFiniteGo(to, values []float64) int {
	to = to[:len(values)]
	for i, v := range values {
		if v-v != 0 {
			return i
		}
		to[i] = v + 0
	}
	return len(values)
}

// sumLanes are those that a sum is made in, so that none waits for the one before.
const sumLanes = 8

// addLanesGo adds value i to lane i modulo their number.
func addLanesGo(lanes *[sumLanes]float64, values []float64) {
	for ; len(values) >= sumLanes; values = values[sumLanes:] {
		for i, v := range values[:sumLanes] {
			lanes[i] += v
		}
	}
	for i, v := range values {
		lanes[i] += v
	}
}

// sumOf is the sum of values, but for roundings.
func sumOf(values []float64) float64 {
	var lanes [sumLanes]float64
	addLanes(&lanes, values)
	for n := sumLanes / 2; n > 0; n /= 2 {
		for i := range n {
			lanes[i] += lanes[i+n]
		}
	}
	return lanes[0]
}

// powerBlock is how many values powers sums plainly: few, so that roundings stay small.
const powerBlock = 64

// blockPowers are sums in four lanes: of the deviations of values, of their squares, cubes and fourth
// powers, and of the products of each with the one before.
type blockPowers [5][4]float64

// addGo adds the deviations d[1:], of which value i goes to lane i modulo four. d[0] is the one
// before them.
func (b *blockPowers) addGo(d []float64) {
	for lane := range 4 {
		var b1, b2, b3, b4, products float64
		for i := lane + 1; i < len(d); i += 4 {
			v := d[i]
			square := float64(v * v)
			b1 += v
			b2 += square
			b3 += float64(square * v)
			b4 += float64(square * square)
			products += float64(d[i-1] * v)
		}
		b[0][lane], b[1][lane], b[2][lane], b[3][lane], b[4][lane] = b1, b2, b3, b4, products
	}
}

// wholeInGo counts the whole numbers among values that occur as often as counts says.
func wholeInGo(values []float64, counts []uint64) (n uint64) {
	counts = counts[:len(values)]
	for i, v := range values {
		if float64(int64(v)) == v || v >= 1<<53 || v <= -(1<<53) {
			n += counts[i]
		}
	}
	return n
}
