// Command api is the control plane: data sets, statistics, runs, models and aliases.
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
	"github.com/foretell-ml/foretell/pkg/gateway"
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
	client, workflows := s3.NewFromConfig(aws), sfn.NewFromConfig(aws)
	models := &registry.Registry{Store: s3store.New(client, bucket, "")}
	server := &control.Server{
		Bucket: bucket, Registry: models, Now: time.Now,
		Engine: &training.Engine{Registry: models, Source: training.BucketSource(bucket, models), Cloud: true, Large: training.Place(os.Getenv(topology.EnvLarge))},
		Links:  control.S3Links{Client: client, Bucket: bucket}, Workflow: control.StepFunctions{Client: workflows, Machine: os.Getenv(topology.EnvTrainingWorkflow)},
		Profiling:  control.StepFunctions{Client: workflows, Machine: os.Getenv(topology.EnvStatisticsWorkflow)},
		Predicting: control.StepFunctions{Client: workflows, Machine: os.Getenv(topology.EnvBatchWorkflow)},
		Schedule: control.EventBridge{Client: scheduler.NewFromConfig(aws), Now: time.Now, Group: os.Getenv(topology.EnvScheduleGroup), DataGroup: os.Getenv(topology.EnvDataGroup),
			Role: os.Getenv(topology.EnvScheduleRole), Function: os.Getenv(topology.EnvRetrainFunction), DeadLetters: os.Getenv(topology.EnvDeadLetters)},
	}
	lambda.Start((&gateway.Metrics{Function: "api", To: os.Stdout, Now: time.Now}).Measure(gateway.Handler(gateway.Routes(server.Routes()), s3store.Answers(client, bucket))))
}
