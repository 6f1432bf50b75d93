package training

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
)

// What shows a run to people: its page, and the card of the version it made. They are written
// once, before the verdict, of what the run has recorded; the card last.
const (
	reportObject       = "report.html"
	cardMarkdownObject = "card.md"
	cardObject         = "card.json"
)

// concluded is what a run has found when it is to be shown.
type concluded struct {
	plan     Plan
	board    Leaderboard
	ensemble Ensemble
	manifest registry.Manifest
	verdict  Verdict
	data     *prepared
	served   *pipeline.Pipeline
}

// show writes the page and the card of a run, unless they are there.
func (e *Engine) show(ctx context.Context, c concluded) error {
	var there report.Card
	if err := e.read(ctx, c.plan.Run, cardObject, &there); !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	r, err := e.reported(ctx, c, c.served)
	if err != nil {
		return err
	}
	card := c.card(c.served, r)
	var page, text bytes.Buffer
	if err := report.RunHTML(&page, r); err != nil {
		return err
	}
	if err := report.CardMarkdown(&text, card); err != nil {
		return err
	}
	for _, object := range []struct {
		name string
		body []byte
	}{{reportObject, page.Bytes()}, {cardMarkdownObject, text.Bytes()}} {
		_, err := e.Registry.Store.Put(ctx, c.plan.Run.key(object.name), object.body, registry.Condition{Absent: true})
		if err != nil && !errors.Is(err, registry.ErrConflict) {
			return err
		}
	}
	return e.write(ctx, c.plan.Run.key(cardObject), card)
}

// reported is the run as its page takes it.
func (e *Engine) reported(ctx context.Context, c concluded, served *pipeline.Pipeline) (*report.Run, error) {
	plan, v := c.plan, c.verdict
	r := &report.Run{
		Model: string(plan.Model), Version: v.Version, Run: string(plan.Run), Target: plan.Target.Name, Task: plan.Target.Task, Classes: plan.Target.Classes,
		Learner: v.Learner, Metric: plan.Metric, Greater: plan.Greater, Score: v.Score, StandardError: c.ensemble.StandardError,
		Rows: plan.Rows, TestRows: plan.Test, Columns: plan.Columns, Folds: plan.Folds,
		Promoted: v.Promoted, Reason: v.Reason, Missing: len(c.board.Missing), Alone: c.ensemble.Alone, Together: c.ensemble.Together, Warnings: v.Warnings,
		Lineage: []report.Named{{Name: "Data", Value: plan.Config.Data.Source}, {Name: "Digest of the data", Value: string(plan.Data)},
			{Name: "Digest of the artifact", Value: v.Digest}, {Name: "Seed", Value: strconv.FormatUint(plan.Config.Seed, 10)}},
	}
	if t := v.Tested; t != nil {
		in := t.Intervals[plan.Metric]
		r.Tested = &metric.Interval{Score: t.Scores[plan.Metric], Low: in[0], High: in[1], Confidence: t.Confidence}
	}
	if contest := v.Contest; contest != nil {
		r.Champion, r.Incomparable = contest.Champion, contest.Incomparable
		for _, of := range contest.Comparisons {
			r.Compared = append(r.Compared, report.Compared{On: string(of.On), Comparison: of.Comparison})
		}
	}
	r.Segments = shownSegments(plan.Metric, v.Contest)
	if cost := v.Cost; cost != nil {
		r.Cost = &report.Cost{Quoted: cost.Quoted, Actual: cost.Actual, QuotedSeconds: cost.QuotedSeconds, ActualSeconds: cost.ActualSeconds, Billed: cost.Billed}
	}
	for _, m := range c.ensemble.Members {
		r.Members = append(r.Members, report.Member{Trial: m.Trial, Learner: m.Learner, Params: m.Params, Weight: m.Weight})
	}
	for _, s := range c.ensemble.Steps {
		r.Steps = append(r.Steps, report.Step{Trial: s.Trial, Score: s.Score})
	}
	config, err := document.Emit(plan.Resolved(), func(string) string { return "" })
	if err != nil {
		return nil, err
	}
	r.Config = string(config)
	if r.Trials, err = e.shownTrials(ctx, c.board); err != nil {
		return nil, err
	}
	return r, e.evidence(ctx, c, served, r)
}

// shownSegments are those of the contest, by the run's metric, and all their gaps in words.
func shownSegments(by string, contest *Contest) (all []report.Segmented) {
	if contest == nil {
		return nil
	}
	for _, s := range contest.Segments {
		of := report.Segmented{Column: s.Column, On: string(s.On)}
		for _, value := range s.Segments {
			segment := report.Segment{Value: value.Value, Rows: value.Rows}
			if in, ok := value.Scores[by]; ok {
				segment.Score = &in
			}
			of.Segments = append(of.Segments, segment)
		}
		for _, name := range slices.Sorted(maps.Keys(s.Gaps)) {
			g := s.Gaps[name]
			said := fmt.Sprintf("%s: %.4g between %s and %s, interval %.4g to %.4g", name, g.Gap, g.Highest, g.Lowest, g.Low, g.High)
			if g.Bound != nil {
				said += fmt.Sprintf("; %.4g is allowed", *g.Bound)
			}
			of.Gaps = append(of.Gaps, said)
		}
		all = append(all, of)
	}
	return all
}

// shownTrials are the standings as the page has them, with what each trial took.
func (e *Engine) shownTrials(ctx context.Context, board Leaderboard) ([]report.LeaderboardRow, error) {
	listed, err := e.listed(ctx, board.Run, 0)
	if err != nil {
		return nil, err
	}
	results, err := e.results(ctx, board.Run, listed)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(listed))
	for i, t := range listed {
		at[t.ID] = i
	}
	rows := make([]report.LeaderboardRow, len(board.Standings))
	for i, s := range board.Standings {
		row := report.LeaderboardRow{Trial: s.Trial, Learner: s.Learner, Params: s.Params, Score: s.Score, StandardError: s.StandardError, Failed: s.Error}
		if rungOf(s) != rungOf(board.Standings[0]) {
			row.Partial = s.Rung.String()
		}
		if j, found := at[s.Trial]; found {
			row.Number = j + 1
			if result := results[j]; result != nil && result.Usage != nil {
				row.Seconds, row.Dollars = result.Usage.Seconds, result.Usage.Dollars()
			}
		}
		rows[i] = row
	}
	return rows, nil
}

// Report is the page of a concluded run. Before that, or without such a run, it is a
// *registry.NotFoundError that says which.
func (e *Engine) Report(ctx context.Context, run RunID) ([]byte, error) {
	if !runForm.MatchString(string(run)) {
		return nil, &registry.NotFoundError{Kind: registry.KindRun, Name: string(run)}
	}
	page, _, err := registry.Read(ctx, e.Registry.Store, ReportKey(run))
	return page, e.unshown(ctx, run, err)
}

// ReportKey is where the page of a run lies in the store.
func ReportKey(run RunID) string { return run.key(reportObject) }

// Card is the model card of the version that a run made; errors are those of Report.
func (e *Engine) Card(ctx context.Context, run RunID) (report.Card, error) {
	var card report.Card
	err := e.read(ctx, run, cardObject, &card)
	return card, e.unshown(ctx, run, err)
}

// unshown says of a run that has no page or card whether there is such a run.
func (e *Engine) unshown(ctx context.Context, run RunID, err error) error {
	if !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	var s submission
	if err := e.read(ctx, run, "config.json", &s); err != nil {
		return err
	}
	return &registry.NotFoundError{Kind: registry.KindReport, Name: "of run " + string(run)}
}
