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

// mover moves records; its lists serve one block after the other.
type mover struct{ left, right [blockRows]uint16 }

// part copies the rows of [begin, end) to the same place in dst: those whose bin at the place
// goes left first, in their order, then the others, and returns where these begin.
func (m *mover) part(dst, src lanes, begin, end, lane, shift int, goesLeft *[256]uint8) int {
	low, high := begin, end
	for first := begin; first < end; first += blockRows {
		last := min(first+blockRows, end)
		// A row is written into both lists, and stays in the one whose count grows: a branch
		// would be mispredicted every other time.
		l, r := 0, 0
		for i, word := range src[lane][first:last] {
			f := int(goesLeft[uint8(word>>(shift&63))])
			m.left[l&(blockRows-1)] = uint16(i)
			m.right[r&(blockRows-1)] = uint16(i)
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

func gather(dst, src []uint64, list []uint16) {
	list = list[:len(dst)]
	for k, i := range list {
		dst[k] = src[i]
	}
}
