package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Keep is what is kept of single rows.
type Keep int

// What is kept, each more than the one before.
const (
	KeepSketches    Keep = iota // nothing
	KeepPredictions             // ids and predictions, which outcomes are joined with
	KeepRows                    // and the rows of a share of the requests, as they were read
)

// Recorder gathers what an instance sees. It is safe for concurrent use; its fields are not changed
// after the first use. The nil Recorder records nothing.
type Recorder struct {
	Store    registry.Store
	Instance string // unlike any other's, in the form of a name
	Now      func() time.Time
	Keep     Keep
	// Share of the requests is whose rows are kept by KeepRows, chosen by their ids; RowBytes about
	// how many bytes of rows are kept in an hour, 0 means 16 MiB: what comes then is not kept.
	Share    float64
	RowBytes int
	// Rows is from how many rows on what was seen is written, 0 means 10,000; Age is after what
	// time, 0 means 5 minutes. Both are looked at when a request comes.
	Rows int
	Age  time.Duration

	mu       sync.Mutex
	series   map[identity]*series
	numbers  int // of series
	writes   int
	rows     int
	began    time.Time
	lost     int
	failures int
	unsent   []*Object // whose write failed
	hour     time.Time // of left
	left     int       // bytes of rows
	writing  sync.Mutex
}

const (
	defaultRows = 10_000
	defaultAge  = 5 * time.Minute
	// mostSeries are kept at a time, and mostUnsent objects whose write failed.
	mostSeries = 64
	mostUnsent = 4
	// patience is how long a write may take, and patienceOfAnswer how long an answer waits for it.
	patience         = 10 * time.Second
	patienceOfAnswer = 100 * time.Millisecond
)

// Observation is what was predicted of the rows of a request.
type Observation struct {
	Model    registry.ModelName
	Version  int
	Digest   string
	Alias    registry.AliasName // "" if the version was named
	Role     Role
	ID       string             // of the request; that of a row is this, - and its number from 1
	Pipeline *pipeline.Pipeline // that predicted, with the decision that was served
	Table    *dataset.Table     // its inputs; it may be used anew afterwards
	Output   []float64
}

func (o *Observation) rows() int { return len(o.Output) / o.Pipeline.Target.Outputs() }

// Observe takes what was answered.
func (r *Recorder) Observe(o Observation) {
	if r == nil || o.rows() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seriesOf(o)
	if s == nil {
		r.lost += o.rows()
		return
	}
	if err := s.add(o, r.Keep, r.allowance(o)); err != nil {
		r.lost += o.rows()
		slog.Error("rows are not captured", "model", o.Model, "error", err)
	}
}

// Compare takes what a shadow predicts of the same rows as were answered.
func (r *Recorder) Compare(answered, shadow Observation) {
	if r == nil || answered.rows() != shadow.rows() || shadow.rows() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seriesOf(shadow)
	if s == nil {
		r.lost += shadow.rows()
		return
	}
	k, classes := shadow.Pipeline.Target.Outputs(), shadow.Pipeline.Target.Task.Classification()
	for row := range shadow.rows() {
		a, b := answered.Output[row*k:(row+1)*k], shadow.Output[row*k:(row+1)*k]
		s.Difference.Add(a, b, classes && answered.Pipeline.Decide(a) != shadow.Pipeline.Decide(b), uint64(s.shard))
	}
	if err := s.add(shadow, r.Keep, nil); err != nil {
		r.lost += shadow.rows()
		slog.Error("rows are not captured", "model", shadow.Model, "error", err)
	}
}

// Miss counts a request that a shadow could not answer, or was not asked for. The observation has
// no output.
func (r *Recorder) Miss(shadow Observation, failed bool) {
	if r == nil || shadow.Pipeline == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seriesOf(shadow)
	switch {
	case s == nil:
	case failed:
		s.Difference.Failed++
	default:
		s.Difference.Skipped++
	}
}

// seriesOf is the series that an observation belongs to; nil if there are too many. It is called
// under the lock.
func (r *Recorder) seriesOf(o Observation) *series {
	now := r.Now()
	id := identity{o.Model, o.Digest, o.Alias, o.Role}
	s := r.series[id]
	if s == nil {
		if len(r.series) == mostSeries {
			return nil
		}
		if r.series == nil {
			r.series, r.began = map[identity]*series{}, now
		}
		r.numbers++
		s = newSeries(id, o.Version, shardOf(r.Instance, r.writes, r.numbers), o.Pipeline)
		s.from = now
		r.series[id] = s
	}
	s.to = now
	if len(o.Output) > 0 {
		r.rows += min(o.rows(), mostOfARequest)
	}
	return s
}

// Begin is called when a request comes. If it is time, what was seen so far is written beside the
// request; the function that it returns is called before the answer is sent, and waits for the
// write, 100 ms at most: a write that takes longer goes on while the instance answers others.
func (r *Recorder) Begin(ctx context.Context) (settle func()) {
	if r == nil || !r.due() {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Flush(context.WithoutCancel(ctx))
	}()
	return func() {
		timer := time.NewTimer(patienceOfAnswer)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
		}
	}
}

func (r *Recorder) due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.series) > 0 && (r.rows >= cmp.Or(r.Rows, defaultRows) || len(r.series) == mostSeries ||
		r.Now().Sub(r.began) >= cmp.Or(r.Age, defaultAge))
}

// Flush writes what was seen so far, and before it what could not be written before. A failure is
// logged and counted, and what was to be written is kept for the next time, of a few objects; older
// ones are lost, which the next object says.
func (r *Recorder) Flush(ctx context.Context) {
	if r == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r.writing.Lock() // one at a time, so that none overtakes
	defer r.writing.Unlock()
	objects := r.take()
	for i, o := range objects {
		if err := r.write(ctx, o); err != nil {
			r.keep(objects[i:], err)
			return
		}
	}
}

// Failures is how many writes failed, and Lost how many rows were not written and will not be.
func (r *Recorder) Failures() (writes, lost int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures, r.lost
}

// take is what is to be written, the oldest first; the recorder begins anew.
func (r *Recorder) take() []*Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	objects := r.unsent
	byModel := map[registry.ModelName]*Object{}
	ids := make([]identity, 0, len(r.series))
	for id := range r.series {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b identity) int {
		return cmp.Or(strings.Compare(string(a.model), string(b.model)), strings.Compare(a.digest, b.digest),
			strings.Compare(string(a.alias), string(b.alias)), strings.Compare(string(a.role), string(b.role)))
	})
	for _, id := range ids {
		s := r.series[id]
		sealed, err := s.seal(id.model)
		if err != nil {
			r.lost += s.Rows
			slog.Error("rows are not captured", "model", id.model, "error", err)
			continue
		}
		o := byModel[id.model]
		if o == nil {
			r.writes++
			o = &Object{Model: id.model, Instance: r.Instance, Number: r.writes, From: s.from, To: s.to}
			byModel[id.model] = o
			objects = append(objects, o)
		}
		o.Series = append(o.Series, sealed)
		if s.from.Before(o.From) {
			o.From = s.from
		}
		if s.to.After(o.To) {
			o.To = s.to
		}
	}
	r.series, r.rows, r.unsent = nil, 0, nil
	return objects
}

// write writes an object, and before it the rows that belong to it.
func (r *Recorder) write(ctx context.Context, o *Object) error {
	_, o.Lost = r.Failures()
	body, err := zipped(o)
	if err != nil { // never can be; those behind it are not to wait for it
		r.lose([]*Object{o})
		slog.Error("rows are not captured", "model", o.Model, "error", err)
		return nil
	}
	for i, s := range o.Series {
		if s.rows == nil {
			continue
		}
		rows, err := zipped(s.rows)
		if err == nil {
			err = r.put(ctx, o.rowsKey(i), rows)
		}
		if err != nil {
			return err
		}
	}
	return r.put(ctx, o.key(), body)
}

func (r *Recorder) put(ctx context.Context, key string, body []byte) error {
	_, err := r.Store.Put(ctx, key, body, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return nil // a try before, whose answer was lost
	}
	return err
}

// keep puts back what could not be written.
func (r *Recorder) keep(objects []*Object, cause error) {
	dropped := max(0, len(objects)-mostUnsent)
	r.lose(objects[:dropped])
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures++
	r.unsent = objects[dropped:]
	slog.Error("what was seen could not be written", "error", fmt.Sprint(cause), "failures", r.failures, "kept", len(r.unsent), "lost_rows", r.lost)
}

// lose counts the rows of objects that will not be written.
func (r *Recorder) lose(objects []*Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range objects {
		for _, s := range o.Series {
			r.lost += s.Rows
		}
	}
}
