package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/batch"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

const batchExamples = `
A cloud predicts a data set of its bucket into files, and this follows it until it ends. Interrupted, it
goes on there; the same command looks again, since the same request is the same batch. docs/batch.md has
what comes of it. A file on disk is uploaded first, into the data set that is called as it is; files and data
set stay in the bucket. foretell predict does it all on this machine.

Examples:
  foretell batch --api http://127.0.0.1:8080 --model adult-income --keep id --format parquet november
  foretell batch --api http://127.0.0.1:8080 --model adult-income --output predictions november.csv
` + signExamples

// batchBody is what is posted.
type batchBody struct {
	batch.Request
	Alias   string `json:"alias,omitempty"`
	Version int    `json:"version,omitempty"`
}

// batchState is how a batch stands, as the API tells it.
type batchState struct {
	Batch    batch.ID         `json:"batch"`
	Version  int              `json:"version"`
	State    string           `json:"state"`
	Parts    int              `json:"parts"`
	Done     int              `json:"done"`
	Rows     int              `json:"rows"`
	Errors   int              `json:"errors"`
	Manifest string           `json:"manifest"`
	Problem  *gateway.Problem `json:"problem"`
	Error    string           `json:"error"`
	Cause    string           `json:"cause"`
}

// batchCommand starts a batch, or finds it, and follows it.
func batchCommand(ctx context.Context, c *invocation) error {
	var body batchBody
	api := c.flags.String("api", "", "the API of a cloud, at this `URL` (required)")
	model := c.flags.String("model", "", "name of the model (required)")
	format := c.flags.String("format", "csv", "of the predictions: csv, jsonl or parquet")
	keep := c.flags.String("keep", "", "the `columns` to write before the predictions, separated by commas")
	c.flags.IntVar(&body.MaxErrors, "max-errors", 0, "how many `rows` with faults to leave out; one more is an error")
	c.flags.StringVar(&body.Alias, "alias", "", "alias that names the version (default: champion)")
	c.flags.IntVar(&body.Version, "version", 0, "version, instead of an alias")
	output := c.flags.String("output", "", "a `folder` to fetch the predictions into, with their manifest")
	every := c.flags.Duration("every", time.Second, "time between two looks")
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	switch {
	case *api == "":
		return errors.New("--api is required: the URL of a cloud, as `foretell up` prints it")
	case *model == "":
		return errors.New("--model is required")
	case *every <= 0:
		return errors.New("--every is more than 0")
	}
	if *keep != "" {
		if body.Keep, err = source.ParseNames(*keep); err != nil {
			return fmt.Errorf("--keep: %w", err)
		}
	}
	body.Format = batch.Format(*format)
	cloud, err := newClient(ctx, *api)
	if err != nil {
		return err
	}
	if body.Dataset, err = cloud.datasetOf(ctx, c, args[0]); err != nil {
		return err
	}
	path := "/v1/models/" + url.PathEscape(*model) + "/batches"
	var s batchState
	if err := cloud.call(ctx, "POST", path, body, &s); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "batch %s of %s, version %d\n", s.Batch, *model, s.Version)
	progress := newBar(c.stderr, "   parts")
	path += "/" + string(s.Batch)
	for s.State == "running" || s.State == "submitted" {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(*every):
		}
		s = batchState{}
		if err := cloud.call(ctx, "GET", path, nil, &s); err != nil {
			return err
		}
		progress.set(s.Done, s.Parts)
	}
	if err := s.tell(c); err != nil || *output == "" {
		return err
	}
	names, err := cloud.saveBatch(ctx, path, *output)
	if err == nil {
		fmt.Fprintf(c.stdout, "fetched %d files into %s\n", len(names), *output)
	}
	return err
}

// datasetOf is the data set that an argument names. A file on disk is uploaded first, as the data set
// that is called as it is.
func (cloud client) datasetOf(ctx context.Context, c *invocation, argument string) (registry.DatasetName, error) {
	info, err := os.Stat(argument)
	if _, _, known := dataset.FormatOf(argument); err != nil || !info.Mode().IsRegular() || !known {
		return registry.DatasetName(argument), nil
	}
	set := registry.DatasetName(datasetName(argument))
	source, err := cloud.storeFile(ctx, set, argument)
	if err == nil {
		fmt.Fprintf(c.stdout, "uploaded %s to %s\n", filepath.Base(argument), source)
	}
	return set, err
}

// tell says how a batch ended.
func (s batchState) tell(c *invocation) error {
	if s.Manifest != "" {
		fmt.Fprintf(c.stdout, "%d rows, %d left out because of faults\n%s\n", s.Rows, s.Errors, s.Manifest)
	}
	switch {
	case s.State == "succeeded":
		return nil
	case s.Problem != nil:
		return *s.Problem
	}
	return fmt.Errorf("the batch has failed: %s", strings.TrimPrefix(s.Error+": "+s.Cause, ": "))
}
