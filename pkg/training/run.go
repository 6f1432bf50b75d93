package training

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// RunID names a run: the model's name and twelve hex digits of what it is made from.
type RunID string

var runForm = regexp.MustCompile(`^[a-z0-9-]{1,63}-[0-9a-f]{12}$`)

// Engine does the steps of runs. Its fields are set once, before use.
type Engine struct {
	Registry *registry.Registry
	// Source opens data.source of a config.
	Source func(ctx context.Context, source string) (dataset.Source, error)
	// Workers is the number of cores that one step uses; 0 is all of them.
	Workers int
	// Cloud says that trials run in the train function, so that a run with one that does not fit
	// it, and has no other place, is refused. MemoryMB is what the function has that this process is; 0: it is none.
	Cloud    bool
	MemoryMB int
	// Large is where trials of the cloud run that fit no function: OnFargate or, of any other value,
	// nowhere.
	Large Place
	// Reserve is how long before the deadline of its context a trial stops, to keep what is
	// finished.
	Reserve time.Duration
	// Now is the clock by which trials are timed for the ledger; nil: they are not.
	Now func() time.Time
	// Metrics is where a line for CloudWatch goes with the cost of each run that ends; nil: nowhere.
	Metrics io.Writer

	mu       sync.Mutex
	prepared *prepared // of the run worked on last: trials of one run share it
}

// submission is runs/<run>/config.json: what a run is made from, and thereby its name. When it is to
// be made again is no part of that: the config has no schedule.
type submission struct {
	Config Config    `json:"config"`
	Files  []fileTag `json:"files"`
	Window []fileTag `json:"window,omitempty"` // of promote.window; of outcomes what they are joined from
	// Champion is there if the run is a retrain of a model that has one.
	Champion *Champion `json:"champion,omitempty"`
}

// name is that of a run of a model which is made from s.
func (s submission) name() (RunID, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("submit: %w", err)
	}
	sum := sha256.Sum256(text)
	return RunID(fmt.Sprintf("%s-%s", s.Config.Model, hex.EncodeToString(sum[:6]))), nil
}

// fileTag is one file of the data, as it was when the run was submitted.
type fileTag struct {
	Name string `json:"name"`
	ETag string `json:"etag"`
}

// Check checks a config against the data it names, and names the run that it would be; it
// writes nothing. A target or column that the data lacks is a *ConfigError.
func (e *Engine) Check(ctx context.Context, c Config) (RunID, error) {
	run, _, err := e.submission(ctx, c)
	return run, err
}

// Submit checks a config and records the run. Submitting the same config on the same data
// again gives the same run, with all that it has finished; created tells which.
func (e *Engine) Submit(ctx context.Context, c Config) (run RunID, created bool, err error) {
	_, s, err := e.submission(ctx, c)
	if err != nil {
		return "", false, err
	}
	return e.submit(ctx, s)
}

// submit records what a run is made from, under the name that follows from it.
func (e *Engine) submit(ctx context.Context, s submission) (run RunID, created bool, err error) {
	if run, err = s.name(); err != nil {
		return "", false, err
	}
	_, err = registry.WriteJSON(ctx, e.Registry.Store, run.key("config.json"), s, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return run, false, nil
	}
	return run, err == nil, err
}

// submission is what a run would be made from, once it is checked.
func (e *Engine) submission(ctx context.Context, c Config) (RunID, submission, error) {
	if n := c.Data.Constraints; n != nil && n.File != "" {
		return "", submission{}, &ConfigError{[]Fault{{Pointer: "/data/constraints", Detail: fmt.Sprintf("names the file %.80q, which only the command line reads; write the expectations out here", n.File)}}}
	}
	if faults := c.Data.Faults(); len(faults) > 0 {
		return "", submission{}, &ConfigError{below("/data", faults)}
	}
	source, err := e.Source(ctx, c.Data.Source)
	if err != nil {
		return "", submission{}, err
	}
	if err := checkColumns(ctx, c, source); err != nil {
		return "", submission{}, err
	}
	s := submission{Config: c}
	s.Config.Schedule = ScheduleConfig{}
	if s.Files, err = tags(ctx, source.Parts()); err != nil {
		return "", submission{}, err
	}
	if s.Window, err = e.windowTags(ctx, c); err != nil {
		return "", submission{}, fmt.Errorf("promote.window: %w", err)
	}
	run, err := s.name()
	return run, s, err
}

// windowTags are the files of promote.window; none without.
func (e *Engine) windowTags(ctx context.Context, c Config) (files []fileTag, err error) {
	switch {
	case c.Promote.Window == "", e.Registry.Store == nil: // Explain may do without a store
		return nil, nil
	case c.Promote.Outcomes():
		objects, err := monitoring.FeedbackObjects(ctx, e.Registry.Store, c.Model, c.Promote.WindowDays)
		for _, o := range objects {
			files = append(files, fileTag{o.Key, o.ETag})
		}
		return files, err
	}
	window, err := e.Source(ctx, c.Promote.Window)
	if err != nil {
		return nil, err
	}
	return tags(ctx, window.Parts())
}

func tags(ctx context.Context, parts []dataset.Part) ([]fileTag, error) {
	files := make([]fileTag, len(parts))
	for i, p := range parts {
		tag, err := p.Tag(ctx)
		if err != nil {
			return nil, err
		}
		files[i] = fileTag{p.Name, tag}
	}
	return files, nil
}

// checkColumns reads which columns the data has, and checks those that a config names.
func checkColumns(ctx context.Context, c Config, source dataset.Source) error {
	options, err := c.Data.Options()
	if err != nil {
		return err
	}
	chosen, wrong := source.Header(ctx, options)
	options.Columns, options.Types, options.Schema = nil, nil, nil
	all, err := source.Header(ctx, options)
	if err != nil {
		return err
	}
	var header []string
	for _, f := range slices.Concat(all, chosen) { // JSON Lines may have columns that only the config knows
		if !slices.Contains(header, f.Name) {
			header = append(header, f.Name)
		}
	}
	if faults := columnFaults(c, header); len(faults) > 0 {
		return &ConfigError{faults}
	}
	return wrong
}

// columnFaults checks the columns that a config names against those that the data has.
func columnFaults(c Config, header []string) []Fault {
	has := make(map[string]bool, len(header))
	for _, name := range header {
		has[name] = true
	}
	var faults []Fault
	check := func(pointer, name string) {
		if !has[name] {
			faults = append(faults, Fault{Pointer: pointer, Detail: fmt.Sprintf("the data has no column %q%s", name, nearest.Hint(name, header))})
		}
	}
	for _, role := range slices.Concat(c.Data.roles(), c.Validation.roles()) {
		check(role.pointer, role.column)
	}
	for i, name := range c.Data.Drop {
		check(fmt.Sprintf("/data/drop/%d", i), name)
	}
	for i, name := range c.Segments.Columns {
		check(fmt.Sprintf("/segments/columns/%d", i), name)
	}
	for i, configuration := range c.Configurations {
		for _, column := range slices.Sorted(maps.Keys(configuration.Features)) {
			check(featurePointer(i, column), column)
		}
	}
	return append(faults, below("/data", c.Data.ColumnFaults(header))...)
}

// key is where an object of the run lies.
func (r RunID) key(name string) string { return "runs/" + string(r) + "/" + name }

// trialKey is where the result of a trial lies.
func (r RunID) trialKey(trial string) string { return r.key("trials/" + trial + ".json") }

// read fetches one of the run's JSON objects. A run that was never submitted is a
// *registry.NotFoundError.
func (e *Engine) read(ctx context.Context, run RunID, name string, into any) error {
	_, err := e.readInfo(ctx, run, name, into)
	return err
}

// readInfo is read, and tells of the object too.
func (e *Engine) readInfo(ctx context.Context, run RunID, name string, into any) (registry.Info, error) {
	if !runForm.MatchString(string(run)) {
		return registry.Info{}, &registry.NotFoundError{Kind: registry.KindRun, Name: string(run)}
	}
	info, err := registry.ReadJSON(ctx, e.Registry.Store, run.key(name), into)
	if errors.Is(err, registry.ErrNotFound) && name == "config.json" {
		return registry.Info{}, &registry.NotFoundError{Kind: registry.KindRun, Name: string(run)}
	}
	return info, err
}

// write records one of the run's immutable objects. That it is there already is no error:
// the step was done before, with the same result.
func (e *Engine) write(ctx context.Context, key string, v any) error {
	_, err := registry.WriteJSON(ctx, e.Registry.Store, key, v, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return nil
	}
	return err
}
