package feature

import (
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestSumsAreRefusedWhereZerosCount: the zeros of a one-hot column, times −1, leave a sum that starts
// at −0 there, and one that is not added would not; times infinity they are NaN. That Sums are otherwise
// what a model makes of encoded columns is tested by package pipeline.
func TestSumsAreRefusedWhereZerosCount(t *testing.T) {
	e := &Encoder{Columns: []Column{{Name: "x", Categories: &Categories{Levels: []string{"a", "b"}}}}}
	negative := math.Copysign(0, -1)
	for _, c := range []struct {
		sum  Sum
		want bool
	}{
		{Sum{0, []float64{-1, 1}}, true},
		{Sum{2, []float64{negative, 0}}, true},
		{Sum{negative, []float64{-1, 1}}, false},
		{Sum{math.Inf(-1), []float64{-1, 1}}, false},
		{Sum{math.NaN(), []float64{-1, 1}}, false},
		{Sum{0, []float64{-1, math.Inf(1)}}, false},
		{Sum{0, []float64{math.NaN(), 1}}, false},
	} {
		if _, got := e.Sums([]Sum{{1, []float64{1, 1}}, c.sum}, nil); got != c.want {
			t.Errorf("%v: compiled: %v, want %v", c.sum, got, c.want)
		}
	}
}

// TestSumsFaultsAreThoseOfTransform asks both for a table that is not as in training.
func TestSumsFaultsAreThoseOfTransform(t *testing.T) {
	e := &Encoder{Columns: []Column{
		{Name: "x", Number: &Number{Factor: 1}},
		{Name: "y", Since: "z", Number: &Number{Factor: 1}},
	}}
	sums, can := e.Sums([]Sum{{0, []float64{1, 1}}}, nil)
	if !can {
		t.Fatal("not compiled")
	}
	numbers := func(name string, kind dataset.Type) dataset.Column {
		return dataset.Column{Name: name, Type: kind, Values: []float64{1}}
	}
	for _, columns := range [][]dataset.Column{
		{},
		{{Name: "x", Type: dataset.Categorical, Codes: []int32{-1}}},
		{numbers("x", dataset.Numeric), numbers("y", dataset.Timestamp)},
		{numbers("x", dataset.Numeric), numbers("y", dataset.Timestamp), numbers("z", dataset.Numeric)},
	} {
		table, err := dataset.NewTable(columns...)
		if err != nil {
			t.Fatal(err)
		}
		_, want := e.Transform(table)
		got := sums.Write(make([]float64, 1), 1, table)
		if got == nil || want == nil || got.Error() != want.Error() {
			t.Errorf("%v: %v, want %v", table.Schema(), got, want)
		}
	}
}
