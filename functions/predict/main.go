// Command predict answers predictions, and nothing else, so that it is small and starts fast.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	store, err := s3store.Connect(context.Background(), os.Getenv(topology.EnvBucket), "")
	if err != nil {
		log.Fatal(err)
	}
	models := &registry.Registry{Store: store}
	server := &serving.Server{Registry: models}
	lambda.Start(gateway.Handler(gateway.Routes(server.Routes())))
}
