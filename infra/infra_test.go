package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// The stack is synthesized once, in TestMain: starting the CDK takes seconds, and jsii can
// be closed only once in a process. jsii keeps the environment from before main, so what
// spares the CDK's slow validation is set by the Makefile.
var (
	synthesized awscdk.Stack
	resources   map[string]resource // by logical id without the CDK's hash
)

type resource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
}

func TestMain(m *testing.M) {
	code, err := testStack(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		code = 1
	}
	os.Exit(code)
}

func testStack(m *testing.M) (int, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return 0, fmt.Errorf("the CDK runs on Node.js 20 or later, install it: %w", err)
	}
	// The template does not depend on what is in the binaries.
	assets, err := os.MkdirTemp("", "assets")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(assets)
	for _, f := range topology.Functions {
		if err := os.MkdirAll(filepath.Join(assets, f.Name), 0o755); err != nil {
			return 0, err
		}
		if err := os.WriteFile(filepath.Join(assets, f.Name, "bootstrap"), nil, 0o755); err != nil {
			return 0, err
		}
	}
	defer jsii.Close()
	synthesized = newStack(newApp(filepath.Join(assets, "cdk.out")), assets)
	if resources, err = readResources(assertions.Template_FromStack(synthesized, nil)); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

var hash = regexp.MustCompile(`^(.+?)[0-9A-F]{8}$`)

// plain is a logical id without the hash that the CDK appends.
func plain(id string) string { return hash.ReplaceAllString(id, "$1") }

func readResources(template assertions.Template) (map[string]resource, error) {
	text, err := json.Marshal(template.ToJSON())
	if err != nil {
		return nil, err
	}
	var content struct{ Resources map[string]resource }
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, err
	}
	named := map[string]resource{}
	for id, r := range content.Resources {
		if _, twice := named[plain(id)]; twice && r.Type != "AWS::ApiGateway::Deployment" {
			return nil, fmt.Errorf("two resources are named %s", plain(id))
		}
		named[plain(id)] = r
	}
	return named, nil
}

// render writes a template value as text: a reference as <Name>, an attribute as
// <Name.Attribute>.
func render(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = render(v[i])
		}
		return strings.Join(parts, " ")
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return "<" + plain(ref) + ">"
		}
		if attribute, ok := v["Fn::GetAtt"].([]any); ok {
			return "<" + plain(render(attribute[0])) + "." + render(attribute[1]) + ">"
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			parts := []string{}
			for _, part := range join[1].([]any) {
				parts = append(parts, render(part))
			}
			return strings.Join(parts, render(join[0]))
		}
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// at walks into nested properties; nil where there are none.
func at(v any, path ...string) any {
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// list is the value as a list: CloudFormation takes a single item as itself.
func list(v any) []any {
	if v, ok := v.([]any); ok {
		return v
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// ofType calls check for each resource of a type, and fails if there is none.
func ofType(t *testing.T, kind string, check func(name string, r resource)) {
	t.Helper()
	found := false
	for name, r := range resources {
		if r.Type == kind {
			found = true
			check(name, r)
		}
	}
	if !found {
		t.Errorf("the stack has no %s", kind)
	}
}

// equal compares rendered values, so that failures can be read.
func equal(t *testing.T, what string, got any, want string) {
	t.Helper()
	if g := render(got); g != want {
		t.Errorf("%s is %s, want %s", what, g, want)
	}
}
