package topology_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// TestPricesAreDocumented: the table of docs/cost.md is that of the code.
func TestPricesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	want := "| what | dollars | per | listed at |\n| --- | --- | --- | --- |\n"
	for _, p := range topology.Prices {
		want += fmt.Sprintf("| %s | %s | %s | %s |\n", p.Name, strings.TrimRight(fmt.Sprintf("%.10f", p.Dollars), "0"), p.Per, p.Source)
	}
	for _, s := range topology.SageMakerInstances {
		want += fmt.Sprintf("| SageMaker Training, %s: %d vCPU, %d GB | %v | hour | https://aws.amazon.com/sagemaker/ai/pricing/ |\n", s.Name, s.CPUs, s.MemoryMB/1024, s.PerHour)
	}
	if !strings.Contains(string(text), want) {
		t.Errorf("docs/cost.md does not have the prices of %s; they are\n%s", topology.PricesOf, want)
	}
	if !strings.Contains(string(text), "Prices of "+topology.PricesOf) {
		t.Errorf("docs/cost.md does not say that prices are of %s", topology.PricesOf)
	}
}

func TestFargate(t *testing.T) {
	// 4 vCPU and 30 GB are the most of their kind; memory goes by 1, 4 and 8 GB.
	for mb, want := range map[int]topology.Size{
		1000: {CPUs: 2, MemoryMB: 4 * 1024}, 16 * 1024: {CPUs: 2, MemoryMB: 16 * 1024}, 16*1024 + 1: {CPUs: 4, MemoryMB: 17 * 1024},
		31 * 1024: {CPUs: 8, MemoryMB: 32 * 1024}, 61 * 1024: {CPUs: 16, MemoryMB: 64 * 1024}, 120 * 1024: {CPUs: 16, MemoryMB: 120 * 1024},
	} {
		s, ok := topology.Fargate(mb)
		perHour := float64(want.CPUs)*0.03238 + float64(want.MemoryMB/1024)*0.00356
		if !ok || s.CPUs != want.CPUs || s.MemoryMB != want.MemoryMB || fmt.Sprintf("%.6f", s.PerHour) != fmt.Sprintf("%.6f", perHour) {
			t.Errorf("%d MB: %+v, want %+v at $%.5f", mb, s, want, perHour)
		}
	}
	if s, ok := topology.Fargate(120*1024 + 1); ok {
		t.Errorf("more than there is: %+v", s)
	}
}
