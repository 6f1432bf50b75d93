package model

import (
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestKroneckerIsNewton: the same optimum as with the whole Hessian, of classes that columns tell
// little of and of classes that they tell nearly all of, where the whole Hessian takes over.
func TestKroneckerIsNewton(t *testing.T) {
	for _, c := range []struct {
		strength float64
		uneven   bool
	}{{0.3, false}, {30, true}} {
		random := seed.Rand(33)
		x := normals(random, 3_000, 6)
		d := Data{X: &dataset.Matrix{Rows: 3_000, Columns: x, Names: make([]string, 6)}, Task: dataset.Multiclass, Classes: 5}
		w := make([]float64, 3_000)
		for i := range w {
			score := float64(c.strength*(x[0][i]+x[1][i]*x[1][i])) + random.NormFloat64()
			d.Y, w[i] = append(d.Y, math.Floor(min(4, max(0, 2+score/(1+c.strength)*2)))), 1
		}
		fit := func(uneven bool) ([][]float64, *newton) {
			design, err := newDesign(t.Context(), d.X, w, 0, 0.01, true)
			if err != nil {
				t.Fatal(err)
			}
			p := newNewton(design, newSoftmax(d, design.w, classesOf(d), false))
			p.uneven = uneven
			theta := zeros(5, 7)
			if ok, err := p.minimize(t.Context(), theta); !ok || err != nil {
				t.Fatal(ok, err)
			}
			return theta, p
		}
		got, p := fit(false)
		want, _ := fit(true)
		if p.uneven != c.uneven {
			t.Errorf("strength %v: uneven is %v", c.strength, p.uneven)
		}
		for k := range want {
			for j, v := range want[k] {
				if math.Abs(got[k][j]-v) > 1e-9*max(1, math.Abs(v)) {
					t.Errorf("strength %v: parameter %d of set %d is %v, want %v", c.strength, j, k, got[k][j], v)
				}
			}
		}
	}
}

// TestScoresByTiles holds that tiles of four sets give the bits of a set alone.
func TestScoresByTiles(t *testing.T) {
	random := seed.Rand(34)
	x := normals(random, 3_000, 5)
	w := normals(random, 3_000, 1)[0]
	for i, v := range w {
		w[i] = math.Abs(v) + 0.1
	}
	d, err := newDesign(t.Context(), &dataset.Matrix{Rows: 3_000, Columns: x}, w, 0, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	theta := normals(random, 6, 5)
	got, want := zeros(5, 3_000), zeros(5, 3_000)
	d.scores(got, theta, 3, 2_990)
	for k := range theta {
		d.scores(want[k:k+1], theta[k:k+1], 3, 2_990)
		for i := range want[k] {
			if got[k][i] != want[k][i] {
				t.Fatalf("set %d, row %d: %v, want %v", k, i, got[k][i], want[k][i])
			}
		}
	}
}
