package profile

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

const (
	// maxBins is how many bins of equal frequency numbers fall into.
	maxBins = 20
	// cellRows is how many rows a pair of bins has on average, at the least: with fewer, the
	// information is mostly chance, beyond what Miller and Madow take out.
	cellRows = 5
	// rareRows is below how many rows a category is pooled with the other rare ones.
	rareRows = 5
)

// compareTarget says how each other column goes with the target. It is nil if the target has
// no two values, and fails if the sample has no such column. The result does not depend on
// workers (0: one per core).
func compareTarget(ctx context.Context, s *sample, target string, workers int) (*Target, error) {
	at := slices.IndexFunc(s.columns, func(c sampleColumn) bool { return c.name == target })
	if at < 0 {
		return nil, &dataset.ColumnError{Column: target, Err: errors.New("is the target but not in the data")}
	}
	y := prepare(&s.columns[at])
	if y.rows == 0 || y.group[0] == y.group[y.rows-1] {
		return nil, nil
	}
	classes, k := y.bins(y.order, y.group, int(math.Sqrt(float64(y.rows)/cellRows)))
	relations := make([]*Relation, len(s.columns))
	err := par.For(ctx, len(s.columns), workers, func(i int) error {
		if i != at {
			relations[i] = relate(prepare(&s.columns[i]), y, classes, k, leastRows(s.rows))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t := &Target{Column: target, Rows: s.rows, Relations: []Relation{}}
	for _, r := range relations {
		if r != nil {
			t.Relations = append(t.Relations, *r)
		}
	}
	slices.SortStableFunc(t.Relations, func(a, b Relation) int { return -cmp.Compare(a.Information, b.Information) })
	return t, nil
}

// relate is how x goes with the target y, of which each row is in one of k classes, -1 where
// it is missing.
func relate(x, y *compared, classes []int32, k, least int) *Relation {
	r := &Relation{Column: x.name}
	var order, group []int32 // of the rows that have both
	for i, row := range x.order {
		if classes[row] >= 0 {
			order, group = append(order, row), append(group, x.group[i])
		}
	}
	if len(order) > 0 {
		bins, n := x.bins(order, group, y.rows/(cellRows*k))
		r.Information, r.Share = information(bins, n, classes, k)
	}
	if len(order) < y.rows {
		filled := make([]int32, len(classes))
		for _, row := range order {
			filled[row] = 1
		}
		if len(order) > 0 {
			_, share := information(filled, 2, classes, k)
			r.Missing = &share
		}
	}
	if x.comparable() && y.comparable() {
		if pair := measure(x, y, least, &scratch{}); pair.Strength > 0 {
			r.Pair = &pair
		}
	}
	return r
}

// bins puts the rows of order, which are in order of their groups, into at most limit bins
// (2 at least) and says how many there are; -1 is every other row.
//
// Numbers: at most maxBins bins of equal frequency, a value in that of its mean rank.
// Categories: each is a bin of its own but those of fewer than rareRows rows, and the rarest
// of too many, which are one bin together; of equally frequent ones the first are kept.
func (c *compared) bins(order, group []int32, limit int) (bins []int32, n int) {
	limit = max(2, limit)
	all := len(c.codes)
	if c.numeric {
		all = len(c.deviations)
		limit = min(limit, maxBins)
	}
	bins = make([]int32, all)
	for i := range bins {
		bins[i] = -1
	}
	type run struct{ first, past int }
	var runs []run // of rows of one value
	for i := range order {
		if i == 0 || group[i] != group[i-1] {
			runs = append(runs, run{i, i})
		}
		runs[len(runs)-1].past = i + 1
	}
	put := func(r run, bin int32) {
		for _, row := range order[r.first:r.past] {
			bins[row] = bin
		}
	}
	if c.numeric {
		last := -1
		for _, r := range runs {
			bin := (r.first + r.past - 1) * limit / (2 * len(order))
			if bin != last {
				last = bin
				n++
			}
			put(r, int32(n-1))
		}
		return bins, n
	}
	frequent := slices.Clone(runs)
	slices.SortStableFunc(frequent, func(a, b run) int { return cmp.Compare(b.past-b.first, a.past-a.first) })
	kept := 0
	for kept < len(frequent) && frequent[kept].past-frequent[kept].first >= rareRows {
		kept++
	}
	if pooled := kept < len(frequent); kept > limit || pooled && kept == limit {
		kept = limit - 1
	}
	for i, r := range frequent {
		put(r, int32(min(i, kept)))
	}
	return bins, min(len(frequent), kept+1)
}

// information is the mutual information in nats of two columns in the rows that both have,
// and its share of the entropy of y, both less the bias of small samples: Miller, in
// Information Theory in Psychology, 1955. a and b are how many bins and classes there may be.
func information(x []int32, a int, y []int32, b int) (nats, share float64) {
	joint := make([]int, a*b)
	ofX, ofY := make([]int, a), make([]int, b)
	n := 0
	for i, bin := range x {
		if bin >= 0 && y[i] >= 0 {
			joint[int(bin)*b+int(y[i])]++
			ofX[bin]++
			ofY[y[i]]++
			n++
		}
	}
	hx, kx := entropy(ofX, n)
	hy, ky := entropy(ofY, n)
	hxy, kxy := entropy(joint, n)
	if kx < 2 || ky < 2 {
		return 0, 0
	}
	bias := 1 / (2 * float64(n))
	nats = max(0, hx+hy-hxy+float64(bias*float64(kx+ky-kxy-1)))
	return nats, min(1, nats/(hy+float64(bias*float64(ky-1))))
}

// entropy of counts that add up to n, in nats, and how many of them are not 0.
func entropy(counts []int, n int) (nats float64, occur int) {
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(n)
			nats -= float64(p * math.Log(p))
			occur++
		}
	}
	return nats, occur
}
