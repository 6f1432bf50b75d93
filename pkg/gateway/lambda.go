package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// MaxResponse is the largest response of a Lambda function in bytes, the JSON around the
// body and its escapes counted.
const MaxResponse = 6 << 20

// reserve is how long before Lambda kills the function the request's context ends, so that
// there is time to answer with a timeout problem.
const reserve = 500 * time.Millisecond

// Handler makes h a Lambda handler of API Gateway's REST proxy events. The request has the
// path as it was on the wire, every value of repeated headers and parameters, and a context
// that ends shortly before the function's time does. The response carries the invocation's
// id, which is also in every log record, as X-Request-Id. A panic of h is answered by a problem; a
// response over MaxResponse by where long keeps it, or by a problem if long is nil.
func Handler(h http.Handler, long Long) func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		if deadline, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
			defer cancel()
		}
		r, err := request(ctx, e)
		if err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		id := requestID(ctx, e)
		w := answer(h, r, id, nil)
		response := w.response()
		if tooLarge(response) {
			response = long.instead(r, w).response()
		}
		return response, nil
	}
}

// late is how long a handler may take to see that its context has ended.
const late = 100 * time.Millisecond

// answer runs h, whose response it keeps in memory, and answers in its place if it is not done
// when the context ends. What h does then is lost; ended is called when it has done it.
func answer(h http.Handler, r *http.Request, id string, ended func()) *recorder {
	done := make(chan *recorder, 1)
	job{h, r, id, done, ended}.start()
	select {
	case w := <-done:
		return w
	case <-r.Context().Done():
	}
	select {
	case w := <-done:
		return w
	case <-time.After(late):
	}
	w := newRecorder(id)
	WriteProblem(w, r, Timeout.New("the time for the request ran out"))
	return w
}

// serve runs h and turns a panic into internal-error, as the response has not left yet.
func serve(h http.Handler, w *recorder, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			slog.ErrorContext(r.Context(), "handler panicked", "cause", cause, "stack", string(debug.Stack()))
			w.reset()
			WriteProblem(w, r, InternalError.New(""))
		}
	}()
	h.ServeHTTP(w, r)
}

// request is the HTTP request that an event stands for.
func request(ctx context.Context, e events.APIGatewayProxyRequest) (*http.Request, error) {
	if e.HTTPMethod == "" || !strings.HasPrefix(e.Path, "/") {
		return nil, errors.New("the event is no API Gateway proxy event: it has no httpMethod or path")
	}
	sent := &body{}
	sent.Reset(e.Body)
	if e.IsBase64Encoded {
		binary, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return nil, fmt.Errorf("body of the event: %w", err)
		}
		sent.Reset(string(binary))
	}
	u := &url.URL{Path: e.Path, RawQuery: query(e).Encode()}
	if path, err := url.PathUnescape(e.Path); err == nil {
		u.Path, u.RawPath = path, e.Path // %2F stays apart from /
	}
	r := &http.Request{
		Method: e.HTTPMethod, URL: u, RequestURI: u.RequestURI(), RemoteAddr: e.RequestContext.Identity.SourceIP,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header(e), Body: sent, ContentLength: sent.Size(),
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host") // as net/http does
	return r.WithContext(withCaller(ctx, e)), nil
}

// body is the body of an event.
type body struct{ strings.Reader }

// Close has nothing to do.
func (*body) Close() error { return nil }

// header prefers the event's lists of values, which are there unless a test left them out.
func header(e events.APIGatewayProxyRequest) http.Header {
	h := make(http.Header, max(len(e.Headers), len(e.MultiValueHeaders)))
	for name, values := range e.MultiValueHeaders {
		name = http.CanonicalHeaderKey(name)
		h[name] = append(h[name], values...)
	}
	for name, value := range e.Headers {
		if name = http.CanonicalHeaderKey(name); h[name] == nil {
			h[name] = []string{value}
		}
	}
	return h
}

func query(e events.APIGatewayProxyRequest) url.Values {
	if len(e.QueryStringParameters) == 0 && len(e.MultiValueQueryStringParameters) == 0 {
		return nil // as most have none
	}
	q := make(url.Values, len(e.QueryStringParameters))
	for name, values := range e.MultiValueQueryStringParameters {
		q[name] = values
	}
	for name, value := range e.QueryStringParameters {
		if q[name] == nil {
			q.Set(name, value)
		}
	}
	return q
}

// requestID is the invocation's id, or API Gateway's outside of Lambda.
func requestID(ctx context.Context, e events.APIGatewayProxyRequest) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok && lc.AwsRequestID != "" {
		return lc.AwsRequestID
	}
	return e.RequestContext.RequestID
}

// recorder is a ResponseWriter in memory.
type recorder struct {
	id     string
	header http.Header // nil once the status was written, until somebody asks for it
	sent   http.Header // header as it was when the status was written
	status int
	body   bytes.Buffer
}

func newRecorder(id string) *recorder {
	w := &recorder{id: id}
	w.reset()
	return w
}

func (w *recorder) reset() {
	w.header, w.sent, w.status = http.Header{}, nil, 0
	w.body.Reset()
	if w.id != "" {
		w.header.Set("X-Request-Id", w.id)
	}
}

func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = w.sent.Clone() // what is set now is not sent
	}
	return w.header
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx are not carried
		w.status, w.sent, w.header = status, w.header, nil
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *recorder) response() events.APIGatewayProxyResponse {
	w.WriteHeader(http.StatusOK)
	body := w.body.Bytes()
	if w.sent.Get("Content-Type") == "" && len(body) > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(body))
	}
	r := events.APIGatewayProxyResponse{StatusCode: w.status, MultiValueHeaders: w.sent}
	if utf8.Valid(body) {
		r.Body = string(body)
	} else {
		r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return r
}

// tooLarge reports whether Lambda would refuse the response. JSON writes some bytes as six
// ("\u003c"), so that only a response of a sixth of the limit has to be measured.
func tooLarge(r events.APIGatewayProxyResponse) bool {
	const envelope = 64 << 10 // headers and names, generously
	if 6*len(r.Body)+envelope <= MaxResponse {
		return false
	}
	encoded, err := json.Marshal(r)
	return err != nil || len(encoded) > MaxResponse
}
