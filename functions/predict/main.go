// Command predict answers predictions, and nothing else, so that it is small and starts fast.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	models := &registry.Registry{Store: s3store.New(s3.NewFromConfig(aws), os.Getenv(topology.EnvBucket), "")}
	server := &serving.Server{Registry: models}
	lambda.Start(gateway.Handler(gateway.Routes(server.Routes())))
}
