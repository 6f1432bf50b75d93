package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecspatterns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

// What a task has, and how many there are.
const (
	taskCPU    = 1024 // of 1024 to a core
	taskMemory = 2048 // MB
	fewest     = 2    // one in each zone
	most       = 10
	busyCPU    = 60 // per cent, which tasks are added to come back to
)

const hostPort = 8080

// newService makes a network without a way to the internet, and in it the service: tasks in two
// zones behind a load balancer that only the network reaches and that speaks only HTTPS.
func (s *stage) newService() {
	stack := s.ecs
	network := s.newNetwork(stack)
	cluster := awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{
		Vpc: network, ContainerInsightsV2: awsecs.ContainerInsights_ENABLED,
	})
	logs := s.logsIn(stack, "ServiceLog")
	execution := roleIn(stack, "ExecutionRole", "ecs-tasks.amazonaws.com", s.pullImage(stack, s.Hosts.Image))
	suppress(execution, "IAM5", "a registry's token has no resource to name", "Resource::*")
	task := roleIn(stack, "TaskRole", "ecs-tasks.amazonaws.com", s.readModels())
	suppressWildcards(task, "what the predict function may read, as pkg/topology lists it", `/[a-z]+/\*`)
	environment := s.hostEnvironment()
	service := awsecspatterns.NewApplicationLoadBalancedFargateService(stack, jsii.String("Service"), &awsecspatterns.ApplicationLoadBalancedFargateServiceProps{
		Cluster: cluster, DesiredCount: jsii.Number(fewest), MinHealthyPercent: jsii.Number(100), MaxHealthyPercent: jsii.Number(200),
		Cpu: jsii.Number(taskCPU), MemoryLimitMiB: jsii.Number(taskMemory), PublicLoadBalancer: jsii.Bool(false), OpenListener: jsii.Bool(false),
		TaskSubnets:     &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
		RuntimePlatform: &awsecs.RuntimePlatform{CpuArchitecture: awsecs.CpuArchitecture_ARM64(), OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX()},
		CircuitBreaker:  &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		Protocol:        awselasticloadbalancingv2.ApplicationProtocol_HTTPS, SslPolicy: awselasticloadbalancingv2.SslPolicy_RECOMMENDED_TLS,
		Certificate: awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("Certificate"), jsii.String(s.Hosts.Certificate)),
		TaskImageOptions: &awsecspatterns.ApplicationLoadBalancedTaskImageOptions{
			Image: awsecs.ContainerImage_FromRegistry(jsii.String(s.Hosts.Image), nil), ContainerPort: jsii.Number(hostPort),
			Environment: &environment, ExecutionRole: execution, TaskRole: task,
			LogDriver: awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{LogGroup: logs, StreamPrefix: jsii.String("predict")}),
		},
	})
	service.TargetGroup().ConfigureHealthCheck(&awselasticloadbalancingv2.HealthCheck{Path: jsii.String("/ping")})
	service.LoadBalancer().Connections().AllowFrom(awsec2.Peer_Ipv4(network.VpcCidrBlock()), awsec2.Port_Tcp(jsii.Number(443)), jsii.String("from inside the network"))
	service.LoadBalancer().LogAccessLogs(s.loadBalancerLog(), nil)
	service.Service().AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{MinCapacity: jsii.Number(fewest), MaxCapacity: jsii.Number(most)}).
		ScaleOnCpuUtilization(jsii.String("Busy"), &awsecs.CpuUtilizationScalingProps{TargetUtilizationPercent: jsii.Number(busyCPU)})
	awscdk.Annotations_Of(service.TaskDefinition()).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ecs:ecrImageRequiresPolicy"),
		jsii.String("the execution role may pull the image: pullImage"))
	suppress(service.TaskDefinition(), "ECS2", "the bucket's and the model's name are no secrets")
	suppressUnseen(service.LoadBalancer(), "EC23", "the group is open to the network's own addresses, a reference that the rule cannot read")
}

// zone is one of the zones that the account has in the region, by what CloudFormation finds: their names
// differ from account to account, and not every region has an a.
func zone(n int) *string { return awscdk.Fn_Select(jsii.Number(n), awscdk.Fn_GetAzs(nil)) }

// newNetwork makes a network in two zones without a way to the internet: what is in it reaches S3,
// and pulls images and writes logs by endpoints of its own.
func (s *stage) newNetwork(stack awscdk.Stack) awsec2.Vpc {
	network := awsec2.NewVpc(stack, jsii.String("Network"), &awsec2.VpcProps{
		// Closing the group that everything is in by default takes a function of the CDK's; here nothing is in it.
		AvailabilityZones: &[]*string{zone(0), zone(1)}, NatGateways: jsii.Number(0), RestrictDefaultSecurityGroup: jsii.Bool(false),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{{Name: jsii.String("inside"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED}},
		GatewayEndpoints:    &map[string]*awsec2.GatewayVpcEndpointOptions{"S3": {Service: awsec2.GatewayVpcEndpointAwsService_S3()}},
		FlowLogs: &map[string]*awsec2.FlowLogOptions{"Flows": {
			Destination: awsec2.FlowLogDestination_ToCloudWatchLogs(s.logsIn(stack, "FlowLog"), nil),
			TrafficType: awsec2.FlowLogTrafficType_REJECT,
		}},
	})
	for _, endpoint := range []struct {
		name string
		of   awsec2.InterfaceVpcEndpointAwsService
	}{
		{"Registry", awsec2.InterfaceVpcEndpointAwsService_ECR()},
		{"Images", awsec2.InterfaceVpcEndpointAwsService_ECR_DOCKER()},
		{"Logs", awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_LOGS()},
	} {
		made := network.AddInterfaceEndpoint(jsii.String(endpoint.name), &awsec2.InterfaceVpcEndpointOptions{Service: endpoint.of})
		suppressUnseen(made, "EC23", "the group is open to the network's own addresses, a reference that the rule cannot read")
	}
	return network
}

// loadBalancerLog is the bucket of the load balancer's access log.
func (s *stage) loadBalancerLog() awss3.Bucket {
	bucket := awss3.NewBucket(s.ecs, jsii.String("LoadBalancerLog"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), Encryption: awss3.BucketEncryption_S3_MANAGED, EnforceSSL: jsii.Bool(true),
		LifecycleRules: &[]*awss3.LifecycleRule{{Expiration: days(accessLogDays)}}, RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	suppress(bucket, "S1", "it is an access log itself")
	return bucket
}
