package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How long a server is asked for one figure, after a while that is not counted.
const (
	loadWarm = 200 * time.Millisecond
	loadTime = time.Second
)

// load is what a server did: requests a second, and the milliseconds that they took.
type load struct{ perSecond, p50, p99 float64 }

// asked appends what a server does when so many connections ask it, each again as soon as it has
// its answer. Requests are written as they are and answers read to their end, so that asking takes
// little of the cores that the server has too: a few microseconds a request.
func asked(all []load, port int, path string, bodies []string, connections int) ([]load, error) {
	requests := make([][]byte, len(bodies))
	for i, body := range bodies {
		requests[i] = requestOf(port, path, body)
	}
	start := time.Now().Add(loadWarm)
	end := start.Add(loadTime)
	took, faults := make([][]time.Duration, connections), make([]error, connections)
	var group sync.WaitGroup
	for c := range connections {
		group.Go(func() { took[c], faults[c] = askUntil(port, requests, c, start, end) })
	}
	group.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	times := slices.Sorted(slices.Values(slices.Concat(took...)))
	if len(times) == 0 {
		return nil, fmt.Errorf("no answer within %v", loadTime)
	}
	at := func(share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))].Microseconds()) / 1000
	}
	return append(all, load{float64(len(times)) / loadTime.Seconds(), at(0.5), at(0.99)}), nil
}

// askUntil asks on one connection, and returns how long each request took that was answered between
// start and end.
func askUntil(port int, requests [][]byte, first int, start, end time.Time) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for i := first; ; i++ {
		began := time.Now()
		if _, err := conn.Write(requests[i%len(requests)]); err != nil {
			return nil, err
		}
		if err := readAnswer(answers, io.Discard); err != nil {
			return nil, err
		}
		now := time.Now()
		if now.After(end) {
			return took, nil
		}
		if now.After(start) {
			took = append(took, now.Sub(began))
		}
	}
}

// readAnswer reads an answer of status 200, and copies its body.
func readAnswer(from *bufio.Reader, to io.Writer) error {
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	_, err = io.Copy(to, response.Body)
	return err
}

func requestOf(port int, path, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, port, len(body), body)
}

// askOnce asks on a connection of its own.
func askOnce(port int, path, body string) (string, error) {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(port), time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return "", err
	}
	if _, err := conn.Write(requestOf(port, path, body)); err != nil {
		return "", err
	}
	var answer strings.Builder
	err = readAnswer(bufio.NewReader(conn), &answer)
	return answer.String(), err
}

// medianLoad has the median of each figure.
func medianLoad(all []load) load {
	middle := func(value func(load) float64) float64 {
		values := make([]float64, len(all))
		for i, l := range all {
			values[i] = value(l)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return load{
		perSecond: middle(func(l load) float64 { return l.perSecond }),
		p50:       middle(func(l load) float64 { return l.p50 }),
		p99:       middle(func(l load) float64 { return l.p99 }),
	}
}

// valuesOf are the predictions of an answer: ours or FastAPI's, or of the Open Inference Protocol.
func valuesOf(answer string) (values []float64, err error) {
	var a struct {
		Predictions []json.RawMessage
		Outputs     []struct{ Data []float64 }
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		return nil, err
	}
	if len(a.Outputs) > 0 {
		return a.Outputs[0].Data, nil
	}
	for _, p := range a.Predictions {
		var ours struct{ Value float64 }
		if json.Unmarshal(p, &ours) != nil {
			if err := json.Unmarshal(p, &ours.Value); err != nil {
				return nil, err
			}
		}
		values = append(values, ours.Value)
	}
	return values, nil
}
