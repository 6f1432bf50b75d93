package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/foretell-ml/foretell/docs"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// newOpen makes the stage dev whose API asks for all that it may ask for, also of GitHub's jobs.
func newOpen(outdir, assets string) (*stage, error) {
	return newDevWith(outdir, assets, "api", "release")
}

// deployedAPI is the document that API Gateway gets, with references rendered.
func deployedAPI(t *testing.T, named map[string]resource) object {
	t.Helper()
	text, err := json.Marshal(named["API"].Properties["Body"])
	if err != nil {
		t.Fatal(err)
	}
	var body object
	if err := json.Unmarshal(text, &body); err != nil || body == nil {
		t.Fatalf("the API has no document: %v", err)
	}
	return rendered(body).(object)
}

// rendered puts text in place of CloudFormation's functions.
func rendered(v any) any {
	switch v := v.(type) {
	case object:
		if len(v) == 1 && (v["Fn::Join"] != nil || v["Ref"] != nil || v["Fn::GetAtt"] != nil) {
			return render(v)
		}
		for name := range v {
			v[name] = rendered(v[name])
		}
	case []any:
		for i := range v {
			v[i] = rendered(v[i])
		}
	}
	return v
}

// TestRoutes: the deployed document has topology's routes and no other, each calling its function's
// live version, for requests signed with AWS credentials, and a permission for just that.
func TestRoutes(t *testing.T) {
	document := deployedAPI(t, resources)
	count := 0
	for path, item := range member(document, "paths") {
		for method, operation := range item.(object) {
			count++
			line := strings.ToUpper(method) + " " + path
			i := slices.IndexFunc(topology.Routes, func(r topology.Route) bool { return r.Method+" "+r.Path == line })
			if i < 0 {
				t.Errorf("%s is deployed and no route", line)
				continue
			}
			function := title(topology.Routes[i].Function)
			integration := member(operation.(object), "x-amazon-apigateway-integration")
			equal(t, line+"'s integration", integration["type"], "aws_proxy")
			equal(t, line+" calls", integration["uri"], "arn:<AWS::Partition>:apigateway:eu-central-1:lambda:path/2015-03-31/functions/<"+function+"Live>/invocations")
			equal(t, line+" is called by", integration["httpMethod"], "POST")
			equal(t, line+"'s security", operation.(object)["security"], `{"sigv4":[]}`)
		}
	}
	if count != len(topology.Routes) {
		t.Errorf("%d operations are deployed for %d routes", count, len(topology.Routes))
	}
	equal(t, "the signature", member(document, "components", "securitySchemes", "sigv4")["x-amazon-apigateway-authtype"], "awsSigv4")
	equal(t, "endpoint", at(resources["API"].Properties, "EndpointConfiguration", "Types"), "REGIONAL")
}

// TestCallsOfAPI: API Gateway may call a function for the methods and paths of its routes, of this
// API and stage. The statements of a function fit into the 20 KB that Lambda keeps.
func TestCallsOfAPI(t *testing.T) {
	var got, want []string
	ofType(t, "AWS::Lambda::Permission", func(name string, r resource) {
		if render(r.Properties["Principal"]) == "events.amazonaws.com" {
			return // TestNothingPublic
		}
		got = append(got, render(r.Properties["FunctionName"])+" "+render(r.Properties["Action"])+" "+render(r.Properties["SourceArn"]))
	})
	each := map[string]int{}
	for _, r := range topology.Routes {
		each[r.Function]++
		want = append(want, "<"+title(r.Function)+"Live> lambda:InvokeFunction arn:<AWS::Partition>:execute-api:eu-central-1:333333333333:<API>/api/"+
			r.Method+regexp.MustCompile(`\{\w+\}`).ReplaceAllString(r.Path, "*"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("API Gateway may\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	for function, n := range each {
		if statement := 480; n*statement > 20<<10 { // its id, two ARNs, and what is around them
			t.Errorf("%d statements of about %d bytes for %s are more than 20 KB", n, statement, function)
		}
	}
}

// TestValidation: what API Gateway checks before it calls a function, by the document.
func TestValidation(t *testing.T) {
	document := deployedAPI(t, resources)
	equal(t, "validator", document["x-amazon-apigateway-request-validator"], "parameters")
	equal(t, "compression", document["x-amazon-apigateway-minimum-compression-size"], "1024")
	for name, body := range map[string]bool{"all": true, "parameters": false} {
		validator := member(document, "x-amazon-apigateway-request-validators", name)
		if validator["validateRequestParameters"] != true || validator["validateRequestBody"] != body {
			t.Errorf("validator %s is %v", name, validator)
		}
	}
	for _, r := range topology.Routes {
		operation := member(document, "paths", r.Path, strings.ToLower(r.Method))
		want := strings.Contains(r.Path, "/predict") || strings.HasSuffix(r.Path, "/infer") || strings.HasSuffix(r.Path, "/validate") ||
			strings.HasSuffix(r.Path, "/uploads") || strings.HasSuffix(r.Path, "/outcomes") || r.Method == "PUT" ||
			r.Method == "POST" && (strings.HasSuffix(r.Path, "/runs") || strings.HasSuffix(r.Path, "/batches"))
		if got := operation["x-amazon-apigateway-request-validator"] == "all"; got != want {
			t.Errorf("the body of %s %s is validated: %v", r.Method, r.Path, got)
		}
		for media := range member(operation, "requestBody", "content") {
			if media != "application/json" {
				t.Errorf("%s %s: a body of %s would be validated as JSON", r.Method, r.Path, media)
			}
		}
	}
}

// Keywords of JSON Schema that API Gateway reads in models as it should.
var modelKeywords = []string{"type", "properties", "required", "items", "minimum"}

// TestModels: the document is OpenAPI, its names are ones that API Gateway takes, and its schemas
// have no keyword that API Gateway does not read.
func TestModels(t *testing.T) {
	document := deployedAPI(t, resources)
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	read, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	schemas := member(document, "components", "schemas")
	if len(schemas) == 0 {
		t.Error("no body has a schema")
	}
	plainName := regexp.MustCompile(`^[A-Za-z0-9]+$`)
	var look func(at string, schema object)
	look = func(at string, schema object) {
		for keyword, value := range schema {
			if !slices.Contains(modelKeywords, keyword) {
				t.Errorf("%s has %s, which API Gateway does not read", at, keyword)
			}
			switch keyword {
			case "items":
				look(at+"[]", value.(object))
			case "properties":
				for name, of := range value.(object) {
					look(at+"."+name, of.(object))
				}
			}
		}
	}
	for name, schema := range schemas {
		if !plainName.MatchString(name) {
			t.Errorf("schema %s: a model is named by letters and digits", name)
		}
		look(name, schema.(object))
	}
	for _, item := range read.Paths.Map() {
		for _, o := range item.Operations() {
			if !plainName.MatchString(o.OperationID) {
				t.Errorf("operation %s is named by more than letters and digits", o.OperationID)
			}
		}
	}
}

// The document that people read has nothing of API Gateway.
func TestDocumentIsClean(t *testing.T) {
	if strings.Contains(string(docs.OpenAPI), "amazon") {
		t.Error("docs/openapi.json tells of API Gateway")
	}
}

// What API Gateway answers by itself is a problem like any other, and says its own status. The list
// is that of https://docs.aws.amazon.com/apigateway/latest/api/API_GatewayResponse.html.
func TestRefusals(t *testing.T) {
	statuses := map[string]string{
		"DEFAULT_4XX": "400", "DEFAULT_5XX": "500", "RESOURCE_NOT_FOUND": "404", "UNAUTHORIZED": "401", "INVALID_API_KEY": "403",
		"ACCESS_DENIED": "403", "AUTHORIZER_FAILURE": "500", "AUTHORIZER_CONFIGURATION_ERROR": "500", "INVALID_SIGNATURE": "403",
		"EXPIRED_TOKEN": "403", "MISSING_AUTHENTICATION_TOKEN": "404", "INTEGRATION_FAILURE": "500", "INTEGRATION_TIMEOUT": "504",
		"API_CONFIGURATION_ERROR": "500", "UNSUPPORTED_MEDIA_TYPE": "415", "BAD_REQUEST_PARAMETERS": "400", "BAD_REQUEST_BODY": "400",
		"REQUEST_TOO_LARGE": "413", "THROTTLED": "429", "QUOTA_EXCEEDED": "429", "WAF_FILTERED": "403",
	}
	responses := member(deployedAPI(t, resources), "x-amazon-apigateway-gateway-responses")
	for kind, status := range statuses {
		r := member(responses, kind)
		equal(t, kind, r["statusCode"], status)
		equal(t, kind+"'s content type", at(r, "responseParameters", "gatewayresponse.header.Content-Type"), "'application/problem+json'")
		equal(t, kind+"'s id", at(r, "responseParameters", "gatewayresponse.header.X-Request-Id"), "context.requestId")
		var body gateway.Problem
		if err := json.Unmarshal([]byte(render(at(r, "responseTemplates", "application/json"))), &body); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		equal(t, kind+"'s own status", status, fmt.Sprint(body.Status))
		known := body.Type == "about:blank" || slices.ContainsFunc(gateway.Catalog, func(p gateway.Type) bool { return p.URI() == body.Type })
		if !known || body.Title == "" || body.Detail == "" {
			t.Errorf("%s is no complete problem of the catalog: %+v", kind, body)
		}
	}
	if len(responses) != len(statuses) {
		t.Errorf("%d answers of API Gateway are set, there are %d", len(responses), len(statuses))
	}
	for _, kind := range []string{"BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS"} { // that say what is wrong
		if !strings.Contains(render(at(responses, kind, "responseTemplates", "application/json")), `"detail":"$context.error.validationErrorString"`) {
			t.Errorf("%s does not say what is wrong", kind)
		}
	}
}

func TestStage(t *testing.T) {
	ofType(t, "AWS::ApiGateway::Stage", func(name string, r resource) {
		equal(t, "access log", at(r.Properties, "AccessLogSetting", "DestinationArn"), "<APIAccessLog.Arn>")
		settings := list(r.Properties["MethodSettings"])
		if len(settings) != 1 {
			t.Fatalf("%d method settings, want 1", len(settings))
		}
		equal(t, "throttle", at(settings[0], "ThrottlingRateLimit"), fmt.Sprint(prod.RequestsPerSecond))
		equal(t, "burst", at(settings[0], "ThrottlingBurstLimit"), fmt.Sprint(prod.RequestsAtOnce))
		equal(t, "bodies in logs", at(settings[0], "DataTraceEnabled"), "false")
	})
}
