package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// conditions of an IAM statement: operator → key → value.
type conditions map[string]map[string]any

// allow is the statement that lets a role do actions on resources.
func allow(actions []string, resources ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(actions...), Resources: &resources,
	})
}

// when limits a statement to requests that meet c.
func when(statement awsiam.PolicyStatement, c conditions) awsiam.PolicyStatement {
	for operator, values := range c {
		statement.AddCondition(jsii.String(operator), values)
	}
	return statement
}

// newRole makes a role for an AWS service, all of whose permissions are in one inline
// policy. An empty name is left to the CDK. trust limits on whose behalf the service may assume
// it; nil does not.
func (s *stage) newRole(id, name, service string, trust conditions, statements []awsiam.PolicyStatement) awsiam.Role {
	var principal awsiam.IPrincipal = awsiam.NewServicePrincipal(jsii.String(service), nil)
	if trust != nil {
		limits := map[string]any{}
		for operator, values := range trust {
			limits[operator] = values
		}
		principal = awsiam.NewPrincipalWithConditions(principal, &limits)
	}
	var roleName *string
	if name != "" {
		roleName = jsii.String(name)
	}
	return awsiam.NewRole(s.compute, jsii.String(id), &awsiam.RoleProps{
		RoleName: roleName, AssumedBy: principal, InlinePolicies: inline(statements),
	})
}

// roleIn makes a role for an AWS service in a stack of a host.
func roleIn(stack awscdk.Stack, id, service string, statements []awsiam.PolicyStatement) awsiam.Role {
	return awsiam.NewRole(stack, jsii.String(id), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String(service), nil), InlinePolicies: inline(statements),
	})
}

// inline is the one policy of a role.
func inline(statements []awsiam.PolicyStatement) *map[string]awsiam.PolicyDocument {
	return &map[string]awsiam.PolicyDocument{
		"Permissions": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	}
}

// statements say in IAM's terms what topology says in ours.
func (s *stage) statements(p topology.Permission) []awsiam.PolicyStatement {
	switch p.Resource {
	case topology.Bucket:
		return []awsiam.PolicyStatement{s.bucketStatement(p)}
	case topology.TrainingWorkflow, topology.StatisticsWorkflow, topology.BatchWorkflow:
		return s.workflowStatements(p)
	case topology.ScheduleGroup:
		return []awsiam.PolicyStatement{allow(p.Actions, s.schedulesOf(s.scheduleGroup))}
	case topology.DataGroup:
		return []awsiam.PolicyStatement{allow(p.Actions, s.schedulesOf(s.dataGroup))}
	case topology.ScheduleRole:
		return []awsiam.PolicyStatement{when(allow(p.Actions, s.scheduleRole.RoleArn()), conditions{
			"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"},
		})}
	}
	panic(fmt.Sprintf("infra: topology names the resource %q, add it to stack.statements", p.Resource))
}

// bucketStatement limits object actions to the prefixes by resource, and listings by
// condition. The condition also decides whether reading a key that is not there gives 404
// or 403: S3 checks s3:ListBucket with that key as the prefix, so a function gets an honest
// 404 wherever it may list.
func (s *stage) bucketStatement(p topology.Permission) awsiam.PolicyStatement {
	patterns := make([]string, len(p.Prefixes))
	objects := make([]*string, len(p.Prefixes))
	for i, prefix := range p.Prefixes {
		patterns[i] = prefix + "*"
		objects[i] = s.bucket.ArnForObjects(jsii.String(patterns[i]))
	}
	listing := strings.HasPrefix(p.Actions[0], "s3:List")
	for _, action := range p.Actions {
		if strings.HasPrefix(action, "s3:List") != listing {
			panic(fmt.Sprintf("infra: topology mixes listing and object actions in one permission: %v", p.Actions))
		}
	}
	if listing {
		return when(allow(p.Actions, s.bucket.BucketArn()), conditions{"StringLike": {"s3:prefix": patterns}})
	}
	return allow(p.Actions, objects...)
}

// workflowStatements tells apart the state machine, which is started, from its executions,
// which are looked at and stopped.
func (s *stage) workflowStatements(p topology.Permission) []awsiam.PolicyStatement {
	var starts, others []string
	for _, action := range p.Actions {
		if action == "states:StartExecution" {
			starts = append(starts, action)
		} else {
			others = append(others, action)
		}
	}
	var statements []awsiam.PolicyStatement
	if len(starts) > 0 {
		statements = append(statements, allow(starts, s.workflows[p.Resource].StateMachineArn()))
	}
	if len(others) > 0 {
		statements = append(statements, allow(others, s.executions(s.workflows[p.Resource], ":*")))
	}
	return statements
}

// schedulesOf are the schedules of a group.
func (s *stage) schedulesOf(group awsscheduler.ScheduleGroup) *string {
	return s.arn("scheduler", "schedule", *group.ScheduleGroupName()+"/*", awscdk.ArnFormat_SLASH_RESOURCE_NAME)
}

// arn is the name of something of this account and region.
func (s *stage) arn(service, resource, name string, format awscdk.ArnFormat) *string {
	return s.compute.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String(service), Resource: jsii.String(resource),
		ResourceName: jsii.String(name), ArnFormat: format,
	})
}
