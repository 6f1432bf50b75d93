package search

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"
)

// benchmark is a function to minimize over spaces, and the least value it takes.
type benchmark struct {
	name   string
	spaces []map[string]any
	value  func(p Point) float64
	least  float64
}

func uniform(low, high float64) map[string]any { return map[string]any{"uniform": []any{low, high}} }

// benchmarks are two of Dixon & Szegő (1978), and one that mixes kinds of parameters which
// depend on the space: the second space is the better one, in a corner of it.
func benchmarks() []benchmark {
	unit := map[string]any{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		unit[name] = uniform(0, 1)
	}
	return []benchmark{
		{"branin", []map[string]any{{"x": uniform(-5, 10), "y": uniform(0, 15)}}, branin, 0.397887},
		{"hartmann6", []map[string]any{unit}, hartmann6, -3.32237},
		{"mixed", []map[string]any{
			{"rate": map[string]any{"log": []any{0.001, 10.0}}},
			{"rate": map[string]any{"log": []any{0.001, 1.0}}, "leaves": map[string]any{"int": []any{2.0, 255.0}}, "kind": []any{"a", "b", "c", "d"}, "share": uniform(0.2, 1)},
			{},
		}, mixed, 0},
	}
}

func branin(p Point) float64 {
	x, y := p.Params["x"].(float64), p.Params["y"].(float64)
	inner := y - 5.1/(4*math.Pi*math.Pi)*x*x + 5/math.Pi*x - 6
	return inner*inner + 10*(1-1/(8*math.Pi))*math.Cos(x) + 10
}

func hartmann6(p Point) float64 {
	a := [4][6]float64{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}
	at := [4][6]float64{{.1312, .1696, .5569, .0124, .8283, .5886}, {.2329, .4135, .8307, .3736, .1004, .9991},
		{.2348, .1451, .3522, .2883, .3047, .6650}, {.4047, .8828, .8732, .5743, .1091, .0381}}
	sum := 0.0
	for i, weight := range []float64{1, 1.2, 3, 3.2} {
		inner := 0.0
		for j, name := range []string{"a", "b", "c", "d", "e", "f"} {
			d := p.Params[name].(float64) - at[i][j]
			inner += a[i][j] * d * d
		}
		sum -= weight * math.Exp(-inner)
	}
	return sum
}

func mixed(p Point) float64 {
	away := func(rate any, best float64) float64 { d := math.Log10(rate.(float64) / best); return d * d }
	switch p.Space {
	case 0:
		return 0.5 + away(p.Params["rate"], 0.1)
	case 1:
		d := math.Log2(p.Params["leaves"].(float64) / 31)
		share := p.Params["share"].(float64) - 0.8
		return away(p.Params["rate"], 0.05) + 0.1*d*d + share*share + map[any]float64{"a": 0.3, "b": 0, "c": 0.6, "d": 1}[p.Params["kind"]]
	}
	return 2
}

// minimize does a whole search and returns the least value after each trial.
func minimize(t testing.TB, b benchmark, s Search) (least []float64) {
	t.Helper()
	for _, params := range b.spaces {
		space, err := ParseSpace(params)
		if err != nil {
			t.Fatal(err)
		}
		s.Spaces = append(s.Spaces, space)
	}
	var past []Outcome
	low := math.Inf(1)
	for {
		trials, err := s.Round(past)
		if err != nil {
			t.Fatal(err)
		}
		if len(trials) == 0 {
			return least
		}
		for _, trial := range trials {
			loss := b.value(trial.Point)
			low = min(low, loss)
			past, least = append(past, Outcome{trial, loss}), append(least, low)
		}
	}
}

// TestTPEBeatsRandom compares the mean regret over 30 seeds after 60 trials each: with random
// search, and with Optuna's sampler of the same kind (testdata/peers/search_optuna.py). Over 60
// seeds it is 0.11 against 0.85, 0.48 against 1.52 and 0.13 against 0.33 for random search; Optuna's
// over 30 is 0.19, 0.74 and 0.21.
func TestTPEBeatsRandom(t *testing.T) {
	var peer struct {
		Trials []int                           `json:"trials"`
		Regret map[string]map[string][]float64 `json:"regret"`
	}
	text, err := os.ReadFile("../../testdata/golden/search_optuna.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &peer); err != nil || peer.Trials[1] != 60 {
		t.Fatalf("%v, %v", peer, err)
	}
	for _, b := range benchmarks() {
		tpe := regret(t, b, Search{Strategy: TPESearch, Trials: 60, Batch: 5}, 30)
		random := regret(t, b, Search{Strategy: RandomSearch, Trials: 60}, 30)
		if most := map[string]float64{"branin": 0.4, "hartmann6": 0.6, "mixed": 0.7}[b.name]; tpe > most*random {
			t.Errorf("%s: tpe is %.3f off, random search %.3f", b.name, tpe, random)
		}
		if optuna := peer.Regret[b.name]["tpe"][1]; tpe > 1.25*optuna {
			t.Errorf("%s: tpe is %.3f off, optuna %.3f", b.name, tpe, optuna)
		}
	}
}

// regret is how far a search is off in the end, in the mean over seeds.
func regret(t testing.TB, b benchmark, s Search, seeds int) (mean float64) {
	for i := range seeds {
		s.Seed = uint64(i)
		least := minimize(t, b, s)
		mean += (least[len(least)-1] - b.least) / float64(seeds)
	}
	return mean
}

// TestTPEIsPrefixStable: a longer search begins like a shorter one, and nothing depends on the
// order in which outcomes are handed in.
func TestTPEIsPrefixStable(t *testing.T) {
	b := benchmarks()[2]
	short := minimize(t, b, Search{Strategy: TPESearch, Trials: 23, Batch: 4, Seed: 5})
	long := minimize(t, b, Search{Strategy: TPESearch, Trials: 60, Batch: 4, Seed: 5})
	if len(short) != 23 || len(long) != 60 || !slices.Equal(short, long[:23]) {
		t.Errorf("%v\n%v", short, long)
	}
	s := Search{Strategy: TPESearch, Trials: 40, Batch: 4, Seed: 5}
	for _, params := range b.spaces {
		s.Spaces = append(s.Spaces, space(t, params))
	}
	var past []Outcome
	for range 4 {
		forth, err := s.Round(past)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(past)
		back, err := s.Round(past)
		if err != nil || !reflect.DeepEqual(forth, back) {
			t.Fatalf("%v\n%v, %v", forth, back, err)
		}
		for _, trial := range forth {
			past = append(past, Outcome{trial, b.value(trial.Point)})
		}
	}
}

// TestTPEWithoutSuccess goes on when every trial fails, and stops when spaces hold no more.
func TestTPEWithoutSuccess(t *testing.T) {
	s := Search{Strategy: TPESearch, Trials: 100, Batch: 7, Spaces: []Space{
		space(t, map[string]any{"k": map[string]any{"int": []any{1.0, 20.0}}, "on": []any{true, false}}), space(t, nil)}}
	var past []Outcome
	seen := map[string]bool{}
	for {
		trials, err := s.Round(past)
		if err != nil {
			t.Fatal(err)
		}
		if len(trials) == 0 {
			break
		}
		for _, trial := range trials {
			if seen[trial.key()] {
				t.Errorf("%v is tried twice", trial)
			}
			seen[trial.key()] = true
			past = append(past, Outcome{trial, math.NaN()})
		}
	}
	if len(past) < 38 || len(past) > 41 {
		t.Errorf("%d trials of 41 points", len(past))
	}
}

// TestHalving: of each three the best goes on, failed ones never; the numbers stay.
func TestHalving(t *testing.T) {
	s := Search{Strategy: HalvingSearch, Trials: 20, Rungs: 3, Eta: 3, Spaces: []Space{space(t, map[string]any{"x": uniform(0, 1)})}}
	var past []Outcome
	var sizes []int
	for {
		trials, err := s.Round(past)
		if err != nil {
			t.Fatal(err)
		}
		if len(trials) == 0 {
			break
		}
		sizes = append(sizes, len(trials))
		share := []float64{1.0 / 9, 1.0 / 3, 1}[len(sizes)-1]
		for _, trial := range trials {
			if trial.Rung != len(sizes) || math.Abs(trial.Share-share) > 1e-15 {
				t.Errorf("%+v", trial)
			}
			loss := float64(trial.Number)
			if trial.Number == 2 {
				loss = math.NaN()
			}
			past = append(past, Outcome{trial, loss})
		}
	}
	if !reflect.DeepEqual(sizes, []int{20, 6, 2}) || past[20].Number != 1 || past[21].Number != 3 || past[27].Number != 3 || s.Total(20) != 28 {
		t.Errorf("rungs of %v, %+v", sizes, past[20:])
	}
	for i := range past {
		past[i].Loss = math.NaN()
	}
	if trials, err := s.Round(past[:20]); err != nil || len(trials) != 0 {
		t.Errorf("all failed, and yet %v, %v", trials, err)
	}
}

// TestBudget stops before the trial that would exceed it, and shares it among rungs.
func TestBudget(t *testing.T) {
	s := Search{Strategy: RandomSearch, Trials: 100, Spaces: []Space{space(t, map[string]any{"x": uniform(0, 1)})},
		Budget: 10, Cost: func(t Trial) float64 { return 3 }}
	if trials, err := list(s); err != nil || len(trials) != 3 {
		t.Errorf("%d trials, %v", len(trials), err)
	}
	s.Cost = func(Trial) float64 { return 30 }
	if trials, err := list(s); err != nil || len(trials) != 1 {
		t.Errorf("a first trial is always affordable: %d trials, %v", len(trials), err)
	}
	s.Strategy, s.Rungs, s.Eta, s.Budget = HalvingSearch, 3, 3, 9.01
	s.Cost = func(t Trial) float64 { return t.Share }
	trials, err := list(s)
	if err != nil || len(trials) != 27 {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	var past []Outcome
	for _, trial := range trials {
		past = append(past, Outcome{trial, float64(trial.Number)})
	}
	if trials, err = s.Round(past); err != nil || len(trials) != 9 {
		t.Errorf("%d trials, %v", len(trials), err)
	}
	s.Strategy, s.Batch, s.Cost = TPESearch, 4, func(Trial) float64 { return 0.75 }
	if least := minimize(t, benchmarks()[0], Search{Strategy: TPESearch, Trials: 40, Batch: 4, Budget: 9, Cost: s.Cost}); len(least) != 12 {
		t.Errorf("%d trials of 0.75 for 9", len(least))
	}
}
