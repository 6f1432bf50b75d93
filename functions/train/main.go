// Command train does the steps of a training run: plan, trial, advance and conclude.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/topology"
	"github.com/foretell-ml/foretell/pkg/training"
)

// reserve is what a tree may take that a trial has begun, with the writes that keep its finished
// folds.
const reserve = 30 * time.Second

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	bucket := os.Getenv(topology.EnvBucket)
	store, err := s3store.Connect(context.Background(), bucket, "")
	if err != nil {
		log.Fatal(err)
	}
	models := &registry.Registry{Store: store}
	engine := &training.Engine{Registry: models, Source: training.BucketSource(bucket, models),
		Cloud: true, MemoryMB: lambdacontext.MemoryLimitInMB, Reserve: reserve, Now: time.Now, Metrics: os.Stdout}
	lambda.Start(engine.Handle)
}
