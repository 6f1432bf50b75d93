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
	ones := make([]float64, x.Rows)
	for i := range ones {
		ones[i] = 1
	}
	standard := make([]standardColumn, d.columns)
	total := num.Sum(d.w)
	err := par.For(ctx, d.columns, 0, func(j int) error {
		low, high := bounds(x.Columns[j])
		if centered && low == high || low == 0 && high == 0 {
			return nil
		}
		unit := unitScale([]float64{low, high})
		standard[j] = d.standardize(x.Columns[j], unit, total)
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.x, d.l1, d.l2 = [][]float64{ones}, []float64{0}, []float64{0}
	for j, s := range standard {
		if s.z == nil {
			continue
		}
		perUnit := s.unit / s.norm // of the column, for a unit of z
		d.active, d.x = append(d.active, j), append(d.x, s.z)
		d.unit, d.mean, d.norm = append(d.unit, s.unit), append(d.mean, s.mean), append(d.norm, s.norm)
		d.l1 = append(d.l1, min(l1*d.scale*perUnit, maxPenalty))
		d.l2 = append(d.l2, min(l2*d.scale*perUnit*perUnit, maxPenalty))
	}
	return d, nil
}

// standardColumn is (unit·column − mean) / norm; z is nil for a column that says nothing.
type standardColumn struct {
	z                []float64
	unit, mean, norm float64
}

func (d *design) standardize(column []float64, unit, total float64) standardColumn {
	s := standardColumn{z: make([]float64, len(column)), unit: unit}
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
		s.z[i] = c
		square += float64(d.w[i] * float64(c*c))
	}
	s.norm = math.Sqrt(square / total)
	if s.norm == 0 { // varies only among rows whose weight vanishes beside the others
		return standardColumn{}
	}
	by := 1 / s.norm
	if math.IsInf(by, 0) {
		return standardColumn{}
	}
	for i := range s.z {
		s.z[i] *= by
	}
	return s
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

// scores writes x·θ of rows from … to-1 to z, by set.
func (d *design) scores(z, theta [][]float64, from, to int) {
	for ; from < to; from += rowBlock {
		end := min(from+rowBlock, to)
		for k, set := range theta {
			combine(z[k][from:end], set, d.x, from)
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

// transpose adds xᵀ·v over rows from … to-1 to product.
func (d *design) transpose(product, v []float64, from, to int) {
	columns := make([][]float64, len(d.x))
	for ; from < to; from += rowBlock {
		end := min(from+rowBlock, to)
		for j, column := range d.x {
			columns[j] = column[from:end]
		}
		dots(product, v[from:end], columns)
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
