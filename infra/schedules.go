package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newSchedules makes the groups that retrains are scheduled in, and the role that their schedules
// assume. Only schedules of these groups, in this account, may.
func (s *stage) newSchedules() {
	group := func(id string) awsscheduler.ScheduleGroup {
		return awsscheduler.NewScheduleGroup(s.compute, jsii.String(id), &awsscheduler.ScheduleGroupProps{
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY, // schedules without what they call only fail
		})
	}
	s.scheduleGroup, s.dataGroup = group("Schedules"), group("DataSchedules")
	s.scheduleRole = s.newRole("ScheduleRole", "", "scheduler.amazonaws.com", conditions{"StringEquals": {
		"aws:SourceAccount": s.compute.Account(),
		"aws:SourceArn":     []*string{s.scheduleGroup.ScheduleGroupArn(), s.dataGroup.ScheduleGroupArn()},
	}}, []awsiam.PolicyStatement{allow([]string{"sqs:SendMessage"}, s.deadLetters.QueueArn())})
}

// allowRetrains lets schedules call the retrain function. It is a policy apart: inside the role,
// the role would need the function whose own role may pass it on.
func (s *stage) allowRetrains() {
	policy := awsiam.NewPolicy(s.compute, jsii.String("Retrains"), &awsiam.PolicyProps{
		Statements: &[]awsiam.PolicyStatement{allow([]string{"lambda:InvokeFunction"}, s.live["retrain"].FunctionArn())},
	})
	policy.AttachToRole(s.scheduleRole)
}

// newRules has EventBridge tell the functions that topology says of new objects in the bucket. An
// event that does not get through ends in the dead letters, and so does one that the function
// fails on each time.
func (s *stage) newRules() {
	for _, f := range topology.Functions {
		if f.Objects == "" {
			continue
		}
		name := title(f.Name) + "Objects"
		rule := awsevents.NewCfnRule(s.compute, jsii.String(name), &awsevents.CfnRuleProps{
			Description: jsii.String("Foretell: " + f.Description),
			EventPattern: map[string]any{
				"source": []string{"aws.s3"}, "detail-type": []string{"Object Created"},
				"detail": map[string]any{
					"bucket": map[string]any{"name": []*string{s.bucket.BucketName()}},
					"object": map[string]any{"key": []any{map[string]string{"prefix": f.Objects}}},
				},
			},
			Targets: []any{&awsevents.CfnRule_TargetProperty{
				Id: jsii.String(f.Name), Arn: s.live[f.Name].FunctionArn(),
				RetryPolicy:      &awsevents.CfnRule_RetryPolicyProperty{MaximumRetryAttempts: jsii.Number(10), MaximumEventAgeInSeconds: jsii.Number(6 * 3600)},
				DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: s.deadLetters.QueueArn()},
			}},
		})
		events := awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)
		s.live[f.Name].AddPermission(jsii.String(name), &awslambda.Permission{Principal: events, SourceArn: rule.AttrArn()})
		s.deadLetters.AddToResourcePolicy(when(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String(name), Principals: &[]awsiam.IPrincipal{events},
			Actions: jsii.Strings("sqs:SendMessage"), Resources: &[]*string{s.deadLetters.QueueArn()},
		}), conditions{"ArnEquals": {"aws:SourceArn": rule.AttrArn()}}))
	}
}
