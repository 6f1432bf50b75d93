package model

import (
	"fmt"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestNormalIsQR: coefficients by products of columns are those by QR to the last digits, and
// standard errors to ten, with weights, penalties, far-off and correlated columns.
func TestNormalIsQR(t *testing.T) {
	for _, c := range []struct {
		l2, offset, near   float64
		intercept, weights bool
	}{
		{0, 0, 1, true, false}, {0, 1000, 0.01, true, true}, {3, 5, 0.1, true, true}, {0, 0, 0.1, false, true}, {0.5, 2, 1, false, false},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			random := seed.Rand(31)
			x := normals(random, 20_000, 7)
			y, w := make([]float64, len(x[0])), make([]float64, len(x[0]))
			for i := range y {
				x[6][i] = x[0][i] + x[1][i] + float64(c.near*x[6][i]) + c.offset
				x[5][i] = math.Exp(x[5][i])
				y[i], w[i] = 1e5+3*x[0][i]-1e-3*x[5][i]+x[6][i]+random.NormFloat64(), 1
				if c.weights {
					w[i] = random.ExpFloat64() + 0.01
				}
			}
			problem := func() *leastSquares {
				s := &leastSquares{columns: x, names: make([]string, 7), y: y, weights: w, l2: c.l2, intercept: c.intercept}
				if err := s.scale(t.Context()); err != nil {
					t.Fatal(err)
				}
				return s
			}
			fast, slow := problem(), problem()
			if done, err := fast.solveNormal(t.Context()); err != nil || !done {
				t.Fatal(done, err)
			}
			if err := slow.factorize(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := slow.refine(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, gotC, err := fast.unscale()
			if err != nil {
				t.Fatal(err)
			}
			want, wantC, err := slow.unscale()
			if err != nil {
				t.Fatal(err)
			}
			a, _ := fast.infer()
			b, _ := slow.infer()
			for j := range want {
				// QR takes weights by their rounded roots: another rounding of each.
				if math.Abs(got[j]-want[j]) > 4*epsilon*(math.Abs(want[j])+b.StandardErrors[j]) {
					t.Errorf("coefficient %d: %v, by QR %v", j, got[j], want[j])
				}
			}
			if math.Abs(gotC-wantC) > 4*epsilon*math.Abs(wantC) {
				t.Errorf("intercept %v, by QR %v", gotC, wantC)
			}
			if a == nil || b == nil || !num.Close(a.ResidualSD/b.ResidualSD, 1, 1e-14) || !num.Close(a.RSquared, b.RSquared, 1e-14) {
				t.Fatalf("%+v, by QR %+v", a, b)
			}
			for j, v := range b.StandardErrors {
				if !num.Close(a.StandardErrors[j]/v, 1, 1e-10) {
					t.Errorf("standard error %d: %v, by QR %v", j, a.StandardErrors[j], v)
				}
			}
		})
	}
}

// TestNormalLeavesToQR: dependent columns, means far beyond the spread, few rows.
func TestNormalLeavesToQR(t *testing.T) {
	random := seed.Rand(32)
	for name, spoil := range map[string]func(x [][]float64) [][]float64{
		"dependent": func(x [][]float64) [][]float64 { return append(x, x[0]) },
		"nearly": func(x [][]float64) [][]float64 {
			for i := range x[1] {
				x[1][i] = x[0][i] + 1e-5*x[1][i]
			}
			return x
		},
		"far off": func(x [][]float64) [][]float64 {
			for i := range x[1] {
				x[1][i] += 1e6
			}
			return x
		},
		"few": func(x [][]float64) [][]float64 { return [][]float64{x[0][:100], x[1][:100]} },
	} {
		x := spoil(normals(random, 40_000, 3))
		w := make([]float64, len(x[0]))
		for i := range w {
			w[i] = 1
		}
		s := &leastSquares{columns: x, y: x[0], weights: w, intercept: true}
		if err := s.scale(t.Context()); err != nil {
			t.Fatal(err)
		}
		if done, err := s.solveNormal(t.Context()); err != nil || done {
			t.Errorf("%s: done %v, %v", name, done, err)
		}
	}
}
