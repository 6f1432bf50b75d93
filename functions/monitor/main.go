// Command monitor compares what was captured of predictions with what models were trained on.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	store, err := s3store.Connect(context.Background(), os.Getenv(topology.EnvBucket), "")
	if err != nil {
		log.Fatal(err)
	}
	monitor := &monitoring.Monitor{Registry: &registry.Registry{Store: store}, Now: time.Now, Metrics: os.Stdout}
	lambda.Start(monitor.Run)
}
