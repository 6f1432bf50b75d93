package training

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foretell-ml/foretell/pkg/emf"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Cost is what a run was quoted at and what it took, in dollars by the prices of the quote. What
// trials took is by the ledger; requests, plan and conclusion are as quoted. Of a run outside
// the cloud it is what the function would have cost for the same seconds of its cores.
type Cost struct {
	Quoted float64 `json:"quoted"`
	Actual float64 `json:"actual"`
	// Seconds are those of all trials, quoted and taken, each as long as it ran.
	QuotedSeconds float64 `json:"quoted_seconds"`
	ActualSeconds float64 `json:"actual_seconds"`
	// Billed tells whether Actual was paid for, or would have been.
	Billed bool `json:"billed"`
}

// String is for people.
func (c Cost) String() string {
	verb := "would have cost"
	if c.Billed {
		verb = "cost"
	}
	return fmt.Sprintf("quoted at $%.5f, %s $%.5f", c.Quoted, verb, c.Actual)
}

// measure tells the metrics what a run took. It ended well, whether that can be told or not.
func (e *Engine) measure(v Verdict) {
	if v.Cost == nil {
		return
	}
	_ = emf.Write(e.Metrics, emf.Line{
		Namespace: topology.MetricNamespace, Time: e.now(),
		Fields: []emf.Field{
			{Name: topology.DimensionFunction, Value: "train"}, {Name: topology.DimensionModel, Value: string(v.Model)}, {Name: "Run", Value: string(v.Run)},
		},
		Groups: []emf.Group{{Sets: topology.ByFunctionAndModel, Metrics: []emf.Metric{
			{Name: topology.MetricRunQuoted, Unit: emf.None, Value: v.Cost.Quoted}, {Name: topology.MetricRunCost, Unit: emf.None, Value: v.Cost.Actual},
		}}},
	})
}

// Usage is what a trial took of the machine it ran on, for the ledger: it is not part of what a
// model depends on.
type Usage struct {
	Seconds float64 `json:"seconds"` // from start to end, rounded up to milliseconds as it is billed
	// MemoryMB is the function's; 0 if it was none. Without a function, Cores is how many the
	// trial kept busy.
	MemoryMB int     `json:"memory_mb,omitempty"`
	Cores    float64 `json:"cores,omitempty"`
}

// Dollars are what a function costs for it.
func (u Usage) Dollars() float64 {
	if u.MemoryMB > 0 {
		return float64(u.Seconds * lambdaSecond(u.MemoryMB))
	}
	f := trainFunction()
	return float64(u.Seconds * u.Cores / (float64(f.MemoryMB) / 1769) * lambdaSecond(f.MemoryMB))
}

// usage measures from a moment until now; nil without a clock.
func (e *Engine) usage(began time.Time) *Usage {
	if e.Now == nil {
		return nil
	}
	milliseconds := (e.Now().Sub(began) + time.Millisecond - 1) / time.Millisecond
	u := &Usage{Seconds: float64(milliseconds) / 1000, MemoryMB: e.MemoryMB}
	if u.MemoryMB == 0 {
		u.Cores = float64(max(1, e.Workers))
	}
	return u
}

// now is the time, if there is a clock.
func (e *Engine) now() time.Time {
	if e.Now == nil {
		return time.Time{}
	}
	return e.Now()
}

// cost compares the ledger with the quote; nil if the run has no quote, or no clock ran.
func (e *Engine) cost(ctx context.Context, run RunID, results []*Result) (*Cost, error) {
	var q Quote
	if err := e.read(ctx, run, "quote.json", &q); errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	c := Cost{Quoted: q.Dollars, Actual: q.Beside, Billed: true}
	for _, t := range q.Trials {
		c.QuotedSeconds += t.Seconds
	}
	if q.More > 0 { // in proportion to what they are quoted at
		c.QuotedSeconds *= (q.Dollars - q.Beside) / sumDollars(q.Trials)
	}
	measured := false
	for _, r := range results {
		if r != nil && r.Usage != nil {
			measured = true
			c.Actual += r.Usage.Dollars()
			c.ActualSeconds += r.Usage.Seconds
			c.Billed = c.Billed && r.Usage.MemoryMB > 0
		}
	}
	if !measured {
		return nil, nil
	}
	return &c, nil
}

func sumDollars(trials []TrialQuote) (sum float64) {
	for _, t := range trials {
		sum += t.Dollars
	}
	return sum
}
