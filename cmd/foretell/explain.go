package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/foretell-ml/foretell/pkg/training"
)

// explanation is what train --explain --json prints.
type explanation struct {
	Config  training.Config `json:"config"` // with every default filled in
	Plan    training.Plan   `json:"plan"`
	Quote   training.Quote  `json:"quote"`
	Refused string          `json:"refused,omitempty"`
}

// explained prints what a run of config i would do and take, and writes nothing. One that its
// budget refuses is an error, once it is explained.
func (t *trainer) explained(ctx context.Context, i int, config training.Config) error {
	plan, quote, err := t.engine.Explain(ctx, config)
	var over *training.BudgetError
	if err != nil && !errors.As(err, &over) {
		return t.file.explain(i, err)
	}
	e := explanation{Config: plan.Resolved(), Plan: plan, Quote: quote}
	if err != nil {
		e.Refused = err.Error()
	}
	if shown := t.show(e, i); shown != nil {
		return shown
	}
	return err
}

func (t *trainer) show(e explanation, i int) error {
	if t.json {
		out := json.NewEncoder(t.c.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(e)
	}
	w := t.c.stdout
	text, err := t.file.Annotated(i, e.Config, t.reading.Names(), t.file.name)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "# the config of run %s, with every default\n%s", e.Quote.Run, text)
	printPlan(w, e.Plan)
	printQuote(w, e.Quote)
	return nil
}

func printPlan(w io.Writer, p training.Plan) {
	v := p.Volume
	fmt.Fprintf(w, "\nplan\n  data        %d rows × %d columns: %s; %d rows held out to test the final model\n", v.Rows, v.Columns, kinds(v.Kinds), v.Test)
	fmt.Fprintf(w, "  target      %s, %s", p.Target.Name, p.Target.Task)
	if n := len(p.Target.Classes); n > 0 {
		fmt.Fprintf(w, " of %d classes", n)
	}
	fmt.Fprintf(w, "\n  judged by   %s on %d folds, %d rows to learn from and %d to judge on in each\n", p.Metric, v.Folds, v.Train, v.Judge)
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "  warning     %s\n", warning)
	}
}

func kinds(k training.Kinds) string {
	var parts []string
	for _, one := range []struct {
		n    int
		name string
	}{{k.Numbers, "numbers"}, {k.Categories, "categories"}, {k.Moments, "timestamps"}, {k.Texts, "texts"}} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.name))
		}
	}
	return strings.Join(parts, ", ")
}

// printQuote shows a quote by learner and in all.
func printQuote(w io.Writer, q training.Quote) {
	fmt.Fprintf(w, "\ntrials\n  %-10s %7s %22s %18s  %s\n", "learner", "trials", "seconds each", "MB each", "placed on")
	for _, s := range q.ByLearner() {
		fmt.Fprintf(w, "  %-10s %7d %22s %18s  %s\n", s.Learner, s.Trials, span("%.1f", s.Seconds), span("%.0f", s.MemoryMB), s.Places)
	}
	if q.More > 0 {
		fmt.Fprintf(w, "  and up to %d more that the search chooses as it goes\n", q.More)
	}
	fmt.Fprintf(w, "\nquote for the cloud, prices of %s in %s\n", q.Prices, q.Region)
	fmt.Fprintf(w, "  $%.5f: compute $%.5f, %d invocations $%.5f, %d transitions $%.5f, %d reads and %d writes of S3 $%.5f\n",
		q.Dollars, q.Compute, q.Invocations, q.Requests, q.Transitions, q.Workflow, q.Reads, q.Writes, q.Storage)
	fmt.Fprintf(w, "  %s, the largest trial %d MB\n", q.Time(), q.MemoryMB)
}

// span is a range, or its one value.
func span(format string, r [2]float64) string {
	low, high := fmt.Sprintf(format, r[0]), fmt.Sprintf(format, r[1])
	if low == high {
		return low
	}
	return low + " – " + high
}
