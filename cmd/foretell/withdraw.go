package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

const withdrawExamples = `
A cloud trains a model again as the config says that it was last posted with (schedule:), until this
withdraws it. Runs that have started go on, and the model stays as it is.

Examples:
  foretell withdraw --api http://127.0.0.1:8080 adult-income
`

// withdraw stops the scheduled retrains of a model.
func withdraw(ctx context.Context, c *invocation) error {
	api := c.flags.String("api", "", "the API of a cloud, at this `URL` (required)")
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	if *api == "" {
		return errors.New("--api is required: the URL of a cloud, as `foretell up` prints it")
	}
	cloud, err := newClient(ctx, *api)
	if err != nil {
		return err
	}
	if _, err := cloud.send(ctx, "DELETE", "/v1/models/"+url.PathEscape(args[0])+"/schedule", nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s is not trained again by a schedule any more\n", args[0])
	return err
}
