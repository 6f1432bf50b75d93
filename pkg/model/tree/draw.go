package tree

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// drawing draws the rows of trees from places: a row has as many as it stands for rows. The
// order of places goes by what rows hold.
type drawing struct {
	copies []uint32 // of each row; nil: 1
	order  []uint32 // rows, in the order of their places
	ends   []uint64 // of the places of each row, in that order; nil: i+1
	places uint64
}

// mostPlaces is how many places there may be at most, where rows stand for more: drawing
// takes time.
const mostPlaces = 1 << 22

func newDrawing(repeats []float64, rows int) drawing {
	d := drawing{places: uint64(rows)}
	sum, once := 0.0, true
	for _, r := range repeats {
		sum += math.Floor(r)
		once = once && r < 2
	}
	if once {
		return d
	}
	share := min(1, mostPlaces/sum)
	d.copies, d.places = make([]uint32, rows), 0
	for i, r := range repeats {
		d.copies[i] = uint32(max(1, math.Floor(float64(math.Floor(r)*share))))
		d.places += uint64(d.copies[i])
	}
	return d
}

// of is how many places row i has.
func (d *drawing) of(i int) uint32 {
	if d.copies == nil {
		return 1
	}
	return d.copies[i]
}

// all sets times to what every row is drawn without a bootstrap.
func (d *drawing) all(times []uint32) {
	for i := range times {
		times[i] = d.of(i)
	}
}

// bootstrap sets times to how often each row is drawn (Efron 1979).
func (d *drawing) bootstrap(times []uint32, seedOfTree uint64) {
	clear(times)
	random := seed.NewSource(seedOfTree)
	for range d.places {
		at, _ := bits.Mul64(random.Uint64(), d.places)
		if d.ends != nil {
			row, _ := slices.BinarySearch(d.ends, at+1)
			at = uint64(row)
		}
		times[d.order[at]]++
	}
}

// Draw sets times, one per row, to how often the tree of that seed sees each.
func (g *Grove) Draw(times []uint32, seedOfTree uint64) {
	if g.params.Bootstrap {
		g.draw.bootstrap(times, seed.Derive(seedOfTree, "rows"))
	} else {
		g.draw.all(times)
	}
}

// arrange orders columns and rows by what they hold.
func (g *Grove) arrange(target, weights []float64) {
	order, keys := g.table.byContent(target, weights, newWeights(nil, g.table.rows, 1))
	g.columns = make([]column, len(order))
	for at, j := range order {
		g.columns[at] = g.table.columns[j]
	}
	rows := make([]uint64, g.table.rows)
	for at, j := range order {
		var of [256]uint64
		for b := range of {
			of[b] = mix(keys[j] + uint64(b))
		}
		for i, b := range g.columns[at].bins {
			rows[i] += of[b]
		}
	}
	g.draw.arrange(rows, target, weights)
}

// byContent returns the columns in the order of their keys, and the key of each. Targets are binned
// by masses, which may be of other weights.
func (t *Table) byContent(target, weights []float64, masses *weights) (order []int32, keys []uint64) {
	ranks := make([]uint8, t.rows)
	r := binner{weights: masses, limit: MaxBins}
	b := r.bin(target)
	b.assign(ranks, target)
	keys = make([]uint64, len(t.columns))
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), len(keys), 0, func(j int) error {
		keys[j] = t.columns[j].key(ranks, weights)
		return nil
	})
	order = make([]int32, len(keys))
	for j := range order {
		order[j] = int32(j)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	return order, keys
}

// key is what a column is drawn by: a number that depends on its bins, each with the target
// and weight of its row, and not on their order. An integer weight gives what repeats do.
func (c *column) key(ranks []uint8, weights []float64) uint64 {
	key := uint64(0)
	for i, b := range c.bins {
		word := mix(uint64(b)<<8 | uint64(ranks[i]))
		if weights != nil {
			word *= uint64(math.RoundToEven(math.Ldexp(min(weights[i], 1<<40), 20)))
		} else {
			word <<= 20
		}
		key += word
	}
	return mix(key)
}

// mix is a bijection whose every bit depends on all (Steele, Lea & Flood 2014, SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// arrange orders the places of rows by their keys, those of equal keys by target and weight.
func (d *drawing) arrange(keys []uint64, target, weights []float64) {
	numbers := make([]int64, len(keys))
	for i := range numbers {
		numbers[i] = int64(i)
	}
	sorted, numbers := radix(slices.Clone(keys), make([]uint64, len(keys)), numbers, make([]int64, len(keys)))
	for begin := 0; begin < len(sorted); {
		end := begin + 1
		for end < len(sorted) && sorted[end] == sorted[begin] {
			end++
		}
		slices.SortStableFunc(numbers[begin:end], func(a, b int64) int {
			if c := cmp.Compare(target[a], target[b]); c != 0 || weights == nil {
				return c
			}
			return cmp.Compare(weights[a], weights[b])
		})
		begin = end
	}
	d.order = make([]uint32, len(numbers))
	for at, i := range numbers {
		d.order[at] = uint32(i)
	}
	if d.copies == nil {
		return
	}
	d.ends = make([]uint64, len(d.order))
	end := uint64(0)
	for at, i := range d.order {
		end += uint64(d.copies[i])
		d.ends[at] = end
	}
}
