package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssagemaker"
	"github.com/aws/jsii-runtime-go"
)

// What endpoints run on. A predict call needs one core and memory for a few models.
const (
	endpointInstance  = "ml.m5.large"
	serverlessMemory  = 2048 // MB
	serverlessAtOnce  = 10
	notebookInstance  = "ml.t3.medium"
	notebookPlatform  = "notebook-al2023-v1"
	notebookVolume    = 20 // GB
	sagemakerService  = "sagemaker.amazonaws.com"
	foretellPublicGit = "https://github.com/foretell-ml/foretell"
)

// newEndpoints makes the SageMaker model and the endpoints that are asked for.
func (s *stage) newEndpoints() {
	stack := s.sagemaker
	statements := append(s.readModels(), s.pullImage(stack, s.Hosts.Image)...)
	statements = append(statements, allow([]string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
		jsii.String("arn:"+*stack.Partition()+":logs:"+s.Region+":"+s.Account+":log-group:/aws/sagemaker/Endpoints/"+s.named("*"))))
	role := roleIn(stack, "EndpointRole", sagemakerService, statements)
	suppress(role, "IAM5", "a registry's token has no resource to name", "Resource::*")
	suppressWildcards(role, "prefixes of the bucket, and the logs of the stage's own endpoints", `/[a-z]+/\*`, `/aws/sagemaker/Endpoints/[a-z-]+\*`)

	model := awssagemaker.NewCfnModel(stack, jsii.String("Model"), &awssagemaker.CfnModelProps{
		ExecutionRoleArn: role.RoleArn(),
		PrimaryContainer: map[string]any{"image": s.Hosts.Image, "environment": s.hostEnvironment()},
	})
	model.Node().AddDependency(role)
	if s.Hosts.Realtime {
		s.newEndpoint("Realtime", map[string]any{
			"variantName": "all", "modelName": model.AttrModelName(), "initialVariantWeight": 1,
			"initialInstanceCount": 1, "instanceType": endpointInstance,
		})
	}
	if s.Hosts.Serverless {
		s.newEndpoint("Serverless", map[string]any{
			"variantName": "all", "modelName": model.AttrModelName(), "initialVariantWeight": 1,
			"serverlessConfig": map[string]any{"memorySizeInMb": serverlessMemory, "maxConcurrency": serverlessAtOnce},
		})
	}
}

func (s *stage) newEndpoint(name string, variant map[string]any) {
	config := awssagemaker.NewCfnEndpointConfig(s.sagemaker, jsii.String(name+"Config"), &awssagemaker.CfnEndpointConfigProps{
		ProductionVariants: []any{variant},
	})
	suppress(config, "SM5", "the image holds no data, and its volume no more than the image")
	awssagemaker.NewCfnEndpoint(s.sagemaker, jsii.String(name), &awssagemaker.CfnEndpointProps{
		EndpointName: jsii.String(s.named(name)), EndpointConfigName: config.AttrEndpointConfigName(),
	})
}

// newNotebook makes an instance with the repository's notebooks, which may read what people may
// see: data sets, statistics, runs and models. It changes nothing.
func (s *stage) newNotebook() {
	stack := s.notebook
	bucket := s.bucket.BucketArn()
	var readable []*string
	for _, prefix := range []string{"data", "statistics", "runs", "models"} {
		readable = append(readable, s.bucket.ArnForObjects(jsii.String(prefix+"/*")))
	}
	role := roleIn(stack, "NotebookRole", sagemakerService, []awsiam.PolicyStatement{
		allow([]string{"s3:GetObject"}, readable...),
		when(allow([]string{"s3:ListBucket"}, bucket), conditions{"StringLike": {"s3:prefix": []string{"data/*", "statistics/*", "runs/*", "models/*"}}}),
		allow([]string{"execute-api:Invoke"}, jsii.String("arn:"+*stack.Partition()+":execute-api:"+s.Region+":"+s.Account+":"+*s.api.RestApiId()+"/api/*")),
		allow([]string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
			jsii.String("arn:"+*stack.Partition()+":logs:"+s.Region+":"+s.Account+":log-group:/aws/sagemaker/NotebookInstances:*")),
	})
	suppressWildcards(role, "prefixes of the bucket, routes of the stage's own API, the notebook's log",
		`/[a-z]+/\*`, `/api/\*`, `/aws/sagemaker/NotebookInstances:\*`)
	start := awssagemaker.NewCfnNotebookInstanceLifecycleConfig(stack, jsii.String("Start"), &awssagemaker.CfnNotebookInstanceLifecycleConfigProps{
		OnStart: []any{map[string]any{"content": awscdk.Fn_Base64(jsii.String(s.notebookStart()))}},
	})
	notebook := awssagemaker.NewCfnNotebookInstance(stack, jsii.String("Notebook"), &awssagemaker.CfnNotebookInstanceProps{
		NotebookInstanceName: jsii.String(s.named("notebook")), InstanceType: jsii.String(notebookInstance),
		PlatformIdentifier: jsii.String(notebookPlatform), RoleArn: role.RoleArn(), VolumeSizeInGb: jsii.Number(notebookVolume),
		RootAccess: jsii.String("Disabled"), DefaultCodeRepository: jsii.String(foretellPublicGit),
		InstanceMetadataServiceConfiguration: map[string]any{"minimumInstanceMetadataServiceVersion": "2"},
		LifecycleConfigName:                  start.AttrNotebookInstanceLifecycleConfigName(),
	})
	suppress(notebook, "SM1", "it reads what its role may read, from S3 and the API; it needs no network of ours")
	suppress(notebook, "SM2", "the volume is encrypted by SageMaker's own key; nothing secret is put on it")
	suppress(notebook, "SM3", "notebooks install packages, which wants the internet")
}

// notebookStart is what the instance does whenever it starts: it writes down where data and API
// are, for the notebooks.
func (s *stage) notebookStart() string {
	return "#!/bin/bash\nset -e\ncat > ~ec2-user/SageMaker/foretell.json <<END\n" +
		`{"bucket": "` + *s.bucket.BucketName() + `", "api": "` + *s.api.Url() + `"}` + "\nEND\n"
}
