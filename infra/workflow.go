package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newWorkflow makes the state machine of training runs from topology's own file, the same
// that the local cloud interprets. The placeholders are filled in by CloudFormation.
func (s *stack) newWorkflow() awsstepfunctions.StateMachine {
	train := s.functions["train"]
	role := s.newRole("TrainingRole", "states.amazonaws.com", nil, []awsiam.PolicyStatement{
		allow([]string{"lambda:InvokeFunction"}, train.FunctionArn()),
		// The Distributed Map reads its list of trials.
		allow([]string{"s3:GetObject"}, s.bucket.ArnForObjects(jsii.String("runs/*"))),
		// Step Functions writes its log through a delivery that has no ARN before it is made.
		allow([]string{
			"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
			"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
		}, jsii.String("*")),
		allow([]string{
			"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
		}, jsii.String("*")),
	})
	suppress(role, "IAM5", "log delivery and tracing have no resources to name", "Resource::*")
	suppressWildcards(role, "the lists of trials, one below each run", `/runs/\*`)

	machine := awsstepfunctions.NewStateMachine(s.cdk, jsii.String("Training"), &awsstepfunctions.StateMachineProps{
		Comment:        jsii.String("Foretell: a training run"),
		DefinitionBody: awsstepfunctions.DefinitionBody_FromString(jsii.String(topology.Training)),
		DefinitionSubstitutions: &map[string]*string{
			"TrainFunction": train.FunctionArn(),
			"Bucket":        s.bucket.BucketName(),
		},
		Role:           role.WithoutPolicyUpdates(nil),
		TracingEnabled: jsii.Bool(true),
		Logs: &awsstepfunctions.LogOptions{
			Destination: s.newLogs("TrainingLog"),
			Level:       awsstepfunctions.LogLevel_ALL,
			// States carry references, but a failed trial's message may quote a user's data.
			IncludeExecutionData: jsii.Bool(false),
		},
	})
	s.workflow = machine
	s.allowMapRuns(role)
	return machine
}

// allowMapRuns lets the workflow start, watch and stop the child executions of its own
// Distributed Map. It is a policy apart: inside the role, the role would need the state
// machine that needs the role.
func (s *stack) allowMapRuns(role awsiam.Role) {
	policy := awsiam.NewPolicy(s.cdk, jsii.String("TrainingMapRuns"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role},
		Statements: &[]awsiam.PolicyStatement{
			allow([]string{"states:StartExecution"}, s.workflow.StateMachineArn()),
			allow([]string{"states:DescribeExecution", "states:StopExecution"}, s.executions("/*")),
		},
	})
	suppressWildcards(policy, "the children that this state machine's own map starts", `:execution:<[A-Za-z0-9]+\.Name>/\*`)
}

// executions names executions of the training workflow: ":*" those that were started,
// "/*" the children of their maps.
func (s *stack) executions(which string) *string {
	return s.arn("states", "execution", *s.workflow.StateMachineName()+which, awscdk.ArnFormat_COLON_RESOURCE_NAME)
}

// newSchedules makes the group that retrains are scheduled in, and the role with which
// EventBridge starts the workflow. Only schedules of this group, in this account, may use it.
func (s *stack) newSchedules() (awsscheduler.ScheduleGroup, awsiam.Role) {
	group := awsscheduler.NewScheduleGroup(s.cdk, jsii.String("Schedules"), &awsscheduler.ScheduleGroupProps{
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY, // schedules without their workflow only fail
	})
	role := s.newRole("ScheduleRole", "scheduler.amazonaws.com", conditions{"StringEquals": {
		"aws:SourceAccount": s.cdk.Account(),
		"aws:SourceArn":     group.ScheduleGroupArn(),
	}}, []awsiam.PolicyStatement{
		allow([]string{"states:StartExecution"}, s.workflow.StateMachineArn()),
	})
	return group, role
}
