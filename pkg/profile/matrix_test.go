package profile

import (
	"reflect"
	"testing"
)

func TestMost(t *testing.T) {
	all := [][]float64{{}, {0.1}, {0.2, -0.9}, {0, 0.3, 0.1}, {0.8, 0, 0, 0.3}}
	for n, want := range map[int][]int{0: {}, 1: {1}, 2: {1, 2}, 3: {0, 1, 2}, 4: {0, 1, 2, 4}, 9: {0, 1, 2, 3, 4}} {
		kept, strengths := most(all, n)
		if !reflect.DeepEqual(kept, want) || len(strengths) != len(want) {
			t.Errorf("of the %d most: %v with %d rows, want %v", n, kept, len(strengths), want)
		}
		for i, row := range strengths {
			for j, s := range row {
				if len(row) != i || s != all[kept[i]][kept[j]] {
					t.Errorf("of the %d most: %v at %d, %d", n, s, i, j)
				}
			}
		}
	}
}
