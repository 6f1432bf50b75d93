package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// anyResource are the actions that name no resource, and so are allowed on any.
var anyResource = []string{
	"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
	"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
	"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
}

// TestWildcards: no action has one; on any resource is allowed what names none; else a wildcard ends the
// name of a resource, after a / or a :. docs/deploy.md has the figures of prod.
func TestWildcards(t *testing.T) {
	statements, tracing, delivery, prefixes := 0, 0, 0, 0
	for name, r := range resources {
		var documents []any
		switch r.Type {
		case "AWS::IAM::Role":
			for _, policy := range list(r.Properties["Policies"]) {
				documents = append(documents, at(policy, "PolicyDocument"))
			}
		case "AWS::IAM::Policy":
			documents = append(documents, r.Properties["PolicyDocument"])
		}
		for _, document := range documents {
			for _, statement := range list(at(document, "Statement")) {
				statements++
				actions := list(at(statement, "Action"))
				for _, action := range actions {
					if strings.Contains(render(action), "*") {
						t.Errorf("%s may do %s", name, render(action))
					}
				}
				for _, of := range list(at(statement, "Resource")) {
					text := render(of)
					switch {
					case text == "*":
						for _, action := range actions {
							if !slices.Contains(anyResource, render(action)) {
								t.Errorf("%s may do %s on any resource", name, render(action))
							}
						}
						if strings.HasPrefix(render(actions[0]), "xray:") {
							tracing++
						} else {
							delivery++
						}
					case strings.HasSuffix(text, "/*") || strings.HasSuffix(text, ":*"):
						prefixes++
						text = text[:len(text)-1]
						fallthrough
					default:
						if strings.Contains(text, "*") {
							t.Errorf("%s may do %s on %s, a wildcard that ends no name", name, render(at(statement, "Action")), render(of))
						}
					}
				}
			}
		}
	}
	documented(t, fmt.Sprintf("| %d statements: no wildcard in an action; %d on any resource (%d X-Ray, %d log delivery, which have none to name); %d resources that end in one, each a prefix |",
		statements, tracing+delivery, tracing, delivery, prefixes))
	all := 0
	for name := range prod.stacks() {
		all += len(contentOf(t, prod.stacks()[name]).Resources)
	}
	documented(t, fmt.Sprintf("| a stage | %d resources in three stacks |", all))
}

// documented wants a part of a row among the figures of docs/deploy.md.
func documented(t *testing.T, row string) {
	t.Helper()
	text, err := os.ReadFile("../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), row) {
		t.Errorf("docs/deploy.md does not have %q", row)
	}
}
