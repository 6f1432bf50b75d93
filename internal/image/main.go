// Command image builds the container image of the predict function, for ECS, SageMaker and
// whatever else runs containers, or that of the train function, for trials that fit no Lambda
// function: make image runs it, no container engine needed. The same binary that Lambda runs finds no
// Lambda in a container, and serves HTTP on port 8080 or does the one step that it is told.
//
// The image has two layers, the certificates that public servers are known by and the binary, and
// nothing else: no shell, no package manager, no user but one without a name. It is written as an
// OCI layout, for amd64 and arm64, and the same sources give the same digests anywhere.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	function := flag.String("function", "predict", "the function that the image is of: predict, or train for trials that fit no function")
	binaries := flag.String("binaries", "build", "folder with `<architecture>/<function>/bootstrap`")
	out := flag.String("out", filepath.Join("build", "image"), "folder to write the OCI layout to")
	built := flag.Bool("built", false, "push what lies in -out, and build nothing")
	push := flag.String("push", "", "repository and tag to push to as well, such as `123456789012.dkr.ecr.eu-central-1.amazonaws.com/foretell:1`")
	flag.Parse()
	err := error(nil)
	if *built {
		err = pushBuilt(os.Stdout, *out, *push)
	} else {
		err = run(os.Stdout, *function, *binaries, *out, *push)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(stdout io.Writer, function, binaries, out, push string) error {
	images := map[string]image{}
	for _, architecture := range architectures {
		made, err := newImage(architecture, function, filepath.Join(binaries, architecture, function, "bootstrap"))
		if err != nil {
			return err
		}
		images[architecture] = made
		fmt.Fprintf(stdout, "linux/%s  %9d bytes  %s\n", architecture, made.size, made.digest)
	}
	index, err := newIndex(images)
	if err != nil {
		return err
	}
	if err := write(out, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "both         in %s  %s\n", out, digest)
	if push == "" {
		return nil
	}
	return pushIndex(stdout, index, push)
}

// pushBuilt pushes an image that was built before, whose digest it keeps.
func pushBuilt(stdout io.Writer, out, push string) error {
	index, err := layout.ImageIndexFromPath(out)
	if err != nil {
		return fmt.Errorf("there is no image in %s: %w", out, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	if len(manifest.Manifests) != 1 {
		return fmt.Errorf("%s has %d images, want the one of all architectures", out, len(manifest.Manifests))
	}
	if index, err = index.ImageIndex(manifest.Manifests[0].Digest); err != nil {
		return err
	}
	return pushIndex(stdout, index, push)
}

// pushIndex pushes an image of all architectures.
func pushIndex(stdout io.Writer, index v1.ImageIndex, push string) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	to, err := name.ParseReference(push)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(to, index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("push to %s: %w", push, err)
	}
	fmt.Fprintf(stdout, "pushed to    %s@%s\n", to.Context(), digest)
	return nil
}
