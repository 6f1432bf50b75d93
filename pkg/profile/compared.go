package profile

import (
	"math"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// compared is a column as it is compared with others: what one column needs is worked out
// once, so that complete numbers cost a pair of columns two products a row.
type compared struct {
	name    string
	numeric bool
	rows    int     // with a value, infinities among them
	order   []int32 // the rows with a value, in order of the value
	group   []int32 // for each of them its code, or the ordinal of its value: equal ones share it
	groups  int     // how many codes or ordinals there may be

	codes []int32 // of each row, -1 is missing; nil for numbers

	// complete numbers are finite in every row.
	complete bool
	// deviations from the mean over a power of two, so that the greatest is about 1. NaN is
	// missing or infinite: an infinity has a rank and no distance.
	deviations []float64
	squares    float64 // Σ deviations², of complete numbers
	// ranks less their mean, doubled: whole numbers, of which sums are exact. Of complete ones.
	ranks       []float64
	rankSquares float64
}

// has reports whether the row has a value.
func (c *compared) has(row int32) bool {
	if c.numeric {
		return c.ranks[row] == c.ranks[row]
	}
	return c.codes[row] >= 0
}

// comparable reports whether the column can go with another: it is not constant, and not of
// categories with fewer than cellRows rows on average, which go with everything by chance.
func (c *compared) comparable() bool {
	if len(c.group) == 0 || c.group[0] == c.group[len(c.group)-1] {
		return false
	}
	if c.numeric {
		return true
	}
	different := 1
	for i := 1; i < len(c.group); i++ {
		if c.group[i] != c.group[i-1] {
			different++
		}
	}
	return different <= max(2, c.rows/cellRows)
}

// prepare works out one column.
func prepare(s *sampleColumn) *compared {
	if s.values == nil {
		return prepareCodes(s)
	}
	c := &compared{name: s.name, numeric: true}
	c.order, c.group = sortRows(s.values)
	c.rows = len(c.order)
	if c.rows > 0 {
		c.groups = int(c.group[c.rows-1]) + 1
	}
	c.deviations = scaledDeviations(s.values)
	c.complete = c.rows == len(s.values)
	for _, d := range c.deviations {
		c.complete = c.complete && !math.IsNaN(d)
	}
	c.ranks = make([]float64, len(s.values))
	if c.rows < len(c.ranks) {
		for i := range c.ranks {
			c.ranks[i] = math.NaN()
		}
	}
	rank(c.order, c.group, c.ranks)
	if c.complete {
		c.squares, c.rankSquares = num.Dot(c.deviations, c.deviations), num.Dot(c.ranks, c.ranks)
	}
	return c
}

// prepareCodes puts the rows in order of their codes by counting.
func prepareCodes(s *sampleColumn) *compared {
	c := &compared{name: s.name, codes: s.codes, groups: s.levels}
	next := make([]int32, s.levels+1)
	for _, code := range s.codes {
		if code >= 0 {
			next[code+1]++
			c.rows++
		}
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	c.order, c.group = make([]int32, c.rows), make([]int32, c.rows)
	for row, code := range s.codes {
		if code >= 0 {
			c.order[next[code]], c.group[next[code]] = int32(row), code
			next[code]++
		}
	}
	return c
}

// rank puts the doubled rank of each row less the mean of all into ranks. Rows that share a
// group share the mean of their ranks.
func rank(order, group []int32, ranks []float64) {
	n := len(order)
	for first := 0; first < n; {
		past := first + 1
		for past < n && group[past] == group[first] {
			past++
		}
		// The ranks are first+1 … past, and the mean of all is (n+1)/2.
		r := float64(first + past - n)
		for _, row := range order[first:past] {
			ranks[row] = r
		}
		first = past
	}
}

// scaledDeviations are the distances of finite values from their mean, over a power of two;
// NaN for the others.
func scaledDeviations(values []float64) []float64 {
	greatest := 0.0
	for _, v := range values {
		if a := math.Abs(v); a > greatest && !math.IsInf(a, 0) {
			greatest = a
		}
	}
	d := make([]float64, len(values))
	finite := make([]float64, 0, len(values))
	for i, v := range values {
		if d[i] = v; math.IsInf(v, 0) {
			d[i] = math.NaN()
		}
		if d[i] == d[i] {
			finite = append(finite, v)
		}
	}
	if len(finite) == 0 {
		return d
	}
	shrink(finite, greatest)
	// Twice: the second time takes out what the rounding of the mean left, at the scale of
	// the deviations, which are much smaller far from zero.
	for range 2 {
		mean := num.Sum(finite) / float64(len(finite))
		greatest = 0
		for i := range finite {
			finite[i] -= mean
			greatest = max(greatest, math.Abs(finite[i]))
		}
		shrink(finite, greatest)
	}
	next := 0
	for i := range d {
		if !math.IsNaN(d[i]) {
			d[i] = finite[next]
			next++
		}
	}
	return d
}

// shrink divides x by the power of two that brings greatest to between a half and 1.
func shrink(x []float64, greatest float64) {
	_, exponent := math.Frexp(greatest)
	if exponent < -1000 || exponent > 1000 { // whose power float64 may not have
		for i, v := range x {
			x[i] = math.Ldexp(v, -exponent)
		}
		return
	}
	factor := math.Ldexp(1, -exponent)
	for i := range x {
		x[i] *= factor
	}
}

// keyedRow is a row with its value as a number that is ordered as values are.
type keyedRow struct {
	key uint64
	row int32
}

// rowRooms are what rows are sorted in: columns are sorted one after another.
var rowRooms = sync.Pool{New: func() any { return new([2][]keyedRow) }}

// sortRows is the rows of values that are not NaN in order of value, equal ones in order of
// row, and the ordinal of each one's value: a radix sort by digits of eleven bits.
func sortRows(values []float64) (order, group []int32) {
	room := rowRooms.Get().(*[2][]keyedRow)
	defer rowRooms.Put(room)
	items := slices.Grow(room[0][:0], len(values))
	const bits, mask = 11, 1<<11 - 1
	var counts [6][mask + 1]int32 // 6·11 ≥ 64
	for row, v := range values {
		if math.IsNaN(v) {
			continue
		}
		b := math.Float64bits(v + 0) // -0 is 0
		key := b ^ (uint64(int64(b)>>63) | 1<<63)
		items = append(items, keyedRow{key, int32(row)})
		for d := range counts {
			counts[d][key>>(bits*d)&mask]++
		}
	}
	room[0], room[1] = items, slices.Grow(room[1][:0], len(items))[:len(items)]
	from, to := room[0], room[1]
	for d := range counts {
		if len(from) == 0 || int(counts[d][from[0].key>>(bits*d)&mask]) == len(from) {
			continue // all are equal in this digit
		}
		next := int32(0)
		for i, n := range counts[d] {
			counts[d][i] = next
			next += n
		}
		for _, it := range from {
			slot := &counts[d][it.key>>(bits*d)&mask]
			to[*slot] = it
			*slot++
		}
		from, to = to, from
	}
	order, group = make([]int32, len(from)), make([]int32, len(from))
	for i, it := range from {
		order[i] = it.row
		if i > 0 {
			group[i] = group[i-1]
			if it.key != from[i-1].key {
				group[i]++
			}
		}
	}
	return order, group
}
