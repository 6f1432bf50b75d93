package training

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// ticking is a clock of which every look takes a second. Trials look at it side by side.
func ticking() func() time.Time {
	var looks atomic.Int64
	return func() time.Time { return time.Unix(looks.Add(1), 0) }
}

// TestQuoteAddsUp: by hand, of a run whose trials are known.
func TestQuoteAddsUp(t *testing.T) {
	e := engine(t)
	plan, q, err := e.Explain(ctx, parse(t, penguins))
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Trials) != 6 || plan.Trials != 6 || q.More != 0 || q.Prices != topology.PricesOf {
		t.Fatalf("%+v", q)
	}
	sum, most := 0.0, 0
	for _, trial := range q.Trials {
		if trial.PlacedOn != OnLambda || trial.Machine != "train" || !(trial.Seconds > 0.1 && trial.Seconds < 5) || trial.MemoryMB < programMB {
			t.Errorf("%+v", trial)
		}
		// 3,008 MB for so many seconds, to the price of the page.
		if want := trial.Seconds * 3008 / 1024 * 0.0000133334; math.Abs(trial.Dollars-want) > 1e-12 {
			t.Errorf("%s costs %v, want %v", trial.Trial, trial.Dollars, want)
		}
		sum, most = sum+trial.Dollars, max(most, trial.MemoryMB)
	}
	for what, pair := range map[string][2]float64{
		"dollars": {q.Dollars, q.Compute + q.Requests + q.Storage + q.Workflow}, "beside": {q.Beside, q.Dollars - sum},
		"requests": {q.Requests, 9 * 0.20 / 1e6}, "workflow": {q.Workflow, 12 * 0.025 / 1000}, "invocations": {float64(q.Invocations), 6 + 3},
		"storage": {q.Storage, float64(q.Reads)*0.0004/1000 + float64(q.Writes)*0.005/1000}, "memory": {float64(q.MemoryMB), float64(most)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	if !(q.Minutes > 0.01 && q.Minutes < 0.5) {
		t.Errorf("%v minutes", q.Minutes)
	}
	for minutes, want := range map[float64]string{0.75: "45 seconds", 2: "2 minutes", 61.7: "62 minutes"} {
		if got := (Quote{Minutes: minutes}).Time(); got != want {
			t.Errorf("%v minutes are %s, want %s", minutes, got, want)
		}
	}
	for info, err := range e.Registry.Store.List(ctx, "") {
		t.Errorf("explained, and %s was written, %v", info.Key, err)
	}
}

// TestQuoteIsRecorded: before a run is planned there is none, then it stands, and each trial says
// where it is placed.
func TestQuoteIsRecorded(t *testing.T) {
	e := engine(t)
	c := parse(t, penguins)
	run := submit(t, e, c)
	var missing *registry.NotFoundError
	if _, err := e.Quote(ctx, run); !errors.As(err, &missing) || missing.Kind != registry.KindQuote {
		t.Errorf("before: %v", err)
	}
	if _, err := e.Quote(ctx, "none-000000000000"); !errors.As(err, &missing) || missing.Kind != registry.KindRun {
		t.Errorf("of no run: %v", err)
	}
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	q, err := e.Quote(ctx, run)
	_, explained, wrong := e.Explain(ctx, c)
	if err != nil || wrong != nil || q.Dollars != explained.Dollars || q.Run != run {
		t.Errorf("%v, %v: %+v is not %+v", err, wrong, q, explained)
	}
	trials, err := e.listed(ctx, run, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range trials {
		if trial.PlacedOn != OnLambda {
			t.Errorf("%+v", trial)
		}
	}
}

// TestQuoteFollowsTheSearch: halving has as much to do on each rung; TPE one round after another.
func TestQuoteFollowsTheSearch(t *testing.T) {
	quotes := map[string]Quote{}
	for name, s := range map[string]string{"random": "{trials: 12}", "tpe": "{strategy: tpe, trials: 12, batch: 3}", "halving": "{strategy: halving, trials: 9, eta: 3, rungs: 3}"} {
		_, q, err := engine(t).Explain(ctx, parse(t, penguinsSpaces+s))
		if err != nil {
			t.Fatal(err)
		}
		quotes[name] = q
	}
	if q := quotes["random"]; q.Transitions != 6+12 || len(q.Trials) != 12 {
		t.Errorf("random: %+v", q)
	}
	if q := quotes["tpe"]; q.Transitions != 3+3*(1+(q.More+2)/3)+12 || len(q.Trials)+q.More != 12 || q.More == 0 || q.Minutes <= quotes["random"].Minutes {
		t.Errorf("tpe: %d transitions, %d and %d trials, %v minutes", q.Transitions, len(q.Trials), q.More, q.Minutes)
	}
	if q := quotes["halving"]; q.Transitions != 3+3*3+len(q.Trials)+q.More || len(q.Trials) != 9 || q.More != 4 {
		t.Errorf("halving: %d transitions, %d and %d trials", q.Transitions, len(q.Trials), q.More)
	}
}

// TestBudgetRefuses: before any trial, with the dearest trials and what to do.
func TestBudgetRefuses(t *testing.T) {
	e := engine(t)
	c := parse(t, penguins+"budget: {cost: 0.0001, minutes: 0.001}")
	run := submit(t, e, c)
	_, err := e.Run(ctx, run, nil)
	var over *BudgetError
	if !errors.As(err, &over) {
		t.Fatalf("%v", err)
	}
	for _, part := range []string{"more than budget.cost, 0.0001", "more than budget.minutes, 0.001", "the dearest trials are 000", "--sample", "raise the budget"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	if results, listed := e.listed(ctx, run, 1); listed == nil {
		t.Errorf("trials were listed: %v", results)
	}
	if q, err := e.Quote(ctx, run); err != nil || q.Dollars <= 0.0001 {
		t.Errorf("the quote that it was refused by: %+v, %v", q, err)
	}
	if err := e.CheckQuote(ctx, c); !errors.As(err, &over) {
		t.Errorf("at submission: %v", err)
	}
	if err := e.CheckQuote(ctx, parse(t, penguins+"budget: {cost: 1, minutes: 10}")); err != nil {
		t.Errorf("with enough: %v", err)
	}
	var faulty *ConfigError
	if _, err := ParseConfig([]byte(penguins + "budget: {cost: -1}")); !errors.As(err, &faulty) || faulty.Faults[0].Pointer != "/budget/cost" {
		t.Errorf("a budget below 0: %v", err)
	}
}

// TestBudgetStops: by what trials took, rounds are started no more, the best so far is the model,
// and the verdict says why; stopped, a run stays so.
func TestBudgetStops(t *testing.T) {
	e := engine(t)
	_, q, err := e.Explain(ctx, parse(t, penguinsQuick+"{strategy: tpe, trials: 20, batch: 2}"))
	if err != nil {
		t.Fatal(err)
	}
	e.Now = ticking() // a second a trial is several times what is quoted
	config := parse(t, penguinsQuick+"{strategy: tpe, trials: 20, batch: 2}\nbudget: {cost: "+decimal(q.Dollars*1.01)+"}")
	run := submit(t, e, config)
	verdict, err := e.Run(ctx, run, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last := verdict.Warnings[len(verdict.Warnings)-1]; !strings.Contains(strings.Join(verdict.Warnings, ";"), "the search ended after round") {
		t.Errorf("%v, %s", verdict.Warnings, last)
	}
	trials, err := e.listed(ctx, run, 0)
	if err != nil || len(trials) < 2 || len(trials) >= 20 {
		t.Errorf("%d trials, %v", len(trials), err)
	}
	p, err := e.lastRound(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	e.Now = nil
	if again, err := e.Advance(ctx, p); err != nil || !again.Done {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// TestCostIsByTheLedger: what trials took by the clock, at the price of the function.
func TestCostIsByTheLedger(t *testing.T) {
	for name, c := range map[string]struct {
		memory int
		billed bool
		second float64 // dollars
	}{"function": {3008, true, 3008.0 / 1024 * 0.0000133334}, "here": {0, false, 3008.0 / 1024 * 0.0000133334 / (3008.0 / 1769)}} {
		e := engine(t)
		var log bytes.Buffer
		e.Now, e.MemoryMB, e.Workers, e.Metrics = ticking(), c.memory, 1, &log
		run := submit(t, e, parse(t, penguins))
		progress, err := e.Plan(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		trials, err := e.listed(ctx, run, progress.Round)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range trials {
			r, err := e.Trial(ctx, trial)
			if err != nil || r.Usage == nil || r.Usage.Seconds != 1 || r.Usage.MemoryMB != c.memory {
				t.Fatalf("%+v, %v", r.Usage, err)
			}
		}
		verdict, err := e.Conclude(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		q, err := e.Quote(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		got := verdict.Cost
		if want := q.Beside + 6*c.second; got == nil || math.Abs(got.Actual-want) > 1e-12 || got.Quoted != q.Dollars || got.Billed != c.billed || got.ActualSeconds != 6 {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
		if _, err := e.Conclude(ctx, run); err != nil { // which answers what it answered, and costs nothing
			t.Fatal(err)
		}
		var line struct {
			Function, Model, Run string
			RunQuoted, RunCost   float64
		}
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Function != "train" || line.Model != "penguins" || line.Run != string(run) || line.RunQuoted != got.Quoted || line.RunCost != got.Actual {
			t.Errorf("%s: %v; metrics\n%s", name, err, log.String())
		}
	}
	if v := func() Verdict {
		e := engine(t)
		v, err := e.Run(ctx, submit(t, e, parse(t, penguins)), nil)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}(); v.Cost != nil {
		t.Errorf("without a clock: %+v", v.Cost)
	}
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 9, 64) }
