// Command retrain starts the retrains of models: when a time of their schedule has come, and when
// new data has and no more follows.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/foretell-ml/foretell/pkg/control"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	bucket := os.Getenv(topology.EnvBucket)
	retrainer := &control.Retrainer{
		Bucket: bucket, Store: s3store.New(s3.NewFromConfig(aws), bucket, ""),
		Workflow: control.StepFunctions{Client: sfn.NewFromConfig(aws), Machine: os.Getenv(topology.EnvTrainingWorkflow)},
		Waiting:  control.EventBridge{Client: scheduler.NewFromConfig(aws), DataGroup: os.Getenv(topology.EnvDataGroup), Now: time.Now},
		Now:      time.Now,
	}
	lambda.Start(retrainer.Handle)
}
