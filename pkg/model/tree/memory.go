package tree

import (
	"runtime"
	"unsafe"
)

// Memory is about how many bytes growing trees on a table takes, on top of the matrix: of so
// many rows, columns and bins at most, trees of so many leaves. weighted says whether rows
// have weights. A test holds it against what is measured.
func Memory(rows, columns, bins, leaves int, weighted bool) int64 {
	n, c := int64(rows), int64(columns)
	workers := int64(max(1, min(runtime.GOMAXPROCS(0), rows/leastRows)))
	gradients, scratch := int64(1), int64(8)
	if weighted || rows <= fineRows {
		gradients, scratch = 2, 16
	}
	lanes := int64(binLanes(columns))
	records := 2*8*n*(gradients+lanes) + 4*n + 2*n
	cells := c * int64(min(bins+1, 256)) * cellBytes
	tallies := workers * (lanes*8*256*scratch + cells)
	histograms := min(int64(leaves)*cells, histogramMemory+2*cells)
	return tableMemory(rows, columns, weighted) + records + tallies + histograms
}

// tableMemory is what binning takes, and the bins.
func tableMemory(rows, columns int, weighted bool) int64 {
	n := int64(rows)
	table := n * int64(columns)
	binning := int64(min(runtime.GOMAXPROCS(0), columns)) * 16 * n
	if weighted {
		binning *= 2
		table += 2 * 12 * n
	}
	return table + binning
}

// nodeBytes is the memory of a node and of what its rows say of it.
const nodeBytes = int64(unsafe.Sizeof(Node{})) + 16

// Memory is about how many bytes it takes to grow so many trees of so many leaves side by side,
// on top of the matrix; columns of categories take a byte more per row and core. A test holds
// it against what is measured.
func (p GroveParams) Memory(rows, columns, trees, leaves int, weighted bool) int64 {
	n, nodes := int64(rows), 2*int64(leaves)
	// Targets, keys of rows and columns with what they are sorted by, and the order to draw in.
	own := int64(80) * n
	if weighted {
		own += 28 * n // units, and targets times them
	}
	planter := planterBytes * n
	if p.Random {
		planter += 8 * n
	}
	share := int64(0)
	if p.Classes > 2 {
		share = 16 // a start and a class with its share: leaves are pure, or nearly so
		planter += 256 * 8 * int64(p.Classes)
	}
	planter += growth*(nodes*nodeBytes+int64(leaves)*share) + planterFixed
	grown := nodes*nodeBytes + int64(leaves)*share
	workers := int64(max(1, min(runtime.GOMAXPROCS(0), trees)))
	// Trees are copied once, into one forest.
	return tableMemory(rows, columns, weighted) + own + workers*planter + 2*int64(trees)*grown
}

const (
	// planterBytes are those of a row: how often it was drawn, its index and sums twice, its side.
	planterBytes = 4 + 2*(4+cellBytes) + 1
	// planterFixed are the histogram of one column and other scratch.
	planterFixed = 3 * 256 * cellBytes
	// growth is how much longer than at last the lists of nodes were in sum while they grew.
	growth = 5
)
