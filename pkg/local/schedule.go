package local

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// SchedulerConfig is what a Scheduler needs.
type SchedulerConfig struct {
	Dir    string   // absolute; the schedules lie in Dir/<group>/<name>.json
	Groups []string // the schedule groups that exist
	// Call has a function called, and sees to what fails, as Lambda does with an event.
	Call func(function string, event []byte) error
	Log  *slog.Logger // nil: slog.Default
}

// Scheduler calls functions by the clock, and speaks the API of EventBridge Scheduler for
// schedules whose target is a function.
//
// What fell due while no cloud ran, or while the machine slept for more than a minute, does not
// run: retraining late at start-up would surprise whoever only wanted to look. A flexible time
// window is taken at its beginning, and a time to the second, not to the minute as on AWS.
// A rate begins to count, and runs first, when its schedule is created. A schedule that is due once
// and is over is not set going again by an update: of EventBridge that is nowhere documented.
type Scheduler struct {
	config SchedulerConfig
	wake   chan struct{} // the schedules have changed
	stop   context.CancelFunc
	done   chan struct{}

	mutex     sync.Mutex // guards schedules, and is held while a record is written
	schedules map[scheduleID]*schedule
}

// scheduleID is a schedule among those of all groups.
type scheduleID struct{ group, name string }

func (r scheduleRecord) id() scheduleID { return scheduleID{r.Group, r.Name} }

func byGroup(a, b scheduleID) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.name, b.name))
}

// schedule is one schedule at work.
type schedule struct {
	record     scheduleRecord
	expression expression
	due        time.Time // zero: never
}

// lateness is how long after its time a schedule still runs. AWS promises a minute.
const lateness = time.Minute

// OpenScheduler reads the schedules and begins to run them.
func OpenScheduler(c SchedulerConfig) (*Scheduler, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	records, err := readRecords[scheduleRecord](c.Dir)
	if err != nil {
		return nil, fmt.Errorf("schedules: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Scheduler{
		config: c, stop: stop, done: make(chan struct{}),
		wake:      make(chan struct{}, 1),
		schedules: map[scheduleID]*schedule{},
	}
	for _, r := range records {
		one, err := newSchedule(r, wallClock())
		if err != nil {
			stop()
			return nil, fmt.Errorf("schedules: %s: %w", r.Name, err)
		}
		s.schedules[r.id()] = one
	}
	go s.loop(ctx)
	return s, nil
}

// Close stops the clock. Executions that were started go on.
func (s *Scheduler) Close() {
	s.stop()
	<-s.done
}

// wallClock is the time without the monotonic clock, which stands still while a laptop
// sleeps: schedules follow the clock on the wall.
func wallClock() time.Time { return time.Now().Round(0) }

// newSchedule makes a schedule that is next due after a time.
func newSchedule(r scheduleRecord, after time.Time) (*schedule, error) {
	x, err := parseExpression(r.Expression, r.Timezone)
	if err != nil {
		return nil, err
	}
	one := &schedule{record: r, expression: x}
	if r.State == stateEnabled {
		one.due = x.next(after, r.Created)
	}
	return one, nil
}

// over reports whether a schedule that is due once has been.
func (s *schedule) over(now time.Time) bool {
	at := s.expression.at
	return s.record.State == stateEnabled && !at.IsZero() && !at.After(now)
}

// loop runs what is due and sleeps until the next is, though never longer than it may be
// late: a clock that was set, or a laptop that slept, is noticed in time.
func (s *Scheduler) loop(ctx context.Context) {
	defer close(s.done)
	for {
		pause := s.runDue(wallClock())
		timer := time.NewTimer(min(pause, lateness/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// runDue starts what is due and returns how long it is until more will be.
func (s *Scheduler) runDue(now time.Time) time.Duration {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	pause := lateness
	for _, id := range slices.SortedFunc(maps.Keys(s.schedules), byGroup) {
		one := s.schedules[id]
		if one.due.IsZero() {
			continue
		}
		if !one.due.After(now) {
			if now.Sub(one.due) <= lateness {
				s.call(one)
			} else {
				s.config.Log.Warn("a schedule was missed and does not run", "schedule", id.name, "due", one.due)
			}
			one.due = one.expression.next(now, one.record.Created)
			if one.due.IsZero() && one.record.After == "DELETE" {
				s.forget(id)
			}
		}
		if !one.due.IsZero() {
			pause = min(pause, one.due.Sub(now))
		}
	}
	return pause
}

// call calls the function of a due time.
func (s *Scheduler) call(one *schedule) {
	r := one.record
	input := strings.NewReplacer(
		"<aws.scheduler.schedule-arn>", r.arn(),
		"<aws.scheduler.scheduled-time>", one.due.UTC().Format(time.RFC3339),
		"<aws.scheduler.execution-id>", fmt.Sprintf("%s-%d", r.Name, one.due.Unix()),
		"<aws.scheduler.attempt-number>", "1",
	).Replace(r.Target.Input)
	if err := s.config.Call(r.Target.ARN, []byte(input)); err != nil {
		s.config.Log.Error("a schedule could not call its function", "schedule", r.Name, "due", one.due, "function", r.Target.ARN, "error", err)
		return
	}
	s.config.Log.Info("a schedule called its function", "schedule", r.Name, "due", one.due)
}

var scheduleName = regexp.MustCompile(`^[0-9a-zA-Z_.-]{1,64}$`)

// put makes a schedule or replaces one, by whether it must be new.
func (s *Scheduler) put(r scheduleRecord, create bool) error {
	now := wallClock()
	r.Created, r.Modified = now, now
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// A rate's first time is its creation, which must not be over when it begins.
	after := now.Add(-time.Nanosecond)
	old, ok := s.schedules[r.id()]
	switch {
	case create && ok:
		return apiError(codeConflict, "Schedule %s already exists.", r.Name)
	case !create && !ok:
		return apiError(codeNotFound, "Schedule %s does not exist.", r.Name)
	case ok && old.over(now):
		return apiError(codeConflict, "Schedule %s is over: delete it and create it again.", r.Name)
	case ok:
		r.Created, after = old.record.Created, now
	}
	one, err := newSchedule(r, after)
	if err != nil {
		return apiError(codeInvalid, "%v", err)
	}
	if one.expression.next(after, r.Created).IsZero() { // also of one that is turned off
		return apiError(codeInvalid, "%s is never due any more", r.Expression)
	}
	if err := writeRecord(s.config.Dir, r.Group, r.Name, r); err != nil {
		return err
	}
	s.schedules[r.id()] = one
	s.changed()
	return nil
}

// changed wakes the loop; the channel holds one call, and one is enough.
func (s *Scheduler) changed() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Scheduler) get(id scheduleID) (scheduleRecord, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if one, ok := s.schedules[id]; ok {
		return one.record, nil
	}
	return scheduleRecord{}, apiError(codeNotFound, "Schedule %s does not exist.", id.name)
}

func (s *Scheduler) remove(id scheduleID) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.schedules[id]; !ok {
		return apiError(codeNotFound, "Schedule %s does not exist.", id.name)
	}
	if err := os.Remove(s.path(id)); err != nil {
		return err
	}
	delete(s.schedules, id)
	return nil
}

func (s *Scheduler) path(id scheduleID) string {
	return recordPath(filepath.Join(s.config.Dir, id.group), id.name)
}

// forget removes a schedule that has completed. The caller holds the mutex.
func (s *Scheduler) forget(id scheduleID) {
	if err := os.Remove(s.path(id)); err != nil {
		s.config.Log.Error("a completed schedule was not deleted", "schedule", id.name, "error", err)
	}
	delete(s.schedules, id)
}

// list gives the schedules of a group, or of all, in order of group and name.
func (s *Scheduler) list(group string) []scheduleRecord {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var out []scheduleRecord
	for _, id := range slices.SortedFunc(maps.Keys(s.schedules), byGroup) {
		if group == "" || id.group == group {
			out = append(out, s.schedules[id].record)
		}
	}
	return out
}
