package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newAPI makes the REST API: topology's routes and no other, each a Lambda proxy, each
// signed with AWS credentials (Signature Version 4). The functions' reserved concurrency is the
// hard limit; the stage's throttle keeps one client's loop from reaching it at once.
func (s *stage) newAPI() awsapigateway.RestApi {
	api := awsapigateway.NewRestApi(s.compute, jsii.String("API"), &awsapigateway.RestApiProps{
		RestApiName:    jsii.String("Foretell"),
		Description:    jsii.String("Foretell: predictions and their control plane"),
		EndpointTypes:  &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL},
		CloudWatchRole: jsii.Bool(true), // API Gateway logs with one role per account and region
		DefaultMethodOptions: &awsapigateway.MethodOptions{
			AuthorizationType: awsapigateway.AuthorizationType_IAM,
		},
		DeployOptions: &awsapigateway.StageOptions{
			StageName:            jsii.String("api"),
			ThrottlingRateLimit:  jsii.Number(s.RequestsPerSecond),
			ThrottlingBurstLimit: jsii.Number(s.RequestsAtOnce),
			LoggingLevel:         awsapigateway.MethodLoggingLevel_ERROR,
			DataTraceEnabled:     jsii.Bool(false), // bodies are the user's data
			MetricsEnabled:       jsii.Bool(true),
			TracingEnabled:       jsii.Bool(true),
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(s.newLogs("APIAccessLog")),
			AccessLogFormat:      awsapigateway.AccessLogFormat_JsonWithStandardFields(nil),
		},
	})
	integrations := map[string]awsapigateway.Integration{}
	for _, route := range topology.Routes {
		integration, ok := integrations[route.Function]
		if !ok {
			integration = awsapigateway.NewLambdaIntegration(s.live[route.Function], &awsapigateway.LambdaIntegrationOptions{
				AllowTestInvoke:         jsii.Bool(false),
				ScopePermissionToMethod: jsii.Bool(true),
			})
			integrations[route.Function] = integration
		}
		api.Root().ResourceForPath(jsii.String(route.Path)).AddMethod(jsii.String(route.Method), integration, nil)
	}
	addRefusals(api)

	suppress(api, "APIG2", "the functions check requests themselves, to name row and column at fault")
	suppress(api, "APIG3", "every method asks for AWS credentials and is throttled; a web ACL is the account's choice")
	suppress(api, "COG4", "clients are AWS principals: methods are authorized by IAM, not by a user pool")
	suppress(api, "IAM4", "API Gateway only accepts a logging role with this managed policy's actions",
		"Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
	return api
}
