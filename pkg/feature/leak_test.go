package feature

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// noise is a table of identifiers as a category and as a text, about two rows each, and a
// target that has nothing to do with them.
func noise(t *testing.T, rows, classes int) (*dataset.Table, Target) {
	t.Helper()
	r := seed.Rand(3)
	var levels, ids []string
	for i := range rows / 2 {
		levels = append(levels, fmt.Sprintf("K%06d", i))
	}
	y := Target{Classes: classes}
	for range rows {
		ids = append(ids, levels[r.IntN(len(levels))])
		if classes == 0 {
			y.Values = append(y.Values, r.NormFloat64())
		} else {
			y.Values = append(y.Values, float64(r.IntN(classes)))
		}
	}
	category := codedOf("id", levels, ids)
	text := category
	text.Name, text.Type = "note", dataset.Text
	return table(t, category, text), y
}

func codedOf(name string, levels, values []string) dataset.Column {
	c := dataset.Column{Name: name, Type: dataset.Categorical, Levels: levels}
	for _, v := range values {
		code, _ := slices.BinarySearch(levels, v)
		c.Codes = append(c.Codes, int32(code))
	}
	return c
}

// TestARowsEncodingDoesNotKnowItsTarget changes the target of one row at a time: that row's
// encoding must stay, bit for bit, while later rows are encoded otherwise.
func TestARowsEncodingDoesNotKnowItsTarget(t *testing.T) {
	for _, classes := range []int{0, 2, 3} {
		rows, y := noise(t, 400, classes)
		fit := func(y Target) (*Encoder, *dataset.Matrix) {
			e, m, err := Fit(context.Background(), rows, y, Options{}, 1)
			if err != nil {
				t.Fatal(err)
			}
			return e, m
		}
		e, m := fit(y)
		before, err := e.Transform(rows)
		if err != nil {
			t.Fatal(err)
		}
		for row := 0; row < rows.Rows(); row += 37 {
			other := Target{Values: slices.Clone(y.Values), Classes: y.Classes}
			if classes == 0 {
				other.Values[row] += 100
			} else {
				other.Values[row] = float64((int(y.Values[row]) + 1) % classes)
			}
			e, after := fit(other)
			later, err := e.Transform(rows)
			if err != nil {
				t.Fatal(err)
			}
			moved := false
			for j := range m.Columns {
				if math.Float64bits(after.Columns[j][row]) != math.Float64bits(m.Columns[j][row]) {
					t.Errorf("%d classes, row %d: %s is %v, and %v with another target of the row", classes, row, m.Names[j], m.Columns[j][row], after.Columns[j][row])
				}
				moved = moved || later.Columns[j][row] != before.Columns[j][row]
			}
			if !moved {
				t.Errorf("%d classes, row %d: no encoding by target: the test sees nothing", classes, row)
			}
		}
	}
}

// TestNoiseStaysNoise measures what the encoding of 2,000 training rows by an identifier says
// of a target at random: out of fold nothing, but by all rows, had they been transformed, a
// correlation above one half.
func TestNoiseStaysNoise(t *testing.T) {
	for _, classes := range []int{0, 2} {
		rows, y := noise(t, 2000, classes)
		e, m, err := Fit(context.Background(), rows, y, Options{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		naive, err := e.Transform(rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id mean", "note score"} {
			j := slices.Index(m.Names, name)
			honest, fooled := correlation(m.Columns[j], y.Values), correlation(naive.Columns[j], y.Values)
			t.Logf("%d classes, %s: correlation %.3f out of fold, %.3f by all rows", classes, name, honest, fooled)
			// Three standard errors of no correlation.
			if bound := 3 / math.Sqrt(2000); math.Abs(honest) > bound || fooled < 0.5 {
				t.Errorf("%d classes, %s: correlation %v, want within ±%v; by all rows %v, want above 0.5", classes, name, honest, bound, fooled)
			}
		}
	}
}

func correlation(x, y []float64) float64 {
	var sx, sy, sxx, syy, sxy float64
	for i := range x {
		sx, sy, sxx, syy, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], syy+y[i]*y[i], sxy+x[i]*y[i]
	}
	n := float64(len(x))
	return (n*sxy - sx*sy) / math.Sqrt((n*sxx-sx*sx)*(n*syy-sy*sy))
}
