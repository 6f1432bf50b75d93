package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// Trial is one configuration to judge: an element of runs/<run>/rounds/<n>.json, which is what
// the Distributed Map hands to its children.
type Trial struct {
	Run RunID `json:"run"`
	// ID names the trial in the ledger: the number, the learner, and the rung if there are any.
	ID            string            `json:"trial"`
	Number        int               `json:"number"`
	Configuration int               `json:"configuration"` // index in the plan's config
	Learner       string            `json:"learner"`
	Params        map[string]any    `json:"params"`
	Features      pipeline.Features `json:"features,omitempty"`
	// Rung is nil unless the search has rungs.
	Rung *Rung `json:"rung,omitempty"`
	// PlacedOn is where the trial is to run in the cloud, by what it is predicted to take.
	PlacedOn Place `json:"placed_on,omitempty"`
	// Task is the size of the task that it is to run in; nil: a function does it.
	Task *Task `json:"task,omitempty"`
}

// Progress is what plan and advance tell the workflow.
type Progress struct {
	Run RunID `json:"run"`
	// Round counts from 1; done, it is the last.
	Round int `json:"round"`
	// Items is the key of the list of trials to do next; empty when done.
	Items string `json:"items"`
	// Results is where the workflow lists what became of them, without a slash at the end.
	Results string `json:"results"`
	Done    bool   `json:"done"`
	// Task is the size of the one that is to conclude; null: a function does it.
	Task *Task `json:"task"`
}

// progress is that of a run which comes to round n.
func (r RunID) progress(n int) Progress {
	return Progress{Run: r, Round: n, Items: r.key(roundName(n)), Results: r.results(n)}
}

// results is where the workflow lists what became of the trials of a round.
func (r RunID) results(round int) string { return workflow.Maps + r.key(strconv.Itoa(round)) }

func roundName(n int) string { return fmt.Sprintf("rounds/%d.json", n) }

// writeRound records the list of a round. The one that was written first stands.
func (e *Engine) writeRound(ctx context.Context, run RunID, n int, trials []Trial) (Progress, error) {
	return run.progress(n), e.write(ctx, run.key(roundName(n)), trials)
}

// lastRound answers with the last round that was listed: those before it are done.
func (e *Engine) lastRound(ctx context.Context, run RunID) (Progress, error) {
	n := 0
	for info, err := range e.Registry.Store.List(ctx, run.key("rounds/")) {
		if err != nil {
			return Progress{}, err
		}
		if strings.HasSuffix(info.Key, ".json") {
			n++
		}
	}
	return run.progress(n), nil
}

// Advance lists the trials of the round after one that is finished, or says that there are no
// more. It goes by the ledger of the rounds so far, and by nothing else: started again at any
// moment it comes to the same list, and if that was written before it stands. A trial without a
// result, whose worker died each time, counts as one that failed.
func (e *Engine) Advance(ctx context.Context, p Progress) (Progress, error) {
	var plan Plan
	if err := e.read(ctx, p.Run, "plan.json", &plan); err != nil {
		return Progress{}, err
	}
	next := p.Round + 1
	_, err := e.Registry.Store.Stat(ctx, p.Run.key(roundName(next)))
	if err == nil {
		return p.Run.progress(next), nil
	}
	if !errors.Is(err, registry.ErrNotFound) {
		return Progress{}, err
	}
	past, err := e.outcomes(ctx, plan, p.Round)
	if err != nil {
		return Progress{}, err
	}
	trials, err := plan.round(past)
	if err != nil {
		return Progress{}, err
	}
	if len(trials) > 0 {
		over, err := e.overBudget(ctx, plan, p.Round, trials)
		if err != nil {
			return Progress{}, err
		}
		if over {
			trials = nil
		}
	}
	if len(trials) == 0 {
		task, err := e.concluding(ctx, p.Run)
		return Progress{Run: p.Run, Round: p.Round, Done: true, Task: task}, err
	}
	if err := e.placeTasks(plan, trials); err != nil {
		return Progress{}, err
	}
	return e.writeRound(ctx, p.Run, next, trials)
}

// listed are the trials of the first rounds, all of them if rounds is 0, in order.
func (e *Engine) listed(ctx context.Context, run RunID, rounds int) (all []Trial, err error) {
	for n := 1; rounds == 0 || n <= rounds; n++ {
		var trials []Trial
		if err := e.read(ctx, run, roundName(n), &trials); errors.Is(err, registry.ErrNotFound) && n > 1 {
			break
		} else if err != nil {
			return nil, err
		}
		all = append(all, trials...)
	}
	return all, nil
}

// results are the ledger's entries of trials; nil where there is none.
func (e *Engine) results(ctx context.Context, run RunID, trials []Trial) ([]*Result, error) {
	results := make([]*Result, len(trials))
	const readers = 16 // they wait for the store, not for a core
	err := par.For(ctx, len(trials), readers, func(i int) error {
		var result Result
		_, err := registry.ReadJSON(ctx, e.Registry.Store, run.trialKey(trials[i].ID), &result)
		if errors.Is(err, registry.ErrNotFound) {
			return nil
		}
		results[i] = &result
		return err
	})
	return results, err
}

// outcomes are the results of the first rounds as the search wants them.
func (e *Engine) outcomes(ctx context.Context, plan Plan, rounds int) ([]search.Outcome, error) {
	trials, err := e.listed(ctx, plan.Run, rounds)
	if err != nil {
		return nil, err
	}
	results, err := e.results(ctx, plan.Run, trials)
	if err != nil {
		return nil, err
	}
	by, err := metric.ByName(plan.Metric)
	if err != nil {
		return nil, err
	}
	past := make([]search.Outcome, len(trials))
	for i, t := range trials {
		past[i] = search.Outcome{Trial: search.Trial{Point: search.Point{Space: t.Configuration, Params: t.Params}, Number: t.Number}, Loss: math.NaN()}
		if t.Rung != nil {
			past[i].Rung, past[i].Share = t.Rung.Number, t.Rung.Share
		}
		if r := results[i]; r != nil && r.Error == "" {
			past[i].Loss = num.Sum(r.Scores[plan.Metric]) / float64(len(r.Scores[plan.Metric]))
			if by.Greater {
				past[i].Loss = -past[i].Loss
			}
		}
	}
	return past, nil
}

// search is that of the plan's config.
func (p *Plan) search() (search.Search, error) {
	s, err := p.Config.search(p.Target.Task, search.SizeOf(p.Rows, p.Columns))
	s.Start, _ = p.Champion.points(p.Config, s.Spaces)
	s.First = p.remembering(s.First, s.Spaces)
	s.Budget, s.Cost = p.Config.Search.Work, p.coreSeconds
	return s, err
}

// round lists the trials that come after some.
func (p *Plan) round(past []search.Outcome) ([]Trial, error) {
	s, err := p.search()
	if err != nil {
		return nil, err
	}
	points, err := s.Round(past)
	if err != nil {
		return nil, err
	}
	return p.Config.named(p.Run, points), nil
}

// total is how many trials there will be at most, once the first round is listed.
func (p *Plan) total(first []Trial) (int, error) {
	s, err := p.search()
	if err != nil {
		return 0, err
	}
	return p.affords(first, s.Total(len(first)))
}

// named makes trials of a run from those of a search: "0001-boosting", "0001-boosting-rung-2".
func (c Config) named(run RunID, points []search.Trial) []Trial {
	trials := make([]Trial, len(points))
	for i, t := range points {
		from := c.Configurations[t.Space]
		trials[i] = Trial{Run: run, ID: fmt.Sprintf("%04d-%s", t.Number, from.Learner), Number: t.Number,
			Configuration: t.Space, Learner: from.Learner, Params: t.Params, Features: from.Features}
		if t.Rung > 0 {
			trials[i].ID += fmt.Sprintf("-rung-%d", t.Rung)
			trials[i].Rung = &Rung{Number: t.Rung, Of: c.Search.Rungs, Share: t.Share, Resource: c.Search.Resource}
		}
	}
	return trials
}
