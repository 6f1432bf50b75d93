package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// Retrainer starts the retrains that schedules come to. It stands between scheduler and workflow
// because the name of an execution is what makes a second delivery of the same time harmless, and
// the scheduler's own writing of a time does not do as one; and between bucket and scheduler
// because many files are one reason to train.
type Retrainer struct {
	Bucket   string
	Store    registry.Store
	Workflow Workflow // of training runs
	Waiting  DataSchedule
	Now      func() time.Time
}

// DataSchedule holds, for each model that is trained on new data, the time at which it will be.
type DataSchedule interface {
	// PutOff changes when a model is trained on new data: what waits, if Since stays as it was, and
	// else what begins to wait. A model that has no such schedule, or no longer, is false.
	PutOff(ctx context.Context, model registry.ModelName, change func(Waiting) Waiting) (bool, error)
}

// Waiting is new data that waits for more of it. The zero value is none.
type Waiting struct {
	Since time.Time // when the first of it came
	Due   time.Time // when the model is trained
}

// RetrainEvent is what the retrain function is called with: a time of a model's schedule, or a
// file that came into the bucket, as S3 tells it to EventBridge.
type RetrainEvent struct {
	Model registry.ModelName `json:"model"`
	Due   time.Time          `json:"due"`

	Type   string `json:"detail-type"`
	Detail struct {
		Object struct {
			Key string `json:"key"`
		} `json:"object"`
	} `json:"detail"`
}

// objectCreated is the detail-type of a file that came.
const objectCreated = "Object Created"

// Handle does what an event is about. It is the Lambda handler of functions/retrain. Every event
// may be delivered twice.
func (r *Retrainer) Handle(ctx context.Context, e RetrainEvent) error {
	switch {
	case e.Type == objectCreated:
		return r.noteData(ctx, e.Detail.Object.Key)
	case e.Model.Validate() == nil && !e.Due.IsZero():
		return r.start(ctx, e.Model, e.Due)
	}
	return fmt.Errorf("the event is neither a file that was created nor a model that is due: type %q, model %q", e.Type, e.Model)
}

// start starts the execution of a due time. One that is there already is that of the first
// delivery; a schedule whose config is gone was withdrawn as it fell due.
func (r *Retrainer) start(ctx context.Context, model registry.ModelName, due time.Time) error {
	name := executionName(model, due)
	_, err := r.Store.Stat(ctx, training.ScheduleKey(model))
	if errors.Is(err, registry.ErrNotFound) {
		slog.Info("a schedule fell due that was withdrawn", "model", model, "due", due)
		return nil
	}
	if err != nil {
		return fmt.Errorf("schedule of model %s: %w", model, err)
	}
	_, err = r.Workflow.Start(ctx, name, map[string]any{"schedule": model})
	if errors.Is(err, ErrNameTaken) {
		slog.Info("a retrain was started before", "model", model, "execution", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("retrain model %s: %w", model, err)
	}
	slog.Info("a retrain was started", "model", model, "execution", name)
	return nil
}

// executionName names the execution of a due time: no colon may stand in it, and of the 80
// characters that it may have the longest model's name leaves just enough.
func executionName(model registry.ModelName, due time.Time) string {
	return string(model) + "-" + due.UTC().Format("20060102T150405Z")
}

// noteData puts off the retrains of the models that learn from a file's data set until no more
// files come. What is wrong with one model is no reason to forget another.
func (r *Retrainer) noteData(ctx context.Context, key string) error {
	set, file, found := strings.Cut(strings.TrimPrefix(key, "data/"), "/")
	if !strings.HasPrefix(key, "data/") || !found || file == "" || strings.HasSuffix(file, "/") {
		return nil // of no data set, or only a folder
	}
	source := "s3://" + r.Bucket + "/data/" + set
	var faults []error
	for info, err := range r.Store.List(ctx, "schedules/") {
		if err != nil {
			return fmt.Errorf("schedules: %w", err)
		}
		var c training.Config
		if _, err := registry.ReadJSON(ctx, r.Store, info.Key, &c); err != nil {
			if !errors.Is(err, registry.ErrNotFound) { // withdrawn meanwhile
				faults = append(faults, err)
			}
			continue
		}
		if c.Schedule.OnNewData && strings.TrimSuffix(c.Data.Source, "/") == source {
			faults = append(faults, r.putOff(ctx, c))
		}
	}
	return errors.Join(faults...)
}

// patience is how many debounce times after the first new file a model is trained at the latest:
// where files never cease to come it would never be.
const patience = 4

func (r *Retrainer) putOff(ctx context.Context, c training.Config) error {
	now, debounce := r.Now(), c.Schedule.Timing().Debounce
	var before, w Waiting
	there, err := r.Waiting.PutOff(ctx, c.Model, func(b Waiting) Waiting {
		before, w = b, b.putOff(now, debounce)
		return w
	})
	if err != nil {
		return fmt.Errorf("put off retrain of model %s: %w", c.Model, err)
	}
	if !there {
		return nil
	}
	slog.Info("new data waits for more", "model", c.Model, "since", w.Since, "due", w.Due)
	// The scheduler may have been about to start what was due, and has been told another time.
	if before.fallsDue(now) && now.Sub(before.Due) < late {
		return r.start(ctx, c.Model, before.Due)
	}
	return nil
}

const (
	arrives = 2 * time.Second // a change is with the scheduler by then
	late    = 2 * time.Minute // the scheduler starts what is due within a minute
)

// fallsDue reports whether the scheduler starts what waits before a change would arrive there, or
// has started it.
func (w Waiting) fallsDue(now time.Time) bool { return w.Due.Before(now.Add(arrives)) }

// putOff is what waits after more has come. What falls due waits no more, and another begins, which
// its Since tells: the file that came may have missed it.
func (w Waiting) putOff(now time.Time, debounce time.Duration) Waiting {
	if w.fallsDue(now) {
		w.Since = now
	}
	due, latest := now.Add(debounce), w.Since.Add(patience*debounce)
	if latest.Before(due) && latest.After(now.Add(arrives)) {
		due = latest
	}
	return Waiting{w.Since, due}
}
