package search

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

func space(t *testing.T, params map[string]any) Space {
	t.Helper()
	s, err := ParseSpace(params)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// list is the first round of a search.
func list(s Search) ([]Trial, error) { return s.Round(nil) }

func TestGrid(t *testing.T) {
	s := space(t, map[string]any{"b": []any{1.0, 2.0}, "a": []any{"x", "y"}, "c": true})
	got, err := s.Grid()
	want := []Params{
		{"a": "x", "b": 1.0, "c": true}, {"a": "x", "b": 2.0, "c": true},
		{"a": "y", "b": 1.0, "c": true}, {"a": "y", "b": 2.0, "c": true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if empty, err := (Space{}).Grid(); err != nil || len(empty) != 1 {
		t.Errorf("a space without parameters has one combination, got %v, %v", empty, err)
	}
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"empty list":      {[]any{}, "nothing to choose"},
		"nested list":     {[]any{[]any{1.0}}, "a choice must be"},
		"unknown range":   {map[string]any{"logg": []any{1.0, 2.0}}, "want a range"},
		"one bound":       {map[string]any{"log": []any{1.0}}, "two bounds"},
		"upside down":     {map[string]any{"log": []any{2.0, 1.0}}, "lower first"},
		"log of zero":     {map[string]any{"log": []any{0.0, 1.0}}, "above 0"},
		"fraction":        {map[string]any{"int": []any{1.0, 2.5}}, "whole numbers"},
		"null":            {nil, "want a value"},
		"two scales":      {map[string]any{"log": []any{1.0, 2.0}, "int": []any{1.0, 2.0}}, "want a range"},
		"text for bounds": {map[string]any{"log": []any{"a", "b"}}, "two numbers"},
		"many integers":   {map[string]any{"int": []any{0.0, 1e18}}, "bounds within"},
		"far apart":       {map[string]any{"uniform": []any{-1e308, 1e308}}, "bounds that are"},
		"next to nothing": {map[string]any{"log": []any{1e-320, 1.0}}, "bounds that are"},
	} {
		_, err := ParseSpace(map[string]any{"rate": c.value})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "rate: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	ranged := []Space{space(t, map[string]any{"rate": map[string]any{"log": []any{0.1, 1.0}}})}
	if _, err := list(Search{Strategy: GridSearch, Spaces: ranged, Seed: 1}); err == nil || !strings.Contains(err.Error(), "rate") {
		t.Errorf("grid of a range: %v", err)
	}
	wide := []Space{space(t, map[string]any{"a": []any{1.0, 2.0, 3.0}})}
	if _, err := list(Search{Strategy: GridSearch, Spaces: wide, Trials: 2, Seed: 1}); err == nil {
		t.Error("a grid of 3 was allowed 2 trials")
	}
	choices := make([]any, 9000)
	for i := range choices {
		choices[i] = float64(i)
	}
	many := space(t, map[string]any{"a": choices})
	if _, err := list(Search{Strategy: GridSearch, Spaces: []Space{many, many}, Seed: 1}); err == nil || !strings.Contains(err.Error(), "together") {
		t.Errorf("two grids of 9,000: %v", err)
	}
	if _, err := list(Search{Strategy: "guess", Spaces: wide, Trials: 2}); err == nil || !strings.Contains(err.Error(), "portfolio, grid, random, tpe and halving") {
		t.Error("unknown strategy")
	}
}

func TestRandomTakesTurnsAndNeverRepeats(t *testing.T) {
	spaces := []Space{
		space(t, map[string]any{"rate": map[string]any{"log": []any{0.01, 1.0}}}),
		space(t, map[string]any{}),                                            // tried once
		space(t, map[string]any{"k": []any{1.0, 2.0, 3.0}}),                   // three times at most
		space(t, map[string]any{"n": map[string]any{"int": []any{1.0, 2.0}}}), // twice at most
	}
	trials, err := list(Search{Strategy: RandomSearch, Spaces: spaces, Trials: 40, Seed: 7})
	if err != nil || len(trials) != 40 {
		t.Fatalf("got %d trials, %v", len(trials), err)
	}
	count := make([]int, len(spaces))
	for i, trial := range trials {
		count[trial.Space]++
		for _, other := range trials[:i] {
			if reflect.DeepEqual(trial, other) {
				t.Errorf("%v is tried twice", trial)
			}
		}
	}
	if !reflect.DeepEqual(count, []int{34, 1, 3, 2}) {
		t.Errorf("trials per space %v", count)
	}
	shorter, _ := list(Search{Strategy: RandomSearch, Spaces: spaces, Trials: 9, Seed: 7})
	if !reflect.DeepEqual(shorter, trials[:9]) {
		t.Error("a longer search does not start like a shorter one")
	}
	if few, _ := list(Search{Strategy: RandomSearch, Spaces: spaces[1:3], Trials: 40, Seed: 7}); len(few) != 4 {
		t.Errorf("4 combinations exist, got %d", len(few))
	}
}

func TestDrawsStayInRangeAndSpread(t *testing.T) {
	s := space(t, map[string]any{
		"log": map[string]any{"log": []any{0.001, 1.0}},
		"uni": map[string]any{"uniform": []any{-1.0, 1.0}},
		"int": map[string]any{"int": []any{3.0, 5.0}},
	})
	below := 0
	ints := map[float64]int{}
	for i := range 3000 {
		p := s.Draw(seed.Rand(uint64(i)))
		l, u, n := p["log"].(float64), p["uni"].(float64), p["int"].(float64)
		if l < 0.001 || l > 1 || u < -1 || u > 1 || n != math.Trunc(n) {
			t.Fatalf("out of range: %v", p)
		}
		if l < math.Sqrt(0.001) {
			below++
		}
		ints[n]++
	}
	// Binomial(3000, 1/2) has a standard deviation of 27; (1/3) of 26. Five of them.
	if below < 1500-135 || below > 1500+135 {
		t.Errorf("%d of 3000 draws lie below the geometric middle", below)
	}
	for _, n := range []float64{3, 4, 5} {
		if ints[n] < 1000-130 || ints[n] > 1000+130 {
			t.Errorf("%v was drawn %d times of 3000", n, ints[n])
		}
	}
}

func TestDigits(t *testing.T) {
	for _, c := range []struct{ v, low, high, want float64 }{
		{0, 0, 1, 0},
		{0.0123456, 0, 1, 0.0123},
		{-98765, -1e6, 1e6, -98800},
		{0.99951, 0, 0.9996, 0.9996}, // 1.00 leaves the range
		{0.10004, 0.1001, 1, 0.1001}, // as does 0.100
		{1.23456e-150, 1e-150, 1, 1.23e-150},
		{9.9999e149, 1, 1e150, 1e150},
	} {
		if got := digits(c.v, c.low, c.high); got != c.want {
			t.Errorf("digits(%v, %v, %v) = %v, want %v", c.v, c.low, c.high, got, c.want)
		}
	}
}

// TestAdapt: what the space does not name stays, what lies outside is brought in, and what is not
// said is in the middle.
func TestAdapt(t *testing.T) {
	s := space(t, map[string]any{"rate": map[string]any{"log": []any{0.01, 1.0}}, "leaves": []any{7.0, 15.0, 31.0}, "kind": []any{"a", "b"},
		"n": map[string]any{"int": []any{1.0, 9.0}}, "fixed": true, "share": uniform(0.2, 0.6)})
	got := s.Adapt(Params{"rate": 3.0, "leaves": 20.0, "kind": "c", "n": 4.4, "fixed": false, "other": 5.0})
	want := Params{"rate": 1.0, "leaves": 15.0, "kind": "b", "n": 4.0, "fixed": true, "other": 5.0, "share": 0.4}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if middle := s.Adapt(nil)["rate"]; middle != 0.1 {
		t.Errorf("the middle of 0.01 to 1 by factors is %v", middle)
	}
}

// TestPortfolio: of every task and size there is one, of learners that the task's families have,
// each point once, and a search begins with it and goes on with draws.
func TestPortfolio(t *testing.T) {
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		var spaces []Space
		families := Families(task)
		for _, f := range families {
			spaces = append(spaces, space(t, f.Params))
		}
		for _, size := range []Size{Few, Many} {
			var points []Point
			learners := map[string]bool{}
			for _, c := range Portfolio(task, size) {
				i := slices.IndexFunc(families, func(f Candidate) bool { return f.Learner == c.Learner })
				if i < 0 {
					t.Fatalf("%s: %s is of no family", task, c.Learner)
				}
				learners[c.Learner] = true
				points = append(points, Point{i, c.Params})
			}
			if len(points) != 16 || len(learners) < 3 || size == Many && (learners["mlp"] || learners["knn"]) {
				t.Errorf("%s, %s: %d points of %v", task, size, len(points), learners)
			}
			trials, err := list(Search{Strategy: PortfolioSearch, Spaces: spaces, First: points, Trials: 30})
			if err != nil || len(trials) != 30 {
				t.Fatalf("%d trials, %v", len(trials), err)
			}
			for i, p := range points {
				if !reflect.DeepEqual(trials[i].Point, p) {
					t.Errorf("%s, %s: trial %d is %v, want %v", task, size, i+1, trials[i].Point, p)
				}
			}
		}
	}
	if few, many := SizeOf(2000, 10), SizeOf(2001, 10); few != Few || many != Many {
		t.Errorf("20,000 values are %s, 20,010 %s", few, many)
	}
}
