package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// The same binaries give the same digests, wherever and whenever: the second time from files of
// another date in another folder.
func TestSameDigestTwice(t *testing.T) {
	var told [2]string
	for i := range told {
		binaries, out := t.TempDir(), filepath.Join(t.TempDir(), "image")
		for _, architecture := range architectures {
			file := filepath.Join(binaries, architecture, "predict", "bootstrap")
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("a binary for "+architecture), 0o755); err != nil {
				t.Fatal(err)
			}
			date := time.Date(2020+i, 1, 1, 0, 0, 0, 0, time.UTC)
			if err := os.Chtimes(file, date, date); err != nil {
				t.Fatal(err)
			}
		}
		var stdout bytes.Buffer
		if err := run(&stdout, "predict", binaries, out, ""); err != nil {
			t.Fatal(err)
		}
		told[i] = strings.ReplaceAll(stdout.String(), out, "OUT")

		index, err := layout.ImageIndexFromPath(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(index); err != nil {
			t.Errorf("the layout is no valid OCI index: %v", err)
		}
	}
	if told[0] != told[1] {
		t.Errorf("built twice:\n%s\nand\n%s", told[0], told[1])
	}
}

// TestPushBuilt: what was built is pushed as it is, and has the same digest in every registry.
func TestPushBuilt(t *testing.T) {
	binaries, out := t.TempDir(), filepath.Join(t.TempDir(), "image")
	for _, architecture := range architectures {
		file := filepath.Join(binaries, architecture, "predict", "bootstrap")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("a binary for "+architecture), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var digests [2]string
	for i := range digests { // the first builds, the second only pushes
		server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
		defer server.Close()
		to := strings.TrimPrefix(server.URL, "http://") + "/foretell:1"
		var stdout bytes.Buffer
		err := error(nil)
		if i == 0 {
			err = run(&stdout, "predict", binaries, out, to)
		} else {
			err = pushBuilt(&stdout, out, to)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, digests[i], _ = strings.Cut(stdout.String(), "/foretell@sha256:")
		reference, err := name.ParseReference(to)
		if err != nil {
			t.Fatal(err)
		}
		index, err := remote.Index(reference)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(index); err != nil {
			t.Errorf("the registry has no valid index: %v", err)
		}
	}
	if len(digests[0]) != 65 || digests[0] != digests[1] {
		t.Errorf("pushed %q and %q", digests[0], digests[1])
	}
	if err := pushBuilt(io.Discard, t.TempDir(), "127.0.0.1:1/foretell"); err == nil || !strings.Contains(err.Error(), "there is no image in") {
		t.Errorf("without an image: %v", err)
	}
}

func TestWithoutBinary(t *testing.T) {
	err := run(io.Discard, "predict", t.TempDir(), filepath.Join(t.TempDir(), "image"), "")
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "not built for amd64") {
		t.Errorf("without a binary: %v", err)
	}
}

// The image trusts those who sign for AWS.
func TestRoots(t *testing.T) {
	amazon := 0
	for rest := roots(); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(c.Subject.CommonName, "Amazon Root CA") || strings.HasPrefix(c.Subject.CommonName, "Starfield Services Root") {
			amazon++
		}
	}
	if amazon < 4 {
		t.Errorf("%d of Amazon's roots are there, want at least 4", amazon)
	}
}

// TestImageServes runs the image without a container engine: unpacked, and the process locked
// into it, without a network of ours to rely on but 127.0.0.1. It answers what SageMaker asks and
// ends in time when it is told to.
func TestImageServes(t *testing.T) {
	made, err := newImage(runtime.GOARCH, "predict", buildFunction(t, "predict"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	unpack(t, mutate.Extract(made), root)
	trainInto(t, filepath.Join(root, "opt", "ml", "model"))
	if err := os.Chmod(root, 0o755); err != nil { // the user of the image is not its owner
		t.Fatal(err)
	}

	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	var said bytes.Buffer
	server := exec.Command(config.Config.Entrypoint[0], "serve") // as SageMaker starts it
	// In a container it listens on all addresses, here on one.
	if want := []string{"FORETELL_HOST=0.0.0.0"}; !slices.Equal(config.Config.Env, want) {
		t.Errorf("environment %q, want %q", config.Config.Env, want)
	}
	server.Dir, server.Env = "/", append(slices.Clone(config.Config.Env), "FORETELL_HOST=127.0.0.1", "PORT="+port, "FORETELL_MODEL=penguins")
	server.Stdout, server.Stderr = &said, &said
	server.SysProcAttr = locked(root)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Process.Kill()
	base := "http://127.0.0.1:" + port
	if status, answer := wait(t, base+"/ping"); status != http.StatusOK {
		t.Fatalf("/ping: %d %s\n%s", status, answer, said.String())
	}
	response, err := http.Post(base+"/invocations", "text/csv", strings.NewReader(
		"island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year\nTorgersen,39.1,18.7,181,3750,male,2007\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(answer), "Adelie") {
		t.Errorf("/invocations: %d %s %v", response.StatusCode, answer, err)
	}

	began := time.Now()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("ended by %v\n%s", err, said.String())
	}
	const grace = 25 * time.Second // of gateway.Host; idle, it ends at once
	if took := time.Since(began); took > grace {
		t.Errorf("it took %v to end", took)
	}
}

// buildFunction builds a function as the Makefile does, for this machine.
func buildFunction(t *testing.T, name string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", program, "../../functions/"+name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return program
}

// locked puts a process into a folder as its root, as the image's user, or where only root may do
// that as the one user of a namespace of its own.
func locked(root string) *syscall.SysProcAttr {
	if os.Getuid() == 0 {
		return &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return &syscall.SysProcAttr{
		Chroot: root, Cloneflags: syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// trainInto trains a model into a folder that is a store, by the command line.
func trainInto(t *testing.T, folder string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "penguins.yaml")
	text := "model: penguins\ndata: {source: ../../testdata/penguins.csv, target: species}\nconfigurations: [{learner: logistic}]\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if text, err := exec.CommandContext(ctx, "go", "run", "../../cmd/foretell", "train", "--store", folder, config).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// unpack writes the files of an image below a folder.
func unpack(t *testing.T, content io.ReadCloser, root string) {
	t.Helper()
	defer content.Close()
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(root, filepath.Clean("/"+h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(at, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(at, data, os.FileMode(h.Mode))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wait asks until somebody answers.
func wait(t *testing.T, url string) (int, string) {
	t.Helper()
	var err error
	for range 100 {
		var response *http.Response
		if response, err = http.Get(url); err == nil {
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return response.StatusCode, string(text)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(err)
	return 0, ""
}
