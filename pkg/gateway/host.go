package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Host serves a handler over HTTP, where there is no Lambda: in a container, or on a laptop. It
// gives the handler what API Gateway and Lambda give it: an id for each request, a time limit,
// answers that are whole or a problem, and no more requests at a time than there is room for.
type Host struct {
	Address string // to listen on, like "127.0.0.1:8080"
	// Timeout is how long a request may take, reading and answering included; 0 means 60 s, after
	// which SageMaker gives up.
	Timeout time.Duration
	// Grace is how long requests may go on when the host is told to end; 0 means 25 s, of the
	// 30 s after which ECS kills.
	Grace time.Duration
	// AtOnce is how many requests with a body are answered at a time, those counted that were told that
	// their time ran out while they still compute; more are refused with too-many-requests. 0 means 64.
	AtOnce int
	// Ended is called when no more requests come, before the process ends; nil: nothing is. Lambda
	// kills 500 ms after it has told a function to end.
	Ended func()
	// Metrics are those of a Lambda function; see there.
	Metrics *Metrics
	// Long keeps answers that are larger than Lambda carries; a server has no such limit.
	Long Long
}

// What a client may take its time with.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute // of a connection between two requests
	maxHeader     = 64 << 10        // bytes
)

// Start serves a handler of a program that is a Lambda function or a host of its own: the former
// if underLambda, which Lambda does not let return.
func (h Host) Start(ctx context.Context, handler http.Handler, underLambda bool) error {
	if underLambda {
		if h.Ended == nil {
			lambda.Start(h.Metrics.Measure(Handler(handler, h.Long)))
		}
		lambda.StartWithOptions(h.Metrics.Measure(Handler(handler, h.Long)), lambda.WithEnableSIGTERM(h.Ended))
	}
	return h.Listen(ctx, handler)
}

// Listen serves until ctx ends, and then lets the requests that it has begun come to their end,
// for as long as Grace.
func (h Host) Listen(ctx context.Context, handler http.Handler) error {
	l, err := net.Listen("tcp", h.Address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", h.Address, err)
	}
	return h.Serve(ctx, l, handler)
}

// Serve is Listen on a listener, which it closes.
func (h Host) Serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	timeout := cmp.Or(h.Timeout, time.Minute)
	server := &http.Server{
		Handler:           h.within(handler, timeout),
		ReadHeaderTimeout: min(headerTimeout, timeout), ReadTimeout: timeout, IdleTimeout: idleTimeout,
		WriteTimeout:   timeout + 2*time.Second, // a timeout is still told
		MaxHeaderBytes: maxHeader,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(h.Grace, 25*time.Second))
	defer cancel()
	if h.Ended != nil {
		defer h.Ended()
	}
	if err := server.Shutdown(ending); err != nil {
		return errors.Join(fmt.Errorf("end with requests that are not answered: %w", err), server.Close())
	}
	return nil
}

// within is the handler with what a platform would see to. Requests without a body, such as those
// that ask for the host's health, always have room.
func (h Host) within(handler http.Handler, timeout time.Duration) http.Handler {
	room := make(chan struct{}, cmp.Or(h.AtOnce, 64))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ended := rand.Text(), func() {}
		if r.ContentLength != 0 {
			select {
			case room <- struct{}{}:
				ended = func() { <-room }
			default:
				w.Header().Set("X-Request-Id", id)
				w.Header().Set("Retry-After", "1")
				WriteProblem(w, r, TooManyRequests.New("the host answers as many requests as it has room for; try again"))
				return
			}
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		answer(handler, r.WithContext(ctx), id, ended).send(w)
	})
}

// send writes the response to another writer.
func (w *recorder) send(to http.ResponseWriter) {
	w.WriteHeader(http.StatusOK)
	for name, values := range w.sent {
		to.Header()[name] = values
	}
	to.WriteHeader(w.status)
	_, _ = to.Write(w.body.Bytes()) // a client that hung up is no fault of ours
}
