// Command batch does the steps of a batch: plan, part and conclude.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretell-ml/foretell/pkg/batch"
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
	jobs := &batch.Jobs{Registry: &registry.Registry{Store: store}, Metrics: os.Stdout, Now: time.Now}
	lambda.Start(jobs.Handle)
}
