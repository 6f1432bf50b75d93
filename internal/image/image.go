package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/foretell-ml/foretell/pkg/topology"
)

var architectures = []string{"amd64", "arm64"}

// Where things are in the image, beside the function by its name.
const (
	certificates = "etc/ssl/certs/ca-certificates.crt" // where Go looks for them on Linux
	nobody       = 65532                               // the user's number; it has no name, and owns nothing
)

// image is one architecture's.
type image struct {
	v1.Image
	digest v1.Hash
	size   int64 // bytes of its layers, compressed
}

// newImage makes the image of a function's binary.
func newImage(architecture, binary, file string) (image, error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return image{}, fmt.Errorf("the %s function is not built for %s: %w", binary, architecture, err)
	}
	made := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	made = mutate.ConfigMediaType(made, types.OCIConfigJSON)
	var layers []v1.Layer
	for _, content := range []struct {
		name string
		data []byte
		mode int64
	}{{certificates, roots(), 0o444}, {binary, program, 0o555}} {
		layer, err := newLayer(content.name, content.data, content.mode)
		if err != nil {
			return image{}, err
		}
		layers = append(layers, layer)
	}
	if made, err = mutate.AppendLayers(made, layers...); err != nil {
		return image{}, err
	}
	config, err := made.ConfigFile()
	if err != nil {
		return image{}, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Config = v1.Config{
		// SageMaker appends the word serve, ECS nothing: the binary takes no arguments.
		Entrypoint: []string{"/" + binary}, User: fmt.Sprintf("%d:%d", nobody, nobody), WorkingDir: "/",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		StopSignal:   "SIGTERM",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "Foretell " + binary,
			"org.opencontainers.image.source":   "https://github.com/foretell-ml/foretell",
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	if binary == "predict" { // a server; train is a task
		config.Config.Env = []string{topology.EnvHost + "=" + topology.EveryHost}
	}
	if made, err = mutate.ConfigFile(made, config); err != nil {
		return image{}, err
	}
	return measured(made)
}

// measured is an image with its digest and size.
func measured(made v1.Image) (image, error) {
	digest, err := made.Digest()
	if err != nil {
		return image{}, err
	}
	layers, err := made.Layers()
	if err != nil {
		return image{}, err
	}
	total := int64(0)
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return image{}, err
		}
		total += size
	}
	return image{made, digest, total}, nil
}

// newLayer is a layer of one file and the folders above it, without a time or an owner that
// would differ from build to build.
func newLayer(name string, data []byte, mode int64) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for at := range strings.Count(name, "/") {
		folder := path.Join(strings.Split(name, "/")[:at+1]...)
		if err := w.WriteHeader(&tar.Header{Name: folder + "/", Typeflag: tar.TypeDir, Mode: 0o555, ModTime: time.Unix(0, 0)}); err != nil {
			return nil, err
		}
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(data)), ModTime: time.Unix(0, 0)}); err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}

// roots are Mozilla's root certificates, as Go's own module has them. Those that are only good
// under a condition, which a file of certificates cannot express, are left out.
func roots() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a Buffer takes all
		}
	}
	return b.Bytes()
}

// newIndex is what a registry chooses an architecture from.
func newIndex(images map[string]image) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range architectures {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        images[architecture].Image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index, nil
}

// write writes an OCI layout in place of what was there.
func write(folder string, index v1.ImageIndex) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	at, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	return at.AppendIndex(index)
}
