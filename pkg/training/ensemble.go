package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
)

// multiclass names the task whose default metric is the log loss of any number of classes.
const multiclass = dataset.Multiclass

// Ensemble is runs/<run>/ensemble.json: what will be served, and how that was decided. All of it
// is decided on out-of-fold predictions, which no model has learned.
type Ensemble struct {
	Members []registry.Member `json:"members"`
	// Steps are those of the greedy selection: the trial added, and the score with it. The scores
	// are of the rows that the steps were chosen by.
	Steps []EnsembleStep `json:"steps"`
	// Score and its standard error over the folds, and Scores by metric, are cross-fitted: of the
	// rows of each fold by what is chosen, weighed and calibrated without them. They are the
	// best trial's own if the config asks for that alone, without calibration.
	Score         float64            `json:"score"`
	StandardError float64            `json:"standard_error"`
	Scores        map[string]float64 `json:"scores"`
	// Alone is the cross-fitted score of the best trial alone, and Together of the ensemble; of
	// these two the better is served. Absent where the config asks for the best alone, or where no second
	// was chosen. A forest alone has the baseline beside it where a log loss judges, here too.
	Alone    *float64 `json:"alone,omitempty"`
	Together *float64 `json:"together,omitempty"`

	Calibration *calibration.Calibration `json:"calibration,omitempty"`
	Calibrated  *Calibrated              `json:"calibrated,omitempty"`
	Decision    *pipeline.Decision       `json:"decision,omitempty"`
	Decided     *Decided                 `json:"decided,omitempty"`
	Conformal   *calibration.Conformal   `json:"conformal,omitempty"`
	CVPlus      *calibration.CVPlus      `json:"cv_plus,omitempty"`
	Warnings    []string                 `json:"warnings,omitempty"`
}

// EnsembleStep is a trial that was added, and the score of the mean with it.
type EnsembleStep struct {
	Trial string  `json:"trial"`
	Score float64 `json:"score"`
}

// shortlisted is how many trials are candidates: the best, and the best of each learner, which
// err in their own ways. Of a search with rungs, those of the highest that was reached.
const shortlisted = 20

// shortlist are the candidates, best first.
func shortlist(board Leaderboard) []Standing {
	var list []Standing
	best := map[string]bool{}
	for i, s := range board.Standings {
		if s.Error != "" || rungOf(s) != rungOf(board.Standings[0]) {
			break // failed trials, and those on lower rungs, come last
		}
		if i < shortlisted || !best[s.Learner] {
			list = append(list, s)
		}
		best[s.Learner] = true
	}
	return list
}

// ensemble returns what was decided before, or decides and writes it.
func (e *Engine) ensemble(ctx context.Context, plan Plan, board Leaderboard, data *prepared) (Ensemble, error) {
	var made Ensemble
	if err := e.read(ctx, plan.Run, "ensemble.json", &made); !errors.Is(err, registry.ErrNotFound) {
		return made, err
	}
	list := shortlist(board)
	if plan.Config.Ensemble.Size == 1 {
		fits, err := plan.Config.bounds(list[:1], plan.Folds)
		if err != nil {
			return made, err
		}
		if fits([]int{0}) {
			list = list[:1] // no other would be chosen
		}
	}
	predictions := make([][]float64, len(list))
	const readers = 16 // they wait for the store, not for a core
	err := par.For(ctx, len(list), readers, func(i int) (err error) {
		predictions[i], err = e.predictions(ctx, plan.Run, list[i].Trial, len(data.Y), plan.Target.Outputs())
		return err
	})
	if err != nil {
		return made, err
	}
	by, err := metric.ByName(plan.Metric)
	if err != nil {
		return made, err
	}
	j := layOut(data, by, plan.Target.Outputs(), predictions)
	if made, err = decide(ctx, plan, list, j, e.Workers); err != nil {
		return made, err
	}
	_, err = registry.WriteJSON(ctx, e.Registry.Store, plan.Run.key("ensemble.json"), made, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		err = e.read(ctx, plan.Run, "ensemble.json", &made)
	}
	return made, err
}

// decide chooses the members among the candidates of j, calibrates their mean, and decides by it.
func decide(ctx context.Context, plan Plan, list []Standing, j *judged, workers int) (Ensemble, error) {
	var made Ensemble
	fits, err := plan.Config.bounds(list, plan.Folds)
	if err != nil {
		return made, err
	}
	c := chooser{config: plan.Config.Ensemble, fits: fits, workers: workers}
	c.doubts(plan.Metric, list)
	chosen, err := c.choose(ctx, j)
	if errors.Is(err, search.ErrNoneFits) {
		err = fmt.Errorf("no trial's model keeps to serve.max_latency and serve.max_size; allow more, or explore smaller ones: %w", err)
	}
	if err != nil {
		return made, err
	}
	honest, err := c.crossFit(ctx, j)
	if err != nil {
		return made, err
	}
	if chosen.several() {
		single := c
		single.config = EnsembleConfig{Size: 1}
		alone, err := single.crossFit(ctx, j)
		if err != nil {
			return made, err
		}
		a, b := j.score(alone.predicted), j.score(honest.predicted)
		made.Alone, made.Together = &a, &b
		if !j.by.Better(b, a) {
			honest = alone
			if chosen, err = single.choose(ctx, j); err != nil {
				return made, err
			}
		}
	}
	for i, m := range chosen.members {
		made.Members = append(made.Members, member(list[m], chosen.weights[i]))
	}
	for _, step := range chosen.steps {
		made.Steps = append(made.Steps, EnsembleStep{list[step.Candidate].Trial, step.Score})
	}
	return made, made.finish(plan, list[chosen.members[0]], j, chosen, honest)
}

func member(s Standing, weight float64) registry.Member {
	m := registry.Member{Trial: s.Trial, Learner: s.Learner, Params: s.Params, Weight: weight}
	for column, method := range s.Features {
		if m.Features == nil {
			m.Features = map[string]string{}
		}
		m.Features[column] = string(method)
	}
	return m
}

// configuration is what a member is fitted as.
func configuration(m registry.Member) pipeline.Configuration {
	c := pipeline.Configuration{Learner: m.Learner, Params: m.Params}
	for column, method := range m.Features {
		if c.Features == nil {
			c.Features = pipeline.Features{}
		}
		c.Features[column] = feature.Method(method)
	}
	return c
}

// configurations are those of members, in their order.
func configurations(members []registry.Member) (cs []pipeline.Configuration) {
	for _, m := range members {
		cs = append(cs, configuration(m))
	}
	return cs
}

// finish calibrates what was chosen, decides by it, and scores it.
func (m *Ensemble) finish(plan Plan, first Standing, j *judged, chosen choice, honest crossFitted) error {
	served := slices.Clone(chosen.mean(j))
	m.Calibration, m.Calibrated, m.Warnings = j.calibrate(plan.Config.Calibration, served)
	if m.Calibration != nil {
		m.Calibration.Apply(served)
		honest.predicted = honest.calibrated(j, string(m.Calibration.Method))
	}
	if plan.Config.Ensemble.Size == 1 && m.Calibration == nil {
		m.Score, m.StandardError, m.Scores = first.Score, first.StandardError, first.Scores
	} else {
		m.rate(plan, j, honest.predicted)
	}
	if err := m.decide(plan, j, served, honest.predicted); err != nil {
		return err
	}
	if err := m.intervals(plan.Config.Intervals, j, served, honest.predicted); err != nil {
		m.Warnings = append(m.Warnings, err.Error())
	}
	return nil
}

// intervals fits those that a config asks for, if it does. CV+ takes what the models of the folds
// predicted, which are those that will be served.
func (m *Ensemble) intervals(c IntervalsConfig, j *judged, served, honest []float64) (err error) {
	switch {
	case c.Coverage == 0:
	case c.Method == intervalsCVPlus:
		m.CVPlus, err = calibration.FitCVPlus(j.y, served, j.folds(), c.Coverage)
	default:
		once := j.once()
		m.Conformal, err = calibration.FitConformal(j.at(once).y, ofRows(honest, once, 1), c.Coverage)
	}
	return err
}

// calibrated are the predictions for each part, calibrated by a method on those of the others.
func (f crossFitted) calibrated(j *judged, method string) []float64 {
	predicted := slices.Clone(f.predicted)
	for part, chosen := range f.choices {
		rest := j.at(j.places(part, false))
		c, _, _ := rest.calibrate(method, chosen.mean(rest))
		if c == nil {
			continue
		}
		j.put(predicted, part, func(of *judged) []float64 {
			mean := slices.Clone(chosen.mean(of))
			c.Apply(mean)
			return mean
		})
	}
	return predicted
}

// rate scores predictions fold by fold, as trials are.
func (m *Ensemble) rate(plan Plan, j *judged, predicted []float64) {
	m.Scores = map[string]float64{}
	for _, by := range plan.metrics() {
		scores := j.byFold(by, predicted)
		mean := num.Sum(scores) / float64(len(scores))
		if math.IsNaN(mean) || math.IsInf(mean, 0) {
			continue
		}
		m.Scores[by.Name] = mean
		if by.Name == plan.Metric {
			m.Score, m.StandardError = mean, standardError(scores, mean)
		}
	}
}

// standardError is that of the mean of scores; 0 of a single one.
func standardError(scores []float64, mean float64) float64 {
	k := len(scores)
	if k < 2 {
		return 0
	}
	squares := make([]float64, k)
	for i, v := range scores {
		squares[i] = float64((v - mean) * (v - mean))
	}
	return math.Sqrt(num.Sum(squares) / float64(k-1) / float64(k))
}

// learner names what is served: the one learner, or that it is an ensemble.
func (m *Ensemble) learner() string {
	if len(m.Members) == 1 {
		return m.Members[0].Learner
	}
	return "ensemble"
}
