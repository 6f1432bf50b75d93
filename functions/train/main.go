// Command train does the steps of a training run: plan, trial, advance and conclude.
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

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/topology"
	"github.com/foretell-ml/foretell/pkg/training"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	bucket := os.Getenv(topology.EnvBucket)
	models := &registry.Registry{Store: s3store.New(s3.NewFromConfig(aws), bucket, "")}
	engine := &training.Engine{Registry: models, Source: training.BucketSource(bucket, models)}
	lambda.Start(engine.Handle)
}
