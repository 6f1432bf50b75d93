// Command train does the steps of a training run: plan, trial, advance and conclude, as a Lambda
// function. Elsewhere it does one trial, or concludes, and ends: what no function has room for.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
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
		Cloud: true, Large: training.Place(os.Getenv(topology.EnvLarge)), MemoryMB: lambdacontext.MemoryLimitInMB, Reserve: reserve, Now: time.Now, Metrics: os.Stdout}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		lambda.Start(engine.Handle)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := engine.Host(ctx, os.Getenv); err != nil {
		log.Fatal(err)
	}
}
