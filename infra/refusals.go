package main

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

// plainly is RFC 9457's type for a problem that is no more than its status: who may call is AWS's
// business, not the catalog's.
func plainly(status int, detail string) gateway.Problem {
	return gateway.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// refusals are what API Gateway answers by itself, without asking a function, by its response type:
// all that there are.
var refusals = map[string]gateway.Problem{
	"REQUEST_TOO_LARGE":      gateway.BodyTooLarge.New("The request is larger than API Gateway takes, 10 MB. Upload it, and predict it as a batch."),
	"UNSUPPORTED_MEDIA_TYPE": gateway.UnsupportedMediaType.New("The body is not compressed as its Content-Encoding says, or in a way that is not read here: send it as gzip, or as it is."),
	"BAD_REQUEST_PARAMETERS": gateway.InvalidParameter.New("$context.error.validationErrorString"),
	"BAD_REQUEST_BODY":       gateway.InvalidJSON.New("$context.error.validationErrorString"),
	"THROTTLED":              gateway.TooManyRequests.New("The API takes no more requests at once. Try again after a moment."),
	"QUOTA_EXCEEDED":         gateway.TooManyRequests.New("The API key has no more requests for today."),
	// One response for two faults: API Gateway sees a request that no method claims.
	"MISSING_AUTHENTICATION_TOKEN": gateway.RouteNotFound.New("There is no such route, or the request is not signed with AWS credentials."),
	"RESOURCE_NOT_FOUND":           gateway.RouteNotFound.New("There is no such route."),
	"UNAUTHORIZED":                 plainly(http.StatusUnauthorized, "The request has no access token that is valid now and of this API's user pool."),
	"ACCESS_DENIED":                plainly(http.StatusForbidden, "These credentials may not call this route."),
	"INVALID_API_KEY":              plainly(http.StatusForbidden, "The request has no API key (X-Api-Key) that is valid here."),
	"INVALID_SIGNATURE":            plainly(http.StatusForbidden, "The signature of the request does not fit its content."),
	"EXPIRED_TOKEN":                plainly(http.StatusForbidden, "The AWS credentials of the request have expired."),
	"WAF_FILTERED":                 plainly(http.StatusForbidden, "The request was filtered by the firewall."),
	"DEFAULT_4XX":                  plainly(http.StatusBadRequest, "API Gateway refuses the request."),

	"INTEGRATION_TIMEOUT":            gateway.Timeout.New("The answer took longer than API Gateway waits. Send less at a time."),
	"INTEGRATION_FAILURE":            gateway.InternalError.New("The API could not answer. The request may be tried again."),
	"AUTHORIZER_FAILURE":             gateway.InternalError.New("The API could not find out who asks. The request may be tried again."),
	"AUTHORIZER_CONFIGURATION_ERROR": gateway.InternalError.New("The API is not set up as it should be."),
	"API_CONFIGURATION_ERROR":        gateway.InternalError.New("The API is not set up as it should be."),
	"DEFAULT_5XX":                    gateway.InternalError.New("The API could not answer. The request may be tried again."),
}

// gatewayResponses gives API Gateway's own answers the form of all others. The template is keyed
// application/json because API Gateway falls back to that key whatever the client accepts; the
// header then says what the body is.
func gatewayResponses() object {
	responses := object{}
	for kind, p := range refusals {
		body, err := json.Marshal(p)
		if err != nil {
			panic(err) // strings and a number
		}
		responses[kind] = object{
			"statusCode": strconv.Itoa(p.Status),
			"responseParameters": object{
				"gatewayresponse.header.Content-Type":  "'application/problem+json'",
				"gatewayresponse.header.Cache-Control": "'no-store'",
				"gatewayresponse.header.X-Request-Id":  "context.requestId",
			},
			"responseTemplates": object{"application/json": string(body)},
		}
	}
	return responses
}
