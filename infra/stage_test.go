package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

func TestBuckets(t *testing.T) {
	ofType(t, "AWS::S3::Bucket", func(name string, r resource) {
		for _, setting := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			equal(t, name+"'s "+setting, at(r.Properties, "PublicAccessBlockConfiguration", setting), "true")
		}
		equal(t, name+"'s deletion policy", r.DeletionPolicy, "Retain")
		encryption := list(at(r.Properties, "BucketEncryption", "ServerSideEncryptionConfiguration"))
		if len(encryption) != 1 {
			t.Fatalf("%s has %d encryption rules, want 1", name, len(encryption))
		}
		equal(t, name+"'s encryption", at(encryption[0], "ServerSideEncryptionByDefault", "SSEAlgorithm"), "AES256")

		tls := false
		for _, statement := range list(at(resources[name+"Policy"].Properties, "PolicyDocument", "Statement")) {
			tls = tls || render(at(statement, "Effect")) == "Deny" && render(at(statement, "Action")) == "s3:*" &&
				render(at(statement, "Condition", "Bool", "aws:SecureTransport")) == "false"
		}
		if !tls {
			t.Errorf("%s answers without TLS", name)
		}
	})
	equal(t, "versioning", at(resources["Bucket"].Properties, "VersioningConfiguration", "Status"), "Enabled")
	equal(t, "access log", at(resources["Bucket"].Properties, "LoggingConfiguration", "DestinationBucketName"), "<AccessLog>")
}

func TestFunctions(t *testing.T) {
	environment := map[string]string{
		topology.EnvBucket:             "<Bucket>",
		topology.EnvTrainingWorkflow:   "<Training>",
		topology.EnvStatisticsWorkflow: "<Profiling>",
		topology.EnvBatchWorkflow:      "<Predicting>",
		topology.EnvScheduleGroup:      groupName("Schedules"),
		topology.EnvDataGroup:          groupName("DataSchedules"),
		topology.EnvRetrainFunction:    "<RetrainLive>",
		topology.EnvDeadLetters:        "<DeadLetters.Arn>",
		topology.EnvScheduleRole:       "<ScheduleRole.Arn>",
		topology.EnvAliasFresh:         "5s",
		topology.EnvCapture:            "sketches",
		topology.EnvLarge:              "none",
		topology.EnvRedact:             topology.RedactValues,
	}
	want := map[string]bool{}
	for _, f := range topology.Functions {
		t.Run(f.Name, func(t *testing.T) {
			want[title(f.Name)+"Function"] = true
			p := resources[title(f.Name)+"Function"].Properties
			equal(t, "runtime", p["Runtime"], "provided.al2023")
			equal(t, "handler", p["Handler"], "bootstrap")
			equal(t, "architecture", p["Architectures"], "arm64")
			equal(t, "memory", p["MemorySize"], fmt.Sprint(f.MemoryMB))
			equal(t, "timeout", p["Timeout"], fmt.Sprint(f.Timeout.Seconds()))
			equal(t, "concurrency", p["ReservedConcurrentExecutions"], fmt.Sprint(prod.concurrency(f)))
			equal(t, "role", p["Role"], "<"+title(f.Name)+"Role.Arn>")
			equal(t, "log", at(p, "LoggingConfig", "LogGroup"), "<"+title(f.Name)+"Log>")
			equal(t, "form of the log", at(p, "LoggingConfig", "LogFormat"), "JSON")
			equal(t, "tracing", at(p, "TracingConfig", "Mode"), "Active")
			equal(t, "dead letters", at(p, "DeadLetterConfig", "TargetArn"), "<DeadLetters.Arn>")
			testLive(t, title(f.Name))
			got, _ := at(p, "Environment", "Variables").(map[string]any)
			equal(t, "GOMAXPROCS", got["GOMAXPROCS"], strconv.Itoa(f.CPUs()))
			if len(got) != len(f.Environment)+1 {
				t.Errorf("environment is %v, want %v", got, f.Environment)
			}
			for _, name := range f.Environment {
				equal(t, name, got[name], environment[name])
			}
		})
	}
	ofType(t, "AWS::Lambda::Function", func(name string, r resource) {
		if !want[name] {
			t.Errorf("%s is not in package topology", name)
		}
	})
}

// testLive: a function is called by its alias, which moves for one call in ten first, and back
// when calls fail.
func testLive(t *testing.T, name string) {
	t.Helper()
	live := resources[name+"Live"]
	equal(t, "alias", live.Properties["Name"], "live")
	equal(t, "alias of", live.Properties["FunctionName"], "<"+name+"Function>")
	group := render(at(live.UpdatePolicy, "CodeDeployLambdaAliasUpdate", "DeploymentGroupName"))
	equal(t, "deployment of the alias", group, "<"+name+"Deployment>")
	deployment := resources[name+"Deployment"].Properties
	equal(t, "pace", deployment["DeploymentConfigName"], "CodeDeployDefault.LambdaCanary10Percent5Minutes")
	equal(t, "goes back", at(deployment, "AutoRollbackConfiguration", "Enabled"), "true")
	equal(t, "goes back on", at(deployment, "AutoRollbackConfiguration", "Events"), "DEPLOYMENT_FAILURE DEPLOYMENT_STOP_ON_REQUEST DEPLOYMENT_STOP_ON_ALARM")
	alarms := list(at(deployment, "AlarmConfiguration", "Alarms"))
	if len(alarms) != 1 || render(at(alarms[0], "Name")) != "<"+name+"Rollback>" {
		t.Errorf("%s's deployment watches %v, want the alarm of its alias", name, alarms)
	}
	alarm := resources[name+"Rollback"].Properties
	equal(t, "what sets it off", alarm["MetricName"], "Errors")
	dimensions := list(alarm["Dimensions"])
	equal(t, "errors of", at(dimensions[0], "Value"), "<"+name+"Function>")
	equal(t, "errors of its", at(dimensions[1], "Value"), "<"+name+"Function>:live")
}

func TestLogsExpire(t *testing.T) {
	ofType(t, "AWS::Logs::LogGroup", func(name string, r resource) {
		equal(t, name+"'s retention in days", r.Properties["RetentionInDays"], fmt.Sprint(prod.LogDays))
	})
}

func TestWorkflows(t *testing.T) {
	for name, c := range map[string]struct {
		definition string
		want       map[string]string
	}{
		"Training": {topology.Training, map[string]string{"${TrainFunction}": "<TrainLive>", "${Bucket}": "<Bucket>",
			"${LargeCluster}": "none", "${LargeTask}": "none", "${LargeSubnetA}": "none", "${LargeSubnetB}": "none", "${LargeGroup}": "none"}},
		"Predicting": {topology.Batch, map[string]string{"${BatchFunction}": "<BatchLive>", "${Bucket}": "<Bucket>"}},
		"Profiling":  {topology.Statistics, map[string]string{"${StatisticsFunction}": "<StatisticsLive>", "${Bucket}": "<Bucket>"}},
	} {
		machine := resources[name].Properties
		if machine["DefinitionString"] != c.definition {
			t.Errorf("the state machine is not topology's file: %s", render(machine["DefinitionString"]))
		}
		for _, placeholder := range regexp.MustCompile(`\$\{\w+\}`).FindAllString(c.definition, -1) {
			if c.want[placeholder] == "" {
				t.Errorf("%s has a placeholder %s that the stack does not fill in", name, placeholder)
			}
		}
		for placeholder, value := range c.want {
			equal(t, placeholder, at(machine, "DefinitionSubstitutions", strings.Trim(placeholder, "${}")), value)
		}
		equal(t, "role", machine["RoleArn"], "<"+name+"Role.Arn>")
		equal(t, "user data in logs", at(machine, "LoggingConfiguration", "IncludeExecutionData"), "false")
	}
}

// TestCalls: EventBridge calls the functions that have a schedule, and no other.
func TestCalls(t *testing.T) {
	want := map[string]topology.Function{}
	for _, f := range topology.Functions {
		if f.Schedule != "" {
			want[title(f.Name)+"Call"] = f
		}
	}
	ofType(t, "AWS::Scheduler::Schedule", func(name string, r resource) {
		f := want[name]
		delete(want, name)
		equal(t, name+"'s time", r.Properties["ScheduleExpression"], f.Schedule)
		equal(t, name+"'s group", r.Properties["GroupName"], render(resources["Calls"].Properties["Name"]))
		equal(t, name+" calls", at(r.Properties, "Target", "Arn"), "<"+title(f.Name)+"Live>")
		equal(t, name+"'s role", at(r.Properties, "Target", "RoleArn"), "<"+title(f.Name)+"CallRole.Arn>")
	})
	for name := range want {
		t.Errorf("the stack has no %s", name)
	}
}

// TestNewObjects: EventBridge hears of what comes into the bucket, and tells the functions that have a
// prefix, of that alone; what cannot be told ends in the dead letters, into which this rule may write.
func TestNewObjects(t *testing.T) {
	equal(t, "the bucket tells", at(resources["Bucket"].Properties, "NotificationConfiguration", "EventBridgeConfiguration", "EventBridgeEnabled"), "true")
	want := map[string]topology.Function{}
	for _, f := range topology.Functions {
		if f.Objects != "" {
			want[title(f.Name)+"Objects"] = f
		}
	}
	ofType(t, "AWS::Events::Rule", func(name string, r resource) {
		f := want[name]
		delete(want, name)
		pattern := r.Properties["EventPattern"]
		equal(t, name+"'s source", at(pattern, "source"), "aws.s3")
		equal(t, name+"'s type", at(pattern, "detail-type"), "Object Created")
		equal(t, name+"'s bucket", at(pattern, "detail", "bucket", "name"), "<Bucket>")
		equal(t, name+"'s prefix", at(pattern, "detail", "object", "key"), `{"prefix":"`+f.Objects+`"}`)
		targets := list(r.Properties["Targets"])
		if len(targets) != 1 {
			t.Fatalf("%s has %d targets", name, len(targets))
		}
		equal(t, name+" calls", at(targets[0], "Arn"), "<"+title(f.Name)+"Live>")
		equal(t, name+"'s dead letters", at(targets[0], "DeadLetterConfig", "Arn"), "<DeadLetters.Arn>")
		equal(t, name+"'s retries", at(targets[0], "RetryPolicy", "MaximumRetryAttempts"), "10")
	})
	for name := range want {
		t.Errorf("the stack has no %s", name)
	}
}

// TestDeadLetters: the queue is encrypted, answers over TLS alone, keeps what it gets as long as it can,
// and is written to by roles of the stack, and the rule.
func TestDeadLetters(t *testing.T) {
	queue := resources["DeadLetters"].Properties
	equal(t, "encryption", queue["SqsManagedSseEnabled"], "true")
	equal(t, "days", queue["MessageRetentionPeriod"], fmt.Sprint(14*24*3600))
	var got []string
	for _, statement := range list(at(resources["DeadLettersPolicy"].Properties, "PolicyDocument", "Statement")) {
		got = append(got, render(at(statement, "Effect"))+" "+render(at(statement, "Principal"))+" "+render(at(statement, "Action"))+conditionText(statement))
	}
	want := []string{
		`Deny {"AWS":"*"} sqs:* Bool aws:SecureTransport false`,
		`Allow {"Service":"events.amazonaws.com"} sqs:SendMessage ArnEquals aws:SourceArn <RetrainObjects.Arn>`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the queue's policy is\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestObjectsExpire: what runs and jobs leave goes by itself, and models never do.
func TestObjectsExpire(t *testing.T) {
	want := map[string]string{"jobs/": "30", "maps/": "30", "runs/": fmt.Sprint(prod.RunDays), "predictions/": fmt.Sprint(prod.RunDays), "rows/": fmt.Sprint(prod.RunDays), "outcomes/": fmt.Sprint(prod.RunDays), "answers/": "1"}
	for _, rule := range list(at(resources["Bucket"].Properties, "LifecycleConfiguration", "Rules")) {
		if days := at(rule, "ExpirationInDays"); days != nil {
			prefix := render(at(rule, "Prefix"))
			equal(t, "days of "+prefix, days, want[prefix])
			delete(want, prefix)
		}
	}
	for prefix := range want {
		t.Errorf("%s never expires", prefix)
	}
}

// TestBucketRefuses: the bucket's own policy, whatever roles may do.
func TestBucketRefuses(t *testing.T) {
	want := []string{
		"ModelsAreWrittenByApiAndTrain s3:PutObject s3:DeleteObject s3:DeleteObjectVersion <Bucket.Arn>/models/*" +
			" StringNotEquals aws:PrincipalArn " + "arn:<AWS::Partition>:iam::333333333333:role/foretell-prod-api-eu-central-1 arn:<AWS::Partition>:iam::333333333333:role/foretell-prod-train-eu-central-1",
		"WrittenOnce s3:PutObject <Bucket.Arn>/runs/* <Bucket.Arn>/jobs/* <Bucket.Arn>/predictions/* <Bucket.Arn>/rows/* <Bucket.Arn>/outcomes/* <Bucket.Arn>/answers/* <Bucket.Arn>/models/*/artifacts/* <Bucket.Arn>/models/*/versions/* <Bucket.Arn>/models/*/audit/*" +
			" Bool s3:ObjectCreationOperation true Null s3:if-none-match true",
		"MovedByCompareAndSwap s3:PutObject <Bucket.Arn>/models/*/aliases/*" +
			" Bool s3:ObjectCreationOperation true Null s3:if-match true Null s3:if-none-match true",
	}
	var got []string
	for _, statement := range list(at(resources["BucketPolicy"].Properties, "PolicyDocument", "Statement")) {
		if id := render(at(statement, "Sid")); id != "" {
			equal(t, id+"'s effect", at(statement, "Effect"), "Deny")
			equal(t, id+"'s principal", at(statement, "Principal", "AWS"), "*")
			got = append(got, id+" "+render(at(statement, "Action"))+" "+render(at(statement, "Resource"))+conditionText(statement))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the bucket refuses\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	equal(t, "api's role", resources["ApiRole"].Properties["RoleName"], "foretell-prod-api-eu-central-1")
	equal(t, "train's role", resources["TrainRole"].Properties["RoleName"], "foretell-prod-train-eu-central-1")
}

// TestNoWarnings: the CDK has nothing to warn of, in any stage.
func TestNoWarnings(t *testing.T) {
	for _, s := range append(slices.Clone(stages), hosting, open) {
		for name, stack := range s.stacks() {
			for _, message := range *assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), assertions.Match_AnyValue()) {
				t.Errorf("%s/%s: %s: %v", s.Name, name, *message.Id, message.Entry.Data)
			}
		}
	}
}

// cdk-nag's AwsSolutions rules find nothing but what is suppressed with a reason, in any stage.
func TestNag(t *testing.T) {
	every := assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-.*"))
	for _, s := range append(slices.Clone(stages), hosting, open) {
		for _, stack := range s.stacks() {
			found := assertions.Annotations_FromStack(stack)
			for _, message := range *found.FindError(jsii.String("*"), every) {
				t.Errorf("%s: %v", *message.Id, message.Entry.Data)
			}
			for _, message := range *found.FindWarning(jsii.String("*"), every) {
				t.Errorf("%s: %v", *message.Id, message.Entry.Data)
			}
		}
	}
}
