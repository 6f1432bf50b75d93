package model

// histogram holds, for every column of a tree, the sum of the rows of each bin.
type histogram struct {
	cells []treeCell // of all columns, one after the other
	// views point at the cells of each column. A view reaches past its column's cells, but
	// a bin never does; the array type spares the bounds check for a byte.
	views []*[256]treeCell
}

// histogramLayout says where the cells of each column begin, and one past the last.
type histogramLayout []int

func newHistogramLayout(columns []binnedColumn) histogramLayout {
	layout := make(histogramLayout, len(columns)+1)
	for j := range columns {
		layout[j+1] = layout[j] + columns[j].cells()
	}
	return layout
}

// cells is the number of cells of all columns.
func (l histogramLayout) cells() int { return l[len(l)-1] }

func newHistogram(layout histogramLayout) *histogram {
	room := make([]treeCell, layout.cells()+256)
	h := &histogram{cells: room[:layout.cells()], views: make([]*[256]treeCell, len(layout)-1)}
	for j := range h.views {
		h.views[j] = (*[256]treeCell)(room[layout[j]:])
	}
	return h
}

// fill sets h to the sums over the records of [begin, end).
func (h *histogram) fill(r *treeRecords, begin, end int) {
	clear(h.cells)
	width, views := r.width, h.views
	bins := r.bins[begin*width : end*width]
	for _, c := range r.cells[begin:end] {
		row := bins[:len(views)]
		bins = bins[len(views):]
		for j, view := range views {
			cell := &view[row[j]]
			cell.gradient += c.gradient
			cell.rest += c.rest
		}
	}
}

// subtract takes the sums of other, whose rows are a part of h's, from h. Since sums are
// exact, what remains is to the bit what fill would give for the other rows.
func (h *histogram) subtract(other *histogram) {
	cells := h.cells
	from := other.cells[:len(cells)]
	for i := range cells {
		cells[i].gradient -= from[i].gradient
		cells[i].rest -= from[i].rest
	}
}
