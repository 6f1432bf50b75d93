package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// opened are the resources of the stage whose API asks for all that it may ask for.
func opened(t *testing.T) map[string]resource {
	t.Helper()
	all := map[string]resource{}
	for _, stack := range open.stacks() {
		for name, r := range hosted(t, stack) {
			all[name] = r
		}
	}
	return all
}

// TestNoOptionsByThemselves: what a stage does not ask for is not there.
func TestNoOptionsByThemselves(t *testing.T) {
	for name, r := range resources {
		for _, service := range []string{"AWS::Cognito::", "AWS::WAFv2::", "AWS::Route53::", "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::DomainName"} {
			if strings.HasPrefix(r.Type, service) {
				t.Errorf("%s is a %s that nobody asked for", name, r.Type)
			}
		}
	}
}

// TestUsers: a token of the pool with the scope of the route, in place of a signature.
func TestUsers(t *testing.T) {
	named := opened(t)
	document := deployedAPI(t, named)
	schemes := member(document, "components", "securitySchemes")
	authorizer := member(schemes, "users", "x-amazon-apigateway-authorizer")
	equal(t, "authorizer", authorizer["type"], "cognito_user_pools")
	if schemes["sigv4"] != nil {
		t.Error("signatures are taken beside tokens")
	}
	for route, scope := range map[string]string{
		"GET /v1/models": "read", "POST /v1/runs": "write", "PUT /v1/models/{model}/aliases/{alias}": "write", "DELETE /v1/models/{model}/schedule": "write",
		"POST /v1/models/{model}/predict": "predict", "POST /v2/models/{model}/infer": "predict", "GET /v2": "predict",
	} {
		method, path, _ := strings.Cut(route, " ")
		security := list(member(document, "paths", path, strings.ToLower(method))["security"])
		if len(security) != 1 {
			t.Fatalf("%s asks for one of %v, want all of them", route, security)
		}
		equal(t, route+" asks for a token", at(security[0], "users"), "foretell/"+scope)
		if at(security[0], "key") == nil {
			t.Errorf("%s asks for no key", route)
		}
	}
	pool := named["Users"].Properties
	equal(t, "who signs people up", at(pool, "AdminCreateUserConfig", "AllowAdminCreateUserOnly"), "true")
	equal(t, "second factor", pool["MfaConfiguration"], "ON")
	for name, r := range named {
		switch r.Type {
		case "AWS::Cognito::UserPoolClient":
			equal(t, name+"'s flow", r.Properties["AllowedOAuthFlows"], "client_credentials")
			equal(t, name+"'s secret", r.Properties["GenerateSecret"], "true")
			equal(t, name+"'s scopes", r.Properties["AllowedOAuthScopes"], "<UsersScopes>/predict <UsersScopes>/read <UsersScopes>/write")
		case "AWS::Cognito::UserPoolResourceServer":
			equal(t, name, r.Properties["Identifier"], scopes)
		}
	}
	outputs := contentOf(t, open.storage).Outputs
	for name, value := range map[string]string{"Users": "<Users>", "Client": "<UsersMachines>",
		"Token": "https://foretell-dev-111111111111.auth.eu-central-1.amazoncognito.com/oauth2/token"} {
		equal(t, name+"Output", outputs[name+"Output"].Value, value)
	}
	contentOf(t, open.storage).export()
	lines := roleLines(t, hosted(t, open.release), "ReleaseRole")
	if !slices.Contains(lines, "ReleaseRole cognito-idp:DescribeUserPoolClient <Users.Arn>") {
		t.Errorf("GitHub's jobs get no token: the role may\n\t%s", strings.Join(lines, "\n\t"))
	}
}

// TestPoolThatIsThere: a pool of the settings is trusted as it is, and none is made.
func TestPoolThatIsThere(t *testing.T) {
	const arn = "arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-central-1_AbC123"
	s := &stage{settings: settings{API: apiSettings{Users: &users{Pool: arn}}}}
	s.userPool = s.newUsers() // without a stack there is nothing to make it in
	equal(t, "who is trusted", member(s.securitySchemes(), byToken, "x-amazon-apigateway-authorizer")["providerARNs"], arn)
}

// TestScopes: each route has one of the scopes that the pool gives.
func TestScopes(t *testing.T) {
	for _, r := range topology.Routes {
		if scope := scopeOf(r); !slices.Contains([]string{"predict", "read", "write"}, scope) {
			t.Errorf("%s %s asks for %s", r.Method, r.Path, scope)
		}
		if r.Method == "GET" && scopeOf(r) == "write" || r.Method != "GET" && scopeOf(r) == "read" {
			t.Errorf("%s %s asks for %s", r.Method, r.Path, scopeOf(r))
		}
	}
}

// TestKeys: each client with a plan has a key of its own, of that plan, on this stage.
func TestKeys(t *testing.T) {
	named := opened(t)
	plans, keys := 0, 0
	for name, r := range named {
		switch r.Type {
		case "AWS::ApiGateway::UsagePlan":
			plans++
			equal(t, name+"'s quota", at(r.Properties, "Quota", "Limit"), "1000")
			equal(t, name+"'s quota is for a", at(r.Properties, "Quota", "Period"), "DAY")
			equal(t, name+"'s throttle", at(r.Properties, "Throttle", "RateLimit"), "2")
			equal(t, name+"'s burst", at(r.Properties, "Throttle", "BurstLimit"), "4")
			stage := list(r.Properties["ApiStages"])[0]
			equal(t, name+"'s API", at(stage, "ApiId"), "<API>")
			equal(t, name+"'s stage", at(stage, "Stage"), "<APIDeploymentStageapi>")
		case "AWS::ApiGateway::UsagePlanKey":
			equal(t, name+"'s key", r.Properties["KeyId"], "<APIPartnerKey>")
			equal(t, name+"'s plan", r.Properties["UsagePlanId"], "<APIPartnerPlan>")
		case "AWS::ApiGateway::ApiKey":
			keys++
			if r.Properties["Value"] != nil {
				t.Errorf("%s has its value in the template", name)
			}
		}
	}
	if plans != 1 || keys != 1 {
		t.Errorf("%d plans and %d keys for one client", plans, keys)
	}
	equal(t, "where a key is sent", member(deployedAPI(t, named), "components", "securitySchemes", "key")["name"], "x-api-key")
}

// TestFirewall: AWS's rules and a bound for each address, before the stage; rules about bodies do not
// stop tables.
func TestFirewall(t *testing.T) {
	named := opened(t)
	acl := named["Firewall"].Properties
	equal(t, "scope", acl["Scope"], "REGIONAL")
	seen := map[string]bool{}
	for _, rule := range list(acl["Rules"]) {
		name := render(at(rule, "Name"))
		seen[name] = true
		if name == "PerAddress" {
			equal(t, name, at(rule, "Statement", "RateBasedStatement", "Limit"), "500")
			equal(t, name+"'s key", at(rule, "Statement", "RateBasedStatement", "AggregateKeyType"), "IP")
			if at(rule, "Action", "Block") == nil {
				t.Errorf("%s does not block", name)
			}
			continue
		}
		equal(t, name, at(rule, "Statement", "ManagedRuleGroupStatement", "Name"), name)
		if at(rule, "OverrideAction", "None") == nil {
			t.Errorf("%s only counts", name)
		}
		if name == "AWSManagedRulesCommonRuleSet" {
			var told []string
			for _, o := range list(at(rule, "Statement", "ManagedRuleGroupStatement", "RuleActionOverrides")) {
				if at(o, "ActionToUse", "Count") == nil || !strings.HasSuffix(render(at(o, "Name")), "_BODY") {
					t.Errorf("%s: %s, want rules about bodies to count, and nothing else", name, render(o))
				}
				told = append(told, render(at(o, "Name")))
			}
			if !slices.Contains(told, "SizeRestrictions_BODY") || !slices.Contains(told, "CrossSiteScripting_BODY") {
				t.Errorf("%s blocks tables, or text in them: only %v count", name, told)
			}
		}
	}
	for _, name := range append(slices.Clone(managedRules), "PerAddress") {
		if !seen[name] {
			t.Errorf("the firewall has no rule %s", name)
		}
	}
	equal(t, "before", named["FirewallOfAPI"].Properties["ResourceArn"], "arn:<AWS::Partition>:apigateway:eu-central-1::/restapis/<API>/stages/<APIDeploymentStageapi>")
	equal(t, "firewall", named["FirewallOfAPI"].Properties["WebACLArn"], "<Firewall.Arn>")
}

// TestDomain: a host name with the certificate of the settings, its record, and the stage behind it.
func TestDomain(t *testing.T) {
	named := opened(t)
	for name, r := range named {
		switch r.Type {
		case "AWS::ApiGateway::DomainName":
			equal(t, name, r.Properties["DomainName"], "foretell.example.com")
			equal(t, name+"'s certificate", r.Properties["RegionalCertificateArn"], open.API.Domain.Certificate)
			equal(t, name+"'s policy", r.Properties["SecurityPolicy"], "TLS_1_2")
		case "AWS::ApiGateway::BasePathMapping":
			equal(t, name+"'s API", r.Properties["RestApiId"], "<API>")
			equal(t, name+"'s stage", r.Properties["Stage"], "<APIDeploymentStageapi>")
		case "AWS::Route53::RecordSet":
			equal(t, name, r.Properties["Name"], "foretell.example.com.")
			equal(t, name+"'s zone", r.Properties["HostedZoneId"], "Z0123456789")
			equal(t, name+" leads to", at(r.Properties, "AliasTarget", "DNSName"), "<APIDomain.RegionalDomainName>")
		}
	}
}

// TestDeploymentFollowsDocument: another document is another deployment; without one API Gateway
// would go on with the old.
func TestDeploymentFollowsDocument(t *testing.T) {
	ids := func(stack awscdk.Stack) (ids []string) {
		for id := range *assertions.Template_FromStack(stack, nil).FindResources(jsii.String("AWS::ApiGateway::Deployment"), nil) {
			ids = append(ids, id)
		}
		return ids
	}
	plain, asking := ids(stages[0].compute), ids(open.compute)
	if len(plain) != 1 || len(asking) != 1 || plain[0] == asking[0] {
		t.Errorf("deployments %v and %v of two documents", plain, asking)
	}
}

func TestAPIFaults(t *testing.T) {
	s := settings{Region: "eu-central-1", RequestsPerSecond: 10, RequestsAtOnce: 20}
	for _, c := range (apiSettings{}).checks(s) {
		t.Errorf("of nothing: %s", c.want)
	}
	fine := apiSettings{
		Users: &users{"arn:aws:cognito-idp:eu-central-1:111111111111:userpool/eu-central-1_AbC123"},
		Keys:  map[string]plan{"partner": {10, 20, 1}}, Firewall: &firewall{10},
		Domain: &domain{"a.example.com", "arn:aws:acm:eu-central-1:111111111111:certificate/0a", ""},
	}
	for _, c := range fine.checks(s) {
		if !c.holds {
			t.Errorf("of what is right: %s", c.want)
		}
	}
	wrong := apiSettings{
		Users: &users{"people"}, Keys: map[string]plan{"Partner": {11, 21, 0}}, Firewall: &firewall{9},
		Domain: &domain{"localhost", "arn:aws:acm:us-east-1:111111111111:certificate/0a", "example.com"},
	}
	var faults []string
	for _, c := range wrong.checks(s) {
		if c.holds {
			t.Errorf("%s holds", c.want)
		}
		faults = append(faults, c.want)
	}
	for _, want := range []string{"users.pool: \"people\"", "keys.Partner: a key", "requests_per_second: 11", "requests_at_once: 21", "requests_per_day: 0",
		"requests_per_5_minutes: 9", "domain.name: \"localhost\"", "domain.certificate", "domain.zone: \"example.com\""} {
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("%q is not among the faults %v", want, faults)
		}
	}
}
