package model

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// boostingGradients are the derivatives of the loss by one score, one per row, for weight 1.
type boostingGradients struct {
	first, second []float64
}

// derive sets gradients[k] to the derivatives by score k at the given scores, which hold one
// per row with offsets added, for rows [begin, end). Losses without a second derivative have
// 1 instead: their leaves are renewed.
func (l *boostingLoss) derive(gradients []boostingGradients, scores [][]float64, begin, end int) {
	if l.objective == softmaxLoss {
		deriveSoftmax(gradients, l.y, scores, begin, end)
		return
	}
	y := l.y[begin:end]
	first, second, s := gradients[0].first[begin:end], gradients[0].second[begin:end], scores[0][begin:end]
	switch l.objective {
	case logLoss:
		for i := range y {
			p := probabilityAt(s[i])
			first[i], second[i] = p-y[i], float64(p*(1-p))
		}
	case squaredError:
		for i := range y {
			first[i], second[i] = s[i]-y[i], 1
		}
	case huberLoss:
		for i := range y {
			first[i], second[i] = max(-l.alpha, min(s[i]-y[i], l.alpha)), 1
		}
	case absoluteError, quantileLoss:
		for i := range y {
			first[i], second[i] = 0, 1
			if s[i] > y[i] {
				first[i] = 1 - l.alpha
			} else if s[i] < y[i] {
				first[i] = -l.alpha
			}
		}
	default:
		of := tweedie{power: l.power}
		for i := range y {
			pull, push := of.parts(min(s[i], maxScore), y[i])
			first[i] = push - pull
			second[i] = float64((2-l.power)*push) + float64((l.power-1)*pull)
		}
	}
}

// deriveSoftmax takes the diagonal of the hessian times K/(K-1), as one of the K scores is
// redundant (Friedman, Hastie & Tibshirani 2000, LogitBoost).
func deriveSoftmax(gradients []boostingGradients, y []float64, scores [][]float64, begin, end int) {
	factor := float64(len(scores)) / float64(len(scores)-1)
	row := make([]float64, len(scores))
	for i := begin; i < end; i++ {
		for k := range scores {
			row[k] = scores[k][i]
		}
		softmaxRow(row)
		for k, p := range row {
			target := 0.0
			if int(y[i]) == k {
				target = 1
			}
			gradients[k].first[i] = p - target
			gradients[k].second[i] = float64(factor * float64(p*(1-p)))
		}
	}
}

// at is the loss of a row of weight 1; it may change scores.
func (l *boostingLoss) at(scores []float64, y float64) float64 {
	s := scores[0]
	switch l.objective {
	case squaredError:
		return float64((s - y) * (s - y))
	case logLoss:
		if y == 0 {
			s = -s
		}
		return max(0, -s) + num.Log1p(num.Exp(-math.Abs(s)))
	case softmaxLoss:
		softmaxRow(scores)
		return -num.Log(max(scores[int(y)], math.SmallestNonzeroFloat64))
	case huberLoss:
		r := math.Abs(s - y)
		if r <= l.alpha {
			return float64(r*r) / 2
		}
		return float64(l.alpha * (r - float64(l.alpha/2)))
	case absoluteError, quantileLoss:
		if s > y {
			return float64((1 - l.alpha) * (s - y))
		}
		return float64(l.alpha * (y - s))
	}
	of := tweedie{power: l.power}
	pull, push := of.parts(min(s, maxScore), y)
	switch l.power {
	case 1:
		return push - float64(pull*s)
	case 2:
		return pull + s
	}
	return push/(2-l.power) - pull/(1-l.power)
}

// probabilityAt is the probability of class 1 at a score.
func probabilityAt(score float64) float64 { return 1 / (1 + num.Exp(-score)) }

// softmaxRow turns scores into probabilities in place.
func softmaxRow(scores []float64) {
	top := math.Inf(-1)
	for _, s := range scores {
		top = max(top, s)
	}
	sum := 0.0
	for i, s := range scores {
		scores[i] = num.Exp(s - top)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
}
