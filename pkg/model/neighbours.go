package model

import (
	"math/bits"
	"slices"
)

// neighbour is a training row and how far it is.
type neighbour struct {
	distance float64 // squared
	row      int32
	weight   float64
}

// before orders neighbours by distance, and by row where that is the same.
func (a neighbour) before(b neighbour) bool {
	return a.distance < b.distance || a.distance == b.distance && a.row < b.row
}

// neighbours are the nearest rows seen so far, as many as it takes for their weights to sum
// to k: a heap with the farthest on top.
type neighbours struct {
	k, slack float64 // slack: how much more weight is kept, since sums of weights round
	weights  []float64
	heap     []neighbour
	total    float64 // of the weights in the heap
	worst    float64 // what a row must be nearer than; +Inf until there are enough
}

// scan takes in those of the lanesR rows from first on whose bit of near is set.
func (n *neighbours) scan(squares *[lanesR]float64, near uint8, first, rows int) {
	for ; near != 0; near &= near - 1 {
		r := bits.TrailingZeros8(near)
		// What follows the last row is padding. The bit may be older than worst.
		if d := squares[r]; d < n.worst && first+r < rows {
			n.add(neighbour{d, int32(first + r), n.weights[first+r]})
		}
	}
}

// wants reports whether a row so far away is to be taken in, rows coming in any order.
func (n *neighbours) wants(distance float64, row int32) bool {
	// While worst is infinite no distance is equal to it; then there may be no heap yet.
	return distance < n.worst || distance == n.worst && row < n.heap[0].row
}

// add takes a row in, and lets go of those that are not needed any more.
func (n *neighbours) add(row neighbour) {
	n.heap = append(n.heap, row)
	n.total += row.weight
	for i := len(n.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !n.heap[up].before(n.heap[i]) {
			break
		}
		n.heap[up], n.heap[i] = n.heap[i], n.heap[up]
		i = up
	}
	for n.total-n.heap[0].weight >= n.k+n.slack {
		n.total -= n.heap[0].weight
		n.drop()
	}
	if n.total >= n.k+n.slack {
		n.worst = n.heap[0].distance
	}
}

// drop takes the farthest off.
func (n *neighbours) drop() {
	last := len(n.heap) - 1
	n.heap[0] = n.heap[last]
	n.heap = n.heap[:last]
	for i := 0; ; {
		far := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < last && n.heap[far].before(n.heap[child]) {
				far = child
			}
		}
		if far == i {
			return
		}
		n.heap[far], n.heap[i] = n.heap[i], n.heap[far]
		i = far
	}
}

// take returns the neighbours from near to far, the last with what is left of k, and the sum
// of their weights.
func (n *neighbours) take() (of []neighbour, total float64) {
	slices.SortFunc(n.heap, func(a, b neighbour) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	for i := range n.heap {
		w := &n.heap[i].weight
		if *w = min(*w, n.k-total); !(*w > 0) {
			return n.heap[:i], total
		}
		total += *w
	}
	return n.heap, total
}
