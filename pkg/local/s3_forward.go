package local

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// forwarder takes the connections of the S3 server's port and hands them on to its Unix
// socket. The server, on its own, waits up to ten seconds at its stop for clients that keep
// a connection in reserve, as browsers and Go's http.Client do; the forwarder can close
// them. And the port is ours from the moment that it is found free.
type forwarder struct {
	listener net.Listener
	socket   string
	running  sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func newForwarder(l net.Listener, socket string) *forwarder {
	f := &forwarder{listener: l, socket: socket, open: make(map[net.Conn]bool)}
	f.running.Go(f.accept)
	return f
}

func (f *forwarder) accept() {
	for {
		client, err := f.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors, most likely: that passes. Without accepting, clients
			// would wait for ever in the listener's queue.
			time.Sleep(10 * time.Millisecond)
			continue
		}
		f.running.Go(func() { f.forward(client) })
	}
}

// forward copies both ways until both sides have said all.
func (f *forwarder) forward(client net.Conn) {
	defer f.forget(client)
	if !f.remember(client) {
		return
	}
	server, err := net.Dial("unix", f.socket)
	if err != nil {
		return // the client sees its connection close
	}
	defer f.forget(server)
	if !f.remember(server) {
		return
	}
	var answers sync.WaitGroup
	answers.Go(func() { pour(client, server) })
	pour(server, client)
	answers.Wait()
}

// pour copies until from ends, and tells to so. When it cannot write any more it closes
// from, whose sender would wait for ever; errors are those of peers that went away.
func pour(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		_ = from.Close()
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// remember notes a connection, or reports false after close.
func (f *forwarder) remember(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.open[c] = true
	}
	return !f.closed
}

func (f *forwarder) forget(c net.Conn) {
	_ = c.Close() // maybe closed by its peer or by close
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

// close ends all connections, whatever they do.
func (f *forwarder) close() {
	_ = f.listener.Close() // nothing is lost with it
	f.mu.Lock()
	f.closed = true
	for c := range f.open {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.running.Wait()
}
