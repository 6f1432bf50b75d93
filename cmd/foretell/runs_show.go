package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/training"
)

// runShow shows one run.
type runShow struct {
	c           *invocation
	from        runSource
	json, watch bool
	every       time.Duration

	seen runView // when it was looked at last
}

// runView is what there is to see of a run.
type runView struct {
	runState
	Quote       *training.Quote       `json:"quote,omitempty"`
	Leaderboard *training.Leaderboard `json:"leaderboard,omitempty"`
}

// shownTrials is how many lines of a leaderboard are shown.
const shownTrials = 10

// look reads how the run stands. The ledger is read only if it has more than it had.
func (s *runShow) look(ctx context.Context, run training.RunID) (changed bool, err error) {
	state, err := s.from.state(ctx, run)
	if err != nil {
		return false, err
	}
	old := s.seen
	s.seen.runState = state
	changed = old.State != state.State || old.Finished != state.Finished || old.Trials != state.Trials || old.Attempt != state.Attempt
	if s.seen.Quote == nil && state.Trials > 0 {
		if s.seen.Quote, err = s.from.quote(ctx, run); err != nil {
			return false, err
		}
	}
	if changed && state.Finished > 0 {
		s.seen.Leaderboard, err = s.from.leaderboard(ctx, run)
	}
	return changed, err
}

// show shows the run once or, watching it, until it ends.
func (s *runShow) show(ctx context.Context, run training.RunID) error {
	var live *screen
	if s.watch && !s.json {
		live = newScreen(s.c.stdout)
	}
	for {
		changed, err := s.look(ctx, run)
		if err != nil {
			return err
		}
		if over := s.seen.Ended(); over || !s.watch {
			if live != nil {
				live.clear()
			}
			return s.last(over)
		}
		switch {
		case s.json && changed:
			err = json.NewEncoder(s.c.stdout).Encode(s.seen)
		case live != nil:
			var b bytes.Buffer
			err = printRun(&b, s.seen, time.Now(), report.Style{Width: live.width})
			live.draw(b.String())
		case !s.json && changed:
			_, err = fmt.Fprintln(s.c.stdout, s.seen.line())
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(s.every):
		}
	}
}

// last shows the run as it is left. To have watched one that failed is an error.
func (s *runShow) last(over bool) error {
	var err error
	switch {
	case s.json && s.watch:
		err = json.NewEncoder(s.c.stdout).Encode(s.seen)
	case s.json:
		err = writeJSON(s.c.stdout, s.seen)
	default:
		err = printRun(s.c.stdout, s.seen, time.Now(), terminalStyle(s.c.stdout))
	}
	if err == nil && s.watch && over && s.seen.State == training.Failed {
		return fmt.Errorf("run %s failed", s.seen.Run)
	}
	return err
}

// line is the run in one line, for a log.
func (v runView) line() string {
	line := fmt.Sprintf("%s %s", v.Run, v.State)
	if v.Trials > 0 {
		line += fmt.Sprintf(", %d of %d trials", v.Finished, v.Trials)
	}
	if b := v.Leaderboard; b != nil && b.Standings[0].Error == "" {
		line += fmt.Sprintf(", best %s %s (%s)", b.Metric, score(b.Standings[0]), b.Standings[0].Trial)
	}
	return line
}

// printRun shows all of a run.
func printRun(w io.Writer, v runView, now time.Time, style report.Style) error {
	fmt.Fprintf(w, "run %s of model %s: %s\nsubmitted %s ago, last came further %s ago\n", v.Run, v.Model, v.State, age(now.Sub(v.Submitted)), age(now.Sub(v.Updated)))
	if v.Trials > 0 {
		fmt.Fprintf(w, "trials %s %d of %d\n", gauge(v.Finished, v.Trials, 30), v.Finished, v.Trials)
	}
	if q := v.Quote; q != nil {
		fmt.Fprintf(w, "quoted at $%.5f and %s in the cloud, prices of %s\n", q.Dollars, q.Time(), q.Prices)
	}
	if f := v.Failure; f != nil {
		fmt.Fprintf(w, "failed %s ago at %s: %s: %s\n", age(now.Sub(f.At)), f.State, f.Error, f.Cause)
	} else if v.Cause != "" {
		fmt.Fprintf(w, "%s: %s\n", v.Error, v.Cause)
	}
	if v.Gates != nil {
		fmt.Fprintln(w)
		if err := printGates(w, *v.Gates); err != nil {
			return err
		}
	}
	if b := v.Leaderboard; b != nil {
		if b.SoFar && b.Cost != nil {
			fmt.Fprintf(w, "so far: %s\n", b.Cost)
		}
		fmt.Fprintln(w)
		top := *b
		top.Standings = b.Standings[:min(shownTrials, len(b.Standings))]
		if err := printLeaderboard(w, top, style); err != nil {
			return err
		}
		if n := len(b.Standings) - len(top.Standings); n > 0 {
			fmt.Fprintf(w, "and %d more\n", n)
		}
	}
	if v.Verdict != nil {
		printVerdict(w, *v.Verdict)
	}
	return nil
}
