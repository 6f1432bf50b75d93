package report

// blocks are the heights of a sparkline, least first.
var blocks = []rune("▁▂▃▄▅▆▇█")

// sparkline draws counts as a row of blocks, the greatest count full height. An empty bin
// is a space, and one that is not empty has the least block however few it holds. Of more
// bins than columns, neighbours are drawn as one.
func sparkline(counts []int, width int) string {
	counts = narrow(counts, max(width, 1))
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	line := make([]rune, len(counts))
	for i, n := range counts {
		line[i] = ' '
		if n > 0 {
			line[i] = blocks[min(len(blocks)*n/most, len(blocks)-1)]
		}
	}
	return string(line)
}

// narrow adds up neighbours until no more than width are left.
func narrow(counts []int, width int) []int {
	for len(counts) > width {
		var half []int
		for i := 0; i < len(counts); i += 2 {
			n := counts[i]
			if i+1 < len(counts) {
				n += counts[i+1]
			}
			half = append(half, n)
		}
		counts = half
	}
	return counts
}
