package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// roleLines are all that a role of a stack may do, in order.
func roleLines(t *testing.T, of map[string]resource, role string) (lines []string) {
	t.Helper()
	for _, policy := range list(of[role].Properties["Policies"]) {
		lines = append(lines, documentLines(t, role, at(policy, "PolicyDocument"))...)
	}
	for _, r := range of {
		if r.Type == "AWS::IAM::Policy" && render(r.Properties["Roles"]) == "<"+role+">" {
			lines = append(lines, documentLines(t, role, r.Properties["PolicyDocument"])...)
		}
	}
	slices.Sort(lines)
	return lines
}

// TestTasks: the training workflow may run one family of tasks in one cluster, and hand them their
// two roles and no other; the task may do in the bucket what the train function may; its network
// leads nowhere.
func TestTasks(t *testing.T) {
	contentOf(t, hosting.storage).export()
	made := hosted(t, hosting.large)
	contentOf(t, hosting.large).export()
	compute := hosted(t, hosting.compute)
	var got []string
	for _, line := range roleLines(t, compute, "TrainingRole") {
		if service := strings.Fields(line)[1]; strings.HasPrefix(service, "ecs:") || strings.HasPrefix(service, "events:") || strings.HasPrefix(service, "iam:") {
			got = append(got, strings.TrimPrefix(line, "TrainingRole "))
		}
	}
	const here = ":eu-central-1:111111111111:"
	want := []string{
		"ecs:DescribeTasks arn:<AWS::Partition>:ecs" + here + "task/<Cluster>/* ArnEquals ecs:cluster <Cluster.Arn>",
		"ecs:RunTask arn:<AWS::Partition>:ecs" + here + "task-definition/foretell-dev-train:* ArnEquals ecs:cluster <Cluster.Arn>",
		"ecs:StopTask arn:<AWS::Partition>:ecs" + here + "task/<Cluster>/* ArnEquals ecs:cluster <Cluster.Arn>",
		"events:DescribeRule arn:<AWS::Partition>:events" + here + "rule/StepFunctionsGetEventsForECSTaskRule",
		"events:PutRule arn:<AWS::Partition>:events" + here + "rule/StepFunctionsGetEventsForECSTaskRule",
		"events:PutTargets arn:<AWS::Partition>:events" + here + "rule/StepFunctionsGetEventsForECSTaskRule",
		"iam:PassRole <ExecutionRole.Arn> StringEquals iam:PassedToService ecs-tasks.amazonaws.com",
		"iam:PassRole <TaskRole.Arn> StringEquals iam:PassedToService ecs-tasks.amazonaws.com",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the training workflow may\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	for placeholder, value := range map[string]string{"LargeCluster": "<Cluster.Arn>", "LargeTask": "<Task>", "LargeGroup": "<Group.GroupId>",
		"LargeSubnetA": "<NetworkinsideSubnet1Subnet>", "LargeSubnetB": "<NetworkinsideSubnet2Subnet>"} {
		equal(t, placeholder, at(compute["Training"].Properties, "DefinitionSubstitutions", placeholder), value)
	}
	for _, function := range []string{"ApiFunction", "TrainFunction"} {
		equal(t, function+"'s place", at(compute[function].Properties, "Environment", "Variables", topology.EnvLarge), "fargate")
	}
	var may []string
	for _, f := range topology.Functions {
		if f.Name == "train" {
			for _, p := range f.Permissions {
				may = append(may, topologyLines(t, "TaskRole", p)...)
			}
		}
	}
	slices.Sort(may)
	if lines := roleLines(t, made, "TaskRole"); !slices.Equal(lines, may) {
		t.Errorf("the task may\n\t%s\nwant\n\t%s", strings.Join(lines, "\n\t"), strings.Join(may, "\n\t"))
	}
	for name, r := range made {
		if r.Type == "AWS::EC2::InternetGateway" || r.Type == "AWS::EC2::NatGateway" {
			t.Errorf("%s leads to the internet", name)
		}
	}
	container := list(made["Task"].Properties["ContainerDefinitions"])[0]
	equal(t, "image", at(container, "Image"), hosting.Large.Fargate)
	equal(t, "its name, which the workflow tells its step", at(container, "Name"), topology.TrainTask)
	if !strings.Contains(topology.Training, `"ContainerOverrides": [{"Name": "`+topology.TrainTask+`"`) {
		t.Error("the workflow names another container")
	}
}

// TestTaskMayWriteModels: the bucket knows the role of the task, where there is one.
func TestTaskMayWriteModels(t *testing.T) {
	for _, s := range append(slices.Clone(stages), hosting) {
		text := render(hosted(t, s.storage)["BucketPolicy"].Properties["PolicyDocument"])
		if has := strings.Contains(text, "role/foretell-"+s.Name+"-train-task-"); has != (s.Large.Fargate != "") {
			t.Errorf("%s: the bucket knows the task's role: %t", s.Name, has)
		}
	}
}
