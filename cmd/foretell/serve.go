package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
)

const serveExamples = `
It serves what functions/predict serves in the cloud: POST /v1/models/NAME/predict, the Open
Inference Protocol below /v2, and for one model SageMaker's /ping and /invocations. An ARTIFACT
is a file of a store (models/NAME/artifacts/…), or a folder with one; else all models of the
store are served. Ctrl-C lets requests that have begun come to their end.

Examples:
  foretell serve
  foretell serve --model adult-income --address 127.0.0.1:9000
  foretell serve --capture sketches
  foretell serve adult-income.safetensors
`

// serve answers predictions over HTTP until ctx ends.
func serve(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	address := c.flags.String("address", "127.0.0.1:8080", "to listen on")
	name := c.flags.String("model", "", "the model of /ping and /invocations; of an ARTIFACT its name")
	redact := c.flags.Bool("redact", false, "say what is wrong with rows without the values that were sent")
	kept := c.flags.String("capture", "off", "what is kept of predictions in the store: off, sketches, predictions, rows or rows:SHARE")
	args, err := c.parse(0, 1)
	if err != nil {
		return err
	}
	models, model, err := toServe(ctx, *place, args, registry.ModelName(*name))
	if err != nil {
		return err
	}
	recorder, err := capture.New(models.Store, rand.Text(), *kept, time.Now)
	if err == nil && recorder != nil && len(args) == 1 {
		err = fmt.Errorf("%s is kept in a store, and an ARTIFACT is served without one", *kept)
	}
	if err != nil {
		return fmt.Errorf("--capture: %w", err)
	}
	// As in the cloud an alias is believed for a few seconds.
	server := &serving.Server{Registry: models, Model: model, Redact: *redact, Now: time.Now, Capture: recorder}
	fmt.Fprintf(c.stderr, "serving on http://%s\n", *address)
	return gateway.Host{Address: *address, Ended: server.Close}.Listen(ctx, gateway.Routes(server.Routes()))
}

// toServe opens what is to be served, and says which model is the host's own, if one is.
func toServe(ctx context.Context, place string, args []string, model registry.ModelName) (*registry.Registry, registry.ModelName, error) {
	if len(args) == 1 {
		return serving.Open(ctx, args[0], model, time.Now())
	}
	if _, _, remote := splitS3(place); !remote {
		if _, err := os.Stat(place); err != nil { // which openStore would make
			return nil, "", fmt.Errorf("no store to serve: %w", err)
		}
	}
	models, err := openStore(ctx, place)
	return models, model, err
}
