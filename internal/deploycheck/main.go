// Command deploycheck deploys the stage dev to an emulation of AWS on 127.0.0.1 and asks the
// deployed API for a prediction: make deploy-check runs it. It shows that the templates can be
// deployed as they are, that every reference in them resolves, and that the shipped binaries
// answer through the deployed API; it does not show what only AWS can (permissions, quotas).
//
// The emulation, ministack, knows no CodeDeploy, no budgets and no alarms on calculated metrics: they
// are left out of the templates, and with them how an alias moves to a new version. All other resources are deployed.
// It has no Distributed Map either, so the model is trained by the command line, into the
// deployed bucket.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	stage  = "dev"
	secret = "none" // the emulation checks no signature
)

// check is what the steps share.
type check struct {
	folder  string // of what is made: assembly, logs
	cdk     string // the CDK's command line
	address string // of the emulation
	account string
	region  string
	env     []string // of the commands that talk to it
}

func main() {
	ministack := flag.String("ministack", "build/deploy/venv/bin/ministack", "the emulation")
	cdk := flag.String("cdk", ".venv/cdk/node_modules/.bin/cdk", "the CDK's command line")
	assets := flag.String("assets", filepath.Join("build", "amd64"), "folder with `<function>/bootstrap` for this machine")
	foretell := flag.String("foretell", "build/host/foretell", "the command line")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := run(ctx, *ministack, *cdk, *assets, *foretell); err != nil {
		fmt.Fprintln(os.Stderr, "deploycheck:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, ministack, cdk, assets, foretell string) error {
	account, region, err := readStage("cdk.json")
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "foretell-deploy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	listener.Close()
	c := check{folder: folder, cdk: cdk, address: "http://" + address, account: account, region: region, env: append(os.Environ(),
		"AWS_ENDPOINT_URL=http://"+address, "AWS_ACCESS_KEY_ID="+account, "AWS_SECRET_ACCESS_KEY="+secret,
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_EC2_METADATA_DISABLED=true", "CDK_VALIDATION=false",
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20")}
	stop, err := c.start(ctx, ministack, address)
	if err != nil {
		return err
	}
	defer stop()

	if err := c.synthesize(ctx, assets); err != nil {
		return err
	}
	deployed, left, err := withoutUnknown(c.assembly())
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := c.run(ctx, c.cdk, "bootstrap", "aws://"+account+"/"+region, "--app", c.assembly()); err != nil {
		return err
	}
	outputs, err := c.deploy(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("deployed %d resources of stage %s in %.0f s; left out, as the emulation has no CodeDeploy, no budgets and no calculated metrics: %d\n",
		deployed, stage, time.Since(began).Seconds(), left)
	if err := c.predict(ctx, foretell, outputs); err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "ministack.log"))
		return fmt.Errorf("%w\nThe emulation's log ends with\n%s", err, log[max(0, len(log)-4000):])
	}
	return nil
}

// readStage returns account and region of the stage.
func readStage(file string) (account, region string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", err
	}
	var content struct {
		Context struct {
			Stages map[string]struct{ Account, Region string } `json:"foretell:stages"`
		}
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return "", "", fmt.Errorf("%s: %w", file, err)
	}
	s, ok := content.Context.Stages[stage]
	if !ok {
		return "", "", fmt.Errorf("%s has no stage %s", file, stage)
	}
	return s.Account, s.Region, nil
}

// start runs the emulation and waits until it answers.
func (c check) start(ctx context.Context, ministack, address string) (stop func(), err error) {
	log, err := os.Create(filepath.Join(c.folder, "ministack.log"))
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(address)
	process := exec.CommandContext(ctx, ministack)
	// The functions that it runs inherit where their AWS is.
	process.Env = append(os.Environ(), "BIND_HOST="+host, "GATEWAY_PORT="+port, "AWS_ENDPOINT_URL=http://"+address)
	process.Stdout, process.Stderr = log, log
	// Functions that it started end with it.
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("%w: make deploy-check installs it", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	stop = func() {
		syscall.Kill(-process.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
		}
		log.Close()
	}
	for range 300 {
		select {
		case err := <-ended:
			text, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("ministack ended: %v\n%s", err, text)
		case <-time.After(100 * time.Millisecond):
		}
		if connection, err := net.Dial("tcp", address); err == nil {
			connection.Close()
			return stop, nil
		}
	}
	stop()
	return nil, errors.New("ministack does not answer")
}

func (c check) assembly() string { return filepath.Join(c.folder, "cdk.out") }

// synthesize writes the templates, with binaries that this machine can run.
func (c check) synthesize(ctx context.Context, assets string) error {
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		return err
	}
	var content struct{ Context json.RawMessage }
	if err := json.Unmarshal(text, &content); err != nil {
		return err
	}
	c.env = append(c.env, "CDK_OUTDIR="+c.assembly(), "CDK_CONTEXT_JSON="+string(content.Context))
	_, err = c.run(ctx, "go", "run", "./infra", "-assets", assets)
	return err
}

// deploy deploys all stacks of the stage and returns their outputs.
func (c check) deploy(ctx context.Context) (map[string]string, error) {
	file := filepath.Join(c.folder, "outputs.json")
	if _, err := c.run(ctx, c.cdk, "deploy", stage+"/*", "--app", c.assembly(), "--require-approval", "never", "--outputs-file", file); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var byStack map[string]map[string]string
	if err := json.Unmarshal(text, &byStack); err != nil {
		return nil, err
	}
	outputs := map[string]string{}
	for _, of := range byStack {
		for name, value := range of {
			outputs[name] = value
		}
	}
	return outputs, nil
}

// run runs a command against the emulation and returns what it prints.
func (c check) run(ctx context.Context, name string, args ...string) (string, error) {
	var out, both bytes.Buffer
	command := exec.CommandContext(ctx, name, args...)
	command.Env = c.env
	command.Stdout, command.Stderr = &out, &both
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, both.String(), out.String())
	}
	return out.String(), nil
}

// ask sends a signed request to the deployed API.
func (c check) ask(ctx context.Context, method, url, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	sum := sha256.Sum256([]byte(body))
	who := aws.Credentials{AccessKeyID: c.account, SecretAccessKey: secret} // the emulation takes an account's number for it
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "execute-api", c.region, time.Now()); err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(response.Body)
	return response.StatusCode, answer.String(), err
}
