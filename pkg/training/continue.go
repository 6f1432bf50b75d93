package training

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
)

// continued is runs/<run>/continues.json: the run whose finished trials this one takes over.
type continued struct {
	Run RunID `json:"run"`
}

// ContinueError says why a run cannot be continued.
type ContinueError struct {
	Run    RunID
	Reason string
}

func (e *ContinueError) Error() string {
	return fmt.Sprintf("run %s cannot be continued: %s", e.Run, e.Reason)
}

// Continue submits a run of the same config with more trials. It is the run that this config
// with as many trials makes from the start, by name and by model; only that what the earlier run
// has finished is not done again. Data that has changed since is a *ContinueError, since trials
// on other data do not compare.
func (e *Engine) Continue(ctx context.Context, run RunID, more int) (RunID, Config, error) {
	name, now, err := e.continuation(ctx, run, more)
	if err != nil {
		return "", Config{}, err
	}
	if err := e.write(ctx, name.key("config.json"), now); err != nil {
		return "", Config{}, err
	}
	return name, now.Config, e.write(ctx, name.key("continues.json"), continued{run})
}

// WithMore is the config that a run continues with. It writes nothing.
func (e *Engine) WithMore(ctx context.Context, run RunID, more int) (Config, error) {
	_, now, err := e.continuation(ctx, run, more)
	return now.Config, err
}

// continuation is the run that another one with more trials is.
func (e *Engine) continuation(ctx context.Context, run RunID, more int) (RunID, submission, error) {
	var earlier submission
	if err := e.read(ctx, run, "config.json", &earlier); err != nil {
		return "", submission{}, err
	}
	refuse := func(format string, args ...any) (RunID, submission, error) {
		return "", submission{}, &ContinueError{run, fmt.Sprintf(format, args...)}
	}
	c := earlier.Config
	switch {
	case more < 1:
		return refuse("want one more trial at least, got %d", more)
	case c.Search.Strategy == search.GridSearch:
		return refuse("its grid has been tried in full; there are no more points")
	case c.Search.Work > 0:
		return refuse("search.work bounds it, and not the number of its trials")
	}
	c.Search.Trials += more
	c, err := c.checked()
	if err != nil {
		return "", submission{}, err
	}
	_, now, err := e.submission(ctx, c)
	if err != nil {
		return "", submission{}, err
	}
	if !reflect.DeepEqual(now.Files, earlier.Files) {
		return refuse("%s has changed since, and trials on other data do not compare; train anew", c.Data.Source)
	}
	now.Champion = earlier.Champion
	name, err := now.name()
	return name, now, err
}

// takeOver copies what an earlier run found for a trial into the ledger of the run that continues
// it: predictions first, then the result, as when a trial is done.
func (e *Engine) takeOver(ctx context.Context, t Trial) (Result, bool, error) {
	var from continued
	if err := e.read(ctx, t.Run, "continues.json", &from); err != nil {
		return Result{}, false, unless(err)
	}
	var result Result
	if _, err := registry.ReadJSON(ctx, e.Registry.Store, from.Run.trialKey(t.ID), &result); err != nil {
		return Result{}, false, unless(err)
	}
	if result.Learner != t.Learner || !reflect.DeepEqual(result.Rung, t.Rung) || !sameParams(result.Params, t.Params) {
		return Result{}, false, nil // of halving, another point may have come to have this name
	}
	if result.Error == "" {
		predictions, _, err := registry.Read(ctx, e.Registry.Store, from.Run.predictionsKey(t.ID))
		if err != nil {
			return Result{}, false, unless(err)
		}
		if err := e.put(ctx, t.Run.predictionsKey(t.ID), predictions); err != nil {
			return Result{}, false, err
		}
	}
	return result, true, e.write(ctx, t.Run.trialKey(t.ID), result)
}

// unless is the error, unless it says that there is nothing: then the trial is done anew.
func unless(err error) error {
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	return err
}

// sameParams compares params as they come from JSON.
func sameParams(a, b map[string]any) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}
