package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// contextKey is where cdk.json holds the settings: stage → settings.
const contextKey = "foretell:stages"

// settings are what tells one stage from another. All else is the same in every stage, so that
// what was tested in one is what runs in the next.
type settings struct {
	Name string `json:"-"` // of the stage: dev, uat, prod

	Account string `json:"account"` // 12 digits; every stage has one of its own
	Region  string `json:"region"`
	Alarms  string `json:"alarms"` // the e-mail address that alarms and the budget's warnings go to

	// KeepData leaves the buckets where they are when the storage stack is deleted. Without it
	// deletion fails as long as they hold anything, and takes them with it once they are empty.
	KeepData bool `json:"keep_data"`
	LogDays  int  `json:"log_days"` // how long logs are kept: one of CloudWatch's own steps
	RunDays  int  `json:"run_days"` // how long runs are kept, and what was captured; models are for ever

	RequestsPerSecond int `json:"requests_per_second"` // of the whole API, for all clients together
	RequestsAtOnce    int `json:"requests_at_once"`    // how many may come in a burst
	// Concurrency is the reserved concurrency of functions by name, in place of topology's.
	Concurrency map[string]int `json:"concurrency"`

	MonthlyBudget float64 `json:"monthly_budget"` // in US dollars: what a month may cost before somebody is told

	Redact  bool   `json:"redact"`  // predictions say what is wrong with a request without what was sent
	Capture string `json:"capture"` // what is kept of predictions, in the form of topology.CaptureForm; sketches by itself

	API     apiSettings `json:"api"`     // who may ask the API, how often, and by which name; AWS principals by itself
	Release release     `json:"release"` // what deploys the stage besides people; nothing by itself
	Large   large       `json:"large"`   // where trials run that fit no function; nowhere by itself
	Hosts   hosts       `json:"hosts"`   // what serves besides Lambda; nothing by itself
}

// keys are the settings by their names in cdk.json: required and not.
var keys = map[string]bool{
	"account": true, "region": true, "alarms": true, "keep_data": true, "log_days": true, "run_days": true,
	"requests_per_second": true, "requests_at_once": true, "monthly_budget": true,
	"concurrency": false, "api": false, "capture": false, "hosts": false, "large": false, "redact": false, "release": false,
}

// retentions are the times that CloudWatch keeps logs for, by days.
var retentions = map[int]awslogs.RetentionDays{
	1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
	7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
	60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS,
	365: awslogs.RetentionDays_ONE_YEAR, 731: awslogs.RetentionDays_TWO_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS,
}

// accountConcurrency is what AWS gives an account and region to begin with, less the 100 that
// may not be reserved.
const accountConcurrency = 1000 - 100

// readSettings reads the context's value of contextKey: the stages in order of name, or all
// that is wrong with them at once.
func readSettings(context any) ([]settings, error) {
	if context == nil {
		return nil, fmt.Errorf("the context has no %q: run this by the CDK command line or by make synth, which read cdk.json", contextKey)
	}
	text, err := json.Marshal(context)
	if err != nil {
		return nil, err
	}
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(text, &byName); err != nil || len(byName) == 0 {
		return nil, fmt.Errorf("%s in cdk.json is no object with a member for each stage", contextKey)
	}
	var all []settings
	var faults []error
	accounts := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		s, wrong := readStage(name, byName[name])
		if other, taken := accounts[s.Account]; taken && s.Account != "" {
			wrong = append(wrong, fmt.Sprintf("account: %s is the account of %s too, give every stage its own", s.Account, other))
		}
		accounts[s.Account] = name
		for _, w := range wrong {
			faults = append(faults, fmt.Errorf("%s.%s.%s", contextKey, name, w))
		}
		all = append(all, s)
	}
	return all, errors.Join(faults...)
}

// readStage reads one stage, and lists what is wrong with it.
func readStage(name string, text json.RawMessage) (s settings, faults []string) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil {
		return s, []string{"is no object"}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if _, known := keys[key]; !known {
			faults = append(faults, fmt.Sprintf("%s: no such setting, there are %s", key, strings.Join(slices.Sorted(maps.Keys(keys)), ", ")))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if _, ok := given[key]; keys[key] && !ok {
			faults = append(faults, key+": is missing")
		}
	}
	// One at a time: encoding/json stops at the first value of the wrong kind.
	for _, key := range slices.Sorted(maps.Keys(given)) {
		one, _ := json.Marshal(map[string]json.RawMessage{key: given[key]})
		if _, known := keys[key]; !known {
			continue
		}
		if err := strict(one, &s); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %s is not of its kind (%v)", key, given[key], err))
			delete(given, key)
		}
	}
	s.Name = name
	for _, check := range s.checks() {
		if _, ok := given[check.key]; (ok || check.key == "name") && !check.holds {
			faults = append(faults, check.key+": "+check.want)
		}
	}
	return s, faults
}

type check struct {
	key   string
	holds bool
	want  string
}

var (
	stageName   = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
	captureForm = regexp.MustCompile(topology.CaptureForm)
	regionName  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

func (s settings) checks() []check {
	address, err := mail.ParseAddress(s.Alarms)
	_, kept := retentions[s.LogDays]
	checks := []check{
		{"name", stageName.MatchString(s.Name), "a stage is named by up to 12 small letters and digits"},
		{"account", accountID.MatchString(s.Account), fmt.Sprintf("%q is no account: 12 digits, as text", s.Account)},
		{"region", regionName.MatchString(s.Region), fmt.Sprintf("%q is no region, such as eu-central-1", s.Region)},
		{"alarms", err == nil && address.Address == s.Alarms, fmt.Sprintf("%q is no e-mail address", s.Alarms)},
		{"log_days", kept, fmt.Sprintf("CloudWatch keeps logs for %v days, not for %d", slices.Sorted(maps.Keys(retentions)), s.LogDays)},
		{"run_days", s.RunDays >= 30, fmt.Sprintf("%d: runs are kept for 30 days at least, for a retrain compares with the last one", s.RunDays)},
		{"requests_per_second", s.RequestsPerSecond >= 1 && s.RequestsPerSecond <= 10_000, fmt.Sprintf("%d is not within 1 to 10,000, API Gateway's quota", s.RequestsPerSecond)},
		{"requests_at_once", s.RequestsAtOnce >= s.RequestsPerSecond && s.RequestsAtOnce <= 5_000, fmt.Sprintf("%d is not within requests_per_second and 5,000, API Gateway's quota", s.RequestsAtOnce)},
		{"capture", captureForm.MatchString(s.Capture), fmt.Sprintf("%q is not off, sketches, predictions, rows nor rows:SHARE, such as rows:0.1", s.Capture)},
		{"monthly_budget", s.MonthlyBudget > 0, fmt.Sprintf("%v dollars are no budget", s.MonthlyBudget)},
	}
	checks = append(checks, s.API.checks(s)...)
	checks = append(checks, s.Hosts.checks()...)
	checks = append(checks, s.Large.checks()...)
	checks = append(checks, s.Release.checks()...)
	reserved := 0
	unknown := maps.Clone(s.Concurrency)
	for _, f := range topology.Functions {
		reserved += s.concurrency(f)
		delete(unknown, f.Name)
		checks = append(checks, check{"concurrency", s.concurrency(f) >= 1, fmt.Sprintf("%s: with %d it never runs", f.Name, s.concurrency(f))})
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		checks = append(checks, check{"concurrency", false, fmt.Sprintf("there is no function %q", name)})
	}
	return append(checks, check{"concurrency", reserved <= accountConcurrency,
		fmt.Sprintf("the functions reserve %d, an account has %d to reserve", reserved, accountConcurrency)})
}

// concurrency is the reserved concurrency of a function.
func (s settings) concurrency(f topology.Function) int {
	if n, ok := s.Concurrency[f.Name]; ok {
		return n
	}
	return f.Concurrency
}

// strict decodes JSON into v, all of whose members must be known.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
