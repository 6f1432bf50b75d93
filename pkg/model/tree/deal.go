package tree

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Dealer deals columns to trees. What a tree goes without is dealt like cards from a shuffled
// deck, a new one once too few are left, so that all columns are left out about equally often: with
// draws that know nothing of each other, a few trees more without the one column that matters
// decide how good the model is.
type Dealer struct {
	order []int32 // of the columns, by what they hold
	out   int     // how many a tree goes without
	seed  uint64
}

// NewDealer deals round(share × columns), at least one, of the columns that trees on the table
// may split on to each tree. Their own order decides nothing.
func NewDealer(t *Table, target []float64, share float64, seedOfFit uint64) *Dealer {
	n := len(t.columns)
	w := newWeights(t.weights, t.rows, 1)
	order, _ := t.byContent(target, w.scaled, w)
	return &Dealer{
		order: order,
		out:   n - min(n, max(1, int(math.Round(float64(share*float64(n)))))),
		seed:  seedOfFit,
	}
}

// Columns are those of tree t, as Grower.Sample takes them; nil is all.
func (d *Dealer) Columns(t int) []int32 {
	if d.out == 0 {
		return nil
	}
	n := len(d.order)
	each := n / d.out
	deck := seed.Rand(seed.Derive(d.seed, "columns", t/each)).Perm(n)
	first := t % each * d.out
	dealt := make([]int32, 0, n-d.out)
	for at, card := range deck {
		if at < first || at >= first+d.out {
			dealt = append(dealt, d.order[card])
		}
	}
	slices.Sort(dealt)
	return dealt
}
