package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// alarm is something that a person is told of. docs/operations.md says what to do about each,
// by its name: a test holds that list against this one.
type alarm struct {
	name      string
	means     string
	metric    awscloudwatch.IMetric
	threshold float64 // it goes off from this value on
	periods   int     // of the metric's own length, one after the other
}

// watch makes the alarms, the dashboard and the budget.
func (s *stage) watch() {
	topic := awssns.NewTopic(s.observability, jsii.String("Alarms"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(s.Alarms), nil))
	tell := awscloudwatchactions.NewSnsAction(topic)
	for _, a := range s.alarms() {
		made := awscloudwatch.NewAlarm(s.observability, jsii.String(a.name), &awscloudwatch.AlarmProps{
			AlarmName: jsii.String(s.named(a.name)), AlarmDescription: jsii.String(a.means + " See docs/operations.md."),
			Metric: a.metric, Threshold: jsii.Number(a.threshold), EvaluationPeriods: jsii.Number(a.periods),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
			TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING, // nobody asked: nothing failed
		})
		made.AddAlarmAction(tell)
		made.AddOkAction(tell)
	}
	s.newDashboard()
	s.newBudget()
}

// over are a metric's options: its statistic over so many minutes.
func over(length int, statistic string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Period: minutes(length), Statistic: jsii.String(statistic)}
}

// own is a metric that a function writes into its log, of all models together, over so many minutes.
func own(metric, function string, length int, statistic string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(topology.MetricNamespace), MetricName: jsii.String(metric),
		DimensionsMap: &map[string]*string{topology.DimensionFunction: jsii.String(function)},
		Period:        minutes(length), Statistic: jsii.String(statistic),
	})
}

// shareOf is the mean of a metric of a function over five minutes, or 0 where there were fewer
// requests than least: of a handful, a half says nothing.
func shareOf(metric, function string, least int) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf("IF(requests >= %d, share, 0)", least)), Period: minutes(5),
		Label: jsii.String(metric + " of " + function),
		UsingMetrics: &map[string]awscloudwatch.IMetric{
			"requests": own(topology.MetricLatency, function, 5, "SampleCount"), "share": own(metric, function, 5, "Average"),
		},
	})
}

// search shows a metric of a function for each model, or whatever the other dimension is.
func search(metric, function, by, statistic string, length int) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf(`SEARCH('{%s,%s,%s} MetricName="%s" %s="%s"', '%s', %d)`,
			topology.MetricNamespace, topology.DimensionFunction, by, metric, topology.DimensionFunction, function, statistic, length*60)),
		Label: jsii.String(""), Period: minutes(length), UsingMetrics: &map[string]awscloudwatch.IMetric{},
	})
}

// alarms are all alarms of the stage.
func (s *stage) alarms() []alarm {
	var all []alarm
	for _, f := range topology.Functions {
		live := s.live[f.Name]
		all = append(all, alarm{title(f.Name) + "Errors", fmt.Sprintf("The %s function fails: it crashed, ran out of time or of memory.", f.Name),
			live.MetricErrors(over(5, "Sum")), 1, 1})
		if behindAPI(f.Name) {
			all = append(all, alarm{title(f.Name) + "Throttles", fmt.Sprintf("Clients of the %s function get 429: more ask at once than its concurrency allows.", f.Name),
				live.MetricThrottles(over(5, "Sum")), 10, 2})
		}
	}
	all = append(all,
		alarm{"PredictSlow", "One request for predictions in a hundred takes longer than a second in the function.",
			own(topology.MetricLatency, "predict", 5, "p99"), 1000, 3},
		alarm{"PredictFaults", "The predict function answers one request in fifty with a fault of its own (5xx).",
			own(topology.MetricFaults, "predict", 5, "Average"), 0.02, 2},
		alarm{"PredictRefusals", "The predict function refuses half of at least 20 requests in five minutes (4xx).",
			shareOf(topology.MetricRefusals, "predict", 20), 0.5, 3},
		alarm{"RunCost", "Training runs took a tenth of the monthly budget within a day.",
			own(topology.MetricRunCost, "train", 24*60, "Sum"), s.MonthlyBudget / 10, 1},
		alarm{"APIErrors", "The API answers one request in fifty with an error of its own (5xx).",
			s.api.MetricServerError(over(5, "Average")), 0.02, 2},
		alarm{"Drift", "What a model is asked differs severely from what it was trained on.",
			own(topology.MetricSevereDrift, "monitor", 60, "Maximum"), 1, 2},
		alarm{"GivenUp", "Something was given up: an asynchronous call that failed each time, or a schedule or a rule that could not call its function.",
			s.deadLetters.MetricApproximateNumberOfMessagesVisible(over(5, "Maximum")), 1, 1},
	)
	for _, w := range workflows {
		machine := s.workflows[w.resource]
		all = append(all,
			alarm{w.name + "Failed", "An execution failed: " + w.comment + ".", machine.MetricFailed(over(5, "Sum")), 1, 1},
			alarm{w.name + "TimedOut", "An execution ran out of time: " + w.comment + ".", machine.MetricTimedOut(over(5, "Sum")), 1, 1})
	}
	return all
}

// behindAPI reports whether a function answers routes of the API.
func behindAPI(function string) bool {
	for _, r := range topology.Routes {
		if r.Function == function {
			return true
		}
	}
	return false
}

// newDashboard makes the one page to look at first, from what clients see to what works behind it.
func (s *stage) newDashboard() {
	graph := func(title string, left ...awscloudwatch.IMetric) awscloudwatch.IWidget {
		return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
			Title: jsii.String(title), Left: &left, Width: jsii.Number(8), Height: jsii.Number(6),
		})
	}
	each := func(metric func(callMetrics) awscloudwatch.Metric) (all []awscloudwatch.IMetric) {
		for _, f := range topology.Functions {
			all = append(all, metric(s.live[f.Name]))
		}
		return all
	}
	var ended []awscloudwatch.IMetric
	for _, w := range workflows {
		machine := s.workflows[w.resource]
		ended = append(ended, machine.MetricSucceeded(over(60, "Sum")), machine.MetricFailed(over(60, "Sum")))
	}
	awscloudwatch.NewDashboard(s.observability, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DashboardName: jsii.String(s.named("dashboard")),
		Widgets: &[]*[]awscloudwatch.IWidget{
			{
				graph("Requests", s.api.MetricCount(over(5, "Sum")), s.api.MetricClientError(over(5, "Sum")), s.api.MetricServerError(over(5, "Sum"))),
				graph("Latency of the API, ms", s.api.MetricLatency(over(5, "p50")), s.api.MetricLatency(over(5, "p99"))),
				graph("Duration of predict, ms", s.live["predict"].MetricDuration(over(5, "p50")), s.live["predict"].MetricDuration(over(5, "p99"))),
			},
			{
				graph("Calls", each(func(f callMetrics) awscloudwatch.Metric { return f.MetricInvocations(over(5, "Sum")) })...),
				graph("Errors", each(func(f callMetrics) awscloudwatch.Metric { return f.MetricErrors(over(5, "Sum")) })...),
				graph("Throttles", each(func(f callMetrics) awscloudwatch.Metric { return f.MetricThrottles(over(5, "Sum")) })...),
			},
			{
				graph("Latency of predict by model, p99, ms", search(topology.MetricLatency, "predict", topology.DimensionModel, "p99", 5)),
				graph("Rows predicted by model", search(topology.MetricRows, "predict", topology.DimensionModel, "Sum", 5), search(topology.MetricRows, "batch", topology.DimensionModel, "Sum", 5)),
				graph("Rows of batches left out", search(topology.MetricFaultyRows, "batch", topology.DimensionModel, "Sum", 5)),
			},
			{
				graph("Share of requests refused (4xx) and failed (5xx)", own(topology.MetricRefusals, "predict", 5, "Average"), own(topology.MetricFaults, "predict", 5, "Average"),
					own(topology.MetricRefusals, "api", 5, "Average"), own(topology.MetricFaults, "api", 5, "Average")),
				graph("Problems of predict by type", search(topology.MetricErrors, "predict", topology.DimensionProblem, "Sum", 5)),
				graph("Time to load artifacts by model, ms", search(topology.MetricLoadTime, "predict", topology.DimensionModel, "Maximum", 5)),
			},
			{
				graph("Columns that drifted, and severely, by model", search(topology.MetricDrifted, "monitor", topology.DimensionModel, "Maximum", 60), search(topology.MetricSevereDrift, "monitor", topology.DimensionModel, "Maximum", 60)),
				graph("Rows captured by model", search(topology.MetricCaptured, "monitor", topology.DimensionModel, "Maximum", 60)),
				graph("Runs: dollars quoted and taken in a day", own(topology.MetricRunQuoted, "train", 24*60, "Sum"), own(topology.MetricRunCost, "train", 24*60, "Sum")),
			},
			{
				graph("Executions that ended", ended...),
				graph("Dead letters", s.deadLetters.MetricApproximateNumberOfMessagesVisible(over(5, "Maximum"))),
			},
		},
	})
}

// callMetrics is what tells of the calls of a function.
type callMetrics interface {
	MetricInvocations(*awscloudwatch.MetricOptions) awscloudwatch.Metric
	MetricErrors(*awscloudwatch.MetricOptions) awscloudwatch.Metric
	MetricThrottles(*awscloudwatch.MetricOptions) awscloudwatch.Metric
}

// newBudget tells of a month that will cost more than planned before it has, and again when
// it did. It counts the account's whole bill: the account is the stage's own.
func (s *stage) newBudget() {
	subscribers := []any{map[string]any{"subscriptionType": "EMAIL", "address": s.Alarms}}
	note := func(kind string, percent float64) map[string]any {
		return map[string]any{
			"notification": map[string]any{
				"notificationType": kind, "comparisonOperator": "GREATER_THAN", "threshold": percent, "thresholdType": "PERCENTAGE",
			},
			"subscribers": subscribers,
		}
	}
	awsbudgets.NewCfnBudget(s.observability, jsii.String("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: map[string]any{
			"budgetName": s.named("budget"), "budgetType": "COST", "timeUnit": "MONTHLY",
			"budgetLimit": map[string]any{"amount": s.MonthlyBudget, "unit": "USD"},
		},
		NotificationsWithSubscribers: []any{note("ACTUAL", 80), note("FORECASTED", 100)},
	})
}
