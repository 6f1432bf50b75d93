package main

import (
	"encoding/json"
	"errors"
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

// The stages of cdk.json are synthesized once, in TestMain: starting the CDK takes seconds, and
// jsii can be closed only once in a process. jsii keeps the environment from before main, so what
// spares the CDK's slow validation is set by the Makefile. What is true of the last stage on the
// way is true of all: TestStagesAreAlike compares them.
var (
	stages    []*stage
	prod      *stage
	hosting   *stage                         // a stage with all that is optional
	open      *stage                         // a stage whose API asks for all that it may ask for
	templates map[string]assertions.Template // by stage and stack: "prod/Storage"
	resources map[string]resource            // of prod's stacks, by logical id without the CDK's hash
)

type resource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
	UpdatePolicy   map[string]any
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
	context, err := readContext("../cdk.json")
	if err != nil {
		return 0, err
	}
	if stages, err = newStages(newApp(filepath.Join(assets, "cdk.out"), context), assets); err != nil {
		return 0, err
	}
	if hosting, err = newHosting(filepath.Join(assets, "hosting.out"), assets); err != nil {
		return 0, err
	}
	if open, err = newOpen(filepath.Join(assets, "open.out"), assets); err != nil {
		return 0, err
	}
	if err := readStages(); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// readStages reads the templates of all stages, and the resources of prod.
func readStages() error {
	templates, resources = map[string]assertions.Template{}, map[string]resource{}
	for _, s := range stages {
		if s.Name == "prod" {
			prod = s
		}
		for name, stack := range s.stacks() {
			templates[s.Name+"/"+name] = assertions.Template_FromStack(stack, nil)
		}
	}
	if prod == nil {
		return errors.New("cdk.json has no stage prod")
	}
	contents := map[string]content{}
	for name := range prod.stacks() {
		text, err := json.Marshal(templates["prod/"+name].ToJSON())
		if err != nil {
			return err
		}
		var c content
		if err := json.Unmarshal(text, &c); err != nil {
			return err
		}
		contents[name] = c
		c.export()
	}
	for _, c := range contents {
		if err := c.addTo(resources); err != nil {
			return err
		}
	}
	return nil
}

// stacks are a stage's stacks by name.
func (s *stage) stacks() map[string]awscdk.Stack {
	all := map[string]awscdk.Stack{"Storage": s.storage, "Compute": s.compute, "Observability": s.observability}
	for name, host := range map[string]awscdk.Stack{"Large": s.large, "Release": s.release, "ECS": s.ecs, "SageMaker": s.sagemaker, "Notebook": s.notebook} {
		if host != nil {
			all[name] = host
		}
	}
	return all
}

// exports are what a stack gives to others, by the name it is asked for.
var exports = map[string]any{}

// content is a template.
type content struct {
	Resources map[string]resource
	Outputs   map[string]struct {
		Value  any
		Export struct{ Name string }
	}
}

// export makes known what a template gives to others.
func (c content) export() {
	for _, o := range c.Outputs {
		if o.Export.Name != "" {
			exports[o.Export.Name] = o.Value
		}
	}
}

var hash = regexp.MustCompile(`^(.+?)[0-9A-F]{8}([0-9a-f]{32})?$`)

// plain is a logical id without the hash that the CDK appends.
func plain(id string) string { return hash.ReplaceAllString(id, "$1") }

// addTo adds a template's resources to those of the stage.
func (c content) addTo(named map[string]resource) error {
	for id, r := range c.Resources {
		if _, twice := named[plain(id)]; twice && r.Type != "AWS::ApiGateway::Deployment" {
			return fmt.Errorf("two resources are named %s", plain(id))
		}
		named[plain(id)] = r
	}
	return nil
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
		if name, ok := v["Fn::ImportValue"].(string); ok {
			return render(exports[name])
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
