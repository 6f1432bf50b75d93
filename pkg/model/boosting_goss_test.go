package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func TestLargest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for trial := range 200 {
		sizes := make([]float64, 1+random.IntN(300))
		for i := range sizes {
			sizes[i] = math.Round(random.ExpFloat64()*40) / 8
		}
		n := 1 + random.IntN(len(sizes))
		order := indices(len(sizes))
		slices.SortStableFunc(order, func(a, b int) int {
			if sizes[a] > sizes[b] {
				return -1
			} else if sizes[a] < sizes[b] {
				return 1
			}
			return 0
		})
		want := make([]bool, len(sizes))
		for _, i := range order[:n] {
			want[i] = true
		}
		if got := largest(sizes, n); !slices.Equal(got, want) {
			t.Fatalf("trial %d: the %d largest of %v are %v", trial, n, sizes, got)
		}
	}
}

// The rows of a tree are those of the largest gradients and some others, whose derivatives
// stand for all of the others.
func TestRowsByGradient(t *testing.T) {
	learner := DefaultBoosting()
	learner.LearningRate, learner.TopShare, learner.OtherShare = 1, 0.2, 0.1
	run, err := newBoostingRun(learner, generated(1000, 4, dataset.Binary, 2), 5)
	if err != nil {
		t.Fatal(err)
	}
	g := run.gradients[0]
	random := rand.New(rand.NewPCG(3, 4))
	for i := range g.first {
		g.first[i], g.second[i] = random.NormFloat64(), 1
	}
	before := slices.Clone(g.first)
	rows := run.byGradient(1, 0)
	if len(rows) != 300 || !slices.IsSorted(rows) {
		t.Fatalf("%d rows", len(rows))
	}
	bySize := slices.Clone(before)
	slices.SortFunc(bySize, func(a, b float64) int {
		if math.Abs(a) > math.Abs(b) {
			return -1
		}
		return 1
	})
	raised, large := 0, 0
	for _, i := range rows {
		switch {
		case g.first[i] == before[i] && g.second[i] == 1 && math.Abs(before[i]) >= math.Abs(bySize[199]):
			large++
		case g.first[i] == 8*before[i] && g.second[i] == 8:
			raised++
		}
	}
	if large != 200 || raised != 100 {
		t.Errorf("%d rows of large gradients and %d raised eightfold, want 200 and 100", large, raised)
	}
}
