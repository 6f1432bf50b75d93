package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
)

var update = flag.Bool("update", false, "write the templates in testdata/golden/infra anew")

const goldens = "../testdata/golden/infra"

// Hashes in templates: of the functions' code, and of what a version or a deployment of the API is made
// of, which the CDK appends to their names. Without them a template changes with what it deploys alone.
var (
	codeHash  = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	namedHash = regexp.MustCompile(`\b([A-Za-z]\w*)[0-9a-f]{32}\b`)
)

// golden is a stack's template without hashes, and without what the CDK notes for itself.
func golden(t *testing.T, stack awscdk.Stack) map[string]any {
	t.Helper()
	text, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	text = codeHash.ReplaceAll(text, []byte("CODE"))
	text = namedHash.ReplaceAll(text, []byte("${1}HASH"))
	var template map[string]any
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	for _, r := range template["Resources"].(map[string]any) {
		delete(r.(map[string]any), "Metadata")
	}
	return template
}

// TestTemplates: prod's templates, and those of stacks that are optional, are the ones that were
// reviewed: a change of them is seen as a change of these files.
func TestTemplates(t *testing.T) {
	for _, s := range []struct {
		of    *stage
		name  string
		stack []string
	}{
		{prod, "prod", []string{"Storage", "Compute", "Observability"}},
		{hosting, "optional", []string{"Large", "Release", "ECS", "SageMaker", "Notebook"}},
	} {
		for _, stack := range s.stack {
			var text bytes.Buffer
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false)
			e.SetIndent("", " ")
			if err := e.Encode(golden(t, s.of.stacks()[stack])); err != nil {
				t.Fatal(err)
			}
			same(t, s.name+"/"+stack+".template.json", text.String())
		}
	}
}

// TestStagesAreAlike: what tells dev and uat from prod is what was reviewed, and so is what options add
// to dev. Names and accounts aside, stages differ by their settings alone.
func TestStagesAreAlike(t *testing.T) {
	byName := map[string]*stage{}
	for _, s := range stages {
		byName[s.Name] = s
	}
	for _, c := range []struct {
		name     string
		of, from *stage
	}{
		{"uat-from-prod", byName["uat"], prod}, {"dev-from-prod", byName["dev"], prod},
		{"options-of-the-api-from-dev", open, byName["dev"]}, {"hosts-and-releases-from-dev", hosting, byName["dev"]},
	} {
		var lines []string
		for _, stack := range []string{"Storage", "Compute", "Observability"} {
			lines = append(lines, differences(stack, neutral(t, c.from, stack), neutral(t, c.of, stack))...)
		}
		same(t, c.name+".txt", strings.Join(lines, "\n")+"\n")
	}
}

// neutral are the values of a stage's template by their pointers, without its name and account.
func neutral(t *testing.T, s *stage, stack string) map[string]string {
	t.Helper()
	values := map[string]string{}
	replace := strings.NewReplacer("foretell-"+s.Name+"-", "foretell-STAGE-", s.Account, "ACCOUNT")
	flatten(golden(t, s.stacks()[stack]), "", func(pointer string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		values[pointer] = replace.Replace(string(text))
	})
	return values
}

// flatten calls visit for each value that holds no others, with its JSON pointer (RFC 6901).
func flatten(v any, pointer string, visit func(string, any)) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			flatten(member, pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), visit)
		}
	case []any:
		for i, element := range v {
			flatten(element, pointer+"/"+strconv.Itoa(i), visit)
		}
	default:
		visit(pointer, v)
	}
}

// differences lists what is otherwise, what went (-) and what came (+), in order of pointers.
func differences(stack string, from, to map[string]string) (lines []string) {
	pointers := maps.Clone(from)
	maps.Copy(pointers, to)
	for _, p := range slices.Sorted(maps.Keys(pointers)) {
		before, was := from[p]
		after, is := to[p]
		switch {
		case !is:
			lines = append(lines, fmt.Sprintf("- %s%s %s", stack, p, before))
		case !was:
			lines = append(lines, fmt.Sprintf("+ %s%s %s", stack, p, after))
		case before != after:
			lines = append(lines, fmt.Sprintf("~ %s%s %s → %s", stack, p, before, after))
		}
	}
	return lines
}

// same compares a text with a golden file, line by line.
func same(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join(goldens, filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	before, after := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(before), len(after)) {
		if i >= len(before) || i >= len(after) || before[i] != after[i] {
			line := func(lines []string) string {
				if i < len(lines) {
					return lines[i]
				}
				return "(the end)"
			}
			t.Errorf("%s is otherwise from line %d on:\n\t%s\nwas\n\t%s\nif that is meant: go test ./infra -update, and look at what git shows", name, i+1, line(after), line(before))
			return
		}
	}
}
