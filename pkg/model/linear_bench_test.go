package model

import (
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func BenchmarkLinearFit(b *testing.B) {
	benchmarkFit(b, DefaultLinear(), generated(100_000, 28, dataset.Regression, 0))
}

func BenchmarkLogisticFit(b *testing.B) {
	b.Run("classes=2", func(b *testing.B) {
		benchmarkFit(b, DefaultLogistic(), generated(100_000, 28, dataset.Binary, 2))
	})
	b.Run("classes=5", func(b *testing.B) {
		benchmarkFit(b, DefaultLogistic(), generated(100_000, 28, dataset.Multiclass, 5))
	})
}

func benchmarkFit(b *testing.B, l Learner, d Data) {
	for b.Loop() {
		if _, err := l.Fit(b.Context(), d, 1); err != nil {
			b.Fatal(err)
		}
	}
}
