package local

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// function is one Lambda function: its environments and its concurrency.
type function struct {
	topology.Function
	runtime *Runtime
	log     *os.File
	slots   chan struct{} // RuntimeConfig.Parallel

	mu    sync.Mutex
	busy  int            // invocations accepted and not answered
	idle  []*environment // warm, the last used last
	inits []time.Duration
}

// maxInits bounds InitDurations.
const maxInits = 1000

func newFunction(r *Runtime, f topology.Function, log *os.File) *function {
	return &function{Function: f, runtime: r, log: log, slots: make(chan struct{}, r.config.Parallel)}
}

// lookup finds a function by name, by "account:function:name" or by ARN, with or without
// the qualifier $LATEST.
func (r *Runtime) lookup(name string) (*function, error) {
	plain := name
	if _, after, ok := strings.Cut(name, "function:"); ok {
		plain = after
	}
	plain = strings.TrimSuffix(plain, ":$LATEST")
	if f, ok := r.functions[plain]; ok {
		return f, nil
	}
	return nil, &FunctionError{Type: ErrorNotFound, Message: "Function not found: " + name}
}

// admit counts an invocation in, or throttles it.
func (f *function) admit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy >= f.Concurrency {
		return &FunctionError{Type: ErrorThrottled, Message: "Rate Exceeded."}
	}
	f.busy++
	return nil
}

func (f *function) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy--
}

// serve runs an invocation in a warm environment or a new one. It returns when the
// environment is ready for the next invocation or gone, so that a caller who calls again
// at once finds it.
func (f *function) serve(inv *invocation) answer {
	defer f.release()
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-f.runtime.stop:
		return answer{err: stopping()}
	}
	for {
		e, cold, err := f.environment(inv)
		if err != nil {
			f.logf("REPORT RequestId: %s\tStatus: error\tError Type: %s\n", inv.id, err.Type)
			return answer{err: err}
		}
		f.logf("START RequestId: %s Version: $LATEST\n", inv.id)
		start := time.Now()
		a, taken, healthy := e.run(inv, f.Timeout)
		if !taken && cold == 0 && !e.alive() {
			continue // it died while idle, and only now is it seen: another one serves
		}
		f.logf("END RequestId: %s\n%s\n", inv.id, f.report(inv, e, a, time.Since(start), cold))
		if healthy {
			f.putIdle(e)
		} else {
			e.kill()
		}
		return a
	}
}

// report is Lambda's REPORT line.
func (f *function) report(inv *invocation, e *environment, a answer, took, cold time.Duration) string {
	const mib = 1 << 20
	line := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tMemory Size: %d MB\tMax Memory Used: %d MB",
		inv.id, milliseconds(took), f.MemoryMB, (e.peak+mib-1)/mib)
	if cold > 0 {
		line += fmt.Sprintf("\tInit Duration: %.2f ms", milliseconds(cold))
	}
	if a.err != nil {
		line += "\tStatus: error\tError Type: " + a.err.Type
	}
	return line
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// environment takes the warm environment that worked last, or starts one. The duration is
// that of its init if it is new.
func (f *function) environment(inv *invocation) (*environment, time.Duration, *FunctionError) {
	for {
		f.mu.Lock()
		last := len(f.idle) - 1
		if last < 0 {
			f.mu.Unlock()
			break
		}
		e := f.idle[last]
		f.idle = f.idle[:last]
		f.mu.Unlock()
		if e.alive() {
			return e, 0, nil
		}
	}
	e, err := f.start()
	if err != nil {
		var failed *FunctionError
		if !errors.As(err, &failed) {
			failed = newFunctionError("Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: %v", inv.id, err))
		}
		return nil, 0, failed
	}
	took, failed := e.init(inv.id, f.runtime.config.InitTimeout)
	if failed != nil {
		e.kill()
		return nil, 0, failed
	}
	f.mu.Lock()
	f.inits = append(f.inits, took)
	if len(f.inits) > maxInits {
		f.inits = f.inits[1:]
	}
	f.mu.Unlock()
	return e, took, nil
}

func (f *function) putIdle(e *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.idleSince = time.Now()
	f.idle = append(f.idle, e)
}

// reap ends environments that are idle since before the given time.
func (f *function) reap(before time.Time) {
	f.mu.Lock()
	var old []*environment
	for len(f.idle) > 0 && f.idle[0].idleSince.Before(before) {
		old = append(old, f.idle[0])
		f.idle = f.idle[1:]
	}
	f.mu.Unlock()
	for _, e := range old {
		f.runtime.work.Go(e.end) // those with an extension take their time
	}
}

// logf writes to the function's log, in one write so that lines of several environments
// do not mix.
func (f *function) logf(format string, args ...any) {
	fmt.Fprintf(f.log, format, args...) // a full disk must not fail the invocation
}
