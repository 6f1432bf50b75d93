package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// A worker whose time runs out in the middle of a trial keeps the folds that are finished, as
// runs/<run>/checkpoints/<trial>/<fold>, and how far fits of boosted trees came that are not, as
// …/<fold>-<rounds>; each is written once. The next attempt goes on from there, and comes to the
// result that one without a deadline has. Of other fits nothing is kept: those that go on for long
// (forests, perceptrons) are bounded by what is planned onto a function at all.

// UnfinishedError says that a worker's time was over before its trial was: to be tried again.
type UnfinishedError struct {
	Trial           string
	Finished, Folds int
	Rounds          int // of folds that are not finished
}

func (e *UnfinishedError) Error() string {
	more := ""
	if e.Rounds > 0 {
		more = fmt.Sprintf(", and %d rounds of others", e.Rounds)
	}
	return fmt.Sprintf("trial %s: the time of this worker is over with %d of %d folds finished%s; the next goes on from there", e.Trial, e.Finished, e.Folds, more)
}

// TooLongError says that a worker has no time for one fold of a trial: to try again is no use.
type TooLongError struct{ Trial string }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("trial %s: one fold takes longer than a worker has, even by itself, or one round of it; explore smaller models, or give the data fewer rows", e.Trial)
}

// foldsSoFar are the folds of a trial: what they found, in this attempt or before.
type foldsSoFar struct {
	found   []*foldResult    // by fold; nil: not yet
	begun   []*model.Partial // by fold: how far its fit came; nil: nowhere, or it cannot be gone on with
	kept    []bool           // by fold, if earlier attempts found it
	rounds  []int            // by fold: those that earlier attempts kept
	seconds float64          // that earlier attempts took, if a clock ran
	// alone says that an attempt came nowhere side by side: now it is one after the other, each
	// with all cores.
	alone bool
}

// checkpoint is what a fold found besides scores and predictions.
type checkpoint struct {
	Served   Served   `json:"served"`
	Warnings []string `json:"warnings,omitempty"`
	// Seconds are those of all attempts so far.
	Seconds float64 `json:"seconds,omitempty"`
}

const (
	checkpointName = "fold"   // of the metadata of the file
	scoresTensor   = "scores" // by metric, beside the predictions
	aloneName      = "alone"  // in the place of a fold
)

func (t Trial) checkpointKey(name string) string {
	return t.Run.key("checkpoints/" + t.ID + "/" + name)
}

// inTime is a context that ends Reserve before the deadline of ctx, if it has one: in time to keep
// what is finished.
func (e *Engine) inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, has := ctx.Deadline()
	if !has || e.Reserve == 0 {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-e.Reserve))
}

// checkpoints reads what earlier attempts at a trial kept. What this release does not understand
// is done anew.
func (e *Engine) checkpoints(ctx context.Context, t Trial, plan Plan, folds []validate.Fold) (*foldsSoFar, error) {
	n := len(folds)
	f := &foldsSoFar{found: make([]*foldResult, n), begun: make([]*model.Partial, n), kept: make([]bool, n), rounds: make([]int, n)}
	prefix := t.checkpointKey("")
	for info, err := range e.Registry.Store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(info.Key, prefix)
		if name == aloneName {
			f.alone = true
		} else if fold, rounds, is := checkpointOf(name); is && fold < n && rounds == 0 {
			f.kept[fold] = true
		} else if is && fold < n {
			f.rounds[fold] = max(f.rounds[fold], rounds)
		}
	}
	for fold := range folds {
		var err error
		switch {
		case f.kept[fold]:
			err = e.readFold(ctx, t, plan, f, fold, len(folds[fold].Test)*plan.Target.Outputs())
		case f.rounds[fold] > 0:
			err = e.readRounds(ctx, t, f, fold)
		}
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

// checkpointOf reads the name of what was kept of a fold: all of it, or so many rounds.
func checkpointOf(name string) (fold, rounds int, is bool) {
	of, after, some := strings.Cut(name, "-")
	fold, err := strconv.Atoi(of)
	if some && err == nil {
		if rounds, err = strconv.Atoi(after); rounds < 1 {
			return 0, 0, false
		}
	}
	return fold, rounds, err == nil && fold >= 0
}

// readFold reads a fold that was finished, if it can be one of the trial: with so many predictions.
func (e *Engine) readFold(ctx context.Context, t Trial, plan Plan, f *foldsSoFar, fold, predictions int) error {
	body, _, err := registry.Read(ctx, e.Registry.Store, t.checkpointKey(strconv.Itoa(fold)))
	if err != nil {
		return err
	}
	found, c, err := decodeCheckpoint(body)
	if f.kept[fold] = err == nil && len(found.scores) == len(plan.metrics()) && len(found.predicted) == predictions; f.kept[fold] {
		f.found[fold], f.seconds = found, max(f.seconds, c.Seconds)
	}
	return nil
}

// keep stores what an attempt came to before its time was over, and returns the error that says so.
func (e *Engine) keep(over context.Context, t Trial, f *foldsSoFar, began time.Time) error {
	const most = 10 * time.Second // for writes, where nobody waits for more
	ctx, stop := context.WithTimeout(context.WithoutCancel(over), most)
	defer stop()
	seconds := f.seconds
	if u := e.usage(began); u != nil {
		seconds += u.Seconds
	}
	finished, rounds, more := 0, 0, false
	for fold, found := range f.found {
		if found == nil {
			continue
		}
		if finished++; f.kept[fold] {
			continue
		}
		body, err := encodeCheckpoint(found, checkpoint{found.served, found.warnings, seconds})
		if err != nil {
			return err
		}
		if err := e.put(ctx, t.checkpointKey(strconv.Itoa(fold)), body); err != nil {
			return err
		}
		more = true
	}
	for fold, begun := range f.begun {
		if begun == nil || f.found[fold] != nil {
			continue
		}
		if rounds += begun.Rounds; begun.Rounds <= f.rounds[fold] {
			continue
		}
		if err := e.writeRounds(ctx, t, fold, begun, seconds); err != nil {
			return err
		}
		more = true
	}
	switch {
	case errors.Is(over.Err(), context.Canceled):
		return over.Err() // somebody wants it to stop
	case !more && f.alone:
		return &TooLongError{t.ID}
	case !more:
		if err := e.put(ctx, t.checkpointKey(aloneName), nil); err != nil {
			return err
		}
	}
	return &UnfinishedError{t.ID, finished, len(f.found), rounds}
}

// put records an immutable object, or leaves the one that is there.
func (e *Engine) put(ctx context.Context, key string, body []byte) error {
	_, err := e.Registry.Store.Put(ctx, key, body, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return nil
	}
	return err
}

func encodeCheckpoint(found *foldResult, c checkpoint) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	file := &safetensors.File{Metadata: map[string]string{checkpointName: string(text)}, Tensors: map[string]safetensors.Tensor{
		predictionsTensor: safetensors.FromF64(found.predicted, len(found.predicted)),
		scoresTensor:      safetensors.FromF64(found.scores, len(found.scores)),
	}}
	return file.Encode()
}

func decodeCheckpoint(body []byte) (*foldResult, checkpoint, error) {
	var c checkpoint
	file, err := safetensors.Decode(body)
	if err != nil {
		return nil, c, err
	}
	if err := json.Unmarshal([]byte(file.Metadata[checkpointName]), &c); err != nil {
		return nil, c, err
	}
	found := &foldResult{served: c.Served, warnings: c.Warnings}
	if found.predicted, err = file.Tensors[predictionsTensor].F64(); err != nil {
		return nil, c, err
	}
	found.scores, err = file.Tensors[scoresTensor].F64()
	return found, c, err
}
