package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// services are the permissions of the roles that are not a function's, one per line: role,
// action, resource, condition. A change here is a change of who may do what: review it.
var services = []string{
	// API Gateway writes its logs by AWS's managed policy, checked in TestManagedPolicies.
	"ScheduleRole lambda:InvokeFunction <RetrainLive>",
	"ScheduleRole sqs:SendMessage <DeadLetters.Arn>",
	"MonitorCallRole lambda:InvokeFunction <MonitorLive>",
	"TrainingRole lambda:InvokeFunction <TrainLive>",
	"TrainingRole s3:GetObject <Bucket.Arn>/runs/*",
	"TrainingRole s3:GetObject <Bucket.Arn>/maps/runs/*",
	"TrainingRole s3:PutObject <Bucket.Arn>/maps/runs/*",
	"TrainingRole s3:ListMultipartUploadParts <Bucket.Arn>/maps/runs/*",
	"TrainingRole s3:AbortMultipartUpload <Bucket.Arn>/maps/runs/*",
	"TrainingRole states:StartExecution <Training>",
	"TrainingRole states:DescribeExecution arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<Training.Name>/*",
	"TrainingRole states:StopExecution arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<Training.Name>/*",
	// Log delivery and tracing name no resources.
	"TrainingRole logs:CreateLogDelivery *",
	"TrainingRole logs:DeleteLogDelivery *",
	"TrainingRole logs:DescribeLogGroups *",
	"TrainingRole logs:DescribeResourcePolicies *",
	"TrainingRole logs:GetLogDelivery *",
	"TrainingRole logs:ListLogDeliveries *",
	"TrainingRole logs:PutResourcePolicy *",
	"TrainingRole logs:UpdateLogDelivery *",
	"TrainingRole xray:GetSamplingRules *",
	"TrainingRole xray:GetSamplingTargets *",
	"TrainingRole xray:PutTelemetryRecords *",
	"TrainingRole xray:PutTraceSegments *",
	"ProfilingRole lambda:InvokeFunction <StatisticsLive>",
	"ProfilingRole s3:GetObject <Bucket.Arn>/jobs/statistics/*",
	"ProfilingRole s3:GetObject <Bucket.Arn>/maps/jobs/statistics/*",
	"ProfilingRole s3:PutObject <Bucket.Arn>/maps/jobs/statistics/*",
	"ProfilingRole s3:ListMultipartUploadParts <Bucket.Arn>/maps/jobs/statistics/*",
	"ProfilingRole s3:AbortMultipartUpload <Bucket.Arn>/maps/jobs/statistics/*",
	"ProfilingRole states:StartExecution <Profiling>",
	"ProfilingRole states:DescribeExecution arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<Profiling.Name>/*",
	"ProfilingRole states:StopExecution arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<Profiling.Name>/*",
	// Log delivery and tracing name no resources.
	"ProfilingRole logs:CreateLogDelivery *",
	"ProfilingRole logs:DeleteLogDelivery *",
	"ProfilingRole logs:DescribeLogGroups *",
	"ProfilingRole logs:DescribeResourcePolicies *",
	"ProfilingRole logs:GetLogDelivery *",
	"ProfilingRole logs:ListLogDeliveries *",
	"ProfilingRole logs:PutResourcePolicy *",
	"ProfilingRole logs:UpdateLogDelivery *",
	"ProfilingRole xray:GetSamplingRules *",
	"ProfilingRole xray:GetSamplingTargets *",
	"ProfilingRole xray:PutTelemetryRecords *",
	"ProfilingRole xray:PutTraceSegments *",
	"PredictingRole lambda:InvokeFunction <BatchLive>",
	"PredictingRole s3:GetObject <Bucket.Arn>/batches/*",
	"PredictingRole s3:GetObject <Bucket.Arn>/maps/batches/*",
	"PredictingRole s3:PutObject <Bucket.Arn>/maps/batches/*",
	"PredictingRole s3:ListMultipartUploadParts <Bucket.Arn>/maps/batches/*",
	"PredictingRole s3:AbortMultipartUpload <Bucket.Arn>/maps/batches/*",
	"PredictingRole states:StartExecution <Predicting>",
	"PredictingRole states:DescribeExecution arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<Predicting.Name>/*",
	"PredictingRole states:StopExecution arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<Predicting.Name>/*",
	"PredictingRole logs:CreateLogDelivery *",
	"PredictingRole logs:DeleteLogDelivery *",
	"PredictingRole logs:DescribeLogGroups *",
	"PredictingRole logs:DescribeResourcePolicies *",
	"PredictingRole logs:GetLogDelivery *",
	"PredictingRole logs:ListLogDeliveries *",
	"PredictingRole logs:PutResourcePolicy *",
	"PredictingRole logs:UpdateLogDelivery *",
	"PredictingRole xray:GetSamplingRules *",
	"PredictingRole xray:GetSamplingTargets *",
	"PredictingRole xray:PutTelemetryRecords *",
	"PredictingRole xray:PutTraceSegments *",
}

func TestPermissions(t *testing.T) {
	want := slices.Clone(services)
	for _, f := range topology.Functions {
		role := title(f.Name) + "Role"
		want = append(want,
			role+" logs:CreateLogStream <"+title(f.Name)+"Log.Arn>",
			role+" logs:PutLogEvents <"+title(f.Name)+"Log.Arn>",
			role+" sqs:SendMessage <DeadLetters.Arn>",
			role+" xray:PutTraceSegments *", role+" xray:PutTelemetryRecords *")
		for _, p := range f.Permissions {
			want = append(want, topologyLines(t, role, p)...)
		}
	}
	got := templateLines(t)
	slices.Sort(want)
	slices.Sort(got)
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("the stack allows what nobody asked for: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("the stack does not allow what is needed: %s", line)
		}
	}
	if len(got) != len(slices.Compact(slices.Clone(got))) {
		t.Error("the stack allows something twice")
	}
}

// TestRowsAreTrainsToRead: rows that predict keeps are read by what compares versions on them, written
// by predict, and of no other use to anybody.
func TestRowsAreTrainsToRead(t *testing.T) {
	var got []string
	for _, line := range templateLines(t) {
		if strings.Contains(line, "/rows/*") || strings.HasSuffix(strings.SplitN(line, " StringLike", 2)[0], "<Bucket.Arn>/*") {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	want := []string{"PredictRole s3:PutObject <Bucket.Arn>/rows/*", "TrainRole s3:GetObject <Bucket.Arn>/rows/*"}
	if !slices.Equal(got, want) {
		t.Errorf("rows may be touched by\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// stateMachines are what topology's workflows are called in the template.
var stateMachines = map[topology.Resource]string{topology.TrainingWorkflow: "Training", topology.StatisticsWorkflow: "Profiling", topology.BatchWorkflow: "Predicting"}

// topologyLines says what a permission of package topology must become.
func topologyLines(t *testing.T, role string, p topology.Permission) (lines []string) {
	for _, action := range p.Actions {
		line := role + " " + action + " "
		switch {
		case action == "s3:ListBucket":
			lines = append(lines, line+"<Bucket.Arn> StringLike s3:prefix "+strings.Join(p.Prefixes, "* ")+"*")
		case p.Resource == topology.Bucket:
			for _, prefix := range p.Prefixes {
				lines = append(lines, line+"<Bucket.Arn>/"+prefix+"*")
			}
		case action == "states:StartExecution":
			lines = append(lines, line+"<"+stateMachines[p.Resource]+">")
		case stateMachines[p.Resource] != "":
			lines = append(lines, line+"arn:<AWS::Partition>:states:eu-central-1:333333333333:execution:<"+stateMachines[p.Resource]+".Name>:*")
		case p.Resource == topology.ScheduleGroup:
			lines = append(lines, line+"arn:<AWS::Partition>:scheduler:eu-central-1:333333333333:schedule/"+groupName("Schedules")+"/*")
		case p.Resource == topology.DataGroup:
			lines = append(lines, line+"arn:<AWS::Partition>:scheduler:eu-central-1:333333333333:schedule/"+groupName("DataSchedules")+"/*")
		case p.Resource == topology.ScheduleRole:
			lines = append(lines, line+"<ScheduleRole.Arn> StringEquals iam:PassedToService scheduler.amazonaws.com")
		default:
			t.Errorf("say in topologyLines what %s on %s must become", action, p.Resource)
		}
	}
	return lines
}

// TestWritersOfModels: who may write or delete models by its role is whom the bucket lets.
func TestWritersOfModels(t *testing.T) {
	var writers []string
	for _, line := range templateLines(t) {
		part := strings.Fields(line)
		if action := part[1]; strings.HasPrefix(part[2], "<Bucket.Arn>/models/") && (action == "s3:PutObject" || strings.HasPrefix(action, "s3:Delete")) {
			writers = append(writers, part[0])
		}
	}
	slices.Sort(writers)
	if got := strings.Join(slices.Compact(writers), " "); got != "ApiRole TrainRole" {
		t.Errorf("%s may write models", got)
	}
}

// templateLines lists all that the template's roles may do.
func templateLines(t *testing.T) (lines []string) {
	for name, r := range resources {
		switch r.Type {
		case "AWS::IAM::Role":
			for _, policy := range list(r.Properties["Policies"]) {
				lines = append(lines, documentLines(t, name, at(policy, "PolicyDocument"))...)
			}
		case "AWS::IAM::Policy":
			for _, role := range list(r.Properties["Roles"]) {
				lines = append(lines, documentLines(t, strings.Trim(render(role), "<>"), r.Properties["PolicyDocument"])...)
			}
		case "AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group":
			t.Errorf("%s is a %s: give permissions to roles, inline", name, r.Type)
		}
	}
	return lines
}

func documentLines(t *testing.T, role string, document any) (lines []string) {
	for _, statement := range list(at(document, "Statement")) {
		equal(t, role+"'s effect", at(statement, "Effect"), "Allow")
		condition := conditionText(statement)
		for _, action := range list(at(statement, "Action")) {
			for _, target := range list(at(statement, "Resource")) {
				lines = append(lines, role+" "+render(action)+" "+render(target)+condition)
			}
		}
	}
	return lines
}

// conditionText is a statement's condition as " operator key values", in order.
func conditionText(statement any) (text string) {
	operators, _ := at(statement, "Condition").(map[string]any)
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys := operators[operator].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			text += " " + operator + " " + key + " " + render(keys[key])
		}
	}
	return text
}

// Who may assume a role: one service each, and EventBridge only for schedules of our group.
func TestTrust(t *testing.T) {
	want := map[string]string{
		"TrainingRole":      "states.amazonaws.com",
		"ProfilingRole":     "states.amazonaws.com",
		"PredictingRole":    "states.amazonaws.com",
		"ScheduleRole":      "scheduler.amazonaws.com",
		"MonitorCallRole":   "scheduler.amazonaws.com",
		"APICloudWatchRole": "apigateway.amazonaws.com",
	}
	for _, f := range topology.Functions {
		want[title(f.Name)+"Role"] = "lambda.amazonaws.com"
		want[title(f.Name)+"DeploymentRole"] = "codedeploy.amazonaws.com"
	}
	ofType(t, "AWS::IAM::Role", func(name string, r resource) {
		statements := list(at(r.Properties, "AssumeRolePolicyDocument", "Statement"))
		if len(statements) != 1 {
			t.Fatalf("%s has %d trust statements, want 1", name, len(statements))
		}
		equal(t, name+"'s service", at(statements[0], "Principal", "Service"), want[name])
		delete(want, name)
		condition := at(statements[0], "Condition", "StringEquals")
		if group := map[string]string{"ScheduleRole": "<Schedules.Arn> <DataSchedules.Arn>", "MonitorCallRole": "<Calls.Arn>"}[name]; group != "" {
			equal(t, name+"'s source", at(condition, "aws:SourceArn"), group)
			equal(t, name+"'s account", at(condition, "aws:SourceAccount"), "333333333333")
		}
	})
	for name := range want {
		t.Errorf("the stack has no role %s", name)
	}
}

func TestManagedPolicies(t *testing.T) {
	ofType(t, "AWS::IAM::Role", func(name string, r resource) {
		managed := ""
		switch {
		case name == "APICloudWatchRole":
			managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
		case strings.HasSuffix(name, "DeploymentRole"):
			managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
		}
		equal(t, name+"'s managed policies", r.Properties["ManagedPolicyArns"], managed)
	})
}

// Nothing is open to the world: no policy names everybody, no function has a URL, and
// functions are called through the API alone, or by the rule for new objects.
func TestNothingPublic(t *testing.T) {
	ofType(t, "AWS::S3::BucketPolicy", func(name string, r resource) {
		for _, statement := range list(at(r.Properties, "PolicyDocument", "Statement")) {
			if principal := render(at(statement, "Principal")); strings.Contains(principal, "*") {
				equal(t, name+"'s effect on everybody", at(statement, "Effect"), "Deny")
			}
		}
	})
	ofType(t, "AWS::Lambda::Permission", func(name string, r resource) {
		if rule := render(r.Properties["SourceArn"]); rule == "<RetrainObjects.Arn>" {
			equal(t, name+"'s principal", r.Properties["Principal"], "events.amazonaws.com")
			equal(t, name+"'s function", r.Properties["FunctionName"], "<RetrainLive>")
			return
		}
		equal(t, name+"'s principal", r.Properties["Principal"], "apigateway.amazonaws.com")
	})
	for name, r := range resources {
		if r.Type == "AWS::Lambda::Url" {
			t.Errorf("%s gives a function a URL of its own", name)
		}
	}
}

// groupName is the name that the CDK made for a schedule group.
func groupName(id string) string { return render(resources[id].Properties["Name"]) }
