package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/monitoring"
)

// context is what the CDK command line makes of cdk.json.
func context(t testing.TB) map[string]any {
	t.Helper()
	c, err := readContext("../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readContext(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var content struct{ Context map[string]any }
	return content.Context, json.Unmarshal(text, &content)
}

func TestSettingsOfStages(t *testing.T) {
	stages, err := readSettings(context(t)[contextKey])
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range stages {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "dev prod uat" {
		t.Errorf("stages are %s", got)
	}
}

// TestOutcomesFindTheirPredictions: what was captured is kept for as long as outcomes are joined with it:
// S3 deletes at the first midnight that is so many days after an object was written.
func TestOutcomesFindTheirPredictions(t *testing.T) {
	for days, fine := range map[int]bool{monitoring.LookBack: true, monitoring.LookBack - 1: false} {
		s := settings{RunDays: days}
		for _, check := range s.checks() {
			if check.key == "run_days" && check.holds != fine {
				t.Errorf("%d days are taken: %t", days, check.holds)
			}
		}
	}
}

// Every fault is named by its place, and all of them at once.
func TestSettingsFaults(t *testing.T) {
	whole := `"account":"111111111111","region":"eu-central-1","alarms":"a@example.com","keep_data":true,"log_days":90,"run_days":90,"requests_per_second":10,"requests_at_once":20,"monthly_budget":5`
	for text, want := range map[string][]string{
		`{"dev":{` + whole + `}}`:          nil,
		`[]`:                               {"is no object with a member for each stage"},
		`{}`:                               {"is no object with a member for each stage"},
		`{"dev":3}`:                        {"foretell:stages.dev.is no object"},
		`{"dev":{}}`:                       {"dev.account: is missing", "dev.alarms: is missing", "dev.monthly_budget: is missing"},
		`{"dev":{"account":111111111111}}`: {"dev.account: 111111111111 is not of its kind", "dev.region: is missing"},
		`{"Dev":{` + whole + `}}`:          {"Dev.name: a stage is named by"},
		`{"dev":{` + whole + `},"uat":{` + whole + `}}`:                                                  {"uat.account: 111111111111 is the account of dev too"},
		`{"dev":{` + whole + `,"redact":"yes"}}`:                                                         {"dev.redact: \"yes\" is not of its kind"},
		`{"dev":{` + whole + `,"release":{"repository":"foretell","provider":"arn:aws:iam::1:role/x"}}}`: {`repository: "foretell" is no repository`, "provider: \"arn:aws:iam::1:role/x\" is no ARN of an identity provider"},
		`{"dev":{` + whole + `,"capture":"rows:0.25"}}`:                                                  nil,
		`{"dev":{` + whole + `,"capture":"everything"}}`:                                                 {`dev.capture: "everything" is not off`},
		`{"dev":{` + whole + `,"capture":"rows:0"}}`:                                                     {`dev.capture: "rows:0" is not off`},
		`{"dev":{` + whole + `,"logdays":3}}`:                                                            {"dev.logdays: no such setting"},
		`{"dev":{` + strings.Replace(whole, "a@example.com", "nobody", 1) + `}}`:                         {`dev.alarms: "nobody" is no e-mail address`},
		`{"dev":{` + strings.Replace(whole, `"log_days":90`, `"log_days":91`, 1) + `}}`:                  {"not for 91"},
		`{"dev":{` + strings.Replace(whole, `"run_days":90`, `"run_days":9`, 1) + `}}`:                   {"dev.run_days: 9: runs are kept for 30 days at least"},
		`{"dev":{` + strings.Replace(whole, "eu-central-1", "Frankfurt", 1) + `}}`:                       {`"Frankfurt" is no region`},
		`{"dev":{` + strings.Replace(whole, `"requests_at_once":20`, `"requests_at_once":5`, 1) + `}}`:   {"dev.requests_at_once: 5 is not within"},
		`{"dev":{` + whole + `,"concurrency":{"predict":0,"oracle":3,"train":950}}}`:                     {`there is no function "oracle"`, "predict: with 0 it never runs", "an account has 900"},
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		_, err := readSettings(value)
		if len(want) == 0 {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s is taken", text)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want it to say %q", text, err, part)
			}
		}
	}
	if _, err := readSettings(nil); err == nil || !strings.Contains(err.Error(), "make synth") {
		t.Errorf("without a context: %v", err)
	}
}

// TestSettingsAreDocumented: docs/deploy.md says what each setting means.
func TestSettingsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := ""
	for _, line := range strings.Split(string(text), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && strings.HasPrefix(line, "| `") {
			rows += name + " "
		}
	}
	for key := range keys {
		if !strings.Contains(rows, "`"+key+"`") {
			t.Errorf("docs/deploy.md does not say what %s is", key)
		}
	}
}
