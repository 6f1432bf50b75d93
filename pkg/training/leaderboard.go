package training

import (
	"context"
	"errors"
	"fmt"
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
