package training

import (
	"fmt"
	"maps"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/report"
)

// cardImportance is how many columns a card names as those that matter most.
const cardImportance = 10

// card is the model card of the version that a run made.
func (c concluded) card(served *pipeline.Pipeline, r *report.Run) *report.Card {
	plan, m, v := c.plan, c.manifest, c.verdict
	card := &report.Card{
		Model: string(plan.Model), Version: m.Version, Run: string(plan.Run), Digest: m.Digest,
		Predicts: report.CardTarget{Column: plan.Target.Name, Task: plan.Target.Task, Classes: plan.Target.Classes, Threshold: m.Threshold, Calibration: m.Calibration, Coverage: m.Coverage},
		Training: report.CardTraining{Source: plan.Config.Data.Source, Data: string(plan.Data), Rows: plan.Rows, HeldOut: plan.Test, Scheme: plan.Config.Validation.Scheme,
			Folds: plan.Folds, Seed: plan.Config.Seed},
		Quality:  c.quality(),
		Verdict:  report.CardVerdict{Promoted: v.Promoted, Reason: v.Reason},
		Warnings: v.Warnings,
	}
	if plan.Target.Task != dataset.Regression {
		card.Predicts.Decision = decisionOf(served)
	}
	for i := range served.Schema {
		card.Inputs = append(card.Inputs, cardInput(served.Schema[i], served.Reference))
	}
	if contest := v.Contest; contest != nil {
		card.Verdict.Champion = contest.Champion
		for _, of := range contest.Comparisons {
			card.Verdict.Comparisons = append(card.Verdict.Comparisons, report.CardComparison{On: string(of.On), Metric: of.Metric, Score: of.Score, Champion: of.Other,
				Gain: of.Gain, Low: of.Low, High: of.High, Confidence: of.Confidence, Rows: of.Rows})
		}
	}
	for _, i := range r.Importance[:min(len(r.Importance), cardImportance)] {
		card.Importance = append(card.Importance, report.CardImportance(i))
	}
	card.Selection = c.selection()
	card.Limits = c.limits(served)
	return card
}

// cardInput is a column, with what the profile of the data learned from says of it.
func cardInput(f dataset.Field, learned *profile.Profile) report.CardInput {
	in := report.CardInput{Column: f.Name, Type: f.Type, Levels: len(f.Levels)}
	for i := range learned.Columns {
		c := &learned.Columns[i]
		if c.Name != f.Name {
			continue
		}
		if all := c.Count + c.Missing; all > 0 {
			in.Missing = float64(c.Missing) / float64(all)
		}
		if n := c.Numeric; n != nil && f.Levels == nil && len(c.Personal) == 0 {
			in.Min, in.Max = &n.Min, &n.Max
		}
	}
	return in
}

// quality is every score, by the metric's name, the run's own first.
func (c concluded) quality() report.CardQuality {
	by := c.plan.Metric
	names := func(scores map[string]float64) []string {
		list := slices.Sorted(maps.Keys(scores))
		if i := slices.Index(list, by); i > 0 {
			list = slices.Insert(slices.Delete(list, i, i+1), 0, by)
		}
		return list
	}
	q := report.CardQuality{Metric: by, Greater: c.plan.Greater, StandardError: c.ensemble.StandardError}
	for _, name := range names(c.manifest.Scores) {
		q.CrossValidated = append(q.CrossValidated, report.CardScore{Metric: name, Score: c.manifest.Scores[name]})
	}
	if t := c.manifest.Tested; t != nil {
		q.Confidence = t.Confidence
		for _, name := range names(t.Scores) {
			s := report.CardScore{Metric: name, Score: t.Scores[name]}
			if in, ok := t.Intervals[name]; ok {
				s.Low, s.High = &in[0], &in[1]
			}
			q.Tested = append(q.Tested, s)
		}
	}
	return q
}

// selection is what was tried, and what of it is served.
func (c concluded) selection() report.CardSelection {
	s := report.CardSelection{Strategy: string(c.plan.Config.Search.Strategy), Trials: len(c.board.Standings)}
	for _, standing := range c.board.Standings { // best first
		i := slices.IndexFunc(s.Learners, func(l report.CardLearner) bool { return l.Learner == standing.Learner })
		if i < 0 {
			i = len(s.Learners)
			s.Learners = append(s.Learners, report.CardLearner{Learner: standing.Learner})
		}
		l := &s.Learners[i]
		l.Trials++
		if standing.Error != "" {
			s.Failed++
		} else if l.Best == nil && rungOf(standing) == rungOf(c.board.Standings[0]) {
			score := standing.Score
			l.Best = &score
		}
	}
	for _, m := range c.ensemble.Members {
		s.Members = append(s.Members, report.CardMember{Learner: m.Learner, Params: m.Params, Weight: m.Weight})
	}
	return s
}

// limits are where the model is not to be trusted, as far as the run knows.
func (c concluded) limits(served *pipeline.Pipeline) []string {
	limits := []string{"Rows unlike those learned from: outside the ranges of the inputs it extrapolates, or stays where the range ends, and says nothing of it."}
	for _, f := range served.Schema {
		if f.Levels != nil {
			limits = append(limits, "Categories that were not in the data learned from count as missing.")
			break
		}
	}
	limits = append(limits, fmt.Sprintf("It learned from %d rows as they were then: where what they tell of the target changes, train it again.", c.plan.Rows))
	if c.manifest.Tested == nil {
		limits = append(limits, "No rows were held out: the scores are of rows by which the model was chosen.")
	}
	switch {
	case c.plan.Target.Task == dataset.Regression && c.manifest.Coverage == 0:
		limits = append(limits, "Predictions come without intervals: the config asked for none.")
	case c.plan.Target.Task != dataset.Regression && c.manifest.Calibration == "":
		limits = append(limits, "Probabilities are as the models give them; no calibration was applied.")
	}
	if len(c.plan.Config.Segments.Columns) == 0 {
		return append(limits, "It is not known to be as good for all groups of rows: the config names no segments.")
	}
	return append(limits, fmt.Sprintf("It was compared by the values of %q alone; the report has how good it is for each.", c.plan.Config.Segments.Columns))
}
