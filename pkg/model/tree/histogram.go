package tree

// cell is a sum over rows, in integers: the gradient, and above it packed into one word the
// hessian (high bits) and the number of rows (low bits, limits.shift of them).
type cell struct {
	gradient int64
	rest     uint64
}

func (c *cell) add(o cell) {
	c.gradient += o.gradient
	c.rest += o.rest
}

func (c cell) minus(o cell) cell { return cell{c.gradient - o.gradient, c.rest - o.rest} }

const cellBytes = 16

// layout says where the cells of each column begin in a histogram, and one past the last.
type layout []int

func newLayout(columns []column) layout {
	l := make(layout, len(columns)+1)
	for j := range columns {
		l[j+1] = l[j] + columns[j].cells()
	}
	return l
}

// cells is the number of cells of all columns.
func (l layout) cells() int { return l[len(l)-1] }

// histogram holds, for every column of a tree, the sum of the rows of each bin, by layout.
type histogram []cell

// tally is where a worker sums its rows. Where rows are many and of equal weight they are summed as packed words,
// one addition for a row and column; before the fields of a word can run over, at the latest
// after packedRows rows, the words are emptied into cells. Others are summed as cells at once.
type tally struct {
	layout   layout
	shift    int              // of limits
	packed   [][8][256]uint64 // of every bin lane
	weighted [][8][256]cell   // instead, if rows are few or weighted
	flushed  histogram        // of rows that were emptied
	isEmpty  bool             // whether flushed counts for nothing
	most     int              // cells of all columns that there may be
}

func newTally(l layout, weighted bool) *tally {
	t := &tally{layout: l, most: l.cells()}
	if weighted {
		t.weighted = make([][8][256]cell, (len(l)+6)/8)
	} else {
		t.packed = make([][8][256]uint64, (len(l)+6)/8)
	}
	return t
}

// use has it sum other columns, no more than it was made for.
func (t *tally) use(l layout) {
	t.layout = l
	if t.flushed != nil {
		t.flushed = t.flushed[:l.cells()]
	}
}

// reset empties the cells that columns use.
func (t *tally) reset() {
	t.isEmpty = true
	for j := range len(t.layout) - 1 {
		n := t.layout[j+1] - t.layout[j]
		if t.weighted != nil {
			clear(t.weighted[j/8][j%8][:n])
		} else {
			clear(t.packed[j/8][j%8][:n])
		}
	}
}

// sum sets t to the sums over the rows of [begin, end).
func (t *tally) sum(r lanes, begin, end int) {
	t.reset()
	t.add(r, begin, end)
}

// add adds the rows of [begin, end), no more than packedRows if sums have been added before
// without a flush in between.
func (t *tally) add(r lanes, begin, end int) {
	columns := len(t.layout) - 1
	for first := begin; first < end; first += packedRows {
		last := min(first+packedRows, end)
		if first > begin {
			t.flush()
		}
		for l := 0; 8*l < columns; l++ {
			switch {
			case t.weighted != nil:
				addWeighted(&t.weighted[l], r[2+l][first:last], r[0][first:last], r[1][first:last], min(8, columns-8*l))
			case columns-8*l > 4:
				addEight(&t.packed[l], r[1+l][first:last], r[0][first:last])
			default:
				addFour((*[4][256]uint64)(t.packed[l][:4]), r[1+l][first:last], r[0][first:last])
			}
		}
	}
}

// addEight adds each word to a cell of each of eight columns. Tables of 256 cells spare the
// bounds checks for a byte, and eight of them lie in the nearest cache.
func addEight(t *[8][256]uint64, bins, words []uint64) {
	words = words[:len(bins)]
	for i, b := range bins {
		w := words[i]
		t[0][uint8(b)] += w
		t[1][uint8(b>>8)] += w
		t[2][uint8(b>>16)] += w
		t[3][uint8(b>>24)] += w
		t[4][uint8(b>>32)] += w
		t[5][uint8(b>>40)] += w
		t[6][uint8(b>>48)] += w
		t[7][uint8(b>>56)] += w
	}
}

func addFour(t *[4][256]uint64, bins, words []uint64) {
	words = words[:len(bins)]
	for i, b := range bins {
		w := words[i]
		t[0][uint8(b)] += w
		t[1][uint8(b>>8)] += w
		t[2][uint8(b>>16)] += w
		t[3][uint8(b>>24)] += w
	}
}

func addWeighted(t *[8][256]cell, bins, gradients, rests []uint64, columns int) {
	gradients, rests = gradients[:len(bins)], rests[:len(bins)]
	for i, b := range bins {
		c := cell{int64(gradients[i]), rests[i]}
		for j := range columns {
			t[j&7][uint8(b)].add(c)
			b >>= 8
		}
	}
}

// flush empties the packed words into the cells of flushed.
func (t *tally) flush() {
	if t.weighted != nil {
		return
	}
	if t.flushed == nil {
		t.flushed = make(histogram, t.layout.cells(), t.most)
	}
	if t.isEmpty {
		clear(t.flushed)
		t.isEmpty = false
	}
	for j := range len(t.layout) - 1 {
		cells := t.flushed[t.layout[j]:t.layout[j+1]]
		words := t.packed[j/8][j%8][:len(cells)]
		for b, w := range words {
			cells[b].add(unpack(w, t.shift))
			words[b] = 0
		}
	}
}

// setColumn sets cells to the sums of column j.
func (t *tally) setColumn(cells []cell, j int) {
	if t.weighted != nil || !t.isEmpty {
		clear(cells)
		t.addColumn(cells, j)
		return
	}
	for b, w := range t.packed[j/8][j%8][:len(cells)] {
		cells[b] = unpack(w, t.shift)
	}
}

// addColumn adds the sums of column j to its cells.
func (t *tally) addColumn(cells []cell, j int) {
	if t.weighted != nil {
		for b, c := range t.weighted[j/8][j%8][:len(cells)] {
			cells[b].add(c)
		}
		return
	}
	for b, w := range t.packed[j/8][j%8][:len(cells)] {
		cells[b].add(unpack(w, t.shift))
	}
	if !t.isEmpty {
		for b, c := range t.flushed[t.layout[j]:t.layout[j+1]] {
			cells[b].add(c)
		}
	}
}
