package model

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// quick are params of learners that an emulator would be minutes at otherwise.
var quick = map[string]map[string]any{
	boostingName: {"rounds": 20},
	forestName:   {"trees": 5},
	mlpName:      {"epochs": 3, "members": 1},
}

// digests names models of every learner, and of boosting with all that it can do, with the
// SHA-256 of their states, a line each.
func digests(t *testing.T) string {
	var lines []string
	add := func(name string, learner Learner, data Data) {
		m, err := learner.Fit(t.Context(), data, 3)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines = append(lines, fmt.Sprintf("%x %s", sha256.Sum256([]byte(encoded(t, m))), name))
	}
	for _, data := range []Data{
		generated(400, 6, dataset.Regression, 0),
		generated(400, 6, dataset.Binary, 2),
		generated(400, 6, dataset.Multiclass, 4),
	} {
		for _, name := range Learners(data.Task) {
			learner, err := New(name, quick[name])
			if err != nil {
				t.Fatal(err)
			}
			data.Y = slices.Clone(data.Y)
			for i, y := range data.Y {
				data.Y[i] = math.Abs(math.Round(1024*y) / 1024) // as below, and glm wants no less than 0
			}
			add(name+" "+string(data.Task), learner, data)
		}
	}
	for i, data := range tasks(600) {
		learner := DefaultBoosting()
		learner.Rounds, learner.Leaves, learner.RowShare, learner.NodeColumnShare, learner.L1 = 20, 15, 0.7, 0.5, 0.1
		// A sine's last bit depends on the machine.
		data.Y = slices.Clone(data.Y)
		for i, y := range data.Y {
			data.Y[i] = math.Round(1024*y) / 1024
		}
		learner.Monotone = map[string]int{"x3": 1}
		add(fmt.Sprintf("boosting of categories, %s, weights %v, %d", data.Task, data.Weights != nil, i), learner, data)
	}
	// So many rows that gradients are packed.
	many := generated(70_000, 10, dataset.Binary, 2)
	learner := DefaultBoosting()
	learner.Rounds = 5
	add("boosting of many rows", learner, many)
	learner.TopShare, learner.OtherShare, learner.LearningRate = 0.2, 0.2, 0.5
	add("boosting of rows by gradient", learner, many)
	return strings.Join(lines, "\n") + "\n"
}

const printsDigests = "FORETELL_PRINT_DIGESTS"

// Models are the same to the bit on amd64 and arm64: this test, built for the other of the
// two, fits them again in an emulator.
func TestModelsAreEqualOnOtherArchitectures(t *testing.T) {
	if os.Getenv(printsDigests) != "" {
		fmt.Print(digests(t))
		return
	}
	if os.Getenv("FORETELL_QEMU") == "none" {
		t.Skip("FORETELL_QEMU=none: models are not compared with those of another architecture")
	}
	arch, qemu := "arm64", "qemu-aarch64"
	if runtime.GOARCH == "arm64" {
		arch, qemu = "amd64", "qemu-x86_64"
	}
	emulator, err := exec.LookPath(qemu + "-static")
	if err != nil {
		emulator, err = exec.LookPath(qemu)
	}
	if err != nil {
		t.Fatalf("%s is not installed: apt-get install qemu-user-static; FORETELL_QEMU=none leaves this test out", qemu)
	}
	binary := filepath.Join(t.TempDir(), "model.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	run := exec.Command(emulator, binary, "-test.run", "^"+t.Name()+"$")
	run.Env = append(os.Environ(), printsDigests+"=1")
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	if err := run.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", emulator, err, out.String())
	}
	want := digests(t)
	got := strings.TrimSuffix(out.String(), "PASS\n")
	if got != want {
		t.Errorf("on %s:\n%s\non %s:\n%s", arch, got, runtime.GOARCH, want)
	}
	t.Logf("on %s and %s:\n%s", arch, runtime.GOARCH, want)
}
