package main

import (
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// hosts are where a model is served besides Lambda, each a stack of its own that is there only if
// it is asked for. All run the one image that make image builds.
type hosts struct {
	// Image is pinned by its digest, so that every stage runs the same one.
	Image string `json:"image"` // 123456789012.dkr.ecr.eu-central-1.amazonaws.com/foretell@sha256:…
	Model string `json:"model"` // whose champion is served where a request names no model

	ECS         bool   `json:"ecs"`         // a Fargate service behind a load balancer inside of a network
	Certificate string `json:"certificate"` // ARN: the load balancer speaks HTTPS only
	Realtime    bool   `json:"realtime"`    // a SageMaker endpoint on an instance
	Serverless  bool   `json:"serverless"`  // a SageMaker endpoint that scales to zero
	Notebook    bool   `json:"notebook"`    // a SageMaker notebook instance with docs/notebooks
}

var (
	imageDigest    = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$`)
	certificateARN = regexp.MustCompile(`^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$`)
	modelName      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

func (h hosts) checks() []check {
	serving := h.ECS || h.Realtime || h.Serverless
	return []check{
		{"hosts", !serving || imageDigest.MatchString(h.Image), "image: " + quoted(h.Image) + " is no image in ECR by its digest, as make image PUSH=… prints it"},
		{"hosts", !serving || modelName.MatchString(h.Model), "model: " + quoted(h.Model) + " is no model's name"},
		{"hosts", !h.ECS || certificateARN.MatchString(h.Certificate), "certificate: " + quoted(h.Certificate) + " is no certificate's ARN, which the load balancer needs"},
	}
}

// newHosts makes the stacks that are asked for.
func (s *stage) newHosts() {
	if s.Hosts.ECS {
		s.ecs = s.newStack("ECS", "Foretell: predictions by containers on Fargate")
		s.newService()
	}
	if s.Hosts.Realtime || s.Hosts.Serverless {
		s.sagemaker = s.newStack("SageMaker", "Foretell: predictions by SageMaker endpoints")
		s.newEndpoints()
	}
	if s.Hosts.Notebook {
		s.notebook = s.newStack("Notebook", "Foretell: a notebook to explore data and models")
		s.newNotebook()
	}
}

// hostEnvironment is what the image needs to find its model.
func (s *stage) hostEnvironment() map[string]*string {
	return map[string]*string{topology.EnvBucket: s.bucket.BucketName(), topology.EnvModel: jsii.String(s.Hosts.Model), topology.EnvRedact: s.environment(topology.EnvRedact)}
}

// readModels lets a role read what the predict function may read in the bucket, and nothing else.
func (s *stage) readModels() []awsiam.PolicyStatement {
	var statements []awsiam.PolicyStatement
	for _, f := range topology.Functions {
		if f.Name == "predict" {
			for _, p := range f.Permissions {
				if slices.Contains(p.Prefixes, "models/") { // hosts capture nothing, and write nothing
					statements = append(statements, s.statements(p)...)
				}
			}
		}
	}
	return statements
}

// pullImage lets a role pull the image: its layers, and the token that all of ECR is asked with.
func (s *stage) pullImage(stack awscdk.Stack, image string) []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow([]string{"ecr:GetAuthorizationToken"}, jsii.String("*")), // has no resource
		allow([]string{"ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"}, jsii.String(repositoryARN(stack, image))),
	}
}

// pushImage lets a role push the image beside what is there.
func (s *stage) pushImage(stack awscdk.Stack) []awsiam.PolicyStatement {
	return append(s.pullImage(stack, s.Hosts.Image), allow([]string{"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"},
		jsii.String(repositoryARN(stack, s.Hosts.Image))))
}

var imageParts = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com[^/]*/([^@]+)@`)

func repositoryARN(stack awscdk.Stack, image string) string {
	part := imageParts.FindStringSubmatch(image)
	return "arn:" + *stack.Partition() + ":ecr:" + part[2] + ":" + part[1] + ":repository/" + part[3]
}
