package model

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

func normals(random interface{ NormFloat64() float64 }, rows, columns int) [][]float64 {
	x := make([][]float64, columns)
	for j := range x {
		x[j] = make([]float64, rows)
		for i := range x[j] {
			x[j][i] = random.NormFloat64()
		}
	}
	return x
}

// TestGram compares with plain sums of products, at shapes around the tiles, blocks and parts.
func TestGram(t *testing.T) {
	random := seed.Rand(12)
	for _, rows := range []int{1, 2, 255, 256, 257, gramPart - 1, gramPart + 1, 2*gramPart + 300} {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 10} {
			x := normals(random, rows, n)
			h := make([]float64, rows)
			for i := range h {
				h[i] = random.Float64()
			}
			for _, weights := range [][]float64{nil, h} {
				got, err := gram(context.Background(), x, weights)
				if err != nil || len(got) != n {
					t.Fatalf("%d rows of %d, %v", len(got), n, err)
				}
				for i := range got {
					for j := range i + 1 {
						var want num.Twofold
						for k := range rows {
							w := 1.0
							if weights != nil {
								w = h[k]
							}
							want.AddProduct(x[i][k]*w, x[j][k])
						}
						if d := math.Abs(got[i][j] - want.Value()); !(d < 1e-12*float64(rows)) {
							t.Fatalf("%d × %d: cell %d %d is %v, want %v", rows, n, i, j, got[i][j], want.Value())
						}
					}
				}
			}
		}
	}
}

func TestGramAtAnyNumberOfWorkers(t *testing.T) {
	x := normals(seed.Rand(13), 5*gramPart, 8)
	want, err := gram(context.Background(), x, x[0])
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for workers := 1; workers <= 4; workers++ {
		runtime.GOMAXPROCS(workers)
		if got, err := gram(context.Background(), x, x[0]); err != nil || !slices.EqualFunc(got, want, slices.Equal[[]float64]) {
			t.Errorf("%d workers: other bits, or %v", workers, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := gram(ctx, x, nil); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTilePairs holds that what this machine runs gives the bits of the plain loop.
func TestTilePairs(t *testing.T) {
	random := seed.Rand(15)
	for _, n := range []int{2, 4, 30, 256} {
		v := normals(random, n, 6)
		var got, want [18]float64
		tilePairs(&got, &v[0][0], &v[1][0], &v[2][0], &v[3][0], &v[4][0], &v[5][0], n)
		tilePairsGo(&want, v[0], v[1], v[2], v[3], v[4], v[5])
		if got != want {
			t.Errorf("%d rows: %v, want %v", n, got, want)
		}
	}
}

func BenchmarkGram(b *testing.B) {
	for _, n := range []int{28, 100} {
		x := normals(seed.Rand(14), 100_000, n)
		b.Run(fmt.Sprintf("rows=100000/columns=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := gram(b.Context(), x, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
