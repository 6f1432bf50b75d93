// Command infra is the CDK app of Foretell. It turns package topology into a stage for each
// account that cdk.json names (dev, uat, prod), of three CloudFormation stacks by lifetime:
// Storage, Compute, Observability. What tells stages apart are the settings in cdk.json, and
// nothing else.
//
// Build the functions first (make build), then
//
//	cdk deploy 'dev/*'    # runs this command, as cdk.json says
//	make synth            # only writes the templates to cdk.out
//
// cdk-nag's AwsSolutions rules run at every synthesis; each exception is written beside the
// resource it is for, with its reason.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/jsii-runtime-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

func main() {
	assets := flag.String("assets", filepath.Join("build", "arm64"), "folder with `<function>/bootstrap`")
	flag.Parse()
	if err := run(*assets); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
}

func run(assets string) error {
	for _, f := range topology.Functions {
		if _, err := os.Stat(filepath.Join(assets, f.Name, "bootstrap")); err != nil {
			return fmt.Errorf("the %s function is not built, run `make build` first: %w", f.Name, err)
		}
	}
	app := newApp("", nil) // the CDK command line names the output folder by CDK_OUTDIR, and brings the context
	if _, err := newStages(app, assets); err != nil {
		return err
	}
	app.Synth(nil)

	// All is written. jsii now waits for Node.js twice, and may print that the second wait
	// was abnormal, which would look like a failure.
	var err error
	if os.Stderr, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return err
	}
	jsii.Close()
	return nil
}
