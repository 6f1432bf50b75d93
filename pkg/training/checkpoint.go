package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// A worker whose time runs out in the middle of a trial keeps the folds that are finished, as
// runs/<run>/checkpoints/<trial>/<fold>, each written once: the next attempt goes on from there,
// and comes to the result that one without a deadline has. Within a fold nothing is kept.

// UnfinishedError says that a worker's time was over before its trial was: to be tried again.
type UnfinishedError struct {
	Trial           string
	Finished, Folds int
}

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("trial %s: the time of this worker is over with %d of %d folds finished; the next goes on from there", e.Trial, e.Finished, e.Folds)
}

// TooLongError says that a worker has no time for one fold of a trial: to try again is no use.
type TooLongError struct{ Trial string }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("trial %s: one fold takes longer than a worker has, even by itself; explore smaller models, or give the data fewer rows", e.Trial)
}

// foldsSoFar are the folds of a trial: what they found, in this attempt or before.
type foldsSoFar struct {
	found   []*foldResult // by fold; nil: not yet
	kept    []bool        // by earlier attempts
	seconds float64       // that earlier attempts took, if a clock ran
	// alone says that an attempt finished none side by side: now it is one after the other, each
	// with all cores.
	alone bool
}

// checkpoint is what a fold found besides scores and predictions.
type checkpoint struct {
	Served   Served   `json:"served"`
	Warnings []string `json:"warnings,omitempty"`
	// Seconds are those of the attempt; only the first fold that it kept has them.
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
	f := &foldsSoFar{found: make([]*foldResult, len(folds)), kept: make([]bool, len(folds))}
	prefix := t.checkpointKey("")
	for info, err := range e.Registry.Store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(info.Key, prefix)
		f.alone = f.alone || name == aloneName
		fold, err := strconv.Atoi(name)
		if err != nil || fold < 0 || fold >= len(folds) {
			continue
		}
		body, _, err := registry.Read(ctx, e.Registry.Store, info.Key)
		if err != nil {
			return nil, err
		}
		found, c, err := decodeCheckpoint(body)
		if err == nil && len(found.scores) == len(plan.metrics()) && len(found.predicted) == len(folds[fold].Test)*plan.Target.Outputs() {
			f.found[fold], f.kept[fold] = found, true
			f.seconds += c.Seconds
		}
	}
	return f, nil
}

// keep stores the folds that an attempt finished before its time was over, and returns the error
// that says so.
func (e *Engine) keep(over context.Context, t Trial, f *foldsSoFar, began time.Time) error {
	const most = 10 * time.Second // for writes, where nobody waits for more
	ctx, stop := context.WithTimeout(context.WithoutCancel(over), most)
	defer stop()
	seconds := 0.0
	if u := e.usage(began); u != nil {
		seconds = u.Seconds
	}
	before, finished := 0, 0
	for fold, found := range f.found {
		if f.kept[fold] {
			before++
			continue
		}
		if found == nil {
			continue
		}
		body, err := encodeCheckpoint(found, checkpoint{found.served, found.warnings, seconds})
		if err != nil {
			return err
		}
		if err := e.put(ctx, t.checkpointKey(strconv.Itoa(fold)), body); err != nil {
			return err
		}
		finished, seconds = finished+1, 0
	}
	switch {
	case errors.Is(over.Err(), context.Canceled):
		return over.Err() // somebody wants it to stop
	case finished == 0 && f.alone:
		return &TooLongError{t.ID}
	case finished == 0:
		if err := e.put(ctx, t.checkpointKey(aloneName), nil); err != nil {
			return err
		}
	}
	return &UnfinishedError{t.ID, before + finished, len(f.found)}
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
