package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func up(ctx context.Context, c *invocation) error {
	dir := c.flags.String("dir", ".foretell", "folder that keeps everything")
	functions := c.flags.String("functions", "build/host", "folder of the function binaries; `make build-host` makes them")
	port := c.flags.Int("port", 8080, "port of the API; 0 takes a free one")
	s3Port := c.flags.Int("s3-port", 0, "port of the S3 server; 0 takes a free one")
	jobConfig := c.flags.String("job", "", "run config of a job to do first: upload, statistics, training, prediction")
	kept := c.flags.String("capture", topology.Settings[topology.EnvCapture], "what is kept of predictions: off, sketches, predictions, rows or rows:SHARE")
	exit := c.flags.Bool("exit", false, "exit after the job instead of serving")
	if _, err := c.parse(0, 0); err != nil {
		return err
	}
	if *exit && *jobConfig == "" {
		return fmt.Errorf("--exit needs a --job to do")
	}
	if _, err := capture.New(nil, "", *kept, nil); err != nil {
		return fmt.Errorf("--capture: %w", err)
	}
	var j *job
	if *jobConfig != "" { // read before anything starts, and before the working directory moves
		var err error
		if j, err = newJob(ctx, c, *jobConfig); err != nil {
			return err
		}
	}
	began := time.Now()
	shown, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "starting the local cloud in %s\n", *dir)
	cloud, err := local.Start(ctx, local.Config{Dir: *dir, Functions: *functions, Port: *port, S3Port: *s3Port, Parallel: runtime.NumCPU(), Capture: *kept})
	if err != nil {
		return err
	}
	defer cloud.Close(context.WithoutCancel(ctx))
	fmt.Fprintf(c.stdout, "  API %s   S3 %s   up after %s\n", cloud.URL(), cloud.S3Endpoint(), time.Since(began).Round(time.Millisecond))
	for _, warning := range cloud.Warnings() {
		fmt.Fprintln(c.stderr, "warning:", warning)
	}
	if j != nil {
		if err := j.do(ctx, cloud, shown); err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "\ndone in %s\n", time.Since(began).Round(100*time.Millisecond))
	}
	if *exit {
		return cloud.Close(context.WithoutCancel(ctx))
	}
	fmt.Fprintf(c.stdout, "\nserving at %s until Ctrl-C; open it in a browser to try models\n", cloud.URL())
	<-ctx.Done()
	fmt.Fprintln(c.stdout, "\nstopping; the data stays in", relative(shown))
	return cloud.Close(context.WithoutCancel(ctx))
}

// relative shows a path as the user would type it.
func relative(path string) string {
	wd := os.Getenv("PWD") // the process itself may be elsewhere while the S3 server runs
	if r, err := filepath.Rel(wd, path); err == nil && wd != "" {
		return r
	}
	return path
}
