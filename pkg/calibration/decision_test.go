package calibration

import (
	"math"
	"testing"
)

// TestThresholdIsTheBestOfAll compares with the best of all thresholds by scikit-learn, and
// sees that the threshold does to the rows what its Outcome says.
func TestThresholdIsTheBestOfAll(t *testing.T) {
	for _, c := range readGolden(t).Thresholds {
		for name, criterion := range map[string]Criterion{
			"accuracy": Accuracy, "f1": F1, "balanced_accuracy": BalancedAccuracy, "cost": LeastCost(c.Costs),
		} {
			got, err := ChooseThreshold(c.Y, c.P, c.Weights, criterion)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.Score-c.Best[name]) > 1e-9 {
				t.Errorf("%s: %+v, want a score of %v", name, got, c.Best[name])
			}
			var o Outcome
			for i, p := range c.P {
				w := 1.0
				if c.Weights != nil {
					w = c.Weights[i]
				}
				switch at := p >= got.Value; {
				case at && c.Y[i] == 1:
					o.TruePositive += w
				case at:
					o.FalsePositive += w
				case c.Y[i] == 1:
					o.FalseNegative += w
				default:
					o.TrueNegative += w
				}
			}
			if math.Abs(criterion(o)-got.Score) > 1e-9 {
				t.Errorf("%s: %+v scores %v on its rows", name, got, criterion(o))
			}
		}
	}
}

func TestThresholdsOfFewRows(t *testing.T) {
	next := math.Nextafter(0.5, 1)
	for _, c := range []struct {
		y, p []float64
		want float64
	}{
		{[]float64{0, 1}, []float64{0.25, 0.75}, 0.5},
		{[]float64{0, 1}, []float64{0.5, next}, next}, // nothing lies between
		{[]float64{1, 1, 0}, []float64{0.25, 0.75, 0.5}, 0},
		{[]float64{1, 0, 0, 0}, []float64{0.25, 0.25, 0.5, 0.75}, 1},
	} {
		if got, err := ChooseThreshold(c.y, c.p, nil, Accuracy); err != nil || got.Value != c.want {
			t.Errorf("%v of %v: %+v, %v, want %v", c.y, c.p, got, err, c.want)
		}
	}
	if _, err := ChooseThreshold([]float64{0, 0}, []float64{0.1, 0.2}, nil, F1); err == nil {
		t.Error("a threshold of one class")
	}
	if _, err := ChooseThreshold([]float64{0, 1}, []float64{0.1, 0.2}, nil, func(Outcome) float64 { return math.NaN() }); err == nil {
		t.Error("a criterion that is nowhere defined")
	}
}

// TestDecideByCost: missing a case costs nine times a false alarm, so that one is raised from
// a probability of 1/10 on.
func TestDecideByCost(t *testing.T) {
	c := Costs{{0, 1}, {9, 0}}
	if err := c.Check(2); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[float64]int{0.09: 0, 0.11: 1} {
		if got := c.Decide([]float64{1 - p, p}); got != want {
			t.Errorf("%v: class %d", p, got)
		}
	}
	// Of three classes the one in the middle is a mistake of one step at most.
	ordered := Costs{{0, 1, 4}, {1, 0, 1}, {4, 1, 0}}
	if got := ordered.Decide([]float64{0.45, 0.1, 0.45}); got != 1 {
		t.Errorf("class %d", got)
	}
	for _, broken := range []Costs{nil, {{0, 1}}, {{0, 1}, {1}}, {{0, math.NaN()}, {1, 0}}} {
		if broken.Check(2) == nil {
			t.Errorf("%v passed", broken)
		}
	}
}
