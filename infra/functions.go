package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newFunctions makes those of topology's functions that belong to the group.
func (s *stack) newFunctions(assets string, group func(topology.Function) bool) {
	for _, f := range topology.Functions {
		if group(f) {
			s.functions[f.Name] = s.newFunction(f, assets)
		}
	}
}

// newFunction makes one Lambda function and its role. The role is closed to the CDK's own
// grants: it holds what topology says and the right to write its log, nothing else.
func (s *stack) newFunction(f topology.Function, assets string) awslambda.Function {
	name := strings.ToUpper(f.Name[:1]) + f.Name[1:]
	logs := s.newLogs(name + "Log")
	statements := []awsiam.PolicyStatement{
		allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn()),
	}
	for _, p := range f.Permissions {
		statements = append(statements, s.statements(p)...)
	}
	role := s.newRole(name+"Role", "lambda.amazonaws.com", nil, statements)
	suppressWildcards(role, "a prefix of the bucket, the runs of one workflow, the schedules of one group: pkg/topology lists them, infra_test.go compares",
		`/[a-z]+/\*`, `:execution:<[A-Za-z0-9]+\.Name>:\*`, `:schedule/[A-Za-z0-9-]+/\*`)

	environment := map[string]*string{"GOMAXPROCS": jsii.String(strconv.Itoa(f.CPUs()))}
	for _, name := range f.Environment {
		environment[name] = s.environment(name)
	}
	return awslambda.NewFunction(s.cdk, jsii.String(name+"Function"), &awslambda.FunctionProps{
		Description:                  jsii.String("Foretell: " + f.Description),
		Runtime:                      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:                 awslambda.Architecture_ARM_64(),
		Handler:                      jsii.String("bootstrap"),
		Code:                         awslambda.Code_FromAsset(jsii.String(filepath.Join(assets, f.Name)), nil),
		MemorySize:                   jsii.Number(f.MemoryMB),
		Timeout:                      awscdk.Duration_Millis(jsii.Number(f.Timeout.Milliseconds())),
		ReservedConcurrentExecutions: jsii.Number(f.Concurrency),
		LogGroup:                     logs,
		LoggingFormat:                awslambda.LoggingFormat_JSON,
		Role:                         role.WithoutPolicyUpdates(nil),
		Environment:                  &environment,
	})
}

// environment is the value of one of topology's environment variables.
func (s *stack) environment(name string) *string {
	switch name {
	case topology.EnvBucket:
		return s.bucket.BucketName()
	case topology.EnvTrainingWorkflow:
		return s.workflows[topology.TrainingWorkflow].StateMachineArn()
	case topology.EnvStatisticsWorkflow:
		return s.workflows[topology.StatisticsWorkflow].StateMachineArn()
	case topology.EnvScheduleGroup:
		return s.scheduleGroup.ScheduleGroupName()
	case topology.EnvScheduleRole:
		return s.scheduleRole.RoleArn()
	}
	panic(fmt.Sprintf("infra: no value for the environment variable %s, add it to stack.environment", name))
}
