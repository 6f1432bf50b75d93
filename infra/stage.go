package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// flags are the CDK feature flags that the stacks rely on. They stand here rather than in
// cdk.json so that the CDK command line, make synth and the tests cannot differ.
var flags = map[string]any{
	// Log delivery to the access log bucket is granted by its policy: new buckets have no ACLs.
	"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
	// Keeps each statement as it was written, to be read next to package topology.
	"@aws-cdk/aws-iam:minimizePolicies": false,
	// A function's version is of its code and settings, not of the CDK's own.
	"@aws-cdk/aws-lambda:recognizeLayerVersion": true,
	"@aws-cdk/aws-lambda:recognizeVersionProps": true,
	// Without it the CDK drops the writer of a Distributed Map's results and says nothing.
	"@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2": true,
	// What another stack uses cannot be deleted: CloudFormation refuses, rather than leaving functions
	// without their bucket and alarms without what they watch.
	"@aws-cdk/core:defaultCrossStackReferences": "strong",
}

// stage is all of Foretell in one account and region, in stacks by lifetime: what must outlive
// every deployment, what a deployment replaces, and what watches it. Resources are made in the
// order of the fields, each from those before it, so that no two can need each other.
type stage struct {
	settings
	cdk awscdk.Stage // not embedded: jsii takes an object for one thing only

	storage       awscdk.Stack
	compute       awscdk.Stack
	observability awscdk.Stack
	large         awscdk.Stack // these are there only if they are asked for
	release       awscdk.Stack
	ecs           awscdk.Stack
	sagemaker     awscdk.Stack
	notebook      awscdk.Stack

	bucket        awss3.Bucket
	tasks         *tasks // nil if there are none
	deadLetters   awssqs.Queue
	functions     map[string]awslambda.Function // the workers first, then retrain, and api last: it knows of all else
	live          map[string]awslambda.Alias    // what is called of a function: the version that was deployed
	workflows     map[topology.Resource]awsstepfunctions.StateMachine
	scheduleGroup awsscheduler.ScheduleGroup
	dataGroup     awsscheduler.ScheduleGroup // of schedules for new data
	scheduleRole  awsiam.Role
	userPool      string              // ARN, if clients come with its tokens
	pool          awscognito.UserPool // which the stage makes, if it does
	machines      awscognito.UserPoolClient
	api           awsapigateway.SpecRestApi
}

// newApp makes a CDK app that writes to outdir; empty lets the CDK choose. A test gives the
// context that the CDK command line otherwise brings along.
func newApp(outdir string, context map[string]any) awscdk.App {
	props := awscdk.AppProps{PostCliContext: &flags, AnalyticsReporting: jsii.Bool(false)}
	if outdir != "" {
		props.Outdir = jsii.String(outdir)
	}
	if context != nil {
		props.Context = &context
	}
	return awscdk.NewApp(&props)
}

// newStages makes every stage that the context names, with the functions' code from
// assets/<function>/bootstrap: the same in all of them.
func newStages(app awscdk.App, assets string) ([]*stage, error) {
	all, err := readSettings(app.Node().TryGetContext(jsii.String(contextKey)))
	if err != nil {
		return nil, err
	}
	stages := make([]*stage, len(all))
	for i, s := range all {
		stages[i] = newStage(app, s, assets)
	}
	return stages, nil
}

func newStage(app awscdk.App, settings settings, assets string) *stage {
	s := &stage{
		settings: settings,
		cdk: awscdk.NewStage(app, jsii.String(settings.Name), &awscdk.StageProps{
			Env: &awscdk.Environment{Account: jsii.String(settings.Account), Region: jsii.String(settings.Region)},
		}),
		functions: map[string]awslambda.Function{},
		live:      map[string]awslambda.Alias{},
		workflows: map[topology.Resource]awsstepfunctions.StateMachine{},
	}
	// The CDK does not carry aspects into a stage.
	awscdk.Aspects_Of(s.cdk).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	s.storage = s.newStack("Storage", "Foretell: data, runs and models")
	s.bucket = s.newBucket()
	if s.API.Users != nil {
		s.userPool = s.newUsers()
	}

	s.newTasks()
	s.compute = s.newStack("Compute", "Foretell: functions, workflows and API")
	s.deadLetters = s.newDeadLetters()
	s.newFunctions(assets, func(f topology.Function) bool { return f.Name != "api" && f.Name != "retrain" })
	for _, w := range workflows {
		s.workflows[w.resource] = s.newWorkflow(w)
	}
	s.newSchedules()
	s.newFunctions(assets, func(f topology.Function) bool { return f.Name == "retrain" })
	s.allowRetrains()
	s.newRules()
	s.newCalls()
	s.newFunctions(assets, func(f topology.Function) bool { return f.Name == "api" })
	s.api = s.newAPI()
	s.newOutputs()

	s.observability = s.newStack("Observability", "Foretell: alarms, dashboard and budget")
	s.watch()
	s.newRelease()
	s.newHosts()
	return s
}

func (s *stage) newStack(name, description string) awscdk.Stack {
	return awscdk.NewStack(s.cdk, jsii.String(name), &awscdk.StackProps{
		StackName: jsii.String(s.named(name)), Description: jsii.String(description),
		TerminationProtection: jsii.Bool(s.KeepData && name == "Storage"),
		Tags:                  &map[string]*string{"foretell:stage": jsii.String(s.Name)},
	})
}

// named is a name of the stage's own, for what is named rather than numbered.
func (s *stage) named(name string) string { return "foretell-" + s.Name + "-" + lower(name) }

// newOutputs says where people find what they need.
func (s *stage) newOutputs() {
	output := func(stack awscdk.Stack, name, description string, value *string) {
		awscdk.NewCfnOutput(stack, jsii.String(name+"Output"), &awscdk.CfnOutputProps{
			Description: jsii.String(description), Value: value,
		}).OverrideLogicalId(jsii.String(name + "Output"))
	}
	output(s.storage, "Bucket", "the one bucket", s.bucket.BucketName())
	output(s.compute, "API", "the API's address", s.api.Url())
	if s.API.Domain != nil {
		output(s.compute, "Domain", "the API's address by a name of its own", jsii.String("https://"+s.API.Domain.Name))
	}
	if s.machines != nil {
		output(s.storage, "Token", "where a client gets an access token from", jsii.String(s.tokenURL()))
		output(s.storage, "Users", "the user pool", s.pool.UserPoolId())
		output(s.storage, "Client", "the client for machines", s.machines.UserPoolClientId())
	}
	for _, w := range workflows {
		output(s.compute, w.name, "the state machine: "+w.comment, s.workflows[w.resource].StateMachineArn())
	}
}

// logsIn makes a log group of a stack. It goes with the stack: one that stays behind would block the
// next deployment of the same name.
func (s *stage) logsIn(stack awscdk.Stack, id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(stack, jsii.String(id), &awslogs.LogGroupProps{
		Retention: retentions[s.LogDays], RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// newDeadLetters makes the queue of what nobody could be told of: an asynchronous call of a
// function that failed every time, a schedule or a rule that could not call its function.
func (s *stage) newDeadLetters() awssqs.Queue {
	queue := awssqs.NewQueue(s.compute, jsii.String("DeadLetters"), &awssqs.QueueProps{
		EnforceSSL: jsii.Bool(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED,
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // the longest: a holiday passes meanwhile
	})
	suppress(queue, "SQS3", "it is itself where others put what they could not deliver")
	return queue
}
