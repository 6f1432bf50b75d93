package calibration

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Line is a probability's log odds times Slope plus Offset, turned into a probability again.
type Line struct {
	Slope  float64 `json:"slope"`
	Offset float64 `json:"offset"`
}

func (l Line) at(p float64) float64 {
	return 1 / (1 + num.Exp(-(float64(l.Slope*logOdds(p)) + l.Offset)))
}

func (l Line) check() error {
	if math.IsNaN(l.Slope) || math.IsInf(l.Slope, 0) || math.IsNaN(l.Offset) || math.IsInf(l.Offset, 0) {
		return fmt.Errorf("a line of slope %v and offset %v", l.Slope, l.Offset)
	}
	return nil
}

// logOdds is ln(p/(1-p)), of a probability that is kept off 0 and 1.
func logOdds(p float64) float64 {
	p = min(max(p, certain), 1-certain)
	return num.Log(p / (1 - p))
}

// fitLine is logistic regression on the log odds, by Newton's method with steps halved until
// the loss falls. The targets are Platt's: (n+1)/(n+2) and 1/(n+2) in place of 1 and 0, what
// is to be believed of a class after n rows of it, so that the line is finite always.
func fitLine(probabilities []float64, is []bool, weights []float64) Line {
	x := make([]float64, len(probabilities))
	of := [2]float64{}
	for i, p := range probabilities {
		x[i] = logOdds(p)
		of[index(is[i])] += weights[i]
	}
	targets := [2]float64{1 / (of[0] + 2), (of[1] + 1) / (of[1] + 2)}
	l := Line{Slope: 0, Offset: num.Log((of[1] + 1) / (of[0] + 1))}
	loss := lineLoss(l, x, is, weights, targets)
	for range 100 {
		step := newtonStep(l, x, is, weights, targets)
		next, nextLoss := l, math.Inf(1)
		for share := 1.0; share > 1e-10 && !(nextLoss <= loss); share /= 2 {
			next = Line{l.Slope - float64(share*step.Slope), l.Offset - float64(share*step.Offset)}
			nextLoss = lineLoss(next, x, is, weights, targets)
		}
		if !(nextLoss <= loss) {
			break
		}
		done := math.Abs(next.Slope-l.Slope) <= 1e-14*math.Abs(next.Slope) && math.Abs(next.Offset-l.Offset) <= 1e-14*(1+math.Abs(next.Offset))
		l, loss = next, nextLoss
		if done {
			break
		}
	}
	return l
}

func index(is bool) int {
	if is {
		return 1
	}
	return 0
}

// lineLoss is Σw·(ln(1+e^z) - t·z).
func lineLoss(l Line, x []float64, is []bool, weights []float64, targets [2]float64) float64 {
	terms := make([]float64, len(x))
	for i, v := range x {
		z := float64(l.Slope*v) + l.Offset
		softplus := max(z, 0) + num.Log1p(num.Exp(-math.Abs(z)))
		terms[i] = float64(weights[i] * (softplus - float64(targets[index(is[i])]*z)))
	}
	return num.Sum(terms)
}

// newtonStep solves the two equations of the Hessian; a ridge of a rounding keeps them
// solvable when all rows have the same probability.
func newtonStep(l Line, x []float64, is []bool, weights []float64, targets [2]float64) Line {
	var terms [5][]float64 // of the gradient by slope and offset, and of the Hessian
	for k := range terms {
		terms[k] = make([]float64, len(x))
	}
	for i, v := range x {
		p := 1 / (1 + num.Exp(-(float64(l.Slope*v) + l.Offset)))
		first := float64(weights[i] * (p - targets[index(is[i])]))
		second := float64(weights[i] * float64(p*(1-p)))
		terms[0][i], terms[1][i] = float64(first*v), first
		terms[2][i], terms[3][i], terms[4][i] = float64(float64(second*v)*v), float64(second*v), second
	}
	gs, gi := num.Sum(terms[0]), num.Sum(terms[1])
	hss, hsi, hii := num.Sum(terms[2]), num.Sum(terms[3]), num.Sum(terms[4])
	ridge := float64(1e-12 * (1 + hss + hii))
	hss += ridge
	hii += ridge
	determinant := float64(hss*hii) - float64(hsi*hsi)
	return Line{
		Slope:  (float64(gs*hii) - float64(gi*hsi)) / determinant,
		Offset: (float64(gi*hss) - float64(gs*hsi)) / determinant,
	}
}
