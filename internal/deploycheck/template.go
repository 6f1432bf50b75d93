package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// unknown are the services that the emulation knows no resources of.
var unknown = []string{"AWS::CodeDeploy::", "AWS::Budgets::"}

// isUnknown reports whether the emulation cannot make a resource: one of an unknown service, or an
// alarm on what is calculated from several metrics.
func isUnknown(resource map[string]any) bool {
	kind, _ := resource["Type"].(string)
	properties, _ := resource["Properties"].(map[string]any)
	return slices.ContainsFunc(unknown, func(service string) bool { return strings.HasPrefix(kind, service) }) ||
		kind == "AWS::CloudWatch::Alarm" && properties["Metrics"] != nil
}

// withoutUnknown takes the resources that the emulation does not know, and what refers to them, out of the
// stage's templates. It returns how many resources are there then, and how many were taken out.
func withoutUnknown(assembly string) (kept, taken int, err error) {
	files, err := filepath.Glob(filepath.Join(assembly, "assembly-"+stage, "*.template.json"))
	if err != nil || len(files) == 0 {
		return 0, 0, fmt.Errorf("no templates of stage %s in %s: %v", stage, assembly, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, 0, err
		}
		var template map[string]any
		if err := json.Unmarshal(text, &template); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", file, err)
		}
		resources, _ := template["Resources"].(map[string]any)
		for id, r := range resources {
			resource, _ := r.(map[string]any)
			if isUnknown(resource) {
				delete(resources, id)
				taken++
				continue
			}
			if policy, _ := resource["UpdatePolicy"].(map[string]any); policy["CodeDeployLambdaAliasUpdate"] != nil {
				delete(resource, "UpdatePolicy")
			}
			kept++
		}
		if text, err = json.Marshal(template); err != nil {
			return 0, 0, err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return 0, 0, err
		}
	}
	return kept, taken, nil
}
