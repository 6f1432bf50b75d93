package training

import (
	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Decided is what a threshold is worth: the criterion on out-of-fold predictions, those of
// each part by a threshold chosen on the others, beside that of the likeliest class.
type Decided struct {
	Criterion string  `json:"criterion"`
	Threshold float64 `json:"threshold"`
	Score     float64 `json:"score"`
	Likeliest float64 `json:"likeliest"`
}

// decide chooses which class is served: by what is served for the rows that are judged, and
// judges that by what was predicted for them without their part.
func (m *Ensemble) decide(plan Plan, j *judged, served, honest []float64) error {
	d := plan.Config.Decision
	if d.Costs != nil {
		m.Decision = &pipeline.Decision{Costs: d.Costs}
	}
	if d.Maximize == "" {
		return nil
	}
	criterion := criteria[d.Maximize]
	chosen, err := calibration.ChooseThreshold(j.y, positives(served), j.weights, criterion)
	if err != nil {
		return err
	}
	m.Decision = &pipeline.Decision{Maximize: d.Maximize, Threshold: &chosen.Value}
	var by, likeliest calibration.Outcome
	positive := positives(honest)
	for part := range j.parts() {
		others, places := j.places(part, false), j.places(part, true)
		rest := j.at(others)
		threshold, err := calibration.ChooseThreshold(rest.y, ofRows(positive, others, 1), rest.weights, criterion)
		if err != nil {
			return err
		}
		of := j.at(places)
		for i, p := range ofRows(positive, places, 1) {
			w := 1.0
			if of.weights != nil {
				w = of.weights[i]
			}
			count(&by, of.y[i], p >= threshold.Value, w)
			count(&likeliest, of.y[i], p > 0.5, w)
		}
	}
	m.Decided = &Decided{d.Maximize, chosen.Value, criterion(by), criterion(likeliest)}
	return nil
}

// positives are the probabilities of class 1 of two.
func positives(predicted []float64) []float64 {
	of := make([]float64, len(predicted)/2)
	for i := range of {
		of[i] = predicted[2*i+1]
	}
	return of
}

// count adds a row that is, or is not, served as class 1.
func count(o *calibration.Outcome, class float64, served bool, weight float64) {
	switch {
	case class == 1 && served:
		o.TruePositive += weight
	case class == 1:
		o.FalseNegative += weight
	case served:
		o.FalsePositive += weight
	default:
		o.TrueNegative += weight
	}
}
