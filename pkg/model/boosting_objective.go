package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// boostingObjective is the loss that trees reduce, and with it the meaning of a score.
type boostingObjective string

const (
	squaredError  boostingObjective = "squared_error"
	absoluteError boostingObjective = "absolute_error"
	huberLoss     boostingObjective = "huber"
	quantileLoss  boostingObjective = "quantile"
	poissonLoss   boostingObjective = "poisson"
	gammaLoss     boostingObjective = "gamma"
	tweedieLoss   boostingObjective = "tweedie"
	logLoss       boostingObjective = "logistic"
	softmaxLoss   boostingObjective = "softmax"
)

// regressionObjectives are those of values, the first by default.
var regressionObjectives = []boostingObjective{squaredError, absoluteError, huberLoss, quantileLoss, poissonLoss, gammaLoss, tweedieLoss}

// known reports whether there is such an objective.
func (o boostingObjective) known() bool {
	return o == logLoss || o == softmaxLoss || slices.Contains(regressionObjectives, o)
}

// objectiveOf returns the objective for a task: that of the params, or the task's.
func (b Boosting) objectiveOf(task dataset.Task, classes int) (boostingObjective, error) {
	does := regressionObjectives
	switch {
	case task.Classification() && classes == 2:
		does = []boostingObjective{logLoss}
	case task.Classification():
		does = []boostingObjective{softmaxLoss}
	}
	o := boostingObjective(b.Objective)
	if o == "" {
		return does[0], nil
	}
	if !slices.Contains(does, o) {
		return "", &ParamError{boostingName, "objective", fmt.Errorf("is %q, want one of %v for task %q", o, does, task)}
	}
	return o, nil
}

// link is that of the scores.
func (o boostingObjective) link() Link {
	switch {
	case o == logLoss:
		return LogitLink
	case o == softmaxLoss:
		return SoftmaxLink
	case o.logarithmic():
		return LogLink
	default:
		return IdentityLink
	}
}

// logarithmic reports whether scores are logarithms of means, to which offsets can be added.
func (o boostingObjective) logarithmic() bool {
	return o == poissonLoss || o == gammaLoss || o == tweedieLoss
}

// takesOffset reports whether the objective has a log link.
func (b Boosting) takesOffset() bool { return boostingObjective(b.Objective).logarithmic() }

// ordered reports whether leaves are quantiles of residuals.
func (o boostingObjective) ordered() bool {
	return o == absoluteError || o == huberLoss || o == quantileLoss
}

var errOverflow = errors.New("the target is too large: its gradients or losses overflow; scale it down")

// boostingLoss is an objective on the rows of a fit.
type boostingLoss struct {
	objective boostingObjective
	alpha     float64 // of huber and quantile
	power     float64 // of the variance, for scores that are logarithms
	classes   int
	y         []float64
	weights   []float64 // positive
	offset    []float64 // nil: none
}

func (b Boosting) loss(data Data, weights []float64) (*boostingLoss, error) {
	objective, err := b.objectiveOf(data.Task, data.Classes)
	if err != nil {
		return nil, err
	}
	l := &boostingLoss{objective: objective, alpha: b.Alpha, power: b.Power, classes: data.Classes, y: data.Y, weights: weights, offset: data.Offset}
	switch objective {
	case absoluteError:
		l.alpha = 0.5
	case poissonLoss:
		l.power = 1
	case gammaLoss:
		l.power = 2
	}
	return l, nil
}

// inRange refuses targets of which no score can be the logarithm of the mean.
func (b Boosting) inRange(data Data) error {
	objective, err := b.objectiveOf(data.Task, data.Classes)
	if err != nil {
		return err
	}
	if !objective.logarithmic() {
		return data.noOffset()
	}
	for i, y := range data.Y {
		switch {
		case data.Weights != nil && data.Weights[i] == 0:
		case y < 0:
			return &ValueError{Row: i + 1, Value: y, Reason: fmt.Sprintf("is a target below 0, which objective %q cannot have: take %q", objective, squaredError)}
		case y == 0 && objective == gammaLoss:
			return &ValueError{Row: i + 1, Value: y, Reason: fmt.Sprintf("is a target that is not above 0, as objective %q wants: take %q", objective, tweedieLoss)}
		}
	}
	return nil
}

// base returns the score that every row starts from, the best of all constants: the mean, the
// quantile, the logarithm of the mean, the log odds, the logarithms of the classes' shares. A
// class without rows is taken to have half a row, so that its logarithm is finite.
func (l *boostingLoss) base() ([]float64, error) {
	base := 0.0
	switch {
	case l.objective == softmaxLoss, l.objective == logLoss:
		return l.baseOfClasses(), nil
	case l.objective.ordered():
		level := l.alpha
		if l.objective == huberLoss {
			level = 0.5
		}
		masses, _ := integers(l.weights)
		base = weightedQuantile(slices.Clone(l.y), masses, level)
	case l.objective.logarithmic():
		base = l.baseOfLogarithm()
	default:
		base = fixedSum(l.y, l.weights) / fixedSum(repeat(1, len(l.y)), l.weights)
	}
	if math.IsNaN(base) || math.IsInf(base, 0) {
		return nil, errOverflow
	}
	return []float64{base}, nil
}

func (l *boostingLoss) baseOfClasses() []float64 {
	total := fixedSum(repeat(1, len(l.y)), l.weights)
	shares := make([]float64, l.classes)
	for k := range shares {
		of := make([]float64, len(l.y))
		for i, class := range l.y {
			if int(class) == k {
				of[i] = 1
			}
		}
		half := 0.5 / float64(len(l.y))
		shares[k] = min(max(fixedSum(of, l.weights)/total, half), 1-half)
	}
	if l.objective == logLoss {
		return []float64{num.Log(shares[1] / (1 - shares[1]))}
	}
	for k, share := range shares {
		shares[k] = num.Log(share)
	}
	return shares
}

// leastScore is where scores of nothing but zeros start, whose logarithm is −∞: the mean is
// as good as 0.
const leastScore = -700

// baseOfLogarithm is the score at which the derivative of the deviance is 0 (see tweedie).
func (l *boostingLoss) baseOfLogarithm() float64 {
	pulls, pushes := make([]float64, len(l.y)), make([]float64, len(l.y))
	of := tweedie{power: l.power}
	for i, y := range l.y {
		offset := 0.0
		if l.offset != nil {
			offset = l.offset[i]
		}
		pulls[i], pushes[i] = of.parts(offset, y)
	}
	pull, push := fixedSum(pulls, l.weights), fixedSum(pushes, l.weights)
	if pull == 0 {
		return leastScore
	}
	return num.Log(pull) - num.Log(push)
}
