package search

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Stacked are the weights, 0 or more and of sum 1, with which the mean of candidates has the
// least loss on rows that they did not learn from: squared error of values (outputs 1), else the
// log loss of probabilities, of which y is the class. It is the convex super learner of van der
// Laan, Polley & Hubbard (2007): no intercept and no negative weights, so that a mean of values
// is within them and a mean of probabilities is one. Weights of rows may be nil.
func Stacked(candidates [][]float64, y, rowWeights []float64, outputs int) []float64 {
	if len(candidates) == 1 {
		return []float64{1}
	}
	weight := func(i int) float64 {
		if rowWeights == nil {
			return 1
		}
		return rowWeights[i]
	}
	if outputs == 1 {
		return leastSquares(candidates, y, weight)
	}
	return likeliest(candidates, y, weight, outputs)
}

// negligible is the weight of a candidate below which it is left out of a stack.
const negligible = 1e-3

// leastSquares minimizes wᵀGw on the simplex, G the products of the candidates' errors, by moving
// weight between two at a time to where it is least.
func leastSquares(candidates [][]float64, y []float64, weight func(int) float64) []float64 {
	m := len(candidates)
	g := make([][]float64, m)
	terms := make([]float64, len(y))
	for a := range g {
		g[a] = make([]float64, m)
		for b := range a + 1 {
			for i, v := range y {
				terms[i] = float64(float64(weight(i)*(candidates[a][i]-v)) * (candidates[b][i] - v))
			}
			g[a][b] = num.Sum(terms)
			g[b][a] = g[a][b]
		}
	}
	w := make([]float64, m)
	gw := make([]float64, m) // G·w
	for a := range w {
		w[a] = 1 / float64(m)
		gw[a] = num.Sum(g[a]) / float64(m)
	}
	for range 1000 {
		moved := 0.0
		for a := range m {
			for b := range a {
				curvature := g[a][a] + g[b][b] - float64(2*g[a][b])
				if !(curvature > 0) {
					continue
				}
				step := min(max((gw[b]-gw[a])/curvature, -w[a]), w[b]) // from b to a
				w[a], w[b] = w[a]+step, w[b]-step
				for k := range gw {
					gw[k] += float64(step * (g[k][a] - g[k][b]))
				}
				moved = max(moved, math.Abs(step))
			}
		}
		if moved < 1e-9 {
			break
		}
	}
	return kept(w)
}

// likeliest are the weights of a mixture that make the classes likeliest, by expectation and
// maximization, of which every step gains.
func likeliest(candidates [][]float64, y []float64, weight func(int) float64, outputs int) []float64 {
	const least = 1e-15 // as log loss has it
	m := len(candidates)
	w := make([]float64, m)
	for a := range w {
		w[a] = 1 / float64(m)
	}
	of := make([]float64, m)
	for range 500 {
		next := make([]num.Twofold, m)
		for i, class := range y {
			total := 0.0
			for a, c := range candidates {
				of[a] = float64(w[a] * max(c[i*outputs+int(class)], least))
				total += of[a]
			}
			for a := range of {
				next[a].Add(float64(weight(i) * (of[a] / total)))
			}
		}
		sum := 0.0
		for a := range next {
			sum += next[a].Value()
		}
		moved := 0.0
		for a := range next {
			v := next[a].Value() / sum
			moved, w[a] = max(moved, math.Abs(v-w[a])), v
		}
		if moved < 1e-6 {
			break
		}
	}
	return kept(w)
}

// kept sets negligible weights to 0 and lets the others sum to 1.
func kept(w []float64) []float64 {
	sum := 0.0
	for a, v := range w {
		if v < negligible {
			w[a] = 0
		}
		sum += w[a]
	}
	for a := range w {
		w[a] /= sum
	}
	return w
}
