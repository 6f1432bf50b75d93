package model

import (
	"context"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// design is the matrix of a penalized problem in coordinates where columns have mean 0 and
// standard deviation 1 and weights sum to 1 … 2: the optimum is the same, and Newton's
// equations are as well conditioned as the columns' correlations let them be.
//
// A set of parameters is the intercept, then a coefficient per active column.
type design struct {
	x        [][]float64 // a column of ones, then the active columns, standardized
	cells    []float64   // the same, column behind column
	w        []float64   // scaled by scale
	scale    float64
	l1, l2   []float64 // penalty per parameter in these coordinates; 0 for the intercept
	centered bool      // false: columns keep their mean, for models without an intercept

	active     []int
	columns    int
	unit       []float64 // power of two that scaled each active column first
	mean, norm []float64
}

const (
	// maxPenalty caps a penalty in standardized coordinates: beyond it a coefficient is 0 to
	// every digit, and the square of a tiny standard deviation could overflow.
	maxPenalty = 1e30
	// rowPart is how many rows are one piece of a worker's work.
	rowPart = 8192
	// rowBlock is how many rows stay in the cache while columns pass by.
	rowBlock = 1024
)

// newDesign standardizes the columns of x that vary. weights are positive.
func newDesign(ctx context.Context, x *dataset.Matrix, weights []float64, l1, l2 float64, centered bool) (*design, error) {
	d := &design{columns: len(x.Columns), centered: centered}
	d.scale = math.Ldexp(1, -math.Ilogb(num.Sum(weights)))
	d.w = make([]float64, len(weights))
	for i, w := range weights {
		d.w[i] = w * d.scale
	}
	standard := make([]standardColumn, d.columns)
	total := num.Sum(d.w)
	count := 0
	for j, column := range x.Columns {
		low, high := bounds(column)
		if !(centered && low == high || low == 0 && high == 0) {
			standard[j].unit = unitScale([]float64{low, high})
			count++
			standard[j].place = count
		}
	}
	d.cells = make([]float64, (1+count)*x.Rows)
	d.x = [][]float64{d.cells[:x.Rows]}
	for i := range d.x[0] {
		d.x[0][i] = 1
	}
	err := par.For(ctx, d.columns, 0, func(j int) error {
		if s := &standard[j]; s.place > 0 {
			d.standardize(s, d.cells[s.place*x.Rows:][:x.Rows], x.Columns[j], total)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.l1, d.l2 = []float64{0}, []float64{0}
	for j, s := range standard {
		if s.norm == 0 {
			continue
		}
		to := d.cells[len(d.x)*x.Rows:][:x.Rows]
		copy(to, d.cells[s.place*x.Rows:][:x.Rows]) // in place, unless a column before says nothing
		perUnit := s.unit / s.norm                  // of the column, for a unit of z
		d.active, d.x = append(d.active, j), append(d.x, to)
		d.unit, d.mean, d.norm = append(d.unit, s.unit), append(d.mean, s.mean), append(d.norm, s.norm)
		d.l1 = append(d.l1, min(l1*d.scale*perUnit, maxPenalty))
		d.l2 = append(d.l2, min(l2*d.scale*perUnit*perUnit, maxPenalty))
	}
	return d, nil
}

// standardColumn is (unit·column − mean) / norm. The norm of one that says nothing is 0.
type standardColumn struct {
	place            int // among the cells of the design; 0: none
	unit, mean, norm float64
}

// standardize writes a column to z, and what that took to s.
func (d *design) standardize(s *standardColumn, z, column []float64, total float64) {
	if d.centered {
		var sum num.Twofold
		for i, v := range column {
			sum.AddProduct(d.w[i], float64(v*s.unit))
		}
		s.mean = sum.Value() / total
	}
	square := 0.0
	for i, v := range column {
		c := float64(v*s.unit) - s.mean
		z[i] = c
		square += float64(d.w[i] * float64(c*c))
	}
	norm := math.Sqrt(square / total)
	// It is 0 if the column varies only among rows whose weight vanishes beside the others.
	by := 1 / norm
	if math.IsInf(by, 0) {
		return
	}
	for i := range z {
		z[i] *= by
	}
	s.norm = norm
}

// unscale writes a set's coefficients in the units of the columns and returns its intercept.
func (d *design) unscale(coefficients, set []float64, names []string) (float64, error) {
	var c num.Twofold
	c.Add(set[0])
	for a, j := range d.active {
		b := set[a+1] / d.norm[a]
		c.AddProduct(-d.mean[a], b)
		coefficients[j] = b * d.unit[a]
		if math.IsInf(coefficients[j], 0) || math.IsNaN(coefficients[j]) {
			return 0, fmt.Errorf("column %q: its coefficient is not a finite number; scale the column", names[j])
		}
	}
	return c.Value(), nil
}

// rows calls work on parts of the rows, side by side; part bounds follow from the number of
// rows alone.
func (d *design) rows(ctx context.Context, work func(part, from, to int)) error {
	n := len(d.w)
	return par.For(ctx, d.parts(), 0, func(part int) error {
		work(part, part*rowPart, min(n, (part+1)*rowPart))
		return nil
	})
}

func (d *design) parts() int { return (len(d.w) + rowPart - 1) / rowPart }

// scores writes x·θ of rows from … to-1 to z, by set; four sets at a time by tiles of a product.
func (d *design) scores(z, theta [][]float64, from, to int) {
	k := 0
	for ; k+tileRows <= len(theta); k += tileRows {
		d.scoreTiles(z[k:k+tileRows], theta[k:k+tileRows], from, to)
	}
	for ; from < to; from += rowBlock {
		end := min(from+rowBlock, to)
		for k := k; k < len(theta); k++ {
			combine(z[k][from:end], theta[k], d.x, from)
		}
	}
}

// scoreTiles is scores of tileRows sets, to the bits of combine.
func (d *design) scoreTiles(z, theta [][]float64, from, to int) {
	const rows = 256 // at once, whose scores and columns stay in the cache
	var scores [tileRows * rows]float64
	weights := make([]float64, 0, tileRows*len(d.x))
	for _, set := range theta {
		weights = append(weights, set...)
	}
	a := grid{weights, len(d.x), 1}
	for ; from < to; from += rows {
		end := min(from+rows, to)
		whole := (end - from) / tileColumns * tileColumns
		clear(scores[:])
		if whole > 0 {
			addProduct(grid{scores[:], rows, 1}, a, grid{d.cells[from:], len(d.w), 1}, tileRows, len(d.x), whole)
		}
		for k := range z {
			copy(z[k][from:], scores[k*rows:][:whole])
			combine(z[k][from+whole:end], theta[k], d.x, from+whole)
		}
	}
}

// combine sets dst to Σ set[j]·columns[j][from:], four columns at a time, in column order.
func combine(dst, set []float64, columns [][]float64, from int) {
	clear(dst)
	n := len(dst)
	j := 0
	for ; j+4 <= len(set); j += 4 {
		a, b, c, d := columns[j][from:][:n], columns[j+1][from:][:n], columns[j+2][from:][:n], columns[j+3][from:][:n]
		sa, sb, sc, sd := set[j], set[j+1], set[j+2], set[j+3]
		if sa == 0 && sb == 0 && sc == 0 && sd == 0 {
			continue
		}
		for i := range dst {
			dst[i] = dst[i] + float64(a[i]*sa) + float64(b[i]*sb) + float64(c[i]*sc) + float64(d[i]*sd)
		}
	}
	for ; j < len(set); j++ {
		addScaled(dst, dst, set[j], columns[j][from:from+n])
	}
}

// transpose adds xᵀ·v over rows from … to-1 to product, by set.
func (d *design) transpose(product, v [][]float64, from, to int) {
	if len(v) >= 3 && len(d.x) >= 3 {
		addProducts(product, v, d.x, from, to)
		return
	}
	columns := make([][]float64, len(d.x))
	for j, column := range d.x {
		columns[j] = column[from:to]
	}
	for k := range v {
		dots(product[k], v[k][from:to], columns)
	}
}

// dots adds v·column for every column to dst, four sums side by side, each in row order.
func dots(dst, v []float64, columns [][]float64) {
	j := 0
	for ; j+4 <= len(columns); j += 4 {
		a, b, c, d := columns[j][:len(v)], columns[j+1][:len(v)], columns[j+2][:len(v)], columns[j+3][:len(v)]
		var sa, sb, sc, sd float64
		for i, x := range v {
			sa += float64(x * a[i])
			sb += float64(x * b[i])
			sc += float64(x * c[i])
			sd += float64(x * d[i])
		}
		dst[j], dst[j+1], dst[j+2], dst[j+3] = dst[j]+sa, dst[j+1]+sb, dst[j+2]+sc, dst[j+3]+sd
	}
	for ; j < len(columns); j++ {
		dst[j] += num.Dot(v, columns[j])
	}
}

// zeros is k rows of n zeros.
func zeros(k, n int) [][]float64 {
	m := make([][]float64, k)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}
