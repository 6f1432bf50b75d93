package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newFunctions makes those of topology's functions that belong to the group.
func (s *stage) newFunctions(assets string, group func(topology.Function) bool) {
	for _, f := range topology.Functions {
		if group(f) {
			s.functions[f.Name] = s.newFunction(f, assets)
			s.live[f.Name] = s.newLive(f.Name)
		}
	}
}

// newFunction makes one Lambda function and its role. The role is closed to the CDK's own
// grants: it holds what topology says and the right to write its log, nothing else.
func (s *stage) newFunction(f topology.Function, assets string) awslambda.Function {
	name := title(f.Name)
	logs := s.logsIn(s.compute, name+"Log")
	statements := []awsiam.PolicyStatement{
		allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn()),
		allow([]string{"sqs:SendMessage"}, s.deadLetters.QueueArn()),
		allow([]string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, jsii.String("*")),
	}
	for _, p := range f.Permissions {
		statements = append(statements, s.statements(p)...)
	}
	role := s.newRole(name+"Role", s.roleName(f.Name), "lambda.amazonaws.com", nil, statements)
	suppress(role, "IAM5", "a trace has no resource to name", "Resource::*")
	suppressWildcards(role, "a prefix of the bucket, the runs of one workflow, the schedules of one group: pkg/topology lists them, permissions_test.go compares",
		`/[a-z]+/\*`, `:execution:<[A-Za-z0-9]+\.Name>:\*`, `:schedule/[A-Za-z0-9-]+/\*`)

	environment := map[string]*string{"GOMAXPROCS": jsii.String(strconv.Itoa(f.CPUs()))}
	for _, name := range f.Environment {
		environment[name] = s.environment(name)
	}
	return awslambda.NewFunction(s.compute, jsii.String(name+"Function"), &awslambda.FunctionProps{
		Description:                  jsii.String("Foretell: " + f.Description),
		Runtime:                      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:                 awslambda.Architecture_ARM_64(),
		Handler:                      jsii.String("bootstrap"),
		Code:                         awslambda.Code_FromAsset(jsii.String(filepath.Join(assets, f.Name)), nil),
		MemorySize:                   jsii.Number(f.MemoryMB),
		Timeout:                      awscdk.Duration_Millis(jsii.Number(f.Timeout.Milliseconds())),
		ReservedConcurrentExecutions: jsii.Number(s.concurrency(f)),
		LogGroup:                     logs,
		LoggingFormat:                awslambda.LoggingFormat_JSON,
		Role:                         role.WithoutPolicyUpdates(nil),
		Tracing:                      awslambda.Tracing_ACTIVE,
		DeadLetterQueue:              s.deadLetters,
		Environment:                  &environment,
	})
}

// environment is the value of one of topology's environment variables.
func (s *stage) environment(name string) *string {
	if name == topology.EnvRedact && s.Redact {
		return jsii.String(topology.RedactValues)
	}
	if name == topology.EnvCapture && s.Capture != "" {
		return jsii.String(s.Capture)
	}
	if name == topology.EnvLarge {
		return jsii.String(s.Large.place())
	}
	if setting, ok := topology.Settings[name]; ok {
		return jsii.String(setting)
	}
	switch name {
	case topology.EnvBucket:
		return s.bucket.BucketName()
	case topology.EnvTrainingWorkflow:
		return s.workflows[topology.TrainingWorkflow].StateMachineArn()
	case topology.EnvStatisticsWorkflow:
		return s.workflows[topology.StatisticsWorkflow].StateMachineArn()
	case topology.EnvBatchWorkflow:
		return s.workflows[topology.BatchWorkflow].StateMachineArn()
	case topology.EnvScheduleGroup:
		return s.scheduleGroup.ScheduleGroupName()
	case topology.EnvDataGroup:
		return s.dataGroup.ScheduleGroupName()
	case topology.EnvRetrainFunction:
		return s.live["retrain"].FunctionArn()
	case topology.EnvDeadLetters:
		return s.deadLetters.QueueArn()
	case topology.EnvScheduleRole:
		return s.scheduleRole.RoleArn()
	}
	panic(fmt.Sprintf("infra: no value for the environment variable %s, add it to stack.environment", name))
}

// newLive makes the alias by which a function is called, and the deployment that moves it: to a
// new version for one call in ten during five minutes, then for all, or back if calls fail.
func (s *stage) newLive(function string) awslambda.Alias {
	name := title(function)
	live := awslambda.NewAlias(s.compute, jsii.String(name+"Live"), &awslambda.AliasProps{
		AliasName: jsii.String("live"), Version: s.functions[function].CurrentVersion(),
	})
	failing := live.MetricErrors(&awscloudwatch.MetricOptions{Period: minutes(1), Statistic: jsii.String("Sum")}).
		CreateAlarm(s.compute, jsii.String(name+"Rollback"), &awscloudwatch.CreateAlarmOptions{
			AlarmDescription:   jsii.String("The version of " + function + " that is being deployed fails: the deployment goes back."),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
			Threshold:          jsii.Number(1), EvaluationPeriods: jsii.Number(1),
			TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
		})
	role := awsiam.NewRole(s.compute, jsii.String(name+"DeploymentRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("codedeploy.amazonaws.com"), nil),
	})
	awscodedeploy.NewLambdaDeploymentGroup(s.compute, jsii.String(name+"Deployment"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias: live, Role: role,
		DeploymentConfig: awscodedeploy.LambdaDeploymentConfig_CANARY_10PERCENT_5MINUTES(),
		Alarms:           &[]interfacesawscloudwatch.IAlarmRef{failing},
		AutoRollback: &awscodedeploy.AutoRollbackConfig{
			FailedDeployment: jsii.Bool(true), StoppedDeployment: jsii.Bool(true), DeploymentInAlarm: jsii.Bool(true),
		},
	})
	suppress(role, "IAM4", "the managed policy is the one that CodeDeploy asks for, limited to Lambda",
		"Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited")
	return live
}

func minutes(n int) awscdk.Duration { return awscdk.Duration_Minutes(jsii.Number(n)) }

// title is a function's name as it begins the names of its resources.
func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// lower begins a name with a small letter; one of capitals only is small altogether.
func lower(name string) string {
	if name == strings.ToUpper(name) {
		return strings.ToLower(name)
	}
	return strings.ToLower(name[:1]) + name[1:]
}
