package local

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newEvent is the event of a REST API with Lambda proxy integration. Where a header or a
// query parameter has several values, the single-valued map holds the last. A body that is
// not UTF-8 comes as base64; the path and its parameters stay escaped.
func newEvent(q *http.Request, id string, route topology.Route, parameters map[string]string, body []byte) events.APIGatewayProxyRequest {
	source, port, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		source = q.RemoteAddr
	}
	headers := q.Header.Clone()
	headers.Set("Host", q.Host)
	headers.Set("X-Forwarded-For", source)
	headers.Set("X-Forwarded-Port", port)
	headers.Set("X-Forwarded-Proto", "http")
	now := time.Now()
	event := events.APIGatewayProxyRequest{
		Resource: route.Path, Path: q.URL.EscapedPath(), HTTPMethod: q.Method,
		Headers: lastValues(headers), MultiValueHeaders: headers,
		PathParameters: parameters,
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID: Account, APIID: "local", Stage: Stage, RequestID: id,
			DomainName: q.Host, Protocol: q.Proto, HTTPMethod: q.Method,
			ResourcePath: route.Path, Path: "/" + Stage + q.URL.EscapedPath(),
			RequestTime:      now.UTC().Format("02/Jan/2006:15:04:05 -0700"),
			RequestTimeEpoch: now.UnixMilli(),
			Identity:         events.APIGatewayRequestIdentity{SourceIP: source, UserAgent: q.UserAgent()},
		},
	}
	if query := q.URL.Query(); len(query) > 0 {
		event.QueryStringParameters = lastValues(query)
		event.MultiValueQueryStringParameters = query
	}
	if utf8.Valid(body) {
		event.Body = string(body)
	} else {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return event
}

func lastValues(multi map[string][]string) map[string]string {
	single := make(map[string]string, len(multi))
	for name, values := range multi {
		if len(values) > 0 {
			single[name] = values[len(values)-1]
		}
	}
	return single
}

// decodeResponse reads a function's answer. An answer without a status code is none.
func decodeResponse(payload []byte, response *events.APIGatewayProxyResponse) error {
	if err := json.Unmarshal(payload, response); err != nil {
		return fmt.Errorf("malformed proxy response: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return fmt.Errorf("malformed proxy response: status code %d", response.StatusCode)
	}
	return nil
}

// writeResponse sends a function's answer. A header in both maps has the values of both.
func writeResponse(w http.ResponseWriter, response events.APIGatewayProxyResponse) error {
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(response.Body); err != nil {
			return fmt.Errorf("malformed proxy response: %w", err)
		}
	}
	h := w.Header()
	for name, values := range response.MultiValueHeaders {
		h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	for name, value := range response.Headers {
		name = http.CanonicalHeaderKey(name)
		if !slices.Contains(h[name], value) {
			h.Add(name, value)
		}
	}
	for _, name := range []string{"Connection", "Content-Length", "Transfer-Encoding"} {
		h.Del(name) // they are about the connection, not about the answer
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body) // the client may be gone
	return nil
}
