package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// alarmed are the alarms of prod by name, without those that only turn a deployment back.
func alarmed(t *testing.T) map[string]resource {
	t.Helper()
	found := map[string]resource{}
	ofType(t, "AWS::CloudWatch::Alarm", func(name string, r resource) {
		if !strings.HasSuffix(name, "Rollback") {
			found[strings.TrimSuffix(name, "Alarm")] = r
		}
	})
	return found
}

// TestAlarmsTell: whoever is named in the settings hears of an alarm, and of its end.
func TestAlarmsTell(t *testing.T) {
	for name, r := range alarmed(t) {
		equal(t, name+"'s action", r.Properties["AlarmActions"], "<Alarms>")
		equal(t, name+"'s action when it is over", r.Properties["OKActions"], "<Alarms>")
		equal(t, name+" without data", r.Properties["TreatMissingData"], "notBreaching")
		if r.Properties["AlarmDescription"] == nil {
			t.Errorf("%s does not say what it means", name)
		}
	}
	ofType(t, "AWS::SNS::Subscription", func(name string, r resource) {
		equal(t, name+"'s topic", r.Properties["TopicArn"], "<Alarms>")
		equal(t, name+"'s address", r.Properties["Endpoint"], prod.Alarms)
	})
}

// TestEverythingIsWatched: each function has an alarm on its errors, and on being throttled if
// people wait for it; each workflow on its failures.
func TestEverythingIsWatched(t *testing.T) {
	alarms := alarmed(t)
	watches := func(name, metric, of string) {
		t.Helper()
		r, ok := alarms[name]
		if !ok {
			t.Errorf("there is no alarm %s", name)
			return
		}
		equal(t, name+"'s metric", r.Properties["MetricName"], metric)
		values := ""
		for _, d := range list(r.Properties["Dimensions"]) {
			values += render(at(d, "Value")) + " "
		}
		if !strings.Contains(values, of) {
			t.Errorf("%s watches %s, want %s", name, values, of)
		}
	}
	for _, f := range topology.Functions {
		name := title(f.Name)
		watches(name+"Errors", "Errors", "<"+name+"Function>:live")
		if behindAPI(f.Name) {
			watches(name+"Throttles", "Throttles", "<"+name+"Function>:live")
		}
	}
	for _, w := range workflows {
		watches(w.name+"Failed", "ExecutionsFailed", "<"+w.name+">")
		watches(w.name+"TimedOut", "ExecutionsTimedOut", "<"+w.name+">")
	}
	watches("GivenUp", "ApproximateNumberOfMessagesVisible", "<DeadLetters.QueueName>")
	watches("APIErrors", "5XXError", "Foretell")
	watches("PredictSlow", topology.MetricLatency, "predict")
	watches("PredictFaults", topology.MetricFaults, "predict")
	watches("RunCost", topology.MetricRunCost, "train")
	watches("Drift", topology.MetricSevereDrift, "monitor")
	equal(t, "the run's cost that is too much", alarms["RunCost"].Properties["Threshold"], fmt.Sprint(prod.MonthlyBudget/10))
	refusals := ""
	for _, m := range list(alarms["PredictRefusals"].Properties["Metrics"]) {
		refusals += render(at(m, "Expression")) + render(at(m, "MetricStat", "Metric", "MetricName")) + " " + render(at(m, "MetricStat", "Stat")) + ";"
	}
	if refusals != "IF(requests >= 20, share, 0) ;Latency SampleCount;Refusals Average;" {
		t.Errorf("PredictRefusals watches %s", refusals)
	}
}

// TestOwnMetrics: alarms of the metrics that functions write name one that is written, by a dimension
// set that it is written with; and the dashboard and docs/operations.md show each.
func TestOwnMetrics(t *testing.T) {
	for name, r := range alarmed(t) {
		if r.Properties["Namespace"] != topology.MetricNamespace {
			continue
		}
		if !slices.Contains(topology.Metrics, render(r.Properties["MetricName"])) {
			t.Errorf("%s watches %v, which no function writes", name, r.Properties["MetricName"])
		}
		dimensions := list(r.Properties["Dimensions"])
		if len(dimensions) != 1 || at(dimensions[0], "Name") != topology.DimensionFunction {
			t.Errorf("%s watches a metric by %v, want %s", name, dimensions, topology.DimensionFunction)
		}
	}
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	ofType(t, "AWS::CloudWatch::Dashboard", func(_ string, r resource) {
		body := render(r.Properties["DashboardBody"])
		for _, metric := range topology.Metrics {
			if !strings.Contains(body, `"`+metric+`"`) && !strings.Contains(body, `MetricName=\"`+metric+`\"`) {
				t.Errorf("the dashboard does not show %s", metric)
			}
			if !strings.Contains(string(text), "| `"+metric+"` ") {
				t.Errorf("docs/operations.md does not say what %s is", metric)
			}
		}
	})
}

// TestOperations: docs/operations.md lists every alarm with what to do, and no other.
func TestOperations(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(text), "\n## ")
	var listed, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|(.*)\\|(.*)\\|$").FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1])
		if len(strings.TrimSpace(m[3])) < 20 {
			t.Errorf("docs/operations.md does not say what to do about %s", m[1])
		}
	}
	for name := range alarmed(t) {
		want = append(want, name)
	}
	slices.Sort(want)
	slices.Sort(listed)
	if !slices.Equal(listed, want) {
		t.Errorf("docs/operations.md lists the alarms\n\t%s\nthe stack has\n\t%s", strings.Join(listed, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestBudget(t *testing.T) {
	ofType(t, "AWS::Budgets::Budget", func(name string, r resource) {
		equal(t, "amount", at(r.Properties, "Budget", "BudgetLimit", "Amount"), fmt.Sprint(prod.MonthlyBudget))
		told := list(r.Properties["NotificationsWithSubscribers"])
		if len(told) != 2 {
			t.Fatalf("%d notifications, want 2", len(told))
		}
		for _, n := range told {
			equal(t, "address", at(list(at(n, "Subscribers"))[0], "Address"), prod.Alarms)
		}
	})
}

// TestDashboard: one page, of every function.
func TestDashboard(t *testing.T) {
	ofType(t, "AWS::CloudWatch::Dashboard", func(name string, r resource) {
		body := render(r.Properties["DashboardBody"])
		for _, f := range topology.Functions {
			if !strings.Contains(body, "<"+title(f.Name)+"Function>:live") {
				t.Errorf("the dashboard does not show %s", f.Name)
			}
		}
	})
}
