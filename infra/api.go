package main

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// apiStage is API Gateway's stage: the first segment of the paths at its own host name.
const apiStage = "api"

// newAPI makes the REST API of docs/openapi.json: topology's routes and no other, each a Lambda
// proxy, each asking who the client is. The functions' reserved concurrency is the hard limit; the
// stage's throttle keeps one client's loop from reaching it at once.
//
// All that API Gateway can read from the document is in the document. Resources beside it, such as
// AWS::ApiGateway::GatewayResponse, would go when a changed document is put over the old one.
func (s *stage) newAPI() awsapigateway.SpecRestApi {
	api := awsapigateway.NewSpecRestApi(s.compute, jsii.String("API"), &awsapigateway.SpecRestApiProps{
		RestApiName:    jsii.String("Foretell"),
		Description:    jsii.String("Foretell: predictions and their control plane"),
		ApiDefinition:  awsapigateway.ApiDefinition_FromInline(s.definition()),
		EndpointTypes:  &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL},
		CloudWatchRole: jsii.Bool(true), // API Gateway logs with one role per account and region
		DeployOptions: &awsapigateway.StageOptions{
			StageName:            jsii.String(apiStage),
			ThrottlingRateLimit:  jsii.Number(s.RequestsPerSecond),
			ThrottlingBurstLimit: jsii.Number(s.RequestsAtOnce),
			LoggingLevel:         awsapigateway.MethodLoggingLevel_ERROR,
			DataTraceEnabled:     jsii.Bool(false), // bodies are the user's data
			MetricsEnabled:       jsii.Bool(true),
			TracingEnabled:       jsii.Bool(true),
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(s.logsIn(s.compute, "APIAccessLog")),
			AccessLogFormat:      awsapigateway.AccessLogFormat_JsonWithStandardFields(nil),
		},
	})
	s.allowCalls(api)
	s.newKeys(api)
	s.newDomain(api)
	if s.API.Firewall != nil {
		s.newFirewall(api)
	} else {
		suppress(api, "APIG3", "every method asks who the client is and is throttled; a web ACL is the stage's choice, by api.firewall")
	}
	suppress(api, "APIG2", "the validators are in the OpenAPI document, which the rule does not read; api_test.go does")
	suppress(api, "IAM4", "API Gateway only accepts a logging role with this managed policy's actions",
		"Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
	return api
}

var inPath = regexp.MustCompile(`\{[a-z]+\}`)

// allowCalls lets API Gateway call each function for the methods and paths of its own routes. The
// statements stand in the policy of the function's alias, which holds 20 KB: a test counts them.
func (s *stage) allowCalls(api awsapigateway.SpecRestApi) {
	for _, r := range topology.Routes {
		s.live[r.Function].AddPermission(jsii.String(fmt.Sprintf("%s %s", r.Method, r.Path)), &awslambda.Permission{
			Principal: awsiam.NewServicePrincipal(jsii.String("apigateway.amazonaws.com"), nil),
			SourceArn: api.ArnForExecuteApi(jsii.String(r.Method), jsii.String(inPath.ReplaceAllString(r.Path, "*")), jsii.String(apiStage)),
		})
	}
}
