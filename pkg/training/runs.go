package training

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// Summary is a run in a list of runs.
type Summary struct {
	Run       RunID              `json:"run"`
	Model     registry.ModelName `json:"model"`
	State     string             `json:"state"` // or Unreadable
	Trials    int                `json:"trials"`
	Finished  int                `json:"finished"`
	Submitted time.Time          `json:"submitted"`
	Updated   time.Time          `json:"updated"`
	// Metric is empty, and Best nil, until a trial is finished.
	Metric string    `json:"metric,omitempty"`
	Best   *Standing `json:"best,omitempty"`
	// Version is what the run made of the model, 0 until it succeeded.
	Version  int  `json:"version,omitempty"`
	Promoted bool `json:"promoted,omitempty"`
	// Failure is how a Failed run failed.
	Failure *workflow.Failure `json:"failure,omitempty"`
	Fault   string            `json:"fault,omitempty"` // why an Unreadable run is
}

// Unreadable is the state of a run in a list whose objects this release does not understand.
const Unreadable = "unreadable"

// Runs lists the runs of a model, or of all ("") of them, the one submitted last first: at most
// limit of them, which are read, and more is how many there are besides. A run that cannot be
// read does not hide the others.
func (e *Engine) Runs(ctx context.Context, model registry.ModelName, limit int) (runs []Summary, more int, err error) {
	if runs, err = e.submitted(ctx, model); err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(runs, func(a, b Summary) int {
		return cmp.Or(b.Submitted.Compare(a.Submitted), cmp.Compare(a.Run, b.Run))
	})
	if len(runs) > limit {
		more, runs = len(runs)-limit, runs[:limit]
	}
	const readers = 8 // they wait for the store, not for a core
	err = par.For(ctx, len(runs), readers, func(i int) error {
		if err := e.summarize(ctx, &runs[i]); err != nil {
			if ctx.Err() != nil {
				return err
			}
			runs[i].State, runs[i].Fault = Unreadable, err.Error()
		}
		return nil
	})
	return runs, more, err
}

// submitted finds which runs there are, and when they were submitted.
func (e *Engine) submitted(ctx context.Context, model registry.ModelName) ([]Summary, error) {
	prefix := "runs/"
	if model != "" {
		if err := model.Validate(); err != nil {
			return nil, err
		}
		prefix += string(model) + "-" // others may start so too
	}
	runs := []Summary{} // an empty list, not null
	for info, err := range e.Registry.Store.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		run, object, _ := strings.Cut(strings.TrimPrefix(info.Key, "runs/"), "/")
		if object != "config.json" || !runForm.MatchString(run) {
			continue
		}
		of := registry.ModelName(run[:strings.LastIndexByte(run, '-')])
		if model == "" || of == model {
			runs = append(runs, Summary{Run: RunID(run), Model: of, Submitted: info.Modified, Updated: info.Modified})
		}
	}
	return runs, nil
}

// summarize reads how a run stands.
func (e *Engine) summarize(ctx context.Context, s *Summary) error {
	status, err := e.Status(ctx, s.Run)
	if err != nil {
		return err
	}
	s.State, s.Trials, s.Finished, s.Updated = status.State, status.Trials, status.Finished, status.Updated
	s.Failure = status.Failure
	if v := status.Verdict; v != nil {
		s.Version, s.Promoted = v.Version, v.Promoted
	}
	if s.Finished == 0 {
		return nil
	}
	board, err := e.Leaderboard(ctx, s.Run)
	if errors.Is(err, registry.ErrNotFound) {
		return nil // the ledger has no more than strangers
	}
	if err != nil {
		return err
	}
	if first := board.Standings[0]; first.Error == "" {
		s.Metric, s.Best = board.Metric, &first
	}
	return nil
}
