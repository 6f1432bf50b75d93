package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
)

// hidden is a table of identifiers, as categories and as text, with or without a number that
// does tell something of y (ROC AUC about 0.76). Odd rows are to test on.
func hidden(t *testing.T, rows int, signal bool) (*dataset.Table, []float64) {
	t.Helper()
	r := seed.Rand(5)
	x, y := make([]float64, rows), make([]float64, rows)
	category := dataset.Column{Name: "id", Type: dataset.Categorical}
	for i := range rows / 2 {
		category.Levels = append(category.Levels, fmt.Sprintf("K%06d", i))
	}
	for i := range rows {
		y[i] = float64(r.IntN(2))
		x[i] = y[i] + r.NormFloat64()
		category.Codes = append(category.Codes, int32(r.IntN(rows/2)))
	}
	text := category
	text.Name, text.Type = "note", dataset.Text
	columns := []dataset.Column{category, text}
	if signal {
		columns = append(columns, dataset.Column{Name: "x", Type: dataset.Numeric, Values: x})
	}
	table, err := dataset.NewTable(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return table, y
}

func halves(y []float64) (train, test []int, yTrain, yTest []float64) {
	for i, v := range y {
		if i%2 == 0 {
			train, yTrain = append(train, i), append(yTrain, v)
		} else {
			test, yTest = append(test, i), append(yTest, v)
		}
	}
	return train, test, yTrain, yTest
}

func auc(t *testing.T, y, predicted []float64) float64 {
	t.Helper()
	m, err := metric.ByName("roc_auc")
	if err != nil {
		t.Fatal(err)
	}
	score, err := m.Score(y, predicted, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// standardError of an AUC near one half on n rows of two equal classes: √(1/(3n)), from
// Hanley & McNeil, Radiology 143 (1982).
func standardError(n int) float64 { return math.Sqrt(1 / float64(3*n)) }

// TestIdentifiersGiveNoAdvantage: on a target at random, a learner that is given identifiers is
// as good as chance; beside a number that tells something, it is as good as without them. The
// same learner on training rows encoded by all of their targets believes the identifiers, and
// is worse: what Fit's training matrix is for.
func TestIdentifiersGiveNoAdvantage(t *testing.T) {
	target := Target{Name: "y", Type: dataset.Categorical, Task: dataset.Binary, Classes: []string{"no", "yes"}}
	const rows = 4000
	for _, learner := range []string{"logistic", "boosting"} {
		score := func(signal bool, drop ...string) float64 {
			table, y := hidden(t, rows, signal)
			table = table.Without(drop...)
			train, test, _, yTest := halves(y)
			p, err := Fit(context.Background(), Data{Inputs: table, Y: y}.Select(train), target, Configuration{Learner: learner}, 1)
			if err != nil {
				t.Fatal(err)
			}
			predicted, err := p.Predict(table.Select(test))
			if err != nil {
				t.Fatal(err)
			}
			return auc(t, yTest, predicted)
		}
		chance, with, without := score(false), score(true), score(true, "id", "note")
		fooled := naive(t, learner, target, rows)
		t.Logf("%s: AUC of identifiers alone %.3f; of a number %.3f, with identifiers %.3f, with identifiers encoded by all rows %.3f", learner, chance, without, with, fooled)
		se := standardError(rows / 2)
		if math.Abs(chance-0.5) > 3*se {
			t.Errorf("%s: identifiers alone give AUC %v, want 0.5 ± %v", learner, chance, 3*se)
		}
		if with < without-3*se || fooled > with-3*se {
			t.Errorf("%s: AUC %v with identifiers and %v without, %v if encoded by all rows", learner, with, without, fooled)
		}
	}
}

// naive is the AUC of a learner that is fitted on Transform of its training rows.
func naive(t *testing.T, learner string, target Target, rows int) float64 {
	t.Helper()
	table, y := hidden(t, rows, true)
	train, test, yTrain, yTest := halves(y)
	e, _, err := feature.Fit(context.Background(), table.Select(train), feature.Target{Values: yTrain, Classes: 2}, encoding(Configuration{Learner: learner}), 1)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Transform(table.Select(train))
	if err != nil {
		t.Fatal(err)
	}
	l, err := model.New(learner, nil)
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := l.Fit(context.Background(), model.Data{X: x, Y: yTrain, Task: target.Task, Classes: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	later, err := e.Transform(table.Select(test))
	if err != nil {
		t.Fatal(err)
	}
	predicted := slices.Repeat([]float64{0}, 2*len(test))
	fitted.Predict(predicted, later)
	return auc(t, yTest, predicted)
}
