package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Standing is one line of the leaderboard.
type Standing struct {
	Trial    string            `json:"trial"`
	Learner  string            `json:"learner"`
	Params   map[string]any    `json:"params"`
	Features pipeline.Features `json:"features,omitempty"`
	// Score is the mean of the run's metric over the folds, StandardError that of the mean
	// (0 for a single fold).
	Score         float64 `json:"score"`
	StandardError float64 `json:"standard_error"`
	// Served is what its model takes to serve.
	Served *Served `json:"served,omitempty"`
	// Scores are the means of all metrics.
	Scores map[string]float64 `json:"scores,omitempty"`
	// Rung is nil unless the search had rungs. Scores of different rungs do not compare.
	Rung *Rung `json:"rung,omitempty"`
	// Behind is how far the best trial is ahead, paired by folds: where Low is not above 0 the
	// two cannot be told apart. Absent of the best itself, of a single fold, and of schemes whose
	// folds are not alike.
	Behind *metric.Comparison `json:"behind,omitempty"`
	Error  string             `json:"error,omitempty"`

	folds []float64 // scores, of which Score is the mean
}

// Leaderboard is runs/<run>/leaderboard.json: all finished trials, best first, those with an
// error last. Of trials on rungs, those on a higher one come first.
type Leaderboard struct {
	Run       RunID      `json:"run"`
	Metric    string     `json:"metric"`
	Greater   bool       `json:"greater_is_better"`
	Standings []Standing `json:"standings"`
	// Missing are trials without a result: their worker died each time it was tried.
	Missing []string `json:"missing,omitempty"`
	// SoFar says that the run goes on: what is missing may come yet. No stored one has it.
	SoFar bool `json:"so_far,omitempty"`
	// Cost is what the trials took beside the quote; nil if they were not timed.
	Cost *Cost `json:"cost,omitempty"`
}

// Verdict is runs/<run>/verdict.json, the end of a run.
type Verdict struct {
	Run     RunID              `json:"run"`
	Model   registry.ModelName `json:"model"`
	Version int                `json:"version"`
	Digest  string             `json:"digest"`
	// Trial is the best alone. Learner, Params, Features and Members are those of the version.
	Trial    string            `json:"trial"`
	Learner  string            `json:"learner"`
	Params   map[string]any    `json:"params,omitempty"`
	Features pipeline.Features `json:"features,omitempty"`
	Members  []registry.Member `json:"members"`
	Metric   string            `json:"metric"`
	// Score is the mean over the folds, cross-fitted for an ensemble; Tested is how the final
	// model did on rows that no trial saw, if any were held out.
	Score  float64          `json:"score"`
	Tested *registry.Tested `json:"tested,omitempty"`
	// Contest is how the new version did beside champion.
	Contest  *Contest `json:"contest,omitempty"`
	Promoted bool     `json:"promoted"`
	Reason   string   `json:"reason"`
	Warnings []string `json:"warnings,omitempty"`
	// Cost is what the run took beside what it was quoted at; nil if it was not timed.
	Cost *Cost `json:"cost,omitempty"`
}

// Conclude ranks the trials, chooses an ensemble of them, fits it, registers it and moves the
// alias. Concluded before, it answers what it answered then; interrupted, it goes on: the
// leaderboard that was written stands, also if trials that were missing have a result by now,
// as does the ensemble; the version is found by its run and digest, and the alias is moved only
// if it is not there yet.
func (e *Engine) Conclude(ctx context.Context, run RunID) (Verdict, error) {
	var verdict Verdict
	if err := e.read(ctx, run, "verdict.json", &verdict); !errors.Is(err, registry.ErrNotFound) {
		return verdict, err
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		return Verdict{}, err
	}
	board, err := e.standings(ctx, plan)
	if err != nil {
		return Verdict{}, err
	}
	data, err := e.data(ctx, run)
	if err != nil {
		return Verdict{}, err
	}
	ensemble, err := e.ensemble(ctx, plan, board, data)
	if err != nil {
		return Verdict{}, err
	}
	manifest, served, broken, err := e.register(ctx, plan, ensemble, data)
	if err != nil {
		return Verdict{}, err
	}
	verdict = Verdict{Run: run, Model: plan.Model, Version: manifest.Version, Digest: manifest.Digest, Trial: board.Standings[0].Trial,
		Learner: manifest.Learner, Params: manifest.Params, Members: manifest.Members, Metric: plan.Metric, Score: manifest.Score,
		Tested: manifest.Tested, Warnings: slices.Concat(plan.Warnings, ensemble.Warnings), Cost: board.Cost}
	if len(ensemble.Members) == 1 {
		verdict.Features = configuration(ensemble.Members[0]).Features
	}
	if n := len(board.Missing); n > 0 {
		verdict.Warnings = append(verdict.Warnings, fmt.Sprintf("%d of %d trials have no result", n, n+len(board.Standings)))
	}
	stop, err := e.budgetStop(ctx, run)
	if err != nil {
		return Verdict{}, err
	}
	if stop != nil {
		verdict.Warnings = append(verdict.Warnings, stop.String())
	}
	verdict.Warnings = append(verdict.Warnings, served.Warnings()...)
	if err := e.keepFinalPredictions(ctx, plan, ensemble); err != nil {
		return Verdict{}, err
	}
	contest, err := e.contest(ctx, plan, manifest, served)
	if err != nil {
		return Verdict{}, err
	}
	if broken != "" {
		contest.Promote, contest.Reason = false, broken
	}
	verdict.Contest = &contest
	verdict.Warnings = append(verdict.Warnings, contest.Warnings...)
	promoted, err := e.promotion(ctx, plan, manifest, contest)
	if err != nil {
		return Verdict{}, err
	}
	verdict.Promoted, verdict.Reason = promoted.Promoted, promoted.Reason
	if err := e.show(ctx, concluded{plan, board, ensemble, manifest, verdict, data, served}); err != nil {
		return Verdict{}, err
	}
	if err := e.write(ctx, run.key("verdict.json"), verdict); err != nil {
		return verdict, err
	}
	e.measure(verdict)
	return verdict, nil
}

// standings returns the leaderboard that was written, or ranks the trials and writes it. It
// is what the rest of Conclude goes by, so that two of them come to the same end.
func (e *Engine) standings(ctx context.Context, plan Plan) (Leaderboard, error) {
	var board Leaderboard
	if err := e.read(ctx, plan.Run, "leaderboard.json", &board); !errors.Is(err, registry.ErrNotFound) {
		return board, err
	}
	board, err := e.rank(ctx, plan)
	if err != nil {
		return board, err
	}
	if first := board.Standings[0]; first.Error != "" {
		return board, fmt.Errorf("no configuration could be judged; the first failed with: %s", first.Error)
	}
	_, err = registry.WriteJSON(ctx, e.Registry.Store, plan.Run.key("leaderboard.json"), board, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		err = e.read(ctx, plan.Run, "leaderboard.json", &board)
	}
	return board, err
}

// errNoResults says that a ledger has no entry to rank.
var errNoResults = errors.New("there is no result")

// rank collects the ledger into a leaderboard. Ties go to the trial listed first.
func (e *Engine) rank(ctx context.Context, plan Plan) (Leaderboard, error) {
	board := Leaderboard{Run: plan.Run, Metric: plan.Metric, Greater: plan.Greater}
	by, err := metric.ByName(plan.Metric)
	if err != nil {
		return board, err
	}
	trials, err := e.listed(ctx, plan.Run, 0)
	if err != nil {
		return board, err
	}
	results, err := e.results(ctx, plan.Run, trials)
	if err != nil {
		return board, err
	}
	for i, result := range results {
		if result == nil {
			board.Missing = append(board.Missing, trials[i].ID)
		} else {
			board.Standings = append(board.Standings, standing(*result, plan.Metric))
		}
	}
	if board.Cost, err = e.cost(ctx, plan.Run, results); err != nil {
		return board, err
	}
	if len(board.Standings) == 0 {
		return board, fmt.Errorf("run %s: %w of %d trials", plan.Run, errNoResults, len(trials))
	}
	sort.SliceStable(board.Standings, func(i, j int) bool {
		a, b := board.Standings[i], board.Standings[j]
		if (a.Error == "") != (b.Error == "") {
			return a.Error == ""
		}
		if above := rungOf(b) - rungOf(a); above != 0 {
			return above < 0
		}
		return by.Better(a.Score, b.Score)
	})
	board.compare(by, plan)
	return board, nil
}

// compare tells how far each trial is behind the best, of the same rung.
func (b *Leaderboard) compare(by metric.Metric, plan Plan) {
	k := plan.Config.Validation.Folds
	switch plan.Config.Validation.Scheme {
	case schemeKFold, schemeRepeated, schemeGroup:
	default:
		return
	}
	best := b.Standings[0]
	for i := range b.Standings[1:] {
		s := &b.Standings[1+i]
		if s.Error != "" || rungOf(*s) != rungOf(best) || len(s.folds) != len(best.folds) {
			continue
		}
		c, err := by.CompareFolds(best.folds, s.folds, plan.Rows-plan.Rows/k, plan.Rows/k, testConfidence)
		if err == nil {
			s.Behind = &c
		}
	}
}

// Standing is where a result would stand on the leaderboard of the plan's run.
func (p *Plan) Standing(r Result) Standing { return standing(r, p.Metric) }

// Ahead tells whether a stands before b on the leaderboard, and not level with it; both were judged.
func (p *Plan) Ahead(a, b Standing) bool {
	if rungOf(a) != rungOf(b) {
		return rungOf(a) > rungOf(b)
	}
	return a.Score != b.Score && (a.Score > b.Score) == p.Greater
}

// rungOf is the number of a standing's rung, 0 without.
func rungOf(s Standing) int {
	if s.Rung == nil {
		return 0
	}
	return s.Rung.Number
}

func standing(r Result, by string) Standing {
	s := Standing{Trial: r.Trial, Learner: r.Learner, Params: r.Params, Features: r.Features, Rung: r.Rung, Served: r.Served, Error: r.Error}
	if r.Error != "" {
		return s
	}
	s.Scores = make(map[string]float64, len(r.Scores))
	for name, scores := range r.Scores {
		s.Scores[name] = num.Sum(scores) / float64(len(scores))
	}
	s.Score, s.folds = s.Scores[by], r.Scores[by]
	s.StandardError = standardError(r.Scores[by], s.Score)
	return s
}

// keepFinalPredictions stores what the members of the final model predicted out of fold, together
// and calibrated: a later run compares its own with them.
func (e *Engine) keepFinalPredictions(ctx context.Context, plan Plan, made Ensemble) error {
	outputs := plan.Target.Outputs()
	together := make([]float64, plan.Rows*outputs)
	for _, member := range made.Members {
		predicted, err := e.predictions(ctx, plan.Run, member.Trial, plan.Rows, outputs)
		if err != nil {
			return err
		}
		for i, p := range predicted {
			together[i] += float64(member.Weight * p)
		}
	}
	if made.Calibration != nil {
		for row := range plan.Rows {
			if of := together[row*outputs:][:outputs]; !math.IsNaN(of[0]) { // else no fold tests it
				made.Calibration.Apply(of)
			}
		}
	}
	return e.writePredictions(ctx, Trial{Run: plan.Run, ID: finalPredictions}, together, outputs)
}

// promotion is runs/<run>/promotion.json: what became of a contest. It is written before what shows
// the run, so that page and verdict say the same, whatever becomes of champion in between.
type promotion struct {
	Promoted bool   `json:"promoted"`
	Reason   string `json:"reason"`
}

// promotion returns what was recorded, or promotes and records it.
func (e *Engine) promotion(ctx context.Context, plan Plan, m registry.Manifest, c Contest) (p promotion, err error) {
	if err := e.read(ctx, plan.Run, "promotion.json", &p); !errors.Is(err, registry.ErrNotFound) {
		return p, err
	}
	if p.Promoted, p.Reason, err = e.promote(ctx, plan, m, c); err != nil {
		return p, err
	}
	if err := e.write(ctx, plan.Run.key("promotion.json"), p); err != nil {
		return p, err
	}
	return p, e.read(ctx, plan.Run, "promotion.json", &p) // that of another worker, if it was faster
}

// promote points champion at a version that won its contest, by compare-and-swap: champion must
// still be what the version was compared with, and not be so again, as after a rollback of what an
// earlier attempt promoted. If somebody else set it, the version is not promoted, and the verdict
// says so.
func (e *Engine) promote(ctx context.Context, plan Plan, m registry.Manifest, c Contest) (bool, string, error) {
	if !c.Promote {
		return false, c.Reason, nil
	}
	condition := registry.Condition{Absent: true}
	current, info, err := e.Registry.Alias(ctx, plan.Model, registry.Champion)
	switch {
	case err == nil && current.Version == m.Version:
		return true, current.Reason, nil // an earlier attempt got this far
	case err == nil && (current.Version != c.Champion || current.Revision != c.Revision):
		return false, movedMeanwhile(current), nil
	case err == nil:
		condition = registry.Condition{IfMatch: info.ETag}
	case !errors.Is(err, registry.ErrNotFound):
		return false, "", err
	}
	to := registry.Alias{Version: m.Version, Reason: c.Reason, By: "run " + string(plan.Run), At: e.now().UTC()}
	if current.Decision.Fits(m) { // it is the alias's, whichever version that names
		to.Decision = current.Decision
	}
	_, _, err = e.Registry.SetAlias(ctx, plan.Model, registry.Champion, to, condition)
	if errors.Is(err, registry.ErrConflict) {
		// The store may have refused a second try of a write whose first was answered too
		// late, or another worker may conclude the same run: both moved it to this version.
		now, _, err := e.Registry.Alias(ctx, plan.Model, registry.Champion)
		if err == nil && now.Version == m.Version {
			return true, now.Reason, nil
		}
		return false, movedMeanwhile(now), err
	}
	return err == nil, c.Reason, err
}

func movedMeanwhile(now registry.Alias) string {
	return fmt.Sprintf("champion was set to version %d while this run concluded; promote by hand if it should be this version", now.Version)
}
