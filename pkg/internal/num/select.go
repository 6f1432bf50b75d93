package num

// NthLargest returns the n-th largest of counts, n from 1, and permutes them.
func NthLargest(counts []uint64, n int) uint64 {
	low, high, at := 0, len(counts)-1, n-1
	for low < high {
		a, b, c := counts[low], counts[(low+high)/2], counts[high]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := low, high
		for i <= j {
			for counts[i] > pivot {
				i++
			}
			for counts[j] < pivot {
				j--
			}
			if i <= j {
				counts[i], counts[j] = counts[j], counts[i]
				i++
				j--
			}
		}
		switch {
		case at <= j:
			high = j
		case at >= i:
			low = i
		default:
			return counts[at]
		}
	}
	return counts[at]
}
