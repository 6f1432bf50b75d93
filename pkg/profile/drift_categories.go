package profile

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/sketch"
)

// categories are the values of a column with their counts, as far as a profile knows them.
type categories struct {
	rows   int
	counts map[string]int
	// off is by how much a count may be too low, unknown how many rows a value may have that
	// is not in counts. Both are 0 if counts has all values.
	off, unknown int
	approximate  bool
}

// categoriesOf are those of two columns: both by their sketches, or else both by their most
// frequent values.
func categoriesOf(a, b *Column) (p, q *categories) {
	if p, q = counted(a), counted(b); p == nil || q == nil {
		p, q = listed(a), listed(b)
	}
	return p, q
}

// counted is the categories of a column with a sketch of its texts; nil if it has none that
// can be read, or one of other values.
func counted(c *Column) *categories {
	var s sketch.Texts
	if c.Sketches == nil || s.UnmarshalBinary(c.Sketches.Frequent) != nil || s.N() != uint64(c.Count) {
		return nil
	}
	k := &categories{rows: c.Count, counts: make(map[string]int, s.Len()), off: int(s.Offset()), unknown: int(s.Offset())}
	for text, n := range s.All() {
		k.counts[text] = int(n)
	}
	return k
}

// listed is the categories of a column by its most frequent values.
func listed(c *Column) *categories {
	k := &categories{rows: c.Count, counts: make(map[string]int, len(c.Top)), off: c.TopError}
	rest, masked := c.Count, false
	for _, v := range c.Top { // the sum is at most Count: see sound
		k.counts[v.Value] += v.Count
		rest -= v.Count
		masked = masked || v.Masked
	}
	if rest > 0 {
		k.approximate = true
		k.unknown = rest
		switch n := len(c.Top); {
		case masked: // any form may have all others
			k.off = rest
		case n > 0:
			k.unknown = min(rest, c.Top[n-1].Count+c.TopError)
		}
	}
	return k
}

// complete reports that all values are there with their true counts.
func (k *categories) complete() bool { return k.unknown == 0 && k.off == 0 }

// compareCategories measures how differently the rows are spread over the categories.
func compareCategories(p, q *categories) []test {
	a, b := pooled(p, q)
	if len(a) < 2 {
		return nil
	}
	n, m := float64(p.rows), float64(q.rows)
	shareA, shareB := make([]float64, len(a)), make([]float64, len(b))
	half := 0.0
	for i := range a {
		shareA[i], shareB[i] = float64(a[i])/n, float64(b[i])/m
		d := shareA[i] - shareB[i]
		half += float64(d*d) / (shareA[i] + shareB[i])
	}
	noise := noise(p.rows, q.rows)
	freedom := len(a) - 1
	effect := math.Sqrt(float64(half / 2))
	statistic := float64(2*half) / float64(noise*noise)
	tail := func(x float64) float64 { return chiSquaredTail(x, freedom) }
	return append(shares(shareA, shareB, p.rows, q.rows, noise), test{
		measure: Measure{Kind: ChiSquared, Value: effect, Moderate: moderateV, Severe: severeV, P: tail(statistic), Statistic: &statistic, Freedom: freedom},
		critical: func(level float64) float64 {
			return min(1, float64(noise*math.Sqrt(critical(level, tail)))/2)
		},
	})
}

// pooled is the counts of both in the same categories. Those that are rare (minBin rows on the
// average of both sides, as if both had as many rows as the smaller one), or whose counts are
// not known to a tenth, are one category, which joins the rarest other if it is rare itself.
func pooled(p, q *categories) (a, b []int) {
	n, m := float64(p.rows), float64(q.rows)
	frequent := func(a, b int) bool { return !few(float64(a)/n, float64(b)/m, min(n, m)) }
	restA, restB := p.rows, q.rows
	for _, text := range union(p, q) {
		x, offX := p.count(text)
		y, offY := q.count(text)
		if frequent(x, y) && 10*(float64(offX)/n+float64(offY)/m) <= float64(x)/n+float64(y)/m {
			a, b = append(a, x), append(b, y)
			restA -= x
			restB -= y
		}
	}
	switch {
	case restA == 0 && restB == 0:
	case frequent(restA, restB) || len(a) == 0:
		a, b = append(a, restA), append(b, restB)
	default:
		rarest := 0
		for i := range a {
			if float64(a[i])/n+float64(b[i])/m < float64(a[rarest])/n+float64(b[rarest])/m {
				rarest = i
			}
		}
		a[rarest] += restA
		b[rarest] += restB
	}
	return a, b
}

// count is how many rows have the text, and by how much that may be too low.
func (k *categories) count(text string) (n, off int) {
	if n, known := k.counts[text]; known {
		return n, k.off
	}
	return 0, k.unknown
}

// union is the texts of both, bytewise ascending.
func union(p, q *categories) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(p.counts)), maps.Keys(q.counts))
	slices.Sort(all)
	return slices.Compact(all)
}

// absent finds the values of q that p does not have: the most frequent ones with their shares,
// and the test of their share against that expected. ok is false if p does not know all its values.
func absent(kind MeasureKind, p, q *categories) (list []Share, t test, ok bool) {
	if !p.complete() {
		return nil, test{}, false
	}
	once, rows := 0, 0
	for _, n := range p.counts {
		if n == 1 {
			once++
		}
	}
	for text, n := range q.counts {
		if _, known := p.counts[text]; !known {
			rows += n
			list = append(list, Share{text, float64(n) / float64(q.rows)})
		}
	}
	slices.SortFunc(list, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Value, b.Value))
	})
	list = list[:min(len(list), MaxTop)]
	for i := range list {
		list[i].Value = newValue(list[i].Value, 0).Value
	}
	t = compareShares(kind, once, p.rows, rows, q.rows)
	expected, share := float64(once)/float64(p.rows), float64(rows)/float64(q.rows)
	t.measure.Value = share
	t.measure.Moderate += expected
	t.measure.Severe += expected
	chance := t.critical
	t.critical = func(level float64) float64 { return expected + chance(level) }
	if share <= expected {
		t.measure.P = 1
		t.critical = func(float64) float64 { return 0 } // the effect alone is the threshold
	}
	return slices.Clip(list), t, true
}
