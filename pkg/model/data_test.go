package model_test

import (
	"errors"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// TestCategoriesAreIndices: a code that is none is refused by its place, a missing one is not.
func TestCategoriesAreIndices(t *testing.T) {
	data := func(codes ...float64) model.Data {
		return model.Data{
			X:    &dataset.Matrix{Rows: 3, Names: []string{"colour"}, Columns: [][]float64{codes}, Categories: []int{2}},
			Y:    []float64{1, 2, 3},
			Task: dataset.Regression,
		}
	}
	if err := data(0, 1, math.NaN()).Validate(); err != nil {
		t.Errorf("valid codes: %v", err)
	}
	for _, wrong := range []float64{-1, 2, 0.5} {
		var fault *model.ValueError
		if err := data(0, wrong, 1).Validate(); !errors.As(err, &fault) || fault.Row != 2 || fault.Column != "colour" {
			t.Errorf("code %v: %v", wrong, err)
		}
	}
}
