package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// flags are the CDK feature flags that the stack relies on. They stand here rather than in
// cdk.json so that the CDK command line, make synth and the tests cannot differ.
var flags = map[string]any{
	// Log delivery to the access log bucket is granted by its policy: new buckets have no ACLs.
	"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
	// Keeps each statement as it was written, to be read next to package topology.
	"@aws-cdk/aws-iam:minimizePolicies": false,
}

// retention of the logs of functions, workflow and API. The record of a run is in the
// bucket, logs only serve to look into failures.
const retention = awslogs.RetentionDays_THREE_MONTHS

// stack is all of Foretell in one account and region. Resources are made in the order of
// the fields, each from those before it, so that no two can need each other.
type stack struct {
	cdk           awscdk.Stack // not embedded: jsii takes an object for one thing only
	bucket        awss3.Bucket
	functions     map[string]awslambda.Function // the workers first, and api last: it knows of all else
	workflows     map[topology.Resource]awsstepfunctions.StateMachine
	scheduleGroup awsscheduler.ScheduleGroup
	scheduleRole  awsiam.Role
}

// newApp makes a CDK app that writes to outdir; empty lets the CDK choose.
func newApp(outdir string) awscdk.App {
	props := awscdk.AppProps{PostCliContext: &flags, AnalyticsReporting: jsii.Bool(false)}
	if outdir != "" {
		props.Outdir = jsii.String(outdir)
	}
	app := awscdk.NewApp(&props)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	return app
}

// newStack makes the stack, with the functions' code from assets/<function>/bootstrap.
func newStack(app awscdk.App, assets string) awscdk.Stack {
	s := &stack{
		cdk: awscdk.NewStack(app, jsii.String("Foretell"), &awscdk.StackProps{
			Description: jsii.String("Foretell: tables in S3 become predictions behind an API"),
		}),
		functions: map[string]awslambda.Function{},
		workflows: map[topology.Resource]awsstepfunctions.StateMachine{},
	}
	s.bucket = s.newBucket()
	s.newFunctions(assets, func(f topology.Function) bool { return f.Name != "api" })
	for _, w := range workflows {
		s.workflows[w.resource] = s.newWorkflow(w)
	}
	s.scheduleGroup, s.scheduleRole = s.newSchedules()
	s.newFunctions(assets, func(f topology.Function) bool { return f.Name == "api" })
	s.newAPI()
	s.output("Bucket", "the one bucket", s.bucket.BucketName())
	s.output("TrainingWorkflow", "the state machine of training runs", s.workflows[topology.TrainingWorkflow].StateMachineArn())
	s.output("StatisticsWorkflow", "the state machine of statistics jobs", s.workflows[topology.StatisticsWorkflow].StateMachineArn())
	return s.cdk
}

func (s *stack) output(name, description string, value *string) {
	awscdk.NewCfnOutput(s.cdk, jsii.String(name+"Output"), &awscdk.CfnOutputProps{
		Description: jsii.String(description), Value: value,
	}).OverrideLogicalId(jsii.String(name + "Output"))
}

// newLogs makes the log group of a function, the workflow or the API. It goes with the
// stack: a log group that stays behind would block the next deployment of the same name.
func (s *stack) newLogs(id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(s.cdk, jsii.String(id), &awslogs.LogGroupProps{
		Retention: retention, RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}
