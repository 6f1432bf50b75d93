package topology_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

var plainName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func functionsByName() map[string]topology.Function {
	out := map[string]topology.Function{}
	for _, f := range topology.Functions {
		out[f.Name] = f
	}
	return out
}

func TestFunctionsAreSortedAndUnique(t *testing.T) {
	var names []string
	for _, f := range topology.Functions {
		names = append(names, f.Name)
		if !plainName.MatchString(f.Name) || f.Description == "" {
			t.Errorf("function %q: wants a plain name and a description", f.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("functions %v are not in order of unique names", names)
	}
}

// TestFunctionLimits holds the quotas of Lambda, and of API Gateway for what it invokes.
func TestFunctionLimits(t *testing.T) {
	routed := map[string]bool{}
	for _, r := range topology.Routes {
		routed[r.Function] = true
	}
	for _, f := range topology.Functions {
		if f.MemoryMB < 128 || f.MemoryMB > 10_240 {
			t.Errorf("%s: %d MB are not within 128 to 10,240", f.Name, f.MemoryMB)
		}
		if f.Concurrency < 1 {
			t.Errorf("%s: a concurrency of %d lets it never run", f.Name, f.Concurrency)
		}
		limit := 15 * time.Minute
		if routed[f.Name] {
			limit = topology.GatewayTimeout
		}
		if f.Timeout < time.Second || f.Timeout > limit || f.Timeout%time.Second != 0 {
			t.Errorf("%s: timeout %v is not a number of whole seconds up to %v", f.Name, f.Timeout, limit)
		}
	}
}

func TestRoutes(t *testing.T) {
	functions := functionsByName()
	mux := http.NewServeMux() // panics on a malformed, double or ambiguous pattern
	for _, r := range topology.Routes {
		if _, ok := functions[r.Function]; !ok {
			t.Errorf("%s %s leads to the function %q, which does not exist", r.Method, r.Path, r.Function)
		}
		pattern := r.Path
		if r == (topology.Route{Method: "GET", Path: "/", Function: "api"}) {
			pattern = "/{$}" // the page, which people open by the API's address alone, and of which there are no versions
		} else if !strings.HasPrefix(r.Path, "/v1/") && !strings.HasPrefix(r.Path+"/", "/v2/") || strings.HasSuffix(r.Path, "/") {
			t.Errorf("%s %s: a path begins with /v1/ or /v2 and does not end in /", r.Method, r.Path)
		}
		// Whole segments only: API Gateway has no {name}.csv, and net/http no such thing either.
		for _, segment := range strings.Split(r.Path, "/") {
			if strings.ContainsAny(segment, "{}") && !regexp.MustCompile(`^\{[a-z]+\}$`).MatchString(segment) {
				t.Errorf("%s %s: segment %q is not one plain {name}", r.Method, r.Path, segment)
			}
		}
		if !slices.Contains([]string{"GET", "PUT", "POST", "DELETE"}, r.Method) {
			t.Errorf("%s %s: method", r.Method, r.Path)
		}
		mux.HandleFunc(r.Method+" "+pattern, func(http.ResponseWriter, *http.Request) {})
	}
}

// TestPermissions holds least privilege: named actions on named prefixes of the bucket, and
// nothing that the function's environment does not let it find.
func TestPermissions(t *testing.T) {
	services := map[topology.Resource]string{
		topology.Bucket: "s3", topology.TrainingWorkflow: "states", topology.StatisticsWorkflow: "states", topology.BatchWorkflow: "states",
		topology.ScheduleGroup: "scheduler", topology.DataGroup: "scheduler", topology.ScheduleRole: "iam",
	}
	needs := map[topology.Resource]string{
		topology.Bucket: topology.EnvBucket, topology.TrainingWorkflow: topology.EnvTrainingWorkflow,
		topology.StatisticsWorkflow: topology.EnvStatisticsWorkflow, topology.BatchWorkflow: topology.EnvBatchWorkflow,
		topology.ScheduleGroup: topology.EnvScheduleGroup, topology.DataGroup: topology.EnvDataGroup,
	}
	// What makes a schedule has to say whom it calls, as whom, and where what fails goes. What may read
	// one takes that over, though it may only if it could have said it.
	target := []string{topology.EnvScheduleRole, topology.EnvRetrainFunction, topology.EnvDeadLetters}
	for _, f := range topology.Functions {
		used := map[string]bool{}
		for _, p := range f.Permissions {
			service, known := services[p.Resource]
			if !known || len(p.Actions) == 0 {
				t.Errorf("%s: a permission of %v on %q", f.Name, p.Actions, p.Resource)
			}
			if needs[p.Resource] != "" {
				used[needs[p.Resource]] = true
			}
			if slices.Contains(p.Actions, "scheduler:CreateSchedule") && !slices.Contains(p.Actions, "scheduler:GetSchedule") {
				for _, name := range target {
					used[name] = true
				}
			}
			for _, action := range p.Actions {
				if !strings.HasPrefix(action, service+":") || strings.Contains(action, "*") {
					t.Errorf("%s: action %q on %q is not a single one of %s", f.Name, action, p.Resource, service)
				}
			}
			checkPrefixes(t, f.Name, p)
		}
		environment := slices.Sorted(slices.Values(f.Environment))
		environment = slices.DeleteFunc(environment, func(name string) bool { return topology.Settings[name] != "" })
		if want := slices.Sorted(maps.Keys(used)); !slices.Equal(environment, want) {
			t.Errorf("%s gets the variables %v, but its permissions call for %v", f.Name, environment, want)
		}
	}
}

func checkPrefixes(t *testing.T, function string, p topology.Permission) {
	t.Helper()
	if (p.Resource == topology.Bucket) != (len(p.Prefixes) > 0) {
		t.Errorf("%s: prefixes %v of %q: the bucket has some, and nothing else has", function, p.Prefixes, p.Resource)
	}
	for _, prefix := range p.Prefixes {
		if !strings.HasSuffix(prefix, "/") || strings.HasPrefix(prefix, "/") || strings.Contains(prefix, "*") {
			t.Errorf("%s: prefix %q is not a folder: it must end in / and hold no wildcard", function, prefix)
		}
	}
}

// TestPredictOnlyReadsModels is the promise of the predict function: it reads models, and writes
// what it saw, and rows if it is told to keep them, which it cannot read back, and answers that are too long for it, which its links read.
func TestPredictOnlyReadsModels(t *testing.T) {
	for _, p := range functionsByName()["predict"].Permissions {
		for _, action := range p.Actions {
			for _, prefix := range p.Prefixes {
				if !slices.Contains(map[string][]string{"s3:GetObject": {"models/", "answers/"}, "s3:ListBucket": {"models/"}, "s3:PutObject": {"predictions/", "rows/", "answers/"}}[action], prefix) {
					t.Errorf("predict may do %s on %v", action, p.Prefixes)
				}
			}
		}
	}
}

// TestPlaceholders: the stack and the local cloud substitute these and no more. That the
// workflows parse and run is held in pkg/local.
func TestPlaceholders(t *testing.T) {
	for workflow, want := range map[string][]string{
		topology.Training:   {"${Bucket}", "${LargeCluster}", "${LargeGroup}", "${LargeSubnetA}", "${LargeSubnetB}", "${LargeTask}", "${TrainFunction}"},
		topology.Statistics: {"${Bucket}", "${StatisticsFunction}"},
		topology.Batch:      {"${BatchFunction}", "${Bucket}"},
	} {
		found := regexp.MustCompile(`\$\{[^}]*\}`).FindAllString(workflow, -1)
		slices.Sort(found)
		if got := slices.Compact(found); !slices.Equal(got, want) {
			t.Errorf("placeholders %v, want %v", got, want)
		}
	}
}

// TestShardsAtOnce: a map leaves a function some of its concurrency, for the steps of other
// executions.
func TestShardsAtOnce(t *testing.T) {
	for workflow, function := range map[string]string{topology.Training: "train", topology.Statistics: "statistics", topology.Batch: "batch"} {
		found := regexp.MustCompile(`"MaxConcurrency": (\d+)`).FindStringSubmatch(workflow)
		if found == nil {
			t.Fatalf("the map of %s has no limit", function)
		}
		if most, _ := strconv.Atoi(found[1]); workflow == topology.Training && most != topology.TrialsAtOnce {
			t.Errorf("%d trials at once, and quotes go by %d", most, topology.TrialsAtOnce)
		}
		if most, err := strconv.Atoi(found[1]); err != nil || most >= functionsByName()[function].Concurrency {
			t.Errorf("%s of %s at once, of %d", found[1], function, functionsByName()[function].Concurrency)
		}
	}
}

func TestCPUs(t *testing.T) {
	// Lambda documents one virtual CPU per 1,769 MB and six at 10,240 MB.
	for memory, want := range map[int]int{128: 1, 1769: 1, 1770: 2, 3008: 2, 10240: 6} {
		if got := (topology.Function{MemoryMB: memory}).CPUs(); got != want {
			t.Errorf("%d MB: %d, want %d", memory, got, want)
		}
	}
}
