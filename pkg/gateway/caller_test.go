package gateway

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// TestCaller: who is asked for is whom API Gateway names, and no header says otherwise.
func TestCaller(t *testing.T) {
	const arn = "arn:aws:sts::123456789012:assumed-role/Analyst/ada"
	identity := func(c events.APIGatewayProxyRequestContext) events.APIGatewayProxyRequestContext {
		c.Identity.SourceIP = "192.0.2.7"
		return c
	}
	for want, c := range map[string]events.APIGatewayProxyRequestContext{
		arn:                        {Identity: events.APIGatewayRequestIdentity{UserArn: arn}, Authorizer: map[string]any{"principalId": "p"}},
		"p":                        {Authorizer: map[string]any{"principalId": "p"}},
		"s":                        {Authorizer: map[string]any{"claims": map[string]any{"sub": "s"}}},
		"unsigned, from 192.0.2.7": {Authorizer: map[string]any{"claims": "none"}},
	} {
		got := ""
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Caller(r.Context()) })
		e := events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/", RequestContext: identity(c),
			Headers: map[string]string{"X-Amzn-Caller": "mallory"}}
		if _, err := Handler(h, nil)(context.Background(), e); err != nil || got != want {
			t.Errorf("the caller is %q, %v, want %q", got, err, want)
		}
	}
	if got := Caller(context.Background()); got != "" {
		t.Errorf("outside of a request: %q", got)
	}
}
