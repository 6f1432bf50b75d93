package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// TestReleaseRole: jobs of the one repository in the stage's environment, and nobody else, get a role
// that deploys by the roles of cdk bootstrap and asks the API what foretell smoke asks.
func TestReleaseRole(t *testing.T) {
	release := hosted(t, hosting.release)
	role := release["ReleaseRole"].Properties
	equal(t, "name", role["RoleName"], "foretell-dev-release-eu-central-1")
	trust := list(at(role, "AssumeRolePolicyDocument", "Statement"))
	if len(trust) != 1 {
		t.Fatalf("%d statements of trust, want 1", len(trust))
	}
	equal(t, "who vouches", at(trust[0], "Principal", "Federated"), "<GitHub>")
	equal(t, "how", at(trust[0], "Action"), "sts:AssumeRoleWithWebIdentity")
	equal(t, "for whom", conditionText(trust[0]), " StringEquals token.actions.githubusercontent.com:aud sts.amazonaws.com"+
		" StringEquals token.actions.githubusercontent.com:sub repo:foretell-ml/foretell:environment:dev")
	equal(t, "provider", release["GitHub"].Properties["Url"], "https://token.actions.githubusercontent.com")
	equal(t, "audience", release["GitHub"].Properties["ClientIdList"], "sts.amazonaws.com")
	equal(t, "provider after the stack", release["GitHub"].DeletionPolicy, "Retain")

	var got []string
	for _, policy := range list(role["Policies"]) {
		for _, line := range documentLines(t, "role", at(policy, "PolicyDocument")) {
			_, line, _ = strings.Cut(line, " ")
			got = append(got, strings.ReplaceAll(line, "arn:<AWS::Partition>:", ""))
		}
	}
	var want []string
	for _, does := range []string{"deploy", "file-publishing"} {
		want = append(want, "sts:AssumeRole iam::111111111111:role/cdk-hnb659fds-"+does+"-role-111111111111-eu-central-1")
	}
	for _, r := range topology.SmokeRoutes {
		want = append(want, "execute-api:Invoke execute-api:eu-central-1:111111111111:<API>/<APIDeploymentStageapi>/"+r.Method+r.Path)
	}
	want = append(want, "ecr:GetAuthorizationToken *") // has no resource
	for _, action := range []string{"BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"} {
		want = append(want, "ecr:"+action+" ecr:eu-central-1:111111111111:repository/foretell")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the role may\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if len(role["Policies"].([]any)) != 1 || role["ManagedPolicyArns"] != nil {
		t.Errorf("the role has other policies: %v", role)
	}
}
