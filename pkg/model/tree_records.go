package model

// treeCell is a sum over rows, in integers: the gradient, and above it packed into one word
// the hessian (high bits) and the number of rows (low bits, treeLimits.shift of them).
type treeCell struct {
	gradient int64
	rest     uint64
}

// treeRecords are the rows a tree is grown on, in the order of its nodes: the rows of a node
// lie together, so that every pass over a node reads memory in order. Which row comes first
// within a node does not matter, because sums are exact.
type treeRecords struct {
	width int        // columns
	bins  []uint8    // width per row
	rows  []int32    // index of the row in the training data
	cells []treeCell // gradient and hessian of the row
	spare []uint8    // room for one row, to swap
}

// newTreeRecords makes room for so many rows.
func newTreeRecords(rows, width int) *treeRecords {
	return &treeRecords{
		width: width,
		bins:  make([]uint8, rows*width),
		rows:  make([]int32, rows),
		cells: make([]treeCell, rows),
		spare: make([]uint8, width),
	}
}

// load copies the given rows of the columns.
func (r *treeRecords) load(columns []binnedColumn, rows []int32) {
	copy(r.rows, rows)
	for j := range columns {
		bins := columns[j].bins
		for i, row := range rows {
			r.bins[i*r.width+j] = bins[row]
		}
	}
}

// partition moves the rows of [begin, end) that go left before those that go right and
// returns where the right ones begin.
func (r *treeRecords) partition(begin, end int, s *treeSplit) int {
	var left [256]bool
	for b := range left {
		left[b] = s.goesLeft(uint8(b))
	}
	bins, width, column := r.bins, r.width, s.column
	i, j := begin, end-1
	for {
		for i <= j && left[bins[i*width+column]] {
			i++
		}
		for i <= j && !left[bins[j*width+column]] {
			j--
		}
		if i >= j {
			return i
		}
		r.swap(i, j)
		i++
		j--
	}
}

func (r *treeRecords) swap(i, j int) {
	a, b := r.bins[i*r.width:(i+1)*r.width], r.bins[j*r.width:(j+1)*r.width]
	copy(r.spare, a)
	copy(a, b)
	copy(b, r.spare)
	r.rows[i], r.rows[j] = r.rows[j], r.rows[i]
	r.cells[i], r.cells[j] = r.cells[j], r.cells[i]
}
