package calibration

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// golden is what testdata/peers/calibration_sklearn.py wrote.
type golden struct {
	Cases []struct {
		Name       string
		Outputs    int
		Y          []float64
		P          []float64
		Weights    []float64
		At         []float64
		Inverse    float64
		Calibrated map[Method][]float64
	}
	Thresholds []struct {
		Y, P, Weights []float64
		Costs         Costs
		Best          map[string]float64
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/calibration_sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// Two solvers of one convex problem: how far apart they may stop.
var tolerances = map[Method]float64{Temperature: 1e-10, Platt: 1e-9, Isotonic: 1e-12}

func TestAgreesWithPeers(t *testing.T) {
	cases := readGolden(t).Cases
	if len(cases) < 8 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		for _, method := range Methods() {
			fitted, err := Fit(method, c.Y, c.P, c.Weights, c.Outputs)
			if err != nil {
				t.Fatal(err)
			}
			if err := fitted.Check(); err != nil {
				t.Errorf("%s: %s: %v", c.Name, method, err)
			}
			got := slices.Clone(c.At)
			fitted.Apply(got)
			for i, want := range c.Calibrated[method] {
				if !(math.Abs(got[i]-want) <= tolerances[method]) {
					t.Errorf("%s: %s: probability %d is %v, want %v", c.Name, method, i, got[i], want)
					break
				}
			}
		}
	}
}

// drawn is rows of two classes whose probabilities are too bold.
func drawn(n int) (y, p []float64) {
	random := seed.Rand(9)
	for range n {
		true := random.Float64()
		class := 0.0
		if random.Float64() < true {
			class = 1
		}
		bold := math.Pow(true, 3) / (math.Pow(true, 3) + math.Pow(1-true, 3))
		y, p = append(y, class), append(p, 1-bold, bold)
	}
	return y, p
}

// TestMakesProbabilitiesTrue calibrates boldness of a known power and applies it to rows that
// it has not seen: the log loss has to be within 1 % of that of the true probabilities.
func TestMakesProbabilitiesTrue(t *testing.T) {
	y, p := drawn(20_000)
	half := len(y) / 2
	loss := func(p []float64) (sum float64) {
		for i, class := range y[half:] {
			sum -= math.Log(p[2*i+int(class)]) / float64(half)
		}
		return sum
	}
	truth := slices.Clone(p[2*half:])
	for i, v := range truth {
		truth[i] = math.Cbrt(v)
	}
	for i := 0; i < len(truth); i += 2 {
		sum := truth[i] + truth[i+1]
		truth[i], truth[i+1] = truth[i]/sum, truth[i+1]/sum
	}
	for _, method := range Methods() {
		c, err := Fit(method, y[:half], p[:2*half], nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Clone(p[2*half:])
		before := loss(got)
		c.Apply(got)
		if after, best := loss(got), loss(truth); after > 1.01*best || before < 1.1*best {
			t.Errorf("%s: log loss %.4f before, %.4f after, %.4f of the truth", method, before, after, best)
		}
	}
}

func TestWeightsAndOrder(t *testing.T) {
	y, p := drawn(200)
	weights := make([]float64, len(y))
	var ty, tp []float64 // every row as often as its weight says
	for i := range y {
		weights[i] = float64(i % 3)
		for range i % 3 {
			ty, tp = append(ty, y[i]), append(tp, p[2*i], p[2*i+1])
		}
	}
	spoiled := slices.Clone(y)
	spoiled[0] = math.NaN() // of weight 0
	for _, method := range Methods() {
		got, err := Fit(method, spoiled, p, weights, 2)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Fit(method, ty, tp, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		for x := 0.0; x <= 1; x += 1. / 64 {
			a, b := []float64{1 - x, x}, []float64{1 - x, x}
			got.Apply(a)
			want.Apply(b)
			if math.Abs(a[1]-b[1]) > 1e-10 {
				t.Fatalf("%s: %v becomes %v with weights, %v with copies", method, x, a[1], b[1])
			}
			if math.Abs(a[0]+a[1]-1) > 1e-15 || a[1] <= 0 || a[1] >= 1 {
				t.Fatalf("%s: %v becomes %v", method, x, a)
			}
		}
	}
}

// TestCertaintyIsNotProven: rows that the model separates without a fault.
func TestCertaintyIsNotProven(t *testing.T) {
	y, p := []float64{0, 0, 1, 1, 1}, []float64{1, 0, 0.9, 0.1, 0.2, 0.8, 0, 1, 0, 1}
	for _, method := range Methods() {
		c, err := Fit(method, y, p, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		got := []float64{0, 1, 1, 0, 0.5, 0.5}
		c.Apply(got)
		for _, v := range got {
			if math.IsNaN(v) {
				t.Errorf("%s: %v", method, got)
			}
		}
		if method != Temperature && (got[1] == 1 || got[3] == 0) {
			t.Errorf("%s: is certain: %v", method, got)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	y, p := []float64{0, 1}, []float64{0.5, 0.5, 0.25, 0.75}
	for name, c := range map[string]struct {
		method        Method
		y, p, weights []float64
		row           int // -1: no row is to blame
	}{
		"unknown method":  {"magic", y, p, nil, -1},
		"one class":       {Platt, []float64{1, 1}, p, nil, -1},
		"class of no row": {Isotonic, y, p, []float64{1, 0}, -1},
		"no class":        {Platt, []float64{0, 2}, p, nil, 1},
		"no probability":  {Temperature, y, []float64{0.5, 0.5, math.NaN(), 1}, nil, 1},
		"no sum":          {Temperature, y, []float64{0.5, 0.6, 0, 1}, nil, 0},
		"negative weight": {Temperature, y, p, []float64{1, -1}, 1},
	} {
		_, err := Fit(c.method, c.y, c.p, c.weights, 2)
		var fault *RowError
		if err == nil || errors.As(err, &fault) != (c.row >= 0) || fault != nil && fault.Row != c.row {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJSONKeepsEveryBit(t *testing.T) {
	y, p := drawn(300)
	for _, method := range Methods() {
		c, err := Fit(method, y, p, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again Calibration
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(*c, again) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"method":"magic","outputs":2}`,
		`{"method":"temperature","outputs":2}`,
		`{"method":"temperature","outputs":1,"inverse":1}`,
		`{"method":"temperature","outputs":2,"inverse":1,"lines":[{"slope":1,"offset":0}]}`,
		`{"method":"platt","outputs":2}`,
		`{"method":"platt","outputs":3,"lines":[{"slope":1,"offset":0}]}`,
		`{"method":"isotonic","outputs":2,"steps":[{"from":[],"to":[],"margin":0.01}]}`,
		`{"method":"isotonic","outputs":2,"steps":[{"from":[0.1,0.1],"to":[0.2,0.3],"margin":0.01}]}`,
		`{"method":"isotonic","outputs":2,"steps":[{"from":[0.1,0.2],"to":[0.3,0.2],"margin":0.01}]}`,
		`{"method":"isotonic","outputs":2,"steps":[{"from":[0.1,0.2],"to":[0.1,0.2]}]}`,
		`{"method":"isotonic","outputs":2,"steps":[{"from":[0.1,0.2],"to":[-0.1,0.2],"margin":0.01}]},`,
		`{"method":"isotonic","outputs":2,"steps":[{"from":[0.1],"to":[0.2,0.3],"margin":0.01}]}`,
	} {
		var c Calibration
		if err := json.NewDecoder(strings.NewReader(text)).Decode(&c); err != nil {
			t.Fatal(err)
		}
		if c.Check() == nil {
			t.Errorf("%s passed", text)
		}
	}
	if (&Calibration{Method: Platt, Outputs: 2, Lines: []Line{{math.NaN(), 0}}}).Check() == nil {
		t.Error("a slope that is NaN passed")
	}
}
