package main

import (
	"fmt"
	"os"
)

// large lists what make bench-large does: it profiles a file far larger than the memory that is
// allowed, and has no peer but that limit.
func large(folder string) ([]match, error) {
	file := folder + "/large.csv"
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	var all []match
	for _, threads := range []int{1, 2} {
		all = append(all, match{
			name: fmt.Sprintf("large/csv-profile-%d", threads), job: []string{"csv-profile", file},
			threads: threads, bytes: info.Size(), peak: 512 << 20,
		})
	}
	return all, nil
}

// alone does a case without a peer: an error is more memory than it may take.
func (m *match) alone(ours *side, rounds int) error {
	for range rounds {
		if err := ours.run(); err != nil {
			return err
		}
	}
	fmt.Printf("bench %s ours=%.2f MB/s=%.0f ours-peak=%d\n", m.name, ours.median(), float64(m.bytes)/1e6/ours.median(), ours.peak>>20)
	if ours.peak > m.peak {
		return fmt.Errorf("%s: a peak of %d MB, more than %d", m.name, ours.peak>>20, m.peak>>20)
	}
	return nil
}
