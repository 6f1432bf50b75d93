package model

import (
	"context"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// quadratic is the problem min ½·xᵀ·H·x − bᵀ·x + Σ l1[j]·|x[j]|, H given by its lower
// triangle with a positive diagonal.
type quadratic struct {
	h     [][]float64
	b, l1 []float64
}

const (
	// maxSweeps bounds the rounds over all coordinates. What they do not settle, the caller's
	// check of the optimality conditions finds.
	maxSweeps = 10_000
	// polishEvery is after how many rounds the signs are tried as final.
	polishEvery = 8
	// settled is how far a round may move a coordinate, in units of √(its curvature), relative
	// to the longest there is, and be the last.
	settled = 1e-14
)

// minimize moves x to the optimum by coordinate descent (Friedman, Hastie and Tibshirani,
// "Regularization paths for generalized linear models via coordinate descent", J. Stat.
// Softw. 33, 2010). Every few rounds it takes the signs of x for those of the optimum and
// solves for the rest exactly, which ends the slow tail that correlated columns cause.
func (q *quadratic) minimize(ctx context.Context, x []float64) error {
	left := q.residual(x) // b − H·x
	for sweep := 1; sweep <= maxSweeps; sweep++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		moved, size := 0.0, 0.0
		for j := range x {
			curve := q.h[j][j]
			to := shrink(left[j]+float64(curve*x[j]), q.l1[j]) / curve
			if d := to - x[j]; d != 0 {
				q.move(left, j, d)
				x[j] = to
				moved = max(moved, float64(curve*float64(d*d)))
			}
			size = max(size, float64(curve*float64(to*to)))
		}
		if moved <= float64(size*settled*settled) {
			return nil
		}
		if sweep%polishEvery == 0 && q.polish(x) {
			left = q.residual(x)
		}
	}
	return nil
}

// shrink moves v toward 0 by at most l1.
func shrink(v, l1 float64) float64 {
	return math.Copysign(max(math.Abs(v)-l1, 0), v)
}

// move takes column j of H times d from left.
func (q *quadratic) move(left []float64, j int, d float64) {
	addScaled(left[:j], left[:j], -d, q.h[j][:j])
	for i := j; i < len(left); i++ {
		left[i] -= float64(q.h[i][j] * d)
	}
}

func (q *quadratic) residual(x []float64) []float64 {
	left := append([]float64(nil), q.b...)
	for j, v := range x {
		if v != 0 {
			q.move(left, j, v)
		}
	}
	return left
}

// polish replaces x by the optimum among those with its signs and zeros, if there is one; it
// reports whether.
func (q *quadratic) polish(x []float64) bool {
	var free []int
	for j, v := range x {
		if v != 0 || q.l1[j] == 0 {
			free = append(free, j)
		}
	}
	lower := lowerTriangle(len(free))
	solution := make([]float64, len(free))
	for a, i := range free {
		for b, j := range free[:a+1] {
			lower[a][b] = q.h[i][j]
		}
		solution[a] = q.b[i]
		if x[i] != 0 {
			solution[a] -= math.Copysign(q.l1[i], x[i])
		}
	}
	if !cholesky(lower) {
		return false
	}
	substitute(lower, solution)
	for a, i := range free {
		if q.l1[i] > 0 && !(solution[a]*math.Copysign(1, x[i]) > 0) {
			return false
		}
	}
	for a, i := range free {
		x[i] = solution[a]
	}
	return true
}

// violation is by how much g, the gradient of a smooth loss at θ, breaks the condition for an
// optimum with penalty l1·|θ|: that g is −l1·sign(θ), or within ±l1 at 0.
func violation(g, theta, l1 float64) float64 {
	if theta == 0 {
		return max(math.Abs(g)-l1, 0)
	}
	return math.Abs(g + math.Copysign(l1, theta))
}

const (
	// workingStart is how many parameters beside those already in play enter at once at least.
	workingStart = 64
	// maxWorking bounds the parameters in play at once, whose Hessian takes 8 bytes for each
	// pair: 512 MB.
	maxWorking = 1 << 13
	// optimal is how far the conditions of an optimum may be broken, where weights sum to
	// 1 … 2; nearly, if a step no longer mends them.
	optimal = 1e-14
	nearly  = 1e-9
)

// minimizeL1 moves θ to the optimum with l1, by proximal Newton steps (Lee, Sun and Saunders,
// SIAM J. Optim. 24, 2014): each minimizes the quadratic model with l1 over the columns in
// play – those with a coefficient, and of the rest those that break their condition most.
func (s *newton) minimizeL1(ctx context.Context, theta [][]float64) (converged bool, err error) {
	value, err := s.start(ctx, theta)
	if err != nil {
		return false, err
	}
	before := math.Inf(1)
	for range maxNewton {
		g, err := s.gradient(ctx, theta)
		if err != nil {
			return false, err
		}
		columns, worst := s.inPlay(g, theta)
		if worst <= optimal || worst <= nearly && worst > before/2 {
			return true, nil
		}
		before = worst
		step, slope, err := s.proximal(ctx, g, theta, columns)
		if err != nil {
			return false, err
		}
		var moved bool
		if value, moved, err = s.search(ctx, theta, step, value, slope); err != nil {
			return false, err
		}
		if !moved {
			return worst <= nearly, nil // as far as rounding lets it be seen
		}
	}
	return false, nil
}

// inPlay lists the parameters of a set to solve for, ascending, and the worst violation.
func (s *newton) inPlay(g, theta [][]float64) (columns []int, worst float64) {
	broken := make([]float64, len(s.x)) // most over the sets
	in := make([]bool, len(s.x))
	count := 0
	all := len(theta)*len(s.x) <= maxBlock
	for j := range s.x {
		in[j] = s.l1[j] == 0 || all
		for k := range theta {
			broken[j] = max(broken[j], violation(g[k][j], theta[k][j], s.l1[j]))
			in[j] = in[j] || theta[k][j] != 0
		}
		worst = max(worst, broken[j])
		if in[j] {
			count++
		}
	}
	for range max(workingStart, count) {
		best := -1
		for j := range broken {
			if !in[j] && broken[j] > 0 && (best < 0 || broken[j] > broken[best]) {
				best = j
			}
		}
		if best < 0 {
			break
		}
		in[best] = true
	}
	for j, is := range in {
		if is {
			columns = append(columns, j)
		}
	}
	return columns, worst
}

// proximal returns the step to the optimum of the quadratic model, and the fall of the
// objective that its first order promises.
func (s *newton) proximal(ctx context.Context, g, theta [][]float64, columns []int) (step [][]float64, slope float64, err error) {
	sets, n := len(theta), len(columns)
	if sets*n > maxWorking {
		return nil, 0, &SizeError{What: "coefficients that are not 0", Count: sets * n, Most: maxWorking, Advice: "raise l1"}
	}
	x, l2 := make([][]float64, n), make([]float64, n)
	q := &quadratic{l1: make([]float64, sets*n), b: make([]float64, sets*n)}
	to := make([]float64, sets*n)
	for a, j := range columns {
		x[a], l2[a] = s.x[j], s.l2[j]
		for k := range sets {
			q.l1[k*n+a], to[k*n+a], q.b[k*n+a] = s.l1[j], theta[k][j], -g[k][j]
		}
	}
	if s.steady && slices.Equal(columns, s.played) {
		q.h = s.playedH
	} else if q.h, err = s.hessian(ctx, x, l2); err != nil {
		return nil, 0, err
	} else {
		loose(q.h)
		s.played, s.playedH = columns, q.h
	}
	for i := range q.b { // b = H·θ − g, so that the solution is the new θ and not the step
		q.b[i] += num.Dot(q.h[i], to[:i+1])
		for k := i + 1; k < len(to); k++ {
			q.b[i] += float64(q.h[k][i] * to[k])
		}
	}
	if err := q.minimize(ctx, to); err != nil {
		return nil, 0, err
	}
	step = zeros(sets, len(s.x))
	for a, j := range columns {
		for k := range sets {
			step[k][j] = to[k*n+a] - theta[k][j]
			slope += float64(g[k][j]*step[k][j]) + float64(s.l1[j]*(math.Abs(to[k*n+a])-math.Abs(theta[k][j])))
		}
	}
	return step, slope, nil
}
