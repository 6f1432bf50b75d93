package training

import "runtime"

// turns is the order in which trials are begun side by side, by what each is predicted to take: their
// own, but for one that takes as long as all that are left take together. That comes at once, since the
// workers would wait for it in the end. Which is begun first changes nothing about a model.
func turns(work []float64, workers int) []int {
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	order, begun := make([]int, 0, len(work)), make([]bool, len(work))
	for len(order) < len(work) {
		first, longest, left := -1, -1, 0.0
		for i, w := range work {
			if begun[i] {
				continue
			}
			if first < 0 {
				first = i
			}
			if longest < 0 || w > work[longest] {
				longest = i
			}
			left += w
		}
		next := first
		if workers > 1 && float64(work[longest]*float64(workers)) >= left {
			next = longest
		}
		begun[next], order = true, append(order, next)
	}
	return order
}

// turns are those of trials.
func (v Volume) turns(trials []Trial, workers int) []int {
	work := make([]float64, len(trials))
	for i, t := range trials {
		if d, err := v.demand(t); err == nil { // else it fails at once
			work[i] = d.work
		}
	}
	return turns(work, workers)
}
