package model

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// tweedie is half the deviance, less what does not depend on the mean μ = e^(offset + score),
// of distributions whose variance is μ^power, 1 ≤ power ≤ 2 (Jørgensen, "Exponential
// dispersion models", J. R. Stat. Soc. B 49, 1987): Poisson at 1, gamma at 2, and between
// them sums of a Poisson number of gamma values, with a mass at 0. By the score it is convex.
type tweedie struct {
	power  float64
	y, w   []float64
	offset []float64 // nil: none
}

var _ rowLoss = (*tweedie)(nil)

func (t *tweedie) sets() int { return 1 }

func (t *tweedie) eta(z [][]float64, i int) float64 {
	if t.offset == nil {
		return z[0][i]
	}
	return z[0][i] + t.offset[i]
}

// parts are y·μ^(1−power) and μ^(2−power): the derivative of the loss by the score is their
// difference.
func (t *tweedie) parts(eta, y float64) (pull, push float64) {
	switch t.power {
	case 1:
		return y, num.Exp(eta)
	case 2:
		return y * num.Exp(-eta), 1
	}
	if y > 0 { // 0 times an overflow is not a number
		pull = y * num.Exp((1-t.power)*eta)
	}
	return pull, num.Exp((2 - t.power) * eta)
}

func (t *tweedie) derive(z, slope, state [][]float64, from, to int) float64 {
	var sum num.Twofold
	for i := from; i < to; i++ {
		eta := t.eta(z, i)
		pull, push := t.parts(eta, t.y[i])
		slope[0][i] = t.w[i] * (push - pull)
		state[0][i] = t.w[i] * (float64((2-t.power)*push) + float64((t.power-1)*pull))
		switch t.power {
		case 1:
			sum.Add(float64(t.w[i] * (push - float64(pull*eta))))
		case 2:
			sum.Add(float64(t.w[i] * (pull + eta)))
		default:
			sum.Add(float64(t.w[i] * (push/(2-t.power) - pull/(1-t.power))))
		}
	}
	return sum.Value()
}

func (t *tweedie) curve(z, state [][]float64, from, to int) {
	for i := from; i < to; i++ {
		z[0][i] *= state[0][i]
	}
}

func (t *tweedie) bend(h []float64, _, _ int, state [][]float64, from, to int) {
	copy(h[from:to], state[0][from:to])
}

// deviance is twice the sum of w·(log-likelihood of y at its own mean less that at mean μ),
// with dispersion 1; the scores are those of the loss.
func (t *tweedie) deviance(z [][]float64) float64 {
	var sum num.Twofold
	for i, y := range t.y {
		eta := t.eta(z, i)
		pull, push := t.parts(eta, y)
		d := 0.0
		switch {
		case t.power == 1:
			d = push - y
			if y > 0 {
				d += float64(y * (num.Log(y) - eta))
			}
		case t.power == 2:
			d = pull - 1 - (num.Log(y) - eta)
		default:
			d = push/(2-t.power) - pull/(1-t.power)
			if y > 0 {
				d += num.Exp(float64((2-t.power)*num.Log(y))) / ((1 - t.power) * (2 - t.power))
			}
		}
		sum.Add(float64(2 * t.w[i] * d))
	}
	return math.Max(0, sum.Value())
}
