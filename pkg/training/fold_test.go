package training

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// TestAFoldLearnsNothingFromItsTestRows poisons the rows that a fold tests on: other targets,
// huge numbers, categories and texts that nobody else has. What is fitted on the fold, encoder
// and model, must not change by a bit, and must change if a training row is poisoned.
func TestAFoldLearnsNothingFromItsTestRows(t *testing.T) {
	data, target := mixed(t)
	plan := Plan{Target: target}
	for _, learner := range []string{"logistic", "boosting"} {
		c := pipeline.Configuration{Learner: learner}
		for f, fold := range data.folds {
			fit := func(d *prepared) string {
				t.Helper()
				fitted, err := pipeline.Fit(ctx, d.Select(fold.Train), plan.Target, c, 1)
				if err != nil {
					t.Fatal(err)
				}
				state := fitted.Members[0].Model.State()
				text, err := json.Marshal([]any{fitted.Members[0].Encoder, state, state.Tensors})
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			clean := fit(data)
			if fit(poisoned(t, data, fold.Test)) != clean {
				t.Errorf("%s, fold %d: what was learned depends on the rows it is tested on", learner, f)
			}
			if fit(poisoned(t, data, fold.Train[:1])) == clean {
				t.Errorf("%s, fold %d: what was learned does not depend on a training row: the test sees nothing", learner, f)
			}
		}
	}
}

// mixed is prepared data with a column of every type, one of them with many categories.
func mixed(t *testing.T) (*prepared, pipeline.Target) {
	t.Helper()
	const rows = 240
	number := make([]float64, rows)
	y := make([]float64, rows)
	few, many, note := make([]string, rows), make([]string, rows), make([]string, rows)
	for i := range rows {
		number[i] = float64(i * i % 97)
		y[i] = float64(i * 7 % 11 % 2)
		few[i], many[i] = fmt.Sprint("f", i%3), fmt.Sprint("m", i*13%83)
		note[i] = fmt.Sprint("some words about ", i%19, " and ", i%5)
	}
	when := make([]float64, rows)
	for i := range when {
		when[i] = 1.6e15 + float64(i)*7*3600e6
	}
	table := tableOf(t, columnOf("few", dataset.Categorical, few), columnOf("many", dataset.Categorical, many), columnOf("note", dataset.Text, note),
		dataset.Column{Name: "number", Type: dataset.Numeric, Values: number}, dataset.Column{Name: "when", Type: dataset.Timestamp, Values: when})
	folds, err := validate.KFold(validate.Rows{N: rows}, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	target := pipeline.Target{Name: "y", Type: dataset.Categorical, Task: dataset.Binary, Classes: []string{"no", "yes"}}
	return &prepared{Data: pipeline.Data{Inputs: table, Y: y}, folds: folds}, target
}

// poisoned is the data with the given rows changed beyond recognition.
func poisoned(t *testing.T, data *prepared, rows []int) *prepared {
	t.Helper()
	bad := &prepared{Data: pipeline.Data{Y: slices.Clone(data.Y)}, folds: data.folds}
	var columns []dataset.Column
	for i := range data.Inputs.Columns {
		c := data.Inputs.Columns[i]
		if !c.Type.Coded() {
			c.Values = slices.Clone(c.Values)
			for _, row := range rows {
				c.Values[row] = 2e15 + float64(row)*1e9
			}
			columns = append(columns, c)
			continue
		}
		texts := make([]string, c.Len())
		for row := range texts {
			texts[row] = c.Text(row)
		}
		for _, row := range rows {
			texts[row] = fmt.Sprint("0 poison ", row) // sorts before all others: every code moves
		}
		columns = append(columns, columnOf(c.Name, c.Type, texts))
	}
	for _, row := range rows {
		bad.Y[row] = 1 - bad.Y[row]
	}
	bad.Inputs = tableOf(t, columns...)
	if reflect.DeepEqual(bad.Inputs, data.Inputs) {
		t.Fatal("nothing was poisoned")
	}
	return bad
}

func columnOf(name string, kind dataset.Type, texts []string) dataset.Column {
	levels := slices.Compact(slices.Sorted(slices.Values(texts)))
	c := dataset.Column{Name: name, Type: kind, Levels: levels}
	for _, text := range texts {
		code, _ := slices.BinarySearch(levels, text)
		c.Codes = append(c.Codes, int32(code))
	}
	return c
}

func tableOf(t *testing.T, columns ...dataset.Column) *dataset.Table {
	t.Helper()
	table, err := dataset.NewTable(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}
