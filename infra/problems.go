package main

import (
	"encoding/json"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"
)

// A refusal is an answer that API Gateway gives by itself, without asking a function.
type refusal struct {
	Response string `json:"-"` // API Gateway's response type
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
}

// refusals have the form of all other errors of the API: RFC 9457, with a type of
// package gateway's catalog.
var refusals = []refusal{
	{"REQUEST_TOO_LARGE", problem + "payload-too-large", "Payload too large", 413, "The request is larger than the API accepts. Upload the rows as a data set instead."},
	{"THROTTLED", problem + "too-many-requests", "Too many requests", 429, "More requests came in than the API takes at once. Try again after a moment."},
	// API Gateway cannot tell these two apart: it sees a request that no method claims.
	{"MISSING_AUTHENTICATION_TOKEN", problem + "not-found", "Not found", 404, "There is no such route, or the request is not signed with AWS credentials."},
	{"ACCESS_DENIED", problem + "forbidden", "Forbidden", 403, "These AWS credentials may not call this route."},
	{"INVALID_SIGNATURE", problem + "forbidden", "Forbidden", 403, "The signature of the request does not match its content."},
	{"EXPIRED_TOKEN", problem + "forbidden", "Forbidden", 403, "The AWS credentials of the request have expired."},
	{"INTEGRATION_TIMEOUT", problem + "timeout", "Timeout", 504, "The answer took longer than 29 seconds. Send fewer rows."},
	{"DEFAULT_5XX", problem + "internal-error", "Internal error", 500, "The API failed to answer. The request may be tried again."},
}

const problem = "https://foretell-ml.github.io/problems/"

// addProblems teaches the refusals to API Gateway. The template is keyed application/json
// because API Gateway falls back to that key whatever the client accepts; the header then
// says what the body is.
func addProblems(api awsapigateway.RestApi) {
	for _, r := range refusals {
		body, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		api.AddGatewayResponse(jsii.String(r.Response), &awsapigateway.GatewayResponseOptions{
			Type:            awsapigateway.ResponseType_Of(jsii.String(r.Response)),
			StatusCode:      jsii.String(strconv.Itoa(r.Status)),
			ResponseHeaders: &map[string]*string{"Content-Type": jsii.String("'application/problem+json'")},
			Templates:       &map[string]*string{"application/json": jsii.String(string(body))},
		})
	}
}
