package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/docs"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// compressFrom is the size in bytes from which on answers are compressed, if the client takes
// gzip: smaller ones fit into a packet anyway. Requests are decompressed whatever is set here.
const compressFrom = 1024

// binaryTypes are media types whose bodies reach the function as they are. API Gateway takes all
// others for UTF-8 and would put U+FFFD for what is not, where the function refuses the row: of
// JSON that is what the standard wants, of CSV it is Latin 1 by somebody's spreadsheet.
var binaryTypes = []any{"application/gzip", "application/octet-stream", "text/csv", "text/tab-separated-values"}

// validators are what may be checked before a function is called: parameters that are required, and
// of a body that is required and JSON the members that the route cannot do without.
var validators = object{
	"parameters": object{"validateRequestParameters": true, "validateRequestBody": false},
	"all":        object{"validateRequestParameters": true, "validateRequestBody": true},
}

// definition is docs/openapi.json as API Gateway is to read it: with an integration, a validator
// and who may call for each operation, and without what it does not read or reads wrongly. It takes
// schemas for models of JSON Schema draft 4, without some of its keywords, and validates by them
// whatever a body is: so schemas of answers, which a proxy passes on unseen, and of bodies that are
// no JSON are left out
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html).
func (s *stage) definition() object {
	var document object
	if err := json.Unmarshal(docs.OpenAPI, &document); err != nil {
		panic(fmt.Sprintf("infra: docs/openapi.json: %v", err)) // go test ./pkg/gateway writes it
	}
	paths, used := object{}, map[string]bool{}
	for _, r := range topology.Routes {
		operation := member(document, "paths", r.Path, strings.ToLower(r.Method))
		if operation == nil {
			panic(fmt.Sprintf("infra: docs/openapi.json does not have %s %s: go test ./pkg/gateway -update", r.Method, r.Path))
		}
		item, _ := paths[r.Path].(object)
		if item == nil {
			item = object{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = s.operation(r, operation, used)
	}
	schemas := object{}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		schemas[name] = member(document, "components", "schemas", name)
	}
	return object{
		"openapi": "3.0.1", "info": document["info"], "paths": paths,
		"components":                                   object{"schemas": schemas, "securitySchemes": s.securitySchemes()},
		"x-amazon-apigateway-request-validators":       validators,
		"x-amazon-apigateway-request-validator":        "parameters",
		"x-amazon-apigateway-gateway-responses":        gatewayResponses(),
		"x-amazon-apigateway-binary-media-types":       binaryTypes,
		"x-amazon-apigateway-minimum-compression-size": compressFrom,
	}
}

// operation is one of the document's, for API Gateway. used gets the names of schemas it refers to.
func (s *stage) operation(r topology.Route, described object, used map[string]bool) object {
	o := object{
		"operationId": operationID(described["operationId"]), "summary": described["summary"],
		"responses": object{"200": object{"description": "The answer."}},
		"security":  s.security(r),
		"x-amazon-apigateway-integration": object{
			"type": "aws_proxy", "httpMethod": "POST", "passthroughBehavior": "when_no_match",
			"timeoutInMillis": topology.GatewayTimeout.Milliseconds(),
			"uri":             s.invocations(r.Function),
		},
	}
	if given := described["parameters"]; given != nil {
		o["parameters"] = given
	}
	body := member(described, "requestBody")
	schema := member(body, "content", "application/json", "schema")
	if body["required"] == true && schema != nil {
		o["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schema}}}
		o["x-amazon-apigateway-request-validator"] = "all"
		if reference, ok := schema["$ref"].(string); ok {
			used[strings.TrimPrefix(reference, "#/components/schemas/")] = true
		}
	}
	return o
}

// invocations is where API Gateway calls a function's live version.
func (s *stage) invocations(function string) string {
	return "arn:" + *s.compute.Partition() + ":apigateway:" + s.Region + ":lambda:path/2015-03-31/functions/" +
		*s.live[function].FunctionArn() + "/invocations"
}

var wordStart = regexp.MustCompile(`-([a-z0-9])`)

// operationID is an id of letters and digits alone, which API Gateway takes as an operation's name.
func operationID(id any) string {
	text, _ := id.(string)
	return wordStart.ReplaceAllStringFunc(text, func(m string) string { return strings.ToUpper(m[1:]) })
}

// member walks into nested objects; nil where there are none.
func member(v object, path ...string) object {
	for _, name := range path {
		v, _ = v[name].(object)
	}
	return v
}
