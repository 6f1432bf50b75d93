package tree

import "runtime"

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
	table := n * c
	binning := int64(min(runtime.GOMAXPROCS(0), columns)) * 16 * n
	if weighted {
		binning *= 2
		table += 2 * 12 * n
	}
	lanes := int64(binLanes(columns))
	records := 2*8*n*(gradients+lanes) + 4*n + 2*n
	cells := c * int64(min(bins+1, 256)) * cellBytes
	tallies := workers * (lanes*8*256*scratch + cells)
	histograms := min(int64(leaves)*cells, histogramMemory+2*cells)
	return table + binning + records + tallies + histograms
}
