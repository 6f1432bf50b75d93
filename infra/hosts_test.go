package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
)

// newHosting makes the stage dev with everything that is there only if it is asked for, its API aside.
func newHosting(outdir, assets string) (*stage, error) {
	return newDevWith(outdir, assets, "hosts", "release", "redact", "large")
}

// newDevWith makes the stage dev with settings of testdata/full.json, which has all that there are.
func newDevWith(outdir, assets string, options ...string) (*stage, error) {
	context, err := readContext("../cdk.json")
	if err != nil {
		return nil, err
	}
	full, err := readContext("testdata/full.json")
	if err != nil {
		return nil, err
	}
	dev := context[contextKey].(map[string]any)["dev"].(map[string]any)
	for _, option := range options {
		dev[option] = full[contextKey].(map[string]any)["full"].(map[string]any)[option]
	}
	context[contextKey] = map[string]any{"dev": dev}
	made, err := newStages(newApp(outdir, context), assets)
	if err != nil {
		return nil, err
	}
	return made[0], nil
}

// TestFull: testdata/full.json has every setting that there is, so that what make test looks for in
// its templates is looked for everywhere.
func TestFull(t *testing.T) {
	context, err := readContext("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	stages, err := readSettings(context[contextKey])
	if err != nil {
		t.Fatal(err)
	}
	value := reflect.ValueOf(stages[0])
	for i := range value.NumField() {
		// Data that is kept is in prod.
		if name := value.Type().Field(i).Name; name != "KeepData" && value.Field(i).IsZero() {
			t.Errorf("%s is not set", name)
		}
	}
	for _, of := range []any{stages[0].API, stages[0].Hosts, stages[0].Large, *stages[0].API.Firewall, *stages[0].API.Domain} {
		value := reflect.ValueOf(of)
		for i := range value.NumField() {
			if value.Field(i).IsZero() {
				t.Errorf("%T.%s is not set", of, value.Type().Field(i).Name)
			}
		}
	}
}

// hosted are the resources of one of the hosting stage's stacks, which may use what Compute exports.
func hosted(t *testing.T, stack awscdk.Stack) map[string]resource {
	t.Helper()
	contentOf(t, hosting.compute).export()
	named := map[string]resource{}
	if err := contentOf(t, stack).addTo(named); err != nil {
		t.Fatal(err)
	}
	return named
}

// contentOf is a stack's template.
func contentOf(t *testing.T, stack awscdk.Stack) (c content) {
	t.Helper()
	text, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestNoHostsByThemselves: a stage has the three stacks, and a host only if it is asked for.
func TestNoHostsByThemselves(t *testing.T) {
	for _, s := range stages {
		if n := len(s.stacks()); n != 3 {
			t.Errorf("%s has %d stacks, want 3", s.Name, n)
		}
	}
	if n := len(hosting.stacks()); n != 8 {
		t.Errorf("with every host, tasks and releases there are %d stacks, want 8", n)
	}
}

// TestHostsMay: hosts read models and pull the image; the notebook reads and asks the API. None
// of them writes to the bucket.
func TestHostsMay(t *testing.T) {
	for stack, want := range map[string][]string{
		"ECS":       {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket"},
		"SageMaker": {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket"},
		"Notebook":  {"execute-api:Invoke", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket"},
	} {
		var got []string
		for name, r := range hosted(t, hosting.stacks()[stack]) {
			documents := []any{r.Properties["PolicyDocument"]}
			for _, policy := range list(r.Properties["Policies"]) {
				documents = append(documents, at(policy, "PolicyDocument"))
			}
			if r.Type != "AWS::IAM::Role" && r.Type != "AWS::IAM::Policy" {
				continue
			}
			for _, document := range documents {
				for _, line := range documentLines(t, name, document) {
					action := strings.Fields(line)[1]
					if !slices.Contains(got, action) {
						got = append(got, action)
					}
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s may\n\t%v\nwant\n\t%v", stack, got, want)
		}
	}
}

func TestService(t *testing.T) {
	service := hosted(t, hosting.ecs)
	for name, r := range service {
		switch r.Type {
		case "AWS::ElasticLoadBalancingV2::LoadBalancer":
			equal(t, "load balancer", r.Properties["Scheme"], "internal")
		case "AWS::ElasticLoadBalancingV2::Listener":
			equal(t, "listener", r.Properties["Protocol"], "HTTPS")
		case "AWS::ElasticLoadBalancingV2::TargetGroup":
			equal(t, "health", r.Properties["HealthCheckPath"], "/ping")
		case "AWS::ECS::TaskDefinition":
			container := list(r.Properties["ContainerDefinitions"])[0]
			equal(t, "image", at(container, "Image"), hosting.Hosts.Image)
			equal(t, "architecture", at(r.Properties, "RuntimePlatform", "CpuArchitecture"), "ARM64")
		case "AWS::ECS::Service":
			equal(t, "goes back", at(r.Properties, "DeploymentConfiguration", "DeploymentCircuitBreaker", "Rollback"), "true")
			equal(t, "public address", at(r.Properties, "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"), "DISABLED")
		case "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway":
			t.Errorf("%s leads to the internet", name)
		case "AWS::EC2::SecurityGroup":
			for _, rule := range list(r.Properties["SecurityGroupIngress"]) {
				if render(at(rule, "CidrIp")) == "0.0.0.0/0" {
					t.Errorf("%s is open to everybody", name)
				}
			}
		}
	}
}

func TestEndpoints(t *testing.T) {
	sagemaker := hosted(t, hosting.sagemaker)
	equal(t, "image", at(sagemaker["Model"].Properties, "PrimaryContainer", "Image"), hosting.Hosts.Image)
	equal(t, "model", at(sagemaker["Model"].Properties, "PrimaryContainer", "Environment", "FORETELL_MODEL"), "adult-income")
	serverless := list(sagemaker["ServerlessConfig"].Properties["ProductionVariants"])[0]
	equal(t, "memory", at(serverless, "ServerlessConfig", "MemorySizeInMB"), "2048")
	realtime := list(sagemaker["RealtimeConfig"].Properties["ProductionVariants"])[0]
	equal(t, "instance", at(realtime, "InstanceType"), endpointInstance)
	for _, name := range []string{"Realtime", "Serverless"} {
		equal(t, name, sagemaker[name].Properties["EndpointName"], "foretell-dev-"+strings.ToLower(name))
	}
	notebook := hosted(t, hosting.notebook)["Notebook"].Properties
	equal(t, "root on the notebook", notebook["RootAccess"], "Disabled")
	equal(t, "metadata of the notebook", at(notebook, "InstanceMetadataServiceConfiguration", "MinimumInstanceMetadataServiceVersion"), "2")
}

func TestHostsFaults(t *testing.T) {
	faults := 0
	for _, c := range (hosts{ECS: true, Image: "foretell:latest", Model: "Adult"}).checks() {
		if !c.holds {
			faults++
		}
	}
	if faults != 3 {
		t.Errorf("%d faults of an image without digest, a model's name and no certificate, want 3", faults)
	}
	for _, c := range (hosts{}).checks() {
		if !c.holds {
			t.Errorf("without hosts: %s", c.want)
		}
	}
}
