package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

// forbidden is RFC 9457's type for a problem that is no more than its status: who may call
// is AWS's business, not the catalog's.
func forbidden(detail string) gateway.Problem {
	return gateway.Problem{Type: "about:blank", Title: http.StatusText(http.StatusForbidden), Status: http.StatusForbidden, Detail: detail}
}

// refusals are what API Gateway answers by itself, without asking a function, by its
// response type.
var refusals = map[string]gateway.Problem{
	"REQUEST_TOO_LARGE": gateway.BodyTooLarge.New("The request is larger than API Gateway takes."),
	"THROTTLED":         gateway.TooManyRequests.New("The API takes no more requests at once. Try again after a moment."),
	// One response for two faults: API Gateway sees a request that no method claims.
	"MISSING_AUTHENTICATION_TOKEN": gateway.RouteNotFound.New("There is no such route, or the request is not signed with AWS credentials."),
	"ACCESS_DENIED":                forbidden("These AWS credentials may not call this route."),
	"INVALID_SIGNATURE":            forbidden("The signature of the request does not fit its content."),
	"EXPIRED_TOKEN":                forbidden("The AWS credentials of the request have expired."),
	"INTEGRATION_TIMEOUT":          gateway.Timeout.New("The answer took longer than API Gateway waits. Send less at a time."),
	"DEFAULT_5XX":                  gateway.InternalError.New("The API could not answer. The request may be tried again."),
}

// addRefusals gives API Gateway's own answers the form of all others. The template is keyed
// application/json because API Gateway falls back to that key whatever the client accepts;
// the header then says what the body is.
func addRefusals(api awsapigateway.RestApi) {
	for _, response := range slices.Sorted(maps.Keys(refusals)) {
		p := refusals[response]
		body, err := json.Marshal(p)
		if err != nil {
			panic(err) // strings and a number
		}
		api.AddGatewayResponse(jsii.String(response), &awsapigateway.GatewayResponseOptions{
			Type:            awsapigateway.ResponseType_Of(jsii.String(response)),
			StatusCode:      jsii.String(strconv.Itoa(p.Status)),
			ResponseHeaders: &map[string]*string{"Content-Type": jsii.String("'application/problem+json'")},
			Templates:       &map[string]*string{"application/json": jsii.String(string(body))},
		})
	}
}
