package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// The names of security schemes in the document. API Gateway knows those of AWS credentials and of
// keys by what they say, not by their names.
const (
	signed, byToken, withKey = "sigv4", "users", "key"
)

// securitySchemes are the ways in which the stage asks who a client is.
func (s *stage) securitySchemes() object {
	authorization := func(kind string) object {
		return object{"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": kind}
	}
	schemes := object{signed: authorization("awsSigv4")}
	if s.API.Users != nil {
		token := authorization("cognito_user_pools")
		token["x-amazon-apigateway-authorizer"] = object{"type": "cognito_user_pools", "providerARNs": []any{s.userPool}}
		schemes = object{byToken: token}
	}
	if len(s.API.Keys) > 0 {
		schemes[withKey] = object{"type": "apiKey", "name": "x-api-key", "in": "header"}
	}
	return schemes
}

// security is what a route asks for: a signature or a token, and a key if there are any.
func (s *stage) security(r topology.Route) []any {
	all := object{signed: []any{}}
	if s.API.Users != nil {
		all = object{byToken: []any{scopes + "/" + scopeOf(r)}}
	}
	if len(s.API.Keys) > 0 {
		all[withKey] = []any{}
	}
	return []any{all}
}

// scopes is the resource server of the user pool, whose scopes an access token has to have.
const scopes = "foretell"

// scopeOf is the scope that a route asks for: who asks for predictions need not see more.
func scopeOf(r topology.Route) string {
	switch {
	case r.Function == "predict":
		return "predict"
	case r.Method == http.MethodGet:
		return "read"
	}
	return "write"
}

// newUsers makes the user pool that the stage asks for, in the stack that outlives deployments, and
// a client for machines, which gets access tokens by its secret. People need a client of their own:
// what they sign in to is not ours.
func (s *stage) newUsers() string {
	if s.API.Users.Pool != "" {
		return s.API.Users.Pool
	}
	removal := awscdk.RemovalPolicy_DESTROY
	if s.KeepData {
		removal = awscdk.RemovalPolicy_RETAIN
	}
	pool := awscognito.NewUserPool(s.storage, jsii.String("Users"), &awscognito.UserPoolProps{
		UserPoolName: jsii.String(s.named("Users")), SelfSignUpEnabled: jsii.Bool(false),
		SignInAliases:   &awscognito.SignInAliases{Email: jsii.Bool(true)},
		AccountRecovery: awscognito.AccountRecovery_EMAIL_ONLY,
		Mfa:             awscognito.Mfa_REQUIRED, MfaSecondFactor: &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)},
		PasswordPolicy: &awscognito.PasswordPolicy{
			MinLength: jsii.Number(14), RequireDigits: jsii.Bool(true), RequireLowercase: jsii.Bool(true),
			RequireUppercase: jsii.Bool(true), RequireSymbols: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(s.KeepData), RemovalPolicy: removal,
	})
	suppress(pool, "COG3", "threat protection is paid for by user; the client that is made here is a machine's, by a secret of 51 characters")
	var each []awscognito.ResourceServerScope
	var asked []awscognito.OAuthScope
	for _, scope := range [][2]string{{"predict", "ask models"}, {"read", "see data sets, runs and models"}, {"write", "upload, train, promote"}} {
		each = append(each, awscognito.NewResourceServerScope(&awscognito.ResourceServerScopeProps{ScopeName: jsii.String(scope[0]), ScopeDescription: jsii.String(scope[1])}))
	}
	server := pool.AddResourceServer(jsii.String("Scopes"), &awscognito.UserPoolResourceServerOptions{Identifier: jsii.String(scopes), Scopes: &each})
	for _, scope := range each {
		asked = append(asked, awscognito.OAuthScope_ResourceServer(server, scope))
	}
	s.pool, s.machines = pool, pool.AddClient(jsii.String("Machines"), &awscognito.UserPoolClientOptions{
		GenerateSecret: jsii.Bool(true), AccessTokenValidity: minutes(60),
		OAuth: &awscognito.OAuthSettings{Flows: &awscognito.OAuthFlows{ClientCredentials: jsii.Bool(true)}, Scopes: &asked},
	})
	prefix := "foretell-" + s.Name + "-" + s.Account // unique in the region: no other account has it
	pool.AddDomain(jsii.String("SignIn"), &awscognito.UserPoolDomainOptions{
		CognitoDomain: &awscognito.CognitoDomainOptions{DomainPrefix: jsii.String(prefix)},
	})
	return *pool.UserPoolArn()
}

// tokenURL is where a client gets an access token from, of a pool that the stage has made.
func (s *stage) tokenURL() string {
	return fmt.Sprintf("https://foretell-%s-%s.auth.%s.amazoncognito.com/oauth2/token", s.Name, s.Account, s.Region)
}

// newKeys makes an API key for each client that has a plan. A key says who is counted, not who may
// call: it is asked for besides a signature or a token.
func (s *stage) newKeys(api awsapigateway.SpecRestApi) {
	for _, name := range slices.Sorted(maps.Keys(s.API.Keys)) {
		p, id := s.API.Keys[name], title(name)
		key := api.AddApiKey(jsii.String(id+"Key"), &awsapigateway.ApiKeyOptions{ApiKeyName: jsii.String(s.named(name))})
		usage := api.AddUsagePlan(jsii.String(id+"Plan"), &awsapigateway.UsagePlanProps{
			Name:      jsii.String(s.named(name)),
			ApiStages: &[]*awsapigateway.UsagePlanPerApiStage{{Api: api, Stage: api.DeploymentStage()}},
			Throttle:  &awsapigateway.ThrottleSettings{RateLimit: jsii.Number(p.RequestsPerSecond), BurstLimit: jsii.Number(p.RequestsAtOnce)},
			Quota:     &awsapigateway.QuotaSettings{Limit: jsii.Number(p.RequestsPerDay), Period: awsapigateway.Period_DAY},
		})
		usage.AddApiKey(key, nil)
	}
}
