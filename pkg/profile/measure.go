package profile

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// scratch is memory that one worker measures pairs with.
type scratch struct {
	x, y         []float64
	order, group []int32
	rows, margin []int
	touched      []int32
}

// measure compares two columns in the rows that have both values. Strength is 0, and no
// measure there, if there are fewer than least of them, or fewer than two a category, or a
// column is constant in them.
func measure(a, b *compared, least int, s *scratch) Pair {
	p := Pair{A: a.name, B: b.name}
	switch {
	case a.numeric && b.numeric:
		s.correlate(a, b, least, &p)
	case a.numeric:
		s.ratio(b, a, least, &p)
	case b.numeric:
		s.ratio(a, b, least, &p)
	default:
		s.associate(a, b, least, &p)
	}
	for _, m := range []*float64{p.Pearson, p.Spearman, p.CramersV, p.CorrelationRatio} {
		if m != nil {
			p.Strength = max(p.Strength, math.Abs(*m))
		}
	}
	return p
}

// signed is the strength with the sign of the correlation that it comes from.
func (p *Pair) signed() float64 {
	for _, m := range []*float64{p.Pearson, p.Spearman} {
		if m != nil && math.Abs(*m) == p.Strength {
			return *m
		}
	}
	return p.Strength
}

// correlation is Σxy/√(Σx²Σy²), which rounding must not bring past 1.
func correlation(xy, xx, yy float64) *float64 {
	if xx == 0 || yy == 0 {
		return nil
	}
	r := max(-1, min(1, xy/math.Sqrt(float64(xx*yy))))
	return &r
}

// correlate is Pearson's correlation of the rows where both are finite, and Spearman's of
// those where both have a value, ranked among themselves.
func (s *scratch) correlate(a, b *compared, least int, p *Pair) {
	if a.complete && b.complete {
		p.Rows = a.rows
		if p.Rows >= least {
			p.Pearson = correlation(num.Dot(a.deviations, b.deviations), a.squares, b.squares)
			p.Spearman = correlation(num.Dot(a.ranks, b.ranks), a.rankSquares, b.rankSquares)
		}
		return
	}
	s.x, s.y = s.x[:0], s.y[:0]
	for i, x := range a.deviations {
		if y := b.deviations[i]; x == x && y == y {
			s.x, s.y = append(s.x, x), append(s.y, y)
		}
	}
	if len(s.x) >= least && center(s.x) && center(s.y) {
		p.Pearson = correlation(num.Dot(s.x, s.y), num.Dot(s.x, s.x), num.Dot(s.y, s.y))
	}
	s.x, s.y = s.rankAmong(a, b, s.x), s.rankAmong(b, a, s.y)
	xy, xx, yy := 0.0, 0.0, 0.0
	for _, row := range s.order { // those that rankAmong kept of b
		x, y := s.x[row], s.y[row]
		xy += float64(x * y)
		xx += float64(x * x)
		yy += float64(y * y)
	}
	p.Rows = len(s.order)
	if p.Rows >= least {
		p.Spearman = correlation(xy, xx, yy)
	}
}

// center takes the mean from x, and says whether x is anything but constant.
func center(x []float64) bool {
	low, high := x[0], x[0]
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	mean := num.Sum(x) / float64(len(x))
	for i := range x {
		x[i] -= mean
	}
	return low != high
}

// rankAmong puts the ranks of c among the rows where other has a value too into ranks, by row.
func (s *scratch) rankAmong(c, other *compared, ranks []float64) []float64 {
	s.order, s.group = s.order[:0], s.group[:0]
	for i, row := range c.order {
		if other.has(row) {
			s.order, s.group = append(s.order, row), append(s.group, c.group[i])
		}
	}
	if n := len(c.deviations); cap(ranks) < n {
		ranks = make([]float64, n)
	} else {
		ranks = ranks[:n]
	}
	rank(s.order, s.group, ranks)
	return ranks
}

// ratio is the correlation ratio of numbers in categories, less the bias of few rows a
// category: ε² = 1 − (1−η²)(n−1)/(n−k) of k categories, Kelley, PNAS 21, 1935. η itself
// comes near 1 for any column of many categories.
func (s *scratch) ratio(c, x *compared, least int, p *Pair) {
	s.x, s.rows = s.x[:0], s.rows[:0] // sum and rows of each category
	last, finite := int32(-1), 0
	for i, row := range c.order {
		if x.has(row) {
			p.Rows++
		}
		d := x.deviations[row]
		if math.IsNaN(d) {
			continue
		}
		if c.group[i] != last {
			last = c.group[i]
			s.x, s.rows = append(s.x, 0), append(s.rows, 0)
		}
		s.x[len(s.x)-1] += d
		s.rows[len(s.rows)-1]++
		finite++
	}
	k := len(s.x)
	if finite < least || k < 2 || finite < 2*k {
		return
	}
	mean := num.Sum(s.x) / float64(finite)
	among, all := 0.0, 0.0
	for g, sum := range s.x {
		n := float64(s.rows[g])
		d := sum/n - mean
		among += float64(n * float64(d*d))
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range c.order {
		if d := x.deviations[row]; d == d {
			low, high = min(low, d), max(high, d)
			d -= mean
			all += float64(d * d)
		}
	}
	if low == high {
		return
	}
	unexplained := max(0, 1-among/all) * float64(finite-1) / float64(finite-k)
	e := math.Sqrt(max(0, 1-unexplained))
	p.CorrelationRatio = &e
}

// associate is Cramér's V less its bias: Bergsma, Journal of the Korean Statistical Society
// 42, 2013. χ² is that of Pearson, without Yates' correction.
func (s *scratch) associate(a, b *compared, least int, p *Pair) {
	// Rows of each category of b where a has one too, then of each pair category by category
	// of a: only cells that occur cost anything.
	s.margin = zeros(s.margin, b.groups)
	s.rows = zeros(s.rows, b.groups)
	columns := 0
	for _, row := range a.order {
		if code := b.codes[row]; code >= 0 {
			if s.margin[code] == 0 {
				columns++
			}
			s.margin[code]++
			p.Rows++
		}
	}
	if p.Rows < least {
		return
	}
	share := 0.0 // Σ n[i,j]²/(n[i]·n[j]) = 1 + χ²/n
	lines := 0
	for i := 0; i < len(a.order); {
		group, line := a.group[i], 0
		s.touched = s.touched[:0]
		for ; i < len(a.order) && a.group[i] == group; i++ {
			code := b.codes[a.order[i]]
			if code < 0 {
				continue
			}
			if s.rows[code] == 0 {
				s.touched = append(s.touched, code)
			}
			s.rows[code]++
			line++
		}
		if line > 0 {
			lines++
		}
		of := 0.0
		for _, code := range s.touched {
			n := float64(s.rows[code])
			of += float64(n*n) / float64(s.margin[code])
			s.rows[code] = 0
		}
		if line > 0 {
			share += of / float64(line)
		}
	}
	if lines < 2 || columns < 2 || p.Rows < 2*max(lines, columns) {
		return
	}
	n := float64(p.Rows - 1)
	r, c := float64(lines-1), float64(columns-1)
	phi := max(0, share-1-float64(r*c)/n)
	room := min(r-float64(r*r)/n, c-float64(c*c)/n)
	if room <= 0 {
		return
	}
	v := min(1, math.Sqrt(phi/room))
	p.CramersV = &v
}

// zeros is n zeros in the memory of x, if that is enough.
func zeros(x []int, n int) []int {
	if cap(x) < n {
		return make([]int, n)
	}
	x = x[:n]
	clear(x)
	return x
}
