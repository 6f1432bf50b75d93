package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// qr is a Householder factorization with column pivoting, A·P = Q·R (Golub and Van Loan,
// "Matrix Computations", 4th ed., §5.4.2), of a matrix stored column by column. It is ours
// rather than gonum's because gonum's kernels group their sums by the alignment of a slice,
// so that two fits of equal data could differ in the last bit.
type qr struct {
	// columns hold, in pivoted order, R above the diagonal and the reflectors from it down.
	columns  [][]float64
	diagonal []float64 // of R, for the first rank columns
	tau      []float64 // reflector k is I − tau[k]·v·vᵀ
	order    []int     // order[k] is the column of A that stands at k
	rank     int
}

// factorize overwrites columns, whose norms should be near 1, with their factorization.
// The first fixed columns are not moved. noise is how far each column is known; a column
// whose part outside the span of those before it is no longer than its noise, and theirs in
// what it takes of them, is left as dependent, behind the rank.
func factorize(ctx context.Context, columns [][]float64, fixed int, noise []float64) (*qr, error) {
	f := &qr{columns: columns, order: make([]int, len(columns))}
	rest := make([]float64, len(columns))  // squared norm of what is left of each column
	exact := make([]float64, len(columns)) // the same when last computed afresh
	for j, c := range columns {
		f.order[j] = j
		exact[j] = num.Dot(c, c)
		rest[j] = exact[j]
	}
	if len(columns) == 0 {
		return f, nil
	}
	rows := len(columns[0])
	for k := 0; k < min(rows, len(columns)); k++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if k >= fixed {
			p := f.pivot(rest, noise)
			if p < 0 {
				break
			}
			columns[k], columns[p] = columns[p], columns[k]
			f.order[k], f.order[p] = f.order[p], f.order[k]
			rest[k], rest[p] = rest[p], rest[k]
			exact[k], exact[p] = exact[p], exact[k]
		}
		f.reflectColumn(k)
		if err := reflectAll(ctx, columns[k][k:], f.tau[k], columns[k+1:], k); err != nil {
			return nil, err
		}
		f.rank++
		downdate(columns, rest, exact, k)
	}
	return f, nil
}

// dependent marks, in the norms of what is left, a column found to be a combination of
// others: it stays one whatever columns follow.
const dependent = -1

// pivot is the place of the longest column behind the rank that is not dependent; -1 if
// there is none.
func (f *qr) pivot(rest, noise []float64) int {
	for {
		best := -1
		for j := f.rank; j < len(rest); j++ {
			if rest[j] != dependent && (best < 0 || rest[j] > rest[best]) {
				best = j
			}
		}
		if best < 0 || math.Sqrt(rest[best]) > f.noiseOf(best, noise) {
			return best
		}
		rest[best] = dependent
	}
}

// noiseOf is how far the part of column j outside the span is known: to its own noise, and
// to that of each column before it times what it takes of it.
func (f *qr) noiseOf(j int, noise []float64) float64 {
	z := append([]float64(nil), f.columns[j][:f.rank]...)
	f.solve(z)
	sum := noise[f.order[j]]
	for k, v := range z {
		sum += float64(math.Abs(v) * noise[f.order[k]])
	}
	return sum
}

// reflectColumn makes the reflector that zeroes column k below its diagonal.
func (f *qr) reflectColumn(k int) {
	v := f.columns[k][k:]
	norm := math.Sqrt(num.Dot(v, v))
	if norm == 0 {
		f.diagonal, f.tau = append(f.diagonal, 0), append(f.tau, 0)
		return
	}
	f.tau = append(f.tau, 1/(norm*(norm+math.Abs(v[0]))))
	f.diagonal = append(f.diagonal, -math.Copysign(norm, v[0]))
	v[0] += math.Copysign(norm, v[0])
}

// downdate takes row k of R from the squared norms of the columns behind k, and computes
// anew those that have lost six digits, whose difference would be mostly rounding.
func downdate(columns [][]float64, rest, exact []float64, k int) {
	for j := k + 1; j < len(columns); j++ {
		if rest[j] == dependent {
			continue
		}
		r := columns[j][k]
		rest[j] -= float64(r * r)
		if rest[j] < 1e-6*exact[j] {
			left := columns[j][k+1:]
			exact[j] = num.Dot(left, left)
			rest[j] = exact[j]
		}
	}
}

// reflectAll is reflect with the columns dealt out to the cores where there is enough to do.
// Each column is on its own, so nobody sees how.
func reflectAll(ctx context.Context, v []float64, tau float64, columns [][]float64, row int) error {
	const share = 1 << 16 // values of a worker's piece, at least
	width := max(4, share/max(1, len(v))) &^ 3
	if 2*width > len(columns) {
		reflect(v, tau, columns, row)
		return nil
	}
	return par.For(ctx, (len(columns)+width-1)/width, 0, func(i int) error {
		reflect(v, tau, columns[i*width:min(len(columns), (i+1)*width)], row)
		return nil
	})
}

// reflect applies I − tau·v·vᵀ to the given columns from row on, four at a time: the four
// sums run side by side, each in its own fixed order.
func reflect(v []float64, tau float64, columns [][]float64, row int) {
	for len(columns) >= 4 {
		a, b, c, d := columns[0][row:], columns[1][row:], columns[2][row:], columns[3][row:]
		a, b, c, d = a[:len(v)], b[:len(v)], c[:len(v)], d[:len(v)]
		var sa, sb, sc, sd float64
		for i, x := range v {
			sa += float64(x * a[i])
			sb += float64(x * b[i])
			sc += float64(x * c[i])
			sd += float64(x * d[i])
		}
		sa, sb, sc, sd = sa*tau, sb*tau, sc*tau, sd*tau
		for i, x := range v {
			a[i] -= float64(x * sa)
			b[i] -= float64(x * sb)
			c[i] -= float64(x * sc)
			d[i] -= float64(x * sd)
		}
		columns = columns[4:]
	}
	for _, column := range columns {
		reflectOne(v, tau, column[row:])
	}
}

func reflectOne(v []float64, tau float64, y []float64) {
	s := num.Dot(v, y) * tau
	for i, x := range v {
		y[i] -= float64(x * s)
	}
}

// multiply overwrites y with Q·y.
func (f *qr) multiply(y []float64) {
	for k := f.rank - 1; k >= 0; k-- {
		reflectOne(f.columns[k][k:], f.tau[k], y[k:])
	}
}

// multiplyT overwrites y with Qᵀ·y.
func (f *qr) multiplyT(y []float64) {
	for k := range f.rank {
		reflectOne(f.columns[k][k:], f.tau[k], y[k:])
	}
}

// solve overwrites z, of length rank, with R⁻¹·z for the leading block of R.
func (f *qr) solve(z []float64) {
	for k := f.rank - 1; k >= 0; k-- {
		z[k] /= f.diagonal[k]
		for i := range k {
			z[i] -= float64(f.columns[k][i] * z[k])
		}
	}
}

// solveT overwrites z, of length rank, with R⁻ᵀ·z.
func (f *qr) solveT(z []float64) {
	for k := range f.rank {
		z[k] = (z[k] - num.Dot(f.columns[k][:k], z[:k])) / f.diagonal[k]
	}
}
