package serving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Settings are what a server of a function is told by its environment. Empty ones are the defaults.
type Settings struct {
	Model   registry.ModelName // of Server.Model
	Fresh   string // how long an alias is believed, as a duration: 5s
	Capture string // what is kept of predictions: off, sketches or predictions; off
}

// New makes a server with a clock. instance is unlike that of any other process.
func New(r *registry.Registry, instance string, o Settings, now func() time.Time) (*Server, error) {
	fresh, err := time.ParseDuration(cmp.Or(o.Fresh, defaultFresh.String()))
	if err == nil && fresh <= 0 {
		err = fmt.Errorf("aliases cannot be believed for %v", fresh)
	}
	recorder, cerr := capture.New(r.Store, instance, o.Capture, now)
	if err = errors.Join(err, cerr); err != nil {
		return nil, err
	}
	return &Server{Registry: r, Model: o.Model, Now: now, Fresh: fresh, Capture: recorder}, nil
}

// ShutdownTime is how long Close takes at most: Lambda kills a function 500 ms after it has told it
// to end.
const ShutdownTime = 400 * time.Millisecond

// Close waits for what runs beside requests and writes what was captured. It is called when no more
// requests come; what is not done in ShutdownTime is lost.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), ShutdownTime)
	defer cancel()
	_ = s.Settle(ctx) // a shadow that is cut off has no answer
	s.Capture.Flush(ctx)
}
