package main

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// large is where trials run that fit no function; without one a run that has such is refused.
type large struct {
	// Fargate is the image of the train function in ECR by its digest, which tasks of Fargate run.
	Fargate string `json:"fargate"`
}

func (l large) checks() []check {
	return []check{{"large", l.Fargate == "" || imageDigest.MatchString(l.Fargate),
		"fargate: " + quoted(l.Fargate) + " is no image in ECR by its digest, as make image FUNCTION=train PUSH=… prints it"}}
}

// place is what functions are told of it.
func (l large) place() string {
	if l.Fargate == "" {
		return topology.Settings[topology.EnvLarge]
	}
	return "fargate"
}

// tasks are what the training workflow starts for them.
type tasks struct {
	cluster    awsecs.Cluster
	definition awsecs.FargateTaskDefinition
	network    awsec2.Vpc
	group      awsec2.SecurityGroup
	roles      []*string // that the task runs under
}

// newTasks makes a network without a way to the internet, a cluster in it, and the definition of the
// task. It costs the interface endpoints by the hour; tasks cost only while they run.
func (s *stage) newTasks() {
	if s.Large.Fargate == "" {
		return
	}
	s.large = s.newStack("Large", "Foretell: trials that fit no function, on Fargate")
	t := &tasks{network: s.newNetwork(s.large)}
	t.cluster = awsecs.NewCluster(s.large, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: t.network, ContainerInsightsV2: awsecs.ContainerInsights_ENABLED})
	t.group = awsec2.NewSecurityGroup(s.large, jsii.String("Group"), &awsec2.SecurityGroupProps{
		Vpc: t.network, Description: jsii.String("tasks, which nobody calls"), AllowAllOutbound: jsii.Bool(true),
	})
	execution := roleIn(s.large, "ExecutionRole", "ecs-tasks.amazonaws.com", s.pullImage(s.large, s.Large.Fargate))
	suppress(execution, "IAM5", "a registry's token has no resource to name", "Resource::*")
	task := s.newTaskRole()
	t.roles = []*string{execution.RoleArn(), task.RoleArn()}
	t.definition = awsecs.NewFargateTaskDefinition(s.large, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Family: jsii.String(s.named("train")), Cpu: jsii.Number(2048), MemoryLimitMiB: jsii.Number(4096), // the workflow says how large each is
		ExecutionRole: execution.WithoutPolicyUpdates(nil), TaskRole: task.WithoutPolicyUpdates(nil),
		RuntimePlatform: &awsecs.RuntimePlatform{CpuArchitecture: awsecs.CpuArchitecture_ARM64(), OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX()},
	})
	log := s.logsIn(s.large, "TaskLog")
	// The CDK would add this to the execution role, which is closed to it.
	execution.AddToPrincipalPolicy(allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, log.LogGroupArn()))
	t.definition.AddContainer(jsii.String(topology.TrainTask), &awsecs.ContainerDefinitionOptions{
		ContainerName: jsii.String(topology.TrainTask),
		Image:         awsecs.ContainerImage_FromRegistry(jsii.String(s.Large.Fargate), nil),
		Environment: &map[string]*string{
			topology.EnvBucket: s.bucket.BucketName(), topology.EnvLarge: jsii.String(s.Large.place()),
		},
		Logging:                awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{LogGroup: log, StreamPrefix: jsii.String("train")}),
		ReadonlyRootFilesystem: jsii.Bool(true), StopTimeout: awscdk.Duration_Seconds(jsii.Number(30)),
	})
	awscdk.Annotations_Of(t.definition).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ecs:ecrImageRequiresPolicy"),
		jsii.String("the execution role may pull the one image, see pullImage"))
	suppress(t.definition, "ECS2", "the bucket's name is no secret")
	s.tasks = t
}

// taskRoleName is the name of the task's role, which the bucket knows before it is made.
func (s *stage) taskRoleName() string { return s.roleName("train-task") }

// newTaskRole lets the task do in the bucket what the train function may.
func (s *stage) newTaskRole() awsiam.Role {
	var statements []awsiam.PolicyStatement
	for _, f := range topology.Functions {
		if f.Name == "train" {
			for _, p := range f.Permissions {
				statements = append(statements, s.statements(p)...)
			}
		}
	}
	role := awsiam.NewRole(s.large, jsii.String("TaskRole"), &awsiam.RoleProps{
		RoleName: jsii.String(s.taskRoleName()), InlinePolicies: inline(statements),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil),
	})
	suppressWildcards(role, "what the train function may do, as pkg/topology lists it", `/[a-z]+/\*`)
	return role
}

// substitutions are the placeholders of the training workflow that tell of tasks.
func (t *tasks) substitutions() map[string]*string {
	values := map[string]*string{}
	for name, none := range maps.All(topology.NoTasks) {
		values[name] = jsii.String(none)
	}
	if t != nil {
		subnets := *t.network.IsolatedSubnets()
		values["LargeCluster"], values["LargeTask"] = t.cluster.ClusterArn(), t.definition.TaskDefinitionArn()
		values["LargeSubnetA"], values["LargeSubnetB"] = subnets[0].SubnetId(), subnets[1].SubnetId()
		values["LargeGroup"] = t.group.SecurityGroupId()
	}
	return values
}

// taskStatements let the training workflow run tasks of the one family in the one cluster, hand them
// their two roles, and have EventBridge tell it when they stop, by the rule that .sync makes.
func (s *stage) taskStatements() []awsiam.PolicyStatement {
	if s.tasks == nil {
		return nil
	}
	inCluster := conditions{"ArnEquals": {"ecs:cluster": s.tasks.cluster.ClusterArn()}}
	arn := func(service, resource, name string) *string {
		return s.arn(service, resource, name, awscdk.ArnFormat_SLASH_RESOURCE_NAME)
	}
	return []awsiam.PolicyStatement{
		when(allow([]string{"ecs:RunTask"}, arn("ecs", "task-definition", s.named("train")+":*")), inCluster),
		when(allow([]string{"ecs:StopTask", "ecs:DescribeTasks"}, arn("ecs", "task", *s.tasks.cluster.ClusterName()+"/*")), inCluster),
		allow([]string{"events:PutTargets", "events:PutRule", "events:DescribeRule"}, arn("events", "rule", "StepFunctionsGetEventsForECSTaskRule")),
		when(allow([]string{"iam:PassRole"}, s.tasks.roles...), conditions{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
	}
}
