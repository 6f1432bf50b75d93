// Command function is the Lambda function of the tests of pkg/local: it does what the event
// says. Behind the API the event says it in its body.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type order struct {
	Type   string `json:"detail-type"` // of an event of EventBridge
	Do     string `json:"do"`
	Millis int    `json:"millis"`
	Bytes  int    `json:"bytes"`
	Code   int    `json:"code"`
	Step   string `json:"step"` // of a workflow: "failed" ends it
}

type report struct {
	PID       int      `json:"pid"`
	Count     int      `json:"count"` // invocations of this process
	Variables []string `json:"variables,omitempty"`
	Remaining int64    `json:"remaining"` // milliseconds to the deadline
	Request   string   `json:"request"`
	ARN       string   `json:"arn"`
	Folder    string   `json:"folder"`
	Filler    string   `json:"filler,omitempty"`
}

// customError has a type of its own, as a handler's errors do.
type customError struct{ message string }

func (e customError) Error() string { return e.message }

var (
	count int
	hoard [][]byte
)

func main() {
	switch os.Getenv("FORETELL_TEST_INIT") {
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Minute)
	case "error":
		url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
		_, err := http.Post(url, "application/json", strings.NewReader(`{"errorType":"Config.Missing","errorMessage":"no bucket"}`))
		fmt.Println("init error posted:", err)
		os.Exit(1)
	}
	if file := os.Getenv("FORETELL_TEST_TERM"); file != "" {
		lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() { _ = os.WriteFile(file, []byte("told"), 0o600) }))
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, event json.RawMessage) (any, error) {
	count++
	var request events.APIGatewayProxyRequest
	if json.Unmarshal(event, &request) == nil && request.HTTPMethod != "" {
		return behindAPI(ctx, request, event)
	}
	var o order
	if err := json.Unmarshal(event, &o); err != nil {
		return nil, err
	}
	if o.Do == "log" || o.Type != "" {
		fmt.Printf("%s\n", event)
		return nil, nil
	}
	return o.run(ctx)
}

// behindAPI answers with the event itself, unless the body is an order.
func behindAPI(ctx context.Context, request events.APIGatewayProxyRequest, event []byte) (any, error) {
	var o order
	if json.Unmarshal([]byte(request.Body), &o) == nil && o.Do != "" {
		switch o.Do {
		case "binary":
			return events.APIGatewayProxyResponse{StatusCode: 200, Body: "AP8=", IsBase64Encoded: true}, nil
		case "malformed":
			return "no response", nil
		}
		if _, err := o.run(ctx); err != nil {
			return nil, err
		}
	}
	return events.APIGatewayProxyResponse{
		StatusCode:        201,
		Headers:           map[string]string{"content-type": "application/json", "Content-Length": "1"},
		MultiValueHeaders: map[string][]string{"X-Many": {"a", "b"}},
		Body:              string(event),
	}, nil
}

func (o order) run(ctx context.Context) (any, error) {
	r := report{PID: os.Getpid(), Count: count}
	if o.Step == "failed" {
		return nil, customError{"a state failed"}
	}
	switch o.Do {
	case "", "answer":
	case "sleep":
		time.Sleep(time.Duration(o.Millis) * time.Millisecond)
	case "allocate":
		block := make([]byte, o.Bytes)
		for i := range block {
			block[i] = byte(i)
		}
		hoard = append(hoard, block)
		time.Sleep(time.Duration(o.Millis) * time.Millisecond)
	case "exit":
		os.Exit(o.Code)
	case "panic":
		panic("no way on")
	case "fail":
		return nil, customError{"as told"}
	case "fill":
		r.Filler = strings.Repeat("x", o.Bytes)
	case "variables":
		r.Variables = os.Environ()
	default:
		return nil, fmt.Errorf("no such order: %s", o.Do)
	}
	if deadline, ok := ctx.Deadline(); ok {
		r.Remaining = time.Until(deadline).Milliseconds()
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.Request, r.ARN = lc.AwsRequestID, lc.InvokedFunctionArn
	}
	r.Folder, _ = os.Getwd()
	return r, nil
}
