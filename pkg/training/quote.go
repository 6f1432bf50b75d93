package training

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Quote is runs/<run>/quote.json: what the run is predicted to take in the cloud, before any
// trial starts. Of searches that choose as they go, trials that are not known yet count as the
// mean of those that are. docs/cost.md has the formulas, and how far off they were.
type Quote struct {
	Run RunID `json:"run"`
	// Prices is the day of the prices, and Region whose they are.
	Prices string `json:"prices"`
	Region string `json:"region"`
	Volume Volume `json:"volume"`
	// Dollars in all, and by what they are paid for.
	Dollars  float64 `json:"dollars"`
	Compute  float64 `json:"compute"`
	Requests float64 `json:"requests"` // of functions
	Storage  float64 `json:"storage"`  // requests to S3
	Workflow float64 `json:"workflow"` // state transitions
	// Beside is the part of Dollars that is not of trials: to plan and conclude, and all requests.
	Beside float64 `json:"beside"`
	// Minutes from start to end, as many trials at a time as the workflow starts.
	Minutes float64 `json:"minutes"`
	// Conclude is how many seconds it takes on one core to choose, fit, test and show the final model.
	Conclude float64 `json:"conclude_seconds"`
	// MemoryMB is that of the largest trial.
	MemoryMB    int `json:"memory_mb"`
	Invocations int `json:"invocations"`
	Transitions int `json:"transitions"`
	Reads       int `json:"reads"`
	Writes      int `json:"writes"`
	// Trials are those known by now, in their order; More is how many may follow.
	Trials []TrialQuote `json:"trials"`
	More   int          `json:"more,omitempty"`
}

// TrialQuote is the part of one trial.
type TrialQuote struct {
	Trial    string `json:"trial"`
	Learner  string `json:"learner"`
	MemoryMB int    `json:"memory_mb"`
	// Seconds from start to end; CoreSeconds are those of the fits, on one core.
	Seconds     float64 `json:"seconds"`
	CoreSeconds float64 `json:"core_seconds"`
	Dollars     float64 `json:"dollars"`
	PlacedOn    Place   `json:"placed_on"`
	// Machine is the function, the task or the instance.
	Machine string `json:"machine"`
}

// Seconds of plan and conclude beside fits: to start, and per byte of data that is read, parsed
// and written again. A step between states takes some time too.
const (
	startSeconds = 0.5
	byteSeconds  = 30e-9
	stepSeconds  = 0.15
)

// quoteTrials predicts what trials take, each by itself.
func (v Volume) quoteTrials(trials []Trial) ([]TrialQuote, error) {
	quotes := make([]TrialQuote, len(trials))
	for i, t := range trials {
		d, err := v.demand(t)
		if err != nil {
			return nil, fmt.Errorf("quote of %s: %w", t.ID, err)
		}
		p := d.place()
		p.seconds += v.loadTime()
		if p.place == OnLambda {
			p.dollars += float64(v.loadTime() * lambdaSecond(trainFunction().MemoryMB))
		}
		quotes[i] = TrialQuote{t.ID, t.Learner, d.memoryMB, p.seconds, d.work, p.dollars, p.place, p.size.Name}
	}
	return quotes, nil
}

// loadTime is what a trial takes to fetch the prepared data and to record what it found.
func (v Volume) loadTime() float64 { return 0.15 + float64(float64(v.Prepared)*2e-9) }

// newQuote adds up a run whose first round has these trials. Those of later rounds count as like
// them; on the rungs of halving there are fewer, each with as much more to do.
func newQuote(plan Plan, trials []Trial) (Quote, error) {
	run, v, more := plan.Run, plan.Volume, max(0, plan.Trials-len(trials))
	each, err := v.quoteTrials(trials)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{Run: run, Prices: topology.PricesOf, Region: "us-east-1", Volume: v, Trials: each, More: more}
	var sum, longest, dollars float64
	for _, t := range each {
		sum, dollars, longest = sum+t.Seconds, dollars+t.Dollars, max(longest, t.Seconds)
		q.MemoryMB = max(q.MemoryMB, t.MemoryMB)
	}
	n := len(each) + more
	all := float64(n) / float64(max(1, len(each)))
	rounds := 1
	switch plan.Config.Search.Strategy {
	case search.HalvingSearch:
		rounds = plan.Config.Search.Rungs
		all = float64(rounds)
	case search.TPESearch:
		rounds = 1 + (more+plan.Config.Search.Batch-1)/plan.Config.Search.Batch
	}
	prepare := startSeconds + float64(float64(v.Source+v.Prepared)*byteSeconds)
	if q.Conclude, err = q.concluding(plan, trials); err != nil {
		return Quote{}, err
	}
	conclude := startSeconds + q.Conclude/functionCores()
	q.Invocations = n + rounds + 2
	q.Transitions = 3 + 3*rounds + n // Plan, More, Conclude; of each round Trials, Advance, More; each Trial
	q.Reads, q.Writes = 12+4*rounds+5*n, 11+rounds+2*n
	q.Compute = float64(dollars*all) + float64((prepare+conclude)*lambdaSecond(trainFunction().MemoryMB))
	q.Requests = float64(float64(q.Invocations) * topology.LambdaRequest.Dollars)
	q.Storage = float64(float64(q.Reads)*topology.StorageRead.Dollars) + float64(float64(q.Writes)*topology.StorageWrite.Dollars)
	q.Workflow = float64(float64(q.Transitions) * topology.StateTransition.Dollars)
	q.Beside = q.Compute - float64(dollars*all) + q.Requests + q.Storage + q.Workflow
	q.Dollars = q.Compute + q.Requests + q.Storage + q.Workflow
	atOnce := max(1, min(float64(n)/float64(rounds), topology.TrialsAtOnce))
	trying := max(float64(longest*float64(rounds)), float64(sum*all)/atOnce)
	q.Minutes = (prepare + trying + conclude + float64(float64(q.Transitions-n)*stepSeconds)) / 60
	return q, nil
}

// Time is Minutes for people: seconds, if it is less than two minutes.
func (q Quote) Time() string {
	if q.Minutes < 2 {
		return fmt.Sprintf("%.0f seconds", q.Minutes*60)
	}
	return fmt.Sprintf("%.0f minutes", q.Minutes)
}

// dearest are the trials that cost most, at most n.
func (q Quote) dearest(n int) []TrialQuote {
	sorted := slices.Clone(q.Trials)
	slices.SortStableFunc(sorted, func(a, b TrialQuote) int {
		switch {
		case a.Dollars > b.Dollars:
			return -1
		case a.Dollars < b.Dollars:
			return 1
		}
		return 0
	})
	return sorted[:min(n, len(sorted))]
}

// BudgetError says that a run is quoted at more than its config allows.
type BudgetError struct {
	Quote  Quote
	Budget BudgetConfig
}

func (e *BudgetError) Error() string {
	var over []string
	if e.overCost() {
		over = append(over, fmt.Sprintf("$%.4f are more than budget.cost, %v", e.Quote.Dollars, e.Budget.Cost))
	}
	if e.overTime() {
		over = append(over, fmt.Sprintf("%.1f minutes are more than budget.minutes, %v", e.Quote.Minutes, e.Budget.Minutes))
	}
	var dear []string
	for _, t := range e.Quote.dearest(3) {
		dear = append(dear, fmt.Sprintf("%s ($%.4f, %.0f s)", t.Trial, t.Dollars, t.Seconds))
	}
	return fmt.Sprintf("the run is quoted at over its budget: %s; the dearest trials are %s; %s, or raise the budget",
		strings.Join(over, ", and "), strings.Join(dear, ", "), remedies)
}

func (e *BudgetError) overCost() bool { return e.Budget.Cost > 0 && e.Quote.Dollars > e.Budget.Cost }
func (e *BudgetError) overTime() bool {
	return e.Budget.Minutes > 0 && e.Quote.Minutes > e.Budget.Minutes
}

// check refuses a quote that is over the budget, and one with trials that are placed where
// nothing is deployed, if the run is one of the cloud.
func (e *Engine) checkQuote(q Quote, budget BudgetConfig) error {
	over := &BudgetError{q, budget}
	if over.overCost() || over.overTime() {
		return over
	}
	if !e.Cloud {
		return nil
	}
	var large []TrialQuote
	for _, t := range q.Trials {
		if t.PlacedOn != OnLambda && !e.tasks(t) {
			large = append(large, t)
		}
	}
	if len(large) == 0 {
		return nil
	}
	slices.SortStableFunc(large, func(a, b TrialQuote) int { return b.MemoryMB - a.MemoryMB })
	return &PlacementError{large}
}

// quote predicts what a planned run takes, refuses it if that is too much, records it, and notes
// at each trial where it is placed.
func (e *Engine) quote(ctx context.Context, plan Plan, trials []Trial) error {
	q, err := newQuote(plan, trials)
	if err != nil {
		return err
	}
	if err := e.write(ctx, plan.Run.key("quote.json"), q); err != nil {
		return err
	}
	for i := range trials {
		trials[i].PlacedOn, trials[i].Task = q.Trials[i].PlacedOn, e.task(q.Trials[i])
	}
	return e.checkQuote(q, plan.Config.Budget)
}

// Explain checks a config and plans its run as Submit and Plan would, and writes nothing. A run
// that would be refused by its quote comes back with the plan, the quote, and the reason.
func (e *Engine) Explain(ctx context.Context, c Config) (Plan, Quote, error) {
	run, s, err := e.submission(ctx, c)
	if err != nil {
		return Plan{}, Quote{}, err
	}
	plan, trials, _, err := e.prepare(ctx, run, s)
	if err != nil {
		return Plan{}, Quote{}, err
	}
	q, err := newQuote(plan, trials)
	if err != nil {
		return Plan{}, Quote{}, err
	}
	return plan, q, e.checkQuote(q, c.Budget)
}

// quotable is up to how many bytes of data a run is quoted when it is submitted: that takes
// seconds of the little processor that the API's function has. Larger data is quoted when the run
// is planned, still before any trial.
const quotable = 8 << 20

// CheckQuote refuses a config whose run would be refused by its quote, if its data is small enough
// to be looked at while a client waits. What else may be wrong with the data is left to Plan.
func (e *Engine) CheckQuote(ctx context.Context, c Config) error {
	source, err := e.Source(ctx, c.Data.Source)
	if err != nil {
		return nil // Submit says it
	}
	size := int64(0)
	for _, f := range source.Parts() {
		size += max(f.Size, 0)
		if f.Size < 0 {
			return nil
		}
	}
	if size > quotable {
		return nil
	}
	_, _, err = e.Explain(ctx, c)
	var over *BudgetError
	var large *PlacementError
	if errors.As(err, &over) || errors.As(err, &large) {
		return err
	}
	return nil
}

// Quote returns the quote of a run. Before it is planned, or without such a run, that is a
// *registry.NotFoundError that says which.
func (e *Engine) Quote(ctx context.Context, run RunID) (Quote, error) {
	var q Quote
	err := e.read(ctx, run, "quote.json", &q)
	if errors.Is(err, registry.ErrNotFound) {
		var s submission
		if err := e.read(ctx, run, "config.json", &s); err != nil {
			return q, err
		}
		return q, &registry.NotFoundError{Kind: registry.KindQuote, Name: "of run " + string(run)}
	}
	return q, err
}
