package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
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
	// The data set and model of foretell smoke.
	smoke = "foretell-smoke"
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

// smokeRoutes are the requests of foretell smoke, as execute-api names them.
var smokeRoutes = []string{
	"GET/v1/models",
	"POST/v1/datasets/" + smoke + "/uploads",
	"POST/v1/runs",
	"GET/v1/runs/*",
	"GET/v2/health/ready",
	"POST/v1/models/" + smoke + "/predict",
}

// newRelease makes the role that GitHub's jobs get, if it is asked for. It may assume two of the roles
// that cdk bootstrap made, which deploy and upload; and ask the API what foretell smoke asks it.
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
	for _, route := range smokeRoutes {
		method, path, _ := strings.Cut(route, "/")
		asked = append(asked, s.api.ArnForExecuteApi(jsii.String(method), jsii.String("/"+path), s.api.DeploymentStage().StageName()))
	}
	role := awsiam.NewRole(s.release, jsii.String("ReleaseRole"), &awsiam.RoleProps{
		RoleName: jsii.String(s.roleName("release")),
		AssumedBy: awsiam.NewWebIdentityPrincipal(provider, &map[string]any{"StringEquals": map[string]any{
			github + ":aud": audience,
			github + ":sub": "repo:" + s.Release.Repository + ":environment:" + s.Name,
		}}),
		InlinePolicies: inline([]awsiam.PolicyStatement{allow([]string{"sts:AssumeRole"}, bootstrapped...), allow([]string{"execute-api:Invoke"}, asked...)}),
	})
	suppressWildcards(role, "foretell smoke follows a run whose name follows from its content", `/GET/v1/runs/\*`)
	awscdk.NewCfnOutput(s.release, jsii.String("ReleaseRoleOutput"), &awscdk.CfnOutputProps{
		Description: jsii.String("the role of GitHub's jobs: AWS_ROLE of the environment " + s.Name), Value: role.RoleArn(),
	}).OverrideLogicalId(jsii.String("ReleaseRoleOutput"))
}
