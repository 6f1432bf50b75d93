package feature

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"testing"
)

// TestWeightsHaveNoUnit: equal weights, whatever they are, are none, bit for bit.
func TestWeightsHaveNoUnit(t *testing.T) {
	rows, y := everything(t)
	fit := func(weight float64) string {
		t.Helper()
		with := y
		if weight > 0 {
			with.Weights = slices.Repeat([]float64{weight}, rows.Rows())
		}
		e, m, err := Fit(context.Background(), rows, with, Options{Impute: true, Scale: true, MaxLevels: 2}, 1)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal([]any{e, m})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, weight := range []float64{1, 7, 1e-3, 1e12} {
		if fit(weight) != fit(0) {
			t.Errorf("a weight of %v for all is another encoding", weight)
		}
	}
}

// TestRowsOfNoWeightTellNothing: what means and texts learn is as if they were not there.
func TestRowsOfNoWeightTellNothing(t *testing.T) {
	rows, y := everything(t)
	y.Weights = make([]float64, rows.Rows())
	var kept []int
	dropped := Target{Classes: y.Classes}
	folds := make([]uint8, rows.Rows())
	var fewer []uint8
	for i := range folds {
		folds[i] = uint8(i % foldCount)
		if i%3 == 0 {
			continue
		}
		y.Weights[i] = 1 + float64(i%4)
		kept, fewer = append(kept, i), append(fewer, folds[i])
		dropped.Values, dropped.Weights = append(dropped.Values, y.Values[i]), append(dropped.Weights, y.Weights[i])
	}
	some := rows.Select(kept)
	many, _ := fitMeans(rows.Column("many"), y.unitless(), folds, Options{})
	want, _ := fitMeans(some.Column("many"), dropped.unitless(), fewer, Options{})
	for k, means := range want.Means {
		for i, level := range want.Levels {
			at, _ := slices.BinarySearch(many.Levels, level)
			if got := many.Means[k][at]; math.Abs(got-means[i]) > sameWay {
				t.Errorf("class %d, %s: %v with rows of no weight, %v without", k+1, level, got, means[i])
			}
		}
	}
	facts := Facts{Words: 5}
	note, _ := fitText(rows.Column("note"), facts, y.unitless(), folds, Options{})
	alone, _ := fitText(some.Column("note"), facts, dropped.unitless(), fewer, Options{})
	if !slices.Equal(note.Terms, alone.Terms) || len(note.Terms) == 0 {
		t.Fatalf("terms %v with rows of no weight, %v without", note.Terms, alone.Terms)
	}
	for i := range note.IDF {
		if math.Abs(note.IDF[i]-alone.IDF[i]) > sameWay {
			t.Errorf("term %d: idf %v with rows of no weight, %v without", note.Terms[i], note.IDF[i], alone.IDF[i])
		}
	}
	for k := range note.Unit {
		if math.Abs(note.Unit[k]-alone.Unit[k]) > sameWay {
			t.Errorf("class %d: unit %v with rows of no weight, %v without", k+1, note.Unit[k], alone.Unit[k])
		}
	}
}

// TestRareWordsByWeight: of 16 texts 8 have the word, with three times the weight of the others:
// their share is 3/4, which is 12 rows of 16, too many for a column; the others' word has
// ln(17/5) + 1.
func TestRareWordsByWeight(t *testing.T) {
	var all []string
	y := Target{Values: make([]float64, 16)}
	for i := range 16 {
		all = append(all, []string{"common", "seldom"}[i%2])
		y.Weights = append(y.Weights, []float64{30, 10}[i%2])
	}
	c := texts("note", []string{"common", "seldom"}, all...)
	heavy := slices.Repeat([]uint8{0, 1, 2, 3}, 4)
	text, _ := fitText(&c, Facts{Words: 5}, y.unitless(), heavy, Options{})
	if len(text.Terms) != 0 { // 4 rows are less than rarestTerm, and 12 more than half
		t.Fatalf("terms %v", text.Terms)
	}
	y.Weights = slices.Repeat([]float64{30, 30, 20, 20}, 4) // 8 of 16, but of 60 % and 40 %
	for i := range all {
		all[i] = []string{"common", "common", "seldom", "seldom"}[i%4]
	}
	c = texts("note", []string{"common", "seldom"}, all...)
	text, _ = fitText(&c, Facts{Words: 5}, y.unitless(), heavy, Options{})
	if want := math.Log(17/7.4) + 1; len(text.IDF) != 1 || math.Abs(text.IDF[0]-want) > sameWay {
		t.Errorf("idf %v, want only %v", text.IDF, want)
	}
}

func TestWeightsThatAreNone(t *testing.T) {
	rows := table(t, numeric("x", 1, 2))
	for _, weights := range [][]float64{{1}, {1, -1}, {1, nan}, {1, math.Inf(1)}, {0, 0}, {1e308, 1e308}} {
		if _, _, err := Fit(context.Background(), rows, Target{Values: []float64{1, 2}, Weights: weights}, Options{}, 1); err == nil {
			t.Errorf("weights %v were taken", weights)
		}
	}
}
