package serving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Watch gives the server a clock, and has it keep of predictions what the environment says.
// instance is unlike that of any other process. It is called before the first request.
func (s *Server) Watch(instance string, getenv func(string) string, now func() time.Time) error {
	fresh, err := time.ParseDuration(cmp.Or(getenv(topology.EnvAliasFresh), defaultFresh.String()))
	if err == nil && fresh <= 0 {
		err = fmt.Errorf("aliases cannot be believed for %v", fresh)
	}
	recorder, cerr := capture.New(s.Registry.Store, instance, getenv(topology.EnvCapture), now)
	if err = errors.Join(err, cerr); err != nil {
		return err
	}
	s.Now, s.Fresh, s.Capture = now, fresh, recorder
	return nil
}

// ShutdownTime is how long Close takes at most: Lambda kills a function 500 ms after it has told it
// to end.
const ShutdownTime = 400 * time.Millisecond

// Close waits for what runs beside requests and writes what was captured. It is called when no more
// requests come; what is not done in ShutdownTime is lost.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), ShutdownTime)
	defer cancel()
	settling, stop := context.WithTimeout(ctx, ShutdownTime/4)
	_ = s.Settle(settling) // a shadow that is cut off has no answer
	stop()
	s.Capture.Flush(ctx)
}
