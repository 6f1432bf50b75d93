package profile

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Pairs holds what was measured between columns. Columns that are constant or empty are not
// compared, nor those of categories with fewer than five rows on average.
type Pairs struct {
	// Rows is how many rows the measures come from: all, or a random sample of them.
	Rows    int  `json:"rows"`
	Sampled bool `json:"sampled,omitempty"`
	// Columns are those that were compared, each with each. Wide data is bounded: Skipped is
	// how many columns were left out.
	Columns []string `json:"columns"`
	Skipped int      `json:"skipped,omitempty"`
	// Strongest are the pairs of the greatest Strength, at most MaxPairs, of equally strong
	// ones in the order of Columns.
	Strongest []Pair `json:"strongest,omitempty"`
	// Matrix is the Strength of each pair of Columns, signed where it has a sign: row i holds
	// the columns 0 … i-1. Of more than MaxMatrix columns it holds the MaxMatrix that go
	// together with any other most: Mapped are their names, in the order of Columns.
	Matrix [][]float64 `json:"matrix,omitempty"`
	Mapped []string    `json:"matrix_columns,omitempty"`
}

// MaxPairs is how many pairs a profile lists; MaxMatrix of how many columns it holds all.
const (
	MaxPairs  = 50
	MaxMatrix = 100
)

// Pair is how two columns go together. Only what is defined for their types is there.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
	// Rows is how many rows had both values.
	Rows int `json:"rows"`
	// Strength is from 0, nothing, to 1: the greatest of |Pearson|, |Spearman|, CramersV and
	// CorrelationRatio.
	Strength         float64  `json:"strength"`
	Pearson          *float64 `json:"pearson,omitempty"`           // numbers and moments
	Spearman         *float64 `json:"spearman,omitempty"`          // numbers and moments
	CramersV         *float64 `json:"cramers_v,omitempty"`         // categories, bias-corrected (Bergsma 2013)
	CorrelationRatio *float64 `json:"correlation_ratio,omitempty"` // of numbers in categories, bias-corrected (Kelley 1935)
}

const (
	// pairBudget bounds the work of comparing columns, in products of two numbers: about a
	// second of one core. Rows are given up first, then columns.
	pairBudget = 2e9
	// pairRows is below what rows are not given up.
	pairRows = 1000

	// The cost of a row of a pair in such products, as measured.
	costComplete   = 2  // numbers without missing ones: Pearson and Spearman
	costIncomplete = 40 // numbers that must be ranked anew
	costRatio      = 8  // numbers in categories
	costTable      = 8  // two columns of categories

	// tile is how many columns are compared with as many others at a time at most, tileRows how
	// many of their rows: they stay in the second-level cache. Of fewer columns than manyColumns it
	// is smallTile, so that there is work for every core: a part of tile.
	tile        = 32
	smallTile   = 8
	manyColumns = 4 * tile
	tileRows    = 256
)

// leastRows is how many rows must have both values for a pair to be measured: half of them,
// but not fewer than 3 and not more than 30. Among fewer, chance alone makes strong pairs.
func leastRows(rows int) int { return min(30, max(3, rows/2)) }

// comparePairs measures every two columns of the sample, or as many as the budget allows:
// fewer rows first, drawn at random, then fewer columns, of which those with the most values
// are kept, of equal ones the first. It is nil if there are no two to compare. The result
// does not depend on workers (0: one per core).
func comparePairs(ctx context.Context, s *sample, workers int) (*Pairs, error) {
	columns, err := prepareAll(ctx, s.columns, workers)
	if err != nil {
		return nil, err
	}
	columns = slices.DeleteFunc(columns, func(c *compared) bool { return !c.comparable() })
	if len(columns) < 2 {
		return nil, nil
	}
	p := &Pairs{Rows: s.rows, Sampled: s.of > s.rows}
	if fit := pairBudget / pairCost(columns); fit < float64(s.rows) && s.rows > pairRows {
		fewer := thin(s, max(pairRows, int(fit)), columns)
		p.Rows, p.Sampled = fewer.rows, true
		if columns, err = prepareAll(ctx, fewer.columns, workers); err != nil {
			return nil, err
		}
		columns = slices.DeleteFunc(columns, func(c *compared) bool { return !c.comparable() })
	}
	columns, p.Skipped = affordable(columns, p.Rows)
	if len(columns) < 2 {
		return nil, nil
	}
	for _, c := range columns {
		p.Columns = append(p.Columns, c.name)
	}
	strengths, err := strengthsOf(ctx, columns, leastRows(p.Rows), workers)
	if err != nil {
		return nil, err
	}
	if p.Strongest, err = measureAll(ctx, columns, strongest(strengths), leastRows(p.Rows), workers); err != nil {
		return nil, err
	}
	if p.Matrix = strengths; len(columns) > MaxMatrix {
		var kept []int
		kept, p.Matrix = most(strengths, MaxMatrix)
		for _, i := range kept {
			p.Mapped = append(p.Mapped, p.Columns[i])
		}
	}
	return p, nil
}

// prepareAll prepares columns, one after another on each worker.
func prepareAll(ctx context.Context, columns []sampleColumn, workers int) ([]*compared, error) {
	prepared := make([]*compared, len(columns))
	err := par.For(ctx, len(columns), workers, func(i int) error {
		prepared[i] = prepare(&columns[i])
		return nil
	})
	return prepared, err
}

// measureAll measures the pairs at some positions; nil if there are none.
func measureAll(ctx context.Context, columns []*compared, at []position, least, workers int) ([]Pair, error) {
	if len(at) == 0 {
		return nil, nil
	}
	pairs := make([]Pair, len(at))
	memories := sync.Pool{New: func() any { return &scratch{} }}
	err := par.For(ctx, len(at), workers, func(i int) error {
		memory := memories.Get().(*scratch)
		pairs[i] = measure(columns[at[i].b], columns[at[i].a], least, memory)
		memories.Put(memory)
		return nil
	})
	return pairs, err
}

// pairCost is what a row of all pairs costs.
func pairCost(columns []*compared) float64 {
	var complete, incomplete, coded float64
	for _, c := range columns {
		switch {
		case !c.numeric:
			coded++
		case c.complete:
			complete++
		default:
			incomplete++
		}
	}
	pairs := func(n float64) float64 { return float64(float64(n*(n-1)) * 0.5) }
	return float64(costComplete*pairs(complete)) +
		float64(costIncomplete*(pairs(incomplete)+float64(incomplete*complete))) +
		float64(costRatio*float64(coded*(complete+incomplete))) + float64(costTable*pairs(coded))
}

// thin is n rows of the sample drawn at random, of the columns that are to be compared.
func thin(s *sample, n int, columns []*compared) *sample {
	rows := seed.Rand(seed.Derive(0, "profile pairs", s.rows, n)).Perm(s.rows)[:n]
	slices.Sort(rows)
	wanted := make(map[string]bool, len(columns))
	for _, c := range columns {
		wanted[c.name] = true
	}
	fewer := &sample{rows: n, of: s.of}
	for _, c := range s.columns {
		if !wanted[c.name] {
			continue
		}
		kept := sampleColumn{name: c.name, levels: c.levels}
		if c.values != nil {
			kept.values = make([]float64, n)
			for i, row := range rows {
				kept.values[i] = c.values[row]
			}
		} else {
			kept.codes = make([]int32, n)
			for i, row := range rows {
				kept.codes[i] = c.codes[row]
			}
		}
		fewer.columns = append(fewer.columns, kept)
	}
	return fewer
}

// affordable keeps the columns with the most values whose pairs are in the budget, in their
// order, and says how many it left out.
func affordable(columns []*compared, rows int) (kept []*compared, skipped int) {
	if pairCost(columns)*float64(rows) <= pairBudget {
		return columns, 0
	}
	by := make([]int, len(columns))
	for i := range by {
		by[i] = i
	}
	slices.SortStableFunc(by, func(a, b int) int { return cmp.Compare(columns[b].rows, columns[a].rows) })
	pick := func(n int) []*compared {
		first := slices.Clone(by[:n])
		slices.Sort(first)
		picked := make([]*compared, n)
		for i, at := range first {
			picked[i] = columns[at]
		}
		return picked
	}
	low, high := 2, len(columns) // low fits, or is the least
	for high-low > 1 {
		if middle := (low + high) / 2; pairCost(pick(middle))*float64(rows) <= pairBudget {
			low = middle
		} else {
			high = middle
		}
	}
	return pick(low), len(columns) - low
}

// strengthsOf is the signed strength of every two columns: row i holds columns 0 … i-1.
func strengthsOf(ctx context.Context, columns []*compared, least, workers int) ([][]float64, error) {
	all := make([][]float64, len(columns))
	for i := range all {
		all[i] = make([]float64, i)
	}
	side := tile
	if len(columns) < manyColumns {
		side = smallTile
	}
	sides := (len(columns) + side - 1) / side
	err := par.For(ctx, sides*(sides+1)/2, workers, func(piece int) error {
		down := 0
		for (down+1)*(down+2)/2 <= piece {
			down++
		}
		across := piece - down*(down+1)/2
		compareTile(ctx, columns, down*side, across*side, side, least, all)
		return ctx.Err()
	})
	return all, err
}

// compareTile fills the strengths of side columns from down with as many from across. These are
// multiples of side, and that a part of tile.
func compareTile(ctx context.Context, columns []*compared, down, across, side, least int, all [][]float64) {
	var a, b []int // the complete ones
	var memory scratch
	for i := down; i < min(down+side, len(columns)); i++ {
		if columns[i].complete {
			a = append(a, i)
		}
	}
	for j := across; j < min(across+side, len(columns)); j++ {
		if columns[j].complete {
			b = append(b, j)
		}
	}
	var products, ranks [tile][tile]float64
	if len(a) > 0 && len(b) > 0 {
		multiply(columns, a, b, func(c *compared) []float64 { return c.deviations }, &products)
		multiply(columns, a, b, func(c *compared) []float64 { return c.ranks }, &ranks)
	}
	for i := down; i < min(down+side, len(columns)); i++ {
		if ctx.Err() != nil {
			return
		}
		for j := across; j < min(across+side, i); j++ {
			x, y := columns[j], columns[i]
			if !x.complete || !y.complete {
				pair := measure(x, y, least, &memory)
				all[i][j] = pair.signed()
				continue
			}
			if x.rows < least {
				continue
			}
			pair := Pair{}
			pair.Pearson = correlation(products[i%tile][j%tile], x.squares, y.squares)
			pair.Spearman = correlation(ranks[i%tile][j%tile], x.rankSquares, y.rankSquares)
			for _, m := range []*float64{pair.Pearson, pair.Spearman} {
				if m != nil {
					pair.Strength = max(pair.Strength, math.Abs(*m))
				}
			}
			all[i][j] = pair.signed()
		}
	}
}

// multiply is the dot product of each of a with each of b, every one of them summed in the
// order of the rows, as num.Dot does: two by four columns at a time, whose sums stay in
// registers.
func multiply(columns []*compared, a, b []int, of func(*compared) []float64, sums *[tile][tile]float64) {
	rows := columns[a[0]].rows
	get := func(list []int, k int) (int, []float64) {
		at := list[min(k, len(list)-1)] // past the end: the last again, which gives the same sum
		return at % tile, of(columns[at])
	}
	for start := 0; start < rows; start += tileRows {
		end := min(start+tileRows, rows)
		for i := 0; i < len(a); i += 2 {
			i0, x0 := get(a, i)
			i1, x1 := get(a, i+1)
			for j := 0; j < len(b); j += 4 {
				j0, y0 := get(b, j)
				j1, y1 := get(b, j+1)
				j2, y2 := get(b, j+2)
				j3, y3 := get(b, j+3)
				s := [8]float64{sums[i0][j0], sums[i0][j1], sums[i0][j2], sums[i0][j3],
					sums[i1][j0], sums[i1][j1], sums[i1][j2], sums[i1][j3]}
				multiply2x4(x0[start:end], x1[start:end], y0[start:end], y1[start:end], y2[start:end], y3[start:end], &s)
				sums[i0][j0], sums[i0][j1], sums[i0][j2], sums[i0][j3] = s[0], s[1], s[2], s[3]
				sums[i1][j0], sums[i1][j1], sums[i1][j2], sums[i1][j3] = s[4], s[5], s[6], s[7]
			}
		}
	}
}

func multiply2x4(x0, x1, y0, y1, y2, y3 []float64, s *[8]float64) {
	n := len(x0)
	x1, y0, y1, y2, y3 = x1[:n], y0[:n], y1[:n], y2[:n], y3[:n]
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for r := range x0 {
		u, v := x0[r], x1[r]
		a, b, c, d := y0[r], y1[r], y2[r], y3[r]
		s0 += float64(u * a)
		s1 += float64(u * b)
		s2 += float64(u * c)
		s3 += float64(u * d)
		s4 += float64(v * a)
		s5 += float64(v * b)
		s6 += float64(v * c)
		s7 += float64(v * d)
	}
	s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7] = s0, s1, s2, s3, s4, s5, s6, s7
}

// position is a pair of columns, b before a.
type position struct {
	a, b     int
	strength float64
}

// strongest is the positions of the MaxPairs greatest strengths above 0, greatest first, of
// equal ones in the order of columns: by b, then by a.
func strongest(all [][]float64) []position {
	order := func(x, y position) int {
		return cmp.Or(-cmp.Compare(x.strength, y.strength), cmp.Compare(x.b, y.b), cmp.Compare(x.a, y.a))
	}
	var kept []position
	for a, row := range all {
		for b, v := range row {
			at := position{a, b, math.Abs(v)}
			if v == 0 || len(kept) == MaxPairs && order(at, kept[MaxPairs-1]) > 0 {
				continue
			}
			if len(kept) == MaxPairs {
				kept = kept[:MaxPairs-1]
			}
			i, _ := slices.BinarySearchFunc(kept, at, order)
			kept = slices.Insert(kept, i, at)
		}
	}
	return kept
}
