package main

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// workflow is a state machine of topology: one function does all of its steps, and its
// Distributed Map reads its list of items below one prefix of the bucket.
type workflow struct {
	resource   topology.Resource
	name       string // in the template
	comment    string
	definition string
	function   string
	items      string // the prefix
}

var workflows = []workflow{
	{topology.StatisticsWorkflow, "Profiling", "Foretell: a statistics job", topology.Statistics, "statistics", "jobs/statistics/"},
	{topology.BatchWorkflow, "Predicting", "Foretell: a batch of predictions", topology.Batch, "batch", "batches/"},
	{topology.TrainingWorkflow, "Training", "Foretell: a training run", topology.Training, "train", "runs/"},
}

// newWorkflow makes a state machine from topology's own file, the same that the local cloud
// interprets. The placeholders are filled in by CloudFormation.
func (s *stage) newWorkflow(w workflow) awsstepfunctions.StateMachine {
	function := s.live[w.function] // a new version takes over at once or not at all, like the API's
	statements := []awsiam.PolicyStatement{
		allow([]string{"lambda:InvokeFunction"}, function.FunctionArn()),
		// The Distributed Map reads its list of items, and writes what became of them.
		allow([]string{"s3:GetObject"}, s.bucket.ArnForObjects(jsii.String(w.items+"*"))),
		allow([]string{"s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"},
			s.bucket.ArnForObjects(jsii.String("maps/"+w.items+"*"))),
		// Step Functions writes its log through a delivery that has no ARN before it is made.
		allow([]string{
			"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
			"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
		}, jsii.String("*")),
		allow([]string{
			"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
		}, jsii.String("*")),
	}
	substitutions := map[string]*string{title(w.function) + "Function": function.FunctionArn(), "Bucket": s.bucket.BucketName()}
	if w.resource == topology.TrainingWorkflow {
		statements = append(statements, s.taskStatements()...)
		maps.Copy(substitutions, s.tasks.substitutions())
	}
	role := s.newRole(w.name+"Role", "", "states.amazonaws.com", nil, statements)
	suppress(role, "IAM5", "log delivery and tracing have no resources to name", "Resource::*")
	suppressWildcards(role, "the lists of items and of results, one below each run or job", "/"+w.items+`\*`, "/maps/"+w.items+`\*`)

	machine := awsstepfunctions.NewStateMachine(s.compute, jsii.String(w.name), &awsstepfunctions.StateMachineProps{
		Comment:                 jsii.String(w.comment),
		DefinitionBody:          awsstepfunctions.DefinitionBody_FromString(jsii.String(w.definition)),
		DefinitionSubstitutions: &substitutions,
		Role:                    role.WithoutPolicyUpdates(nil),
		TracingEnabled:          jsii.Bool(true),
		Logs: &awsstepfunctions.LogOptions{
			Destination: s.logsIn(s.compute, w.name+"Log"),
			Level:       awsstepfunctions.LogLevel_ALL,
			// States carry references, but a failed step's message may quote a user's data.
			IncludeExecutionData: jsii.Bool(false),
		},
	})
	if w.resource == topology.TrainingWorkflow && s.tasks != nil {
		suppressWildcards(role, "every revision of the one family, and the tasks of the one cluster", `:task-definition/[a-z0-9-]+:\*`, `:task/.+/\*`)
	}
	s.allowMapRuns(w.name, role, machine)
	return machine
}

// allowMapRuns lets a workflow start, watch and stop the child executions of its own
// Distributed Map. It is a policy apart: inside the role, the role would need the state
// machine that needs the role.
func (s *stage) allowMapRuns(name string, role awsiam.Role, machine awsstepfunctions.StateMachine) {
	policy := awsiam.NewPolicy(s.compute, jsii.String(name+"MapRuns"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role},
		Statements: &[]awsiam.PolicyStatement{
			allow([]string{"states:StartExecution"}, machine.StateMachineArn()),
			allow([]string{"states:DescribeExecution", "states:StopExecution"}, s.executions(machine, "/*")),
		},
	})
	suppressWildcards(policy, "the children that this state machine's own map starts", `:execution:<[A-Za-z0-9]+\.Name>/\*`)
}

// executions names executions of a workflow: ":*" those that were started, "/*" the children
// of their maps.
func (s *stage) executions(machine awsstepfunctions.StateMachine, which string) *string {
	return s.arn("states", "execution", *machine.StateMachineName()+which, awscdk.ArnFormat_COLON_RESOURCE_NAME)
}
