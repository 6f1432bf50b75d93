package gateway

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
)

type callerKey struct{}

// Caller is who sent the request of a context, as API Gateway has found out: the ARN of the AWS
// principal that signed it, or the principal of an authorizer; else "unsigned, from " and the
// address. It is "" outside of a request. Nothing that the client could write himself is part of
// it.
func Caller(ctx context.Context) string {
	who, _ := ctx.Value(callerKey{}).(string)
	return who
}

func withCaller(ctx context.Context, e events.APIGatewayProxyRequest) context.Context {
	return context.WithValue(ctx, callerKey{}, caller(e.RequestContext))
}

func caller(c events.APIGatewayProxyRequestContext) string {
	if c.Identity.UserArn != "" {
		return c.Identity.UserArn
	}
	if claims, ok := c.Authorizer["claims"].(map[string]any); ok { // of a user pool
		if subject, ok := claims["sub"].(string); ok && subject != "" {
			return subject
		}
	}
	if principal, ok := c.Authorizer["principalId"].(string); ok && principal != "" {
		return principal
	}
	return "unsigned, from " + c.Identity.SourceIP
}
