package gateway

import (
	"net/http"
	"sync/atomic"
)

// job is a request that is answered beside the one that waits for the answer.
type job struct {
	h    http.Handler
	r    *http.Request
	id   string
	done chan *recorder // has room for the answer, so that nobody has to wait for it any more
	// ended is called when h has returned, whether somebody still waits for it or not; nil: nothing is.
	ended func()
}

// idle goroutines, mostIdle at most, wait for the next job: their stacks are as large as handlers
// need them. Growing a new one takes a sixth of the time of a short request. They hold nothing of
// the jobs that they did.
var idle struct {
	jobs  chan job
	count atomic.Int32
}

const mostIdle = 16

func init() { idle.jobs = make(chan job) }

// start answers beside its caller.
func (j job) start() {
	select {
	case idle.jobs <- j:
	default:
		go j.work()
	}
}

// work answers one job after the other, until enough others wait for them.
func (j job) work() {
	for {
		w := newRecorder(j.id)
		serve(j.h, w, j.r)
		if j.ended != nil {
			j.ended()
		}
		j.done <- w
		j = job{}
		if idle.count.Add(1) > mostIdle {
			idle.count.Add(-1)
			return
		}
		j = <-idle.jobs
		idle.count.Add(-1)
	}
}
