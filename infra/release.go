package main

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// release lets GitHub Actions deploy a stage: jobs of one repository that run in the GitHub
// environment of the stage's name, and so after whatever approval it asks for. GitHub vouches for
// them by OpenID Connect; there is no key to keep or to lose. The stack is there only if it is asked
// for, and a person deploys it the first time. docs/releases.md has the steps.
type release struct {
	Repository string `json:"repository"` // on GitHub, owner/name
	// Provider is the ARN of the account's identity provider for GitHub, if it has one already: an
	// account can have one only. Without it, it is made.
	Provider string `json:"provider"`
}

const (
	github   = "token.actions.githubusercontent.com"
	audience = "sts.amazonaws.com"
	// What cdk bootstrap appends to the names of its roles, unless it is told otherwise.
	qualifier = "hnb659fds"
)

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`)
	providerARN    = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/` + regexp.QuoteMeta(github) + `$`)
)

func (r release) checks() []check {
	return []check{
		{"release", r == (release{}) || repositoryName.MatchString(r.Repository), "repository: " + quoted(r.Repository) + " is no repository on GitHub, such as foretell-ml/foretell"},
		{"release", r.Provider == "" || providerARN.MatchString(r.Provider), "provider: " + quoted(r.Provider) + " is no ARN of an identity provider for GitHub"},
	}
}

// newRelease makes the role that GitHub's jobs get, if it is asked for. It may assume two of the roles
// that cdk bootstrap made, which deploy and upload; ask the API what foretell smoke asks it, by the
// token of the client for machines if the stage has one; and push the image that hosts run, if there
// are any.
func (s *stage) newRelease() {
	if s.Release.Repository == "" {
		return
	}
	s.release = s.newStack("Release", "Foretell: who deploys")
	provider := jsii.String(s.Release.Provider)
	if s.Release.Provider == "" {
		provider = awsiam.NewOidcProviderNative(s.release, jsii.String("GitHub"), &awsiam.OidcProviderNativeProps{
			Url: jsii.String("https://" + github), ClientIds: jsii.Strings(audience),
			RemovalPolicy: awscdk.RemovalPolicy_RETAIN, // others may use it by then
		}).OidcProviderArn()
	}
	var bootstrapped, asked []*string
	for _, does := range []string{"deploy", "file-publishing"} {
		bootstrapped = append(bootstrapped, jsii.String(fmt.Sprintf("arn:%s:iam::%s:role/cdk-%s-%s-role-%s-%s",
			*s.release.Partition(), s.Account, qualifier, does, s.Account, s.Region)))
	}
	for _, r := range topology.SmokeRoutes {
		asked = append(asked, s.api.ArnForExecuteApi(jsii.String(r.Method), jsii.String(r.Path), s.api.DeploymentStage().StageName()))
	}
	statements := []awsiam.PolicyStatement{allow([]string{"sts:AssumeRole"}, bootstrapped...), allow([]string{"execute-api:Invoke"}, asked...)}
	if s.machines != nil {
		statements = append(statements, allow([]string{"cognito-idp:DescribeUserPoolClient"}, jsii.String(s.userPool))) // has the client's secret
	}
	if s.Hosts.Image != "" {
		statements = append(statements, s.pushImage(s.release)...)
	}
	role := awsiam.NewRole(s.release, jsii.String("ReleaseRole"), &awsiam.RoleProps{
		RoleName: jsii.String(s.roleName("release")),
		AssumedBy: awsiam.NewWebIdentityPrincipal(provider, &map[string]any{"StringEquals": map[string]any{
			github + ":aud": audience,
			github + ":sub": "repo:" + s.Release.Repository + ":environment:" + s.Name,
		}}),
		InlinePolicies: inline(statements),
	})
	suppressWildcards(role, "foretell smoke follows a run whose name follows from its content", `/GET/v1/runs/[a-z-]+\*`)
	suppress(role, "IAM5", "a registry's token has no resource to name", "Resource::*")
	awscdk.NewCfnOutput(s.release, jsii.String("ReleaseRoleOutput"), &awscdk.CfnOutputProps{
		Description: jsii.String("the role of GitHub's jobs: AWS_ROLE of the environment " + s.Name), Value: role.RoleArn(),
	}).OverrideLogicalId(jsii.String("ReleaseRoleOutput"))
}
