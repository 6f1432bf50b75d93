package local

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// memoryInterval is how often the memory of a working process is read. A process can be
// over its limit for as long as this.
const memoryInterval = 20 * time.Millisecond

// environment is one process of a function.
type environment struct {
	id       string
	function *function
	command  *exec.Cmd
	started  time.Time
	exited   chan struct{} // closed when the process is gone; then command.ProcessState is set

	work   chan *invocation    // taken by the poll that waits
	polls  chan time.Time      // when the process asked for work; capacity 1
	failed chan *FunctionError // init/error; capacity 1

	peak      int64     // largest memory seen, in bytes; of the goroutine that runs the invocation
	idleSince time.Time // guarded by function.mu

	mu        sync.Mutex
	current   *invocation // given to the process and not yet answered
	extension string      // identifier of the one that the process registered; "" without
}

// invocation is one call of a function.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	answer   chan answer // from the process; capacity 1, and only the first counts
	done     chan answer // for the caller; capacity 1
}

type answer struct {
	payload []byte
	err     *FunctionError
}

// start starts the process of a new environment.
func (f *function) start() (*environment, error) {
	r := f.runtime
	e := &environment{
		id: uuid.NewString(), function: f,
		exited: make(chan struct{}), work: make(chan *invocation),
		polls: make(chan time.Time, 1), failed: make(chan *FunctionError, 1),
	}
	root := filepath.Join(r.config.Build, f.Name)
	e.command = exec.Command(filepath.Join(root, "bootstrap"))
	e.command.Dir = root
	e.command.Env = f.variables(r.config.Address+"/"+e.id, root)
	e.command.Stdout, e.command.Stderr = f.log, f.log
	e.command.SysProcAttr = processAttributes()

	// The process may poll before Start returns, so the environment is known before it is
	// started; and no process starts once Close has looked which ones there are.
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, stopping()
	}
	e.started = time.Now()
	if err := r.spawner.start(e.command); err != nil {
		return nil, fmt.Errorf("start %s: %w", e.command.Path, err)
	}
	r.environments[e.id] = e
	r.work.Go(e.wait)
	f.logf("INIT_START Environment: %s\tProcess: %d\n", e.id, e.command.Process.Pid)
	return e, nil
}

// wait notes the end of the process.
func (e *environment) wait() {
	// The error repeats ProcessState, which exitError reads.
	_ = e.command.Wait()
	r := e.function.runtime
	r.mu.Lock()
	delete(r.environments, e.id)
	r.mu.Unlock()
	close(e.exited)
}

// alive asks the system too: a process is gone a moment before exited says so.
func (e *environment) alive() bool {
	select {
	case <-e.exited:
		return false
	default:
		return e.command.Process.Signal(syscall.Signal(0)) == nil
	}
}

// kill ends the process and what it started, and returns when it is gone.
func (e *environment) kill() {
	if e.alive() {
		killGroup(e.command.Process)
	}
	<-e.exited
}

// variables is the whole environment of a process: nothing is inherited.
func (f *function) variables(address, root string) []string {
	c := f.runtime.config
	list := []string{
		"AWS_LAMBDA_RUNTIME_API=" + address,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"LAMBDA_TASK_ROOT=" + root,
		"LANG=en_US.UTF-8",
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"TZ=:UTC",
		"GOMAXPROCS=" + strconv.Itoa(min(f.CPUs(), runtime.NumCPU())),
	}
	for name, value := range c.Platform {
		list = append(list, name+"="+value)
	}
	for _, name := range f.Environment {
		list = append(list, name+"="+c.Variables[name])
	}
	slices.Sort(list)
	return list
}

// init waits for the first poll of a new process. Lambda tries an init that takes too long
// once more within the invocation's timeout; here it fails the invocation at once.
func (e *environment) init(request string, timeout time.Duration) (time.Duration, *FunctionError) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	memory := time.NewTicker(memoryInterval)
	defer memory.Stop()
	for {
		select {
		case polled := <-e.polls:
			e.overMemory() // so that the first report has a peak
			return polled.Sub(e.started), nil
		case err := <-e.failed:
			return 0, err
		case <-e.exited:
			select {
			case err := <-e.failed: // it said why before it ended
				return 0, err
			default:
				return 0, e.exitError(request)
			}
		case <-timer.C:
			return 0, timedOut(request, timeout)
		case <-memory.C:
			if e.overMemory() {
				return 0, outOfMemory(request)
			}
		case <-e.function.runtime.stop:
			return 0, stopping()
		}
	}
}

// run gives an invocation to the process and returns its answer, once the process asks for
// more. It reports whether the process took the invocation, and false for healthy if the
// environment is of no more use: the process has ended, or has to be killed.
func (e *environment) run(inv *invocation, timeout time.Duration) (result answer, taken, healthy bool) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	memory := time.NewTicker(memoryInterval)
	defer memory.Stop()
	inv.deadline = time.Now().Add(timeout)
	work := e.work
	fail := func(err *FunctionError) (answer, bool, bool) {
		select {
		case a := <-inv.answer: // what it answered before it failed stands
			return a, true, false
		default:
			return answer{err: err}, taken, false
		}
	}
	for {
		select {
		case work <- inv:
			work, taken = nil, true
		case <-e.polls:
			// The Runtime API lets a process poll only when it has answered. A poll that is
			// left from before this invocation says nothing about it.
			select {
			case a := <-inv.answer:
				return a, true, true
			default:
			}
		case <-e.exited:
			return fail(e.exitError(inv.id))
		case <-timer.C:
			return fail(timedOut(inv.id, timeout))
		case <-memory.C:
			if e.overMemory() {
				return fail(outOfMemory(inv.id))
			}
		case <-e.function.runtime.stop:
			return fail(stopping())
		}
	}
}

// overMemory reads the memory of the process and compares it with the function's. When it
// cannot be read nothing is enforced; NewRuntime has warned if that is always so.
func (e *environment) overMemory() bool {
	used, err := residentMemory(e.command.Process.Pid)
	if err != nil {
		return false
	}
	e.peak = max(e.peak, used)
	return used > int64(e.function.MemoryMB)<<20
}

func timedOut(request string, after time.Duration) *FunctionError {
	return newFunctionError(ErrorTimeout, fmt.Sprintf(
		"RequestId: %s Error: Task timed out after %.2f seconds", request, after.Seconds()))
}

func outOfMemory(request string) *FunctionError {
	return newFunctionError(ErrorMemory, fmt.Sprintf(
		"RequestId: %s Error: Runtime exited with error: signal: killed", request))
}

// exitError says how the process ended, in Lambda's words.
func (e *environment) exitError(request string) *FunctionError {
	reason := "Runtime exited without providing a reason"
	if state := e.command.ProcessState; state != nil && !state.Success() {
		reason = "Runtime exited with error: " + state.String()
	}
	return newFunctionError(ErrorExit, fmt.Sprintf("RequestId: %s Error: %s", request, reason))
}

// spawner starts all processes from one thread that lives as long as the runtime: on Linux
// a process asks to be killed when the thread that started it ends, which must happen when
// this program dies and not before.
type spawner struct{ requests chan spawnRequest }

type spawnRequest struct {
	command *exec.Cmd
	started chan error
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan spawnRequest)}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for request := range s.requests {
			request.started <- request.command.Start()
		}
	}()
	return s
}

func (s *spawner) start(c *exec.Cmd) error {
	request := spawnRequest{c, make(chan error, 1)}
	s.requests <- request
	return <-request.started
}

func (s *spawner) close() { close(s.requests) }

var errUnsupported = errors.New("the local cloud needs Linux or macOS")
