// Command predict answers predictions and nothing else, as a Lambda function or an HTTP server.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func main() {
	slog.SetDefault(lambdacontext.NewLogger()) // with the id of the request in every line
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := serving.Configured(os.Getenv)
	host, err := gateway.Host{Address: serving.Address(os.Getenv), Ended: server.Close, Metrics: &gateway.Metrics{Function: "predict", To: os.Stdout, Now: time.Now}}, error(nil)
	if bucket := os.Getenv(topology.EnvBucket); bucket != "" {
		server.Registry = &registry.Registry{}
		server.Registry.Store, host.Long, err = s3store.ConnectAnswers(ctx, bucket)
	} else {
		server.Registry, server.Model, err = serving.Open(ctx, cmp.Or(os.Getenv(topology.EnvStore), topology.SageMakerModel), server.Model, time.Now())
	}
	if err == nil {
		err = server.Watch(rand.Text(), os.Getenv, time.Now)
	}
	if err == nil {
		err = host.Start(ctx, gateway.Routes(server.Routes()), os.Getenv("AWS_LAMBDA_RUNTIME_API") != "")
	}
	if err != nil {
		log.Fatal(err)
	}
}
