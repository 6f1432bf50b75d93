package training

import (
	"slices"
	"testing"
)

// TestTurns: trials are begun in their order, but for those that all others would be waited with.
func TestTurns(t *testing.T) {
	for name, tt := range map[string]struct {
		work    []float64
		workers int
		want    []int
	}{
		"none":                      {nil, 2, []int{}},
		"alike":                     {[]float64{1, 1, 1, 1}, 2, []int{0, 1, 2, 3}},
		"unknown":                   {[]float64{0, 0, 0}, 2, []int{0, 1, 2}},
		"a long one at the end":     {[]float64{2, 1, 2, 1, 4, 1}, 2, []int{0, 1, 4, 2, 3, 5}}, // of 8 that are left
		"one longer than all":       {[]float64{1, 2, 9, 1}, 2, []int{2, 1, 0, 3}},             // of the 4 that are left 2 is half
		"one core has nobody wait":  {[]float64{1, 2, 9, 1}, 1, []int{0, 1, 2, 3}},
		"a third of three workers'": {[]float64{1, 1, 1, 2, 1}, 3, []int{3, 0, 1, 2, 4}},
	} {
		if got := turns(tt.work, tt.workers); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
