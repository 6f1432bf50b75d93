package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/metric"
)

// Calibrated is what a calibration did to the log loss of out-of-fold predictions, that of each
// part by a calibration of the others.
type Calibrated struct {
	Method calibration.Method `json:"method"`
	Before float64            `json:"log_loss_before"`
	After  float64            `json:"log_loss_after"`
	// StandardError is that of the difference over the rows.
	StandardError float64 `json:"standard_error"`
}

// noise is how many standard errors the log loss must fall by to count: one chance in a hundred,
// and three methods are tried.
const noise = 2.33

// calibrate fits the calibration that a config asks for to predictions for the rows of j; nil if
// none is asked for, or with auto if none lowers the log loss beyond noise without harm to
// the run's metric. A method that cannot be fitted is a warning.
func (j *judged) calibrate(method string, predicted []float64) (*calibration.Calibration, *Calibrated, []string) {
	if method == calibrateNot || j.outputs == 1 {
		return nil, nil, nil
	}
	methods := calibration.Methods()
	if method != calibrateIfBetter {
		methods = []calibration.Method{calibration.Method(method)}
	}
	var best *Calibrated
	for _, m := range methods {
		found, after, err := j.tryCalibration(m, predicted)
		if err != nil {
			if method == calibrateIfBetter {
				continue
			}
			return nil, nil, []string{fmt.Sprintf("not calibrated: %v", err)}
		}
		gains := found.After-found.Before < -noise*found.StandardError && !j.worse(after, predicted)
		if (method != calibrateIfBetter || gains) && (best == nil || found.After < best.After) {
			best = &found
		}
	}
	if best == nil {
		return nil, nil, nil
	}
	fitted, err := calibration.Fit(best.Method, j.y, predicted, j.weights, j.outputs)
	if err != nil {
		return nil, nil, []string{fmt.Sprintf("not calibrated: %v", err)}
	}
	return fitted, best, nil
}

// worse reports whether the run's metric loses by more than a rounding of probabilities.
func (j *judged) worse(after, before []float64) bool {
	a, b := j.score(after), j.score(before)
	const least = 1e-4
	return j.by.Better(b, a) && math.Abs(a-b) > float64(least*math.Abs(b)) || math.IsNaN(a)
}

// tryCalibration calibrates the rows of each part by those of the others.
func (j *judged) tryCalibration(method calibration.Method, predicted []float64) (Calibrated, []float64, error) {
	found := Calibrated{Method: method}
	after := slices.Clone(predicted)
	for part := range j.parts() {
		others := j.places(part, false)
		rest := j.at(others)
		c, err := calibration.Fit(method, rest.y, ofRows(predicted, others, j.outputs), rest.weights, j.outputs)
		if err != nil {
			return found, nil, err
		}
		places := j.places(part, true)
		of := ofRows(predicted, places, j.outputs)
		c.Apply(of)
		j.put(after, part, func(*judged) []float64 { return of })
	}
	loss := metric.Default(multiclass)
	var err error
	if found.Before, err = loss.Score(j.y, predicted, j.weights, j.outputs); err != nil {
		return found, nil, err
	}
	if found.After, err = loss.Score(j.y, after, j.weights, j.outputs); err != nil {
		return found, nil, err
	}
	found.StandardError = j.standardError(predicted, after)
	return found, after, nil
}

// standardError is that of the weighted mean difference of the rows' log losses.
func (j *judged) standardError(before, after []float64) float64 {
	const least = 1e-15
	squares, weights := make([]float64, len(j.y)), make([]float64, len(j.y))
	differences := make([]float64, len(j.y))
	for i, class := range j.y {
		at := i*j.outputs + int(class)
		weights[i] = 1
		if j.weights != nil {
			weights[i] = j.weights[i]
		}
		differences[i] = num.Log(max(before[at], least)) - num.Log(max(after[at], least))
		squares[i] = float64(weights[i] * differences[i])
	}
	total := num.Sum(weights)
	mean := num.Sum(squares) / total
	for i, d := range differences {
		w := weights[i] * (d - mean)
		squares[i] = float64(w * w)
	}
	return math.Sqrt(num.Sum(squares)) / total
}
