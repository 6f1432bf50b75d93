package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newCalls has EventBridge call the functions that topology gives a schedule. The schedules are in a
// group apart from that of retrains, whose members the API may change. A call that fails each time
// ends in the dead letters of the function.
func (s *stage) newCalls() {
	group := awsscheduler.NewScheduleGroup(s.compute, jsii.String("Calls"), &awsscheduler.ScheduleGroupProps{
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	for _, f := range topology.Functions {
		if f.Schedule == "" {
			continue
		}
		arn := s.live[f.Name].FunctionArn()
		role := s.newRole(title(f.Name)+"CallRole", "", "scheduler.amazonaws.com", conditions{"StringEquals": {
			"aws:SourceAccount": s.compute.Account(),
			"aws:SourceArn":     group.ScheduleGroupArn(),
		}}, []awsiam.PolicyStatement{allow([]string{"lambda:InvokeFunction"}, arn)})
		awsscheduler.NewCfnSchedule(s.compute, jsii.String(title(f.Name)+"Call"), &awsscheduler.CfnScheduleProps{
			Description:        jsii.String("Foretell: " + f.Description),
			GroupName:          group.ScheduleGroupName(),
			ScheduleExpression: jsii.String(f.Schedule),
			FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
			Target: &awsscheduler.CfnSchedule_TargetProperty{
				Arn: arn, RoleArn: role.RoleArn(), Input: jsii.String("{}"),
			},
		})
	}
}
