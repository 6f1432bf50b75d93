package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/uuid"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Stage is the API Gateway stage that functions see. Unlike on AWS it is no part of the URL.
const Stage = "local"

// front is the API Gateway: it finds the route, turns the request into a REST proxy event,
// and the function's answer into the response. What it refuses itself it refuses as
// application/problem+json, as the gateway responses of the stack in infra do.
type front struct {
	routes  []topology.Route
	invoker Invoker
	timeout time.Duration // topology.GatewayTimeout, but in tests
	log     *slog.Logger  // gets the errors that a client gets no details of
}

func (f *front) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	id := uuid.NewString()
	w.Header().Set("X-Amzn-RequestId", id)
	route, parameters, allowed := match(f.routes, q.Method, q.URL.EscapedPath())
	switch {
	case route == nil && allowed == nil:
		writeProblem(w, q, gateway.RouteNotFound.New("no route has the path "+q.URL.Path))
		return
	case route == nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, q, gateway.MethodNotAllowed.New(fmt.Sprintf("%s takes %s, not %s", q.URL.Path, strings.Join(allowed, ", "), q.Method)))
		return
	}
	body, err := readBody(q.Body)
	if err != nil {
		return // the client broke off
	}
	if len(body) > topology.MaxPayload {
		writeProblem(w, q, gateway.BodyTooLarge.New(tooLarge))
		return
	}
	event, err := json.Marshal(newEvent(q, id, *route, parameters, body))
	if err != nil {
		f.internal(w, q, err)
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), f.timeout)
	defer cancel()
	payload, err := f.invoker.Invoke(ctx, route.Function, event)
	if err != nil {
		f.failed(w, q, err)
		return
	}
	var response events.APIGatewayProxyResponse
	if err := decodeResponse(payload, &response); err != nil {
		f.internal(w, q, fmt.Errorf("function %s: %w", route.Function, err))
		return
	}
	if err := writeResponse(w, response); err != nil {
		f.internal(w, q, fmt.Errorf("function %s: %w", route.Function, err))
	}
}

const tooLarge = "the request is larger than 6 MiB, the most that a function takes; send fewer rows at a time"

// failed answers for a function that did not.
func (f *front) failed(w http.ResponseWriter, q *http.Request, err error) {
	var failed *FunctionError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		writeProblem(w, q, gateway.Timeout.New(fmt.Sprintf("no answer within %v", f.timeout)))
	case errors.Is(err, context.Canceled): // the client went away
	case errors.As(err, &failed) && failed.Type == ErrorThrottled:
		w.Header().Set("Retry-After", "1")
		writeProblem(w, q, gateway.TooManyRequests.New("more requests at a time than the function takes; try again"))
	case errors.As(err, &failed) && failed.Type == ErrorRequestTooLarge:
		writeProblem(w, q, gateway.BodyTooLarge.New(tooLarge))
	case errors.As(err, &failed) && failed.Type == ErrorTimeout:
		writeProblem(w, q, gateway.Timeout.New("the function did not answer in time"))
	default:
		f.internal(w, q, err)
	}
}

// internal answers without details, which go to the log.
func (f *front) internal(w http.ResponseWriter, q *http.Request, err error) {
	f.log.Error("request failed", "request", w.Header().Get("X-Amzn-RequestId"), "method", q.Method, "path", q.URL.Path, "error", err)
	p := gateway.InternalError.New("the function failed; logs/cloud.log has the cause, request " + w.Header().Get("X-Amzn-RequestId"))
	p.Status = http.StatusBadGateway // what API Gateway says of an integration that failed
	writeProblem(w, q, p)
}

// writeProblem answers for the gateway. It logs nothing, unlike gateway.WriteProblem: this
// process is the user's terminal.
func writeProblem(w http.ResponseWriter, q *http.Request, p gateway.Problem) {
	p.Instance = q.URL.EscapedPath()
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone
}

// match finds the route of a method and an escaped path. Without one, allowed are the
// methods that the path has, sorted, or nil if no route has the path.
func match(routes []topology.Route, method, path string) (route *topology.Route, parameters map[string]string, allowed []string) {
	for i := range routes {
		p, ok := matchPath(routes[i].Path, path)
		if !ok {
			continue
		}
		if routes[i].Method == method {
			return &routes[i], p, nil
		}
		allowed = append(allowed, routes[i].Method)
	}
	slices.Sort(allowed)
	return nil, nil, slices.Compact(allowed)
}

// matchPath compares segment by segment; {name} takes one that is not empty. The
// parameters stay escaped, as REST APIs leave them.
func matchPath(pattern, path string) (parameters map[string]string, ok bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	for i, w := range want {
		name, isParameter := strings.CutPrefix(w, "{")
		switch {
		case isParameter && have[i] == "":
			return nil, false
		case isParameter:
			if parameters == nil {
				parameters = make(map[string]string)
			}
			parameters[strings.TrimSuffix(name, "}")] = have[i]
		case w != have[i]:
			return nil, false
		}
	}
	return parameters, true
}
