package training

import (
	"context"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// BudgetStop is runs/<run>/budget.json: why a run ended before its search did. Like a deadline
// it depends on how long trials took, so that the same run elsewhere may go on for longer; the
// verdict says so.
type BudgetStop struct {
	Round   int     `json:"round"`   // the last that was done
	Spent   float64 `json:"spent"`   // dollars: the trials so far, and all that is beside trials
	Planned float64 `json:"planned"` // dollars, of the round that was not started
	Cost    float64 `json:"cost"`    // budget.cost
}

func (s BudgetStop) String() string {
	return fmt.Sprintf("the search ended after round %d: $%.5f were spent, the next round is quoted at $%.5f, and budget.cost is $%v", s.Round, s.Spent, s.Planned, s.Cost)
}

// overBudget tells whether a round of these trials, after some rounds, would be over the budget,
// and notes at each where it is placed. That it would be is recorded: it stays so.
func (e *Engine) overBudget(ctx context.Context, plan Plan, rounds int, trials []Trial) (bool, error) {
	next, err := plan.Volume.quoteTrials(trials)
	if err != nil {
		return false, err
	}
	stop := BudgetStop{Round: rounds, Cost: plan.Config.Budget.Cost}
	for i, t := range next {
		trials[i].PlacedOn = t.PlacedOn
		stop.Planned += t.Dollars
	}
	if stop.Cost == 0 {
		return false, nil
	}
	if recorded, err := e.budgetStop(ctx, plan.Run); err != nil || recorded != nil {
		return true, err
	}
	done, err := e.listed(ctx, plan.Run, rounds)
	if err != nil {
		return false, err
	}
	results, err := e.results(ctx, plan.Run, done)
	if err != nil {
		return false, err
	}
	if stop.Spent, err = e.spent(ctx, plan, done, results); err != nil {
		return false, err
	}
	if stop.Spent+stop.Planned <= stop.Cost {
		return false, nil
	}
	return true, e.write(ctx, plan.Run.key("budget.json"), stop)
}

// spent is what trials took, or are quoted at if they were not timed, and what is quoted beside
// trials.
func (e *Engine) spent(ctx context.Context, plan Plan, trials []Trial, results []*Result) (float64, error) {
	q, err := e.Quote(ctx, plan.Run)
	if err != nil {
		return 0, err
	}
	quoted, err := plan.Volume.quoteTrials(trials)
	if err != nil {
		return 0, err
	}
	sum := q.Beside
	for i, r := range results {
		if r != nil && r.Usage != nil {
			sum += r.Usage.Dollars()
		} else {
			sum += quoted[i].Dollars
		}
	}
	return sum, nil
}

// budgetStop is what was recorded; nil if the run was not stopped.
func (e *Engine) budgetStop(ctx context.Context, run RunID) (*BudgetStop, error) {
	var stop BudgetStop
	err := e.read(ctx, run, "budget.json", &stop)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	return &stop, err
}
