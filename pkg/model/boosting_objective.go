package model

import (
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// boostingObjective is the loss that trees reduce, and with it the meaning of a score.
type boostingObjective string

const (
	squaredError boostingObjective = "squared_error" // score = value
	logLoss      boostingObjective = "logistic"      // score = log odds of class 1
	softmaxLoss  boostingObjective = "softmax"       // scores = log of unscaled probabilities
)

// objectiveOf returns the objective for a task.
func objectiveOf(task dataset.Task, classes int) boostingObjective {
	switch {
	case !task.Classification():
		return squaredError
	case classes == 2:
		return logLoss
	default:
		return softmaxLoss
	}
}

// link is that of the scores.
func (o boostingObjective) link() Link {
	switch o {
	case logLoss:
		return LogitLink
	case softmaxLoss:
		return SoftmaxLink
	default:
		return IdentityLink
	}
}

var errOverflow = errors.New("the target is too large: its gradients overflow; scale it down")

// base returns the scores that every row starts from: the weighted mean, the log odds, the
// logarithms of the classes' shares. A class without rows is taken to have half a row, so
// that its logarithm is finite.
func (o boostingObjective) base(y, weights []float64, classes int) ([]float64, error) {
	total := fixedSum(repeat(1, len(y)), weights)
	if o == squaredError {
		mean := fixedSum(y, weights) / total
		if math.IsNaN(mean) || math.IsInf(mean, 0) {
			return nil, errOverflow
		}
		return []float64{mean}, nil
	}
	shares := make([]float64, classes)
	for k := range shares {
		of := make([]float64, len(y))
		for i, class := range y {
			if int(class) == k {
				of[i] = 1
			}
		}
		half := 0.5 / float64(len(y))
		shares[k] = min(max(fixedSum(of, weights)/total, half), 1-half)
	}
	if o == logLoss {
		return []float64{num.Log(shares[1] / (1 - shares[1]))}, nil
	}
	for k, share := range shares {
		shares[k] = num.Log(share)
	}
	return shares, nil
}

// boostingGradients are the derivatives of the loss by one score, one per row, for weight 1.
type boostingGradients struct {
	first, second []float64
}

// derive sets gradients[k] to the derivatives by score k at the given scores, which hold one
// per row, for rows [begin, end).
func (o boostingObjective) derive(gradients []boostingGradients, y []float64, scores [][]float64, begin, end int) {
	if o == softmaxLoss {
		deriveSoftmax(gradients, y, scores, begin, end)
		return
	}
	y = y[begin:end]
	first, second, s := gradients[0].first[begin:end], gradients[0].second[begin:end], scores[0][begin:end]
	if o == squaredError {
		for i := range y {
			first[i], second[i] = s[i]-y[i], 1
		}
		return
	}
	for i := range y {
		p := probabilityAt(s[i])
		first[i], second[i] = p-y[i], float64(p*(1-p))
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
