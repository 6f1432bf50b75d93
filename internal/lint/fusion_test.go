package lint

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// numeric are the packages whose results reach artifacts, statistics or leaderboards.
var numeric = []string{"dataset", "sketch", "profile", "feature", "model", "model/tree", "metric", "validate", "search", "pipeline", "training", "internal/num"}

// fusion is an arm64 instruction that rounds a product and a sum once, with its place.
var fusion = regexp.MustCompile(`\((\S+?)(\w+\.go):(\d+)\)\s+FN?M(?:ADD|SUB)[DS]\s`)

// fused finds, in the compiler's listing, products that arm64 adds without rounding them:
// amd64 rounds them, and the artifact would differ in its last bits. twofold.go asks for
// math.FMA by name, which is exact on both.
func fused(listing string) (faults []string) {
	for _, m := range fusion.FindAllStringSubmatch(listing, -1) {
		if m[2] != "twofold.go" {
			faults = append(faults, fmt.Sprintf("%s%s:%s adds a product that arm64 does not round: write float64(x * y)", m[1], m[2], m[3]))
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults) // what is inlined is listed at each caller
}

func TestProductsAreRounded(t *testing.T) {
	const module = "github.com/foretell-ml/foretell/pkg/"
	args := []string{"build", "-trimpath", "-tags", "lambda.norpc", "-gcflags=" + module + "...=-S"}
	for _, name := range numeric {
		args = append(args, module+name)
	}
	build := exec.Command("go", args...)
	build.Dir = root
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	listing, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("go build for arm64: %v\n%s", err, listing[max(0, len(listing)-2000):])
	}
	if !strings.Contains(string(listing), "twofold.go") {
		t.Fatal("the compiler listed nothing")
	}
	report(t, fused(string(listing)))

	const line = "\t0x0040 00064 (pkg/model/%s:60)\t%s\tF4, F3, F1, F0\n"
	bites(t, "a fused product", fused(fmt.Sprintf(line, "newton.go", "FMADDD")+fmt.Sprintf(line, "newton.go", "FNMSUBD")), 1)
	bites(t, "twofold", fused(fmt.Sprintf(line, "twofold.go", "FMADDD")), 0)
	bites(t, "a product", fused(fmt.Sprintf(line, "newton.go", "FMULD")), 0)
}
