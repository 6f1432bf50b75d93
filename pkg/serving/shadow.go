package serving

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Bounds of what a shadow may take of the function that it runs in.
const (
	shadowRows    = 1000             // of a request; those with more are skipped
	shadowTimeout = 10 * time.Second // to read its artifact and to predict
)

// shadowed asks the shadow of an alias, which has one, for the rows of a request that was answered, and records how
// far it is off. It runs beside what is left of the request, and the answer never waits for it. One
// runs at a time; while it does, others are skipped and counted. Lambda freezes what still runs when
// the answer is sent, and lets it go on with the next request; the last one of an instance may be
// lost.
//
// rows reads the request for another pipeline: it may have other columns.
func (s *Server) shadowed(ctx context.Context, f found, answered capture.Observation, rows func(*prepared) (*dataset.Table, error)) {
	if s.Capture == nil {
		return
	}
	shadow := answered
	shadow.Version, shadow.Digest, shadow.Role, shadow.ID = f.shadow.Version, f.shadow.Digest, capture.Shadow, ""
	shadow.Table, shadow.Output = nil, nil
	if len(answered.Output)/answered.Pipeline.Target.Outputs() > shadowRows || !s.shadowing.try() {
		s.Capture.Miss(shadow, false)
		return
	}
	answered.Output = slices.Clone(answered.Output) // the answer's, which its writer may use anew
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer s.shadowing.end()
		defer func() {
			if cause := recover(); cause != nil { // of a request in the background no other host catches it
				s.Capture.Miss(shadow, true)
				slog.ErrorContext(ctx, "shadow panicked", "model", f.model, "version", shadow.Version, "cause", fmt.Sprint(cause))
			}
		}()
		ctx, cancel := context.WithTimeout(ctx, shadowTimeout)
		defer cancel()
		if err := s.ask(ctx, f, &shadow, rows); err != nil {
			s.Capture.Miss(shadow, true)
			slog.WarnContext(ctx, "shadow failed", "model", f.model, "version", shadow.Version, "error", err)
			return
		}
		s.Capture.Compare(answered, shadow)
	}()
}

// ask predicts with the shadow.
func (s *Server) ask(ctx context.Context, f found, shadow *capture.Observation, rows func(*prepared) (*dataset.Table, error)) error {
	f.digest = f.shadow.Digest
	p, err := s.pipeline(ctx, f)
	if err != nil {
		return err
	}
	table, err := rows(p)
	if err != nil {
		return err
	}
	output, err := p.Predict(table)
	if err != nil {
		return err
	}
	if len(output) != table.Rows()*p.Target.Outputs() {
		return fmt.Errorf("%d outputs of %d rows", len(output), table.Rows())
	}
	if at := slices.IndexFunc(output, notFinite); at >= 0 { // the sum of differences would be none
		return fmt.Errorf("row %d: it predicts no finite number", at/p.Target.Outputs()+1)
	}
	shadow.Pipeline, shadow.Table, shadow.Output = p.Pipeline, table, output
	return nil
}

// oneAtATime is held by the shadow that runs.
type oneAtATime struct {
	mu   sync.Mutex
	runs chan struct{} // closed when it ends; nil if none runs
}

func (o *oneAtATime) try() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.runs != nil {
		return false
	}
	o.runs = make(chan struct{})
	return true
}

func (o *oneAtATime) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.runs)
	o.runs = nil
}

// Settle waits for what runs beside requests: before the process ends.
func (s *Server) Settle(ctx context.Context) error {
	s.shadowing.mu.Lock()
	runs := s.shadowing.runs
	s.shadowing.mu.Unlock()
	if runs == nil {
		return nil
	}
	select {
	case <-runs:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
