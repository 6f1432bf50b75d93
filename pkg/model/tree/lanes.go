package tree

// lanes are records, a row each, cut into words of eight bytes: lane l holds word l of every
// record. First come the lanes of gradients, one or, with weights, two; then bins, eight
// columns a lane; and the number of the row, in the upper half of the last lane, which has
// room for four columns below it.
type lanes [][]uint64

// binLanes is the number of lanes that so many columns and the row's number take.
func binLanes(columns int) int { return (columns + 4 + 7) / 8 }

// place is where a column's bin lies in a record.
func place(gradients, column int) (lane, shift int) { return gradients + column/8, column % 8 * 8 }

func newLanes(lanes, rows int) lanes {
	all := make([][]uint64, lanes)
	for l := range all {
		all[l] = make([]uint64, rows)
	}
	return all
}

// load sets the bin lanes, the given ones, to the rows of the columns.
func (l lanes) load(columns []column, rows []int32) {
	for at, row := range rows {
		l[len(l)-1][at] = uint64(row) << 32
	}
	for first := 0; first < len(columns); first += 8 {
		lane := l[first/8][:len(rows)]
		if first/8 < len(l)-1 {
			clear(lane)
		}
		for j := range columns[first:min(first+8, len(columns))] {
			bins, shift := columns[first+j].bins, 8*j
			for at, row := range rows {
				lane[at] |= uint64(bins[row]) << (shift & 63)
			}
		}
	}
}

// blockRows is how many rows are moved at a time: few enough for their records to stay in the
// cache, lane after lane.
const blockRows = 1024

// mover parts records; its lists serve one block after the other.
type mover struct{ left, right [blockRows]uint32 }

// sides says for every bin which side its rows go to: 1 for left.
type sides [256]uint8

// copyParted copies all records to dst: those whose bin at the place goes left first, then the
// others, and returns where these begin.
func (m *mover) copyParted(dst, src lanes, lane, shift int, goesLeft *sides) int {
	end := len(src[lane])
	low, high := 0, end
	for first := 0; first < end; first += blockRows {
		last := min(first+blockRows, end)
		// A row is written into both lists, and stays in the one whose count grows: a branch
		// would be mispredicted every other time.
		l, r := 0, 0
		for i, word := range src[lane][first:last] {
			f := int(goesLeft[uint8(word>>(shift&63))])
			m.left[l&(blockRows-1)] = uint32(i)
			m.right[r&(blockRows-1)] = uint32(i)
			l += f
			r += 1 - f
		}
		high -= r
		for k := range src {
			from := src[k][first:last]
			gather(dst[k][low:low+l], from, m.left[:])
			gather(dst[k][high:high+r], from, m.right[:])
		}
		low += l
	}
	return low
}

func gather(dst, src []uint64, list []uint32) {
	list = list[:len(dst)]
	for k, i := range list {
		dst[k] = src[i]
	}
}

// part moves the records of [begin, end) whose bin at the place goes left before the others,
// and returns where these begin. Only rows on the wrong side of that place move, in pairs
// whose lists are made without a branch (Edelkamp & Weiss 2016, BlockQuicksort).
func (m *mover) part(r lanes, begin, end, lane, shift int, goesLeft *sides) int {
	words := r[lane][:end]
	middle := begin
	for _, word := range words[begin:] {
		middle += int(goesLeft[uint8(word>>(shift&63))])
	}
	// Rows of the left part that go right and rows of the right part that go left are equal
	// in number. lefts and rights are how many are listed; i and j where the search goes on.
	lefts, rights := 0, 0
	for i, j := begin, middle; ; {
		for lefts < blockRows/2 && i < middle {
			i, lefts = list(&m.left, lefts, words[:middle], i, shift, 1, goesLeft)
		}
		for rights < blockRows/2 && j < end {
			j, rights = list(&m.right, rights, words, j, shift, 0, goesLeft)
		}
		pairs := min(lefts, rights)
		if pairs == 0 {
			return middle
		}
		for _, l := range r {
			swap(l[:end], m.left[:pairs], m.right[:pairs])
		}
		lefts = copy(m.left[:], m.left[pairs:lefts])
		rights = copy(m.right[:], m.right[pairs:rights])
	}
}

// list appends to a list of n positions those of the next rows, from position i on, which go
// to the side that is not own; it goes on to half a block of rows at a time.
func list(positions *[blockRows]uint32, n int, words []uint64, i, shift int, own uint8, goesLeft *sides) (int, int) {
	last := min(i+blockRows/2, len(words))
	for k, word := range words[i:last] {
		positions[n&(blockRows-1)] = uint32(i + k)
		n += int(goesLeft[uint8(word>>(shift&63))] ^ own)
	}
	return last, n
}

func swap(l []uint64, p, q []uint32) {
	q = q[:len(p)]
	for k, i := range p {
		j := q[k]
		l[i], l[j] = l[j], l[i]
	}
}
