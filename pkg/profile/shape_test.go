package profile

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// shapeTolerance is absolute: skewness and autocorrelation of symmetric data are near 0, and
// are sums whose terms cancel.
const shapeTolerance = 1e-11

func TestShapeIsExact(t *testing.T) {
	var values struct {
		Columns []struct {
			Name   string
			Values []float64
		}
	}
	readGolden(t, "profile_numpy.json", &values)
	var golden struct {
		Columns []struct {
			Name                                string
			Zeros, Negatives, Integers          int
			Skewness, Kurtosis, Autocorrelation *float64
		}
	}
	readGolden(t, "profile_shape.json", &golden)
	if len(golden.Columns) != len(values.Columns) || len(golden.Columns) == 0 {
		t.Fatalf("%d columns, %d of them with values", len(golden.Columns), len(values.Columns))
	}
	for i, want := range golden.Columns {
		got := one(t, dataset.Column{Type: dataset.Numeric, Values: values.Columns[i].Values}).Numeric
		if got.Zeros != want.Zeros || got.Negatives != want.Negatives || got.Integers != want.Integers {
			t.Errorf("%s: %d zeros, %d negatives, %d integers, want %d, %d, %d", want.Name, got.Zeros, got.Negatives, got.Integers, want.Zeros, want.Negatives, want.Integers)
		}
		for _, c := range []struct {
			name      string
			got, want *float64
		}{{"skewness", got.Skewness, want.Skewness}, {"kurtosis", got.Kurtosis, want.Kurtosis}, {"autocorrelation", got.Autocorrelation, want.Autocorrelation}} {
			if (c.got == nil) != (c.want == nil) {
				t.Errorf("%s: %s there: %v, want %v", want.Name, c.name, c.got != nil, c.want != nil)
			} else if c.got != nil && math.Abs(*c.got-*c.want) > shapeTolerance*max(1, math.Abs(*c.want)) {
				t.Errorf("%s: %s %v, want %v", want.Name, c.name, *c.got, *c.want)
			}
		}
	}
}

// The nine univariate sets of NIST's Statistical Reference Datasets. The least numbers of
// digits for the deviation are what gonum reaches. None can do better in Mavro, Michelso, NumAcc3
// and NumAcc4: their decimals are no float64, and the deviation of the float64 that are nearest,
// in rational numbers, has 13.1, 13.9, 9.5 and 8.3 digits. -v prints the digits.
func TestUnivariateSetsOfNIST(t *testing.T) {
	text, err := os.ReadFile("../../testdata/nist/univariate.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets []struct {
		Name, Mean, SD string
		Lag1           string `json:"lag1_autocorrelation"`
		Values         []string
	}
	if err := json.Unmarshal(text, &sets); err != nil {
		t.Fatal(err)
	}
	leastSD := map[string]float64{"Lew": 15, "Lottery": 15, "Mavro": 13.1, "Michelso": 13.9, "NumAcc1": 15, "NumAcc2": 14.2, "NumAcc3": 9.5, "NumAcc4": 8.3, "PiDigits": 14.9}
	const rounding, leastLag = 0.05, 10.9 // the least digits are given to a tenth
	if len(sets) != len(leastSD) {
		t.Fatalf("%d sets, want %d", len(sets), len(leastSD))
	}
	for _, s := range sets {
		var values []float64
		for _, v := range s.Values {
			values = append(values, number(t, v))
		}
		got := one(t, dataset.Column{Type: dataset.Numeric, Values: values}).Numeric
		mean, sd, lag := digits(got.Mean, number(t, s.Mean)), digits(*got.SD, number(t, s.SD)), digits(*got.Autocorrelation, number(t, s.Lag1))
		t.Logf("%-9s mean %4.1f  sd %4.1f  autocorrelation %4.1f", s.Name, mean, sd, lag)
		if mean < 14.6 || sd < leastSD[s.Name]-rounding {
			t.Errorf("%s: %.1f digits of the mean, %.1f of the deviation, want 14.6 and %.1f", s.Name, mean, sd, leastSD[s.Name])
		}
		if lag < leastLag {
			t.Errorf("%s: %.1f digits of the autocorrelation", s.Name, lag)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// digits is how many decimal digits agree: −log10 of the relative error, 15 at most.
func digits(got, want float64) float64 {
	if got == want {
		return 15
	}
	return min(15, -math.Log10(math.Abs(got-want)/math.Abs(want)))
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Order
	}{
		{nil, ""}, {[]float64{1}, ""}, {[]float64{2, 2, nan}, ""},
		{[]float64{1, nan, 2, 3}, StrictlyIncreasing}, {[]float64{1, 1, 3}, Increasing},
		{[]float64{3, 2, -inf}, StrictlyDecreasing}, {[]float64{nan, 3, 3, 0}, Decreasing},
		{[]float64{1, 2, 1}, ""}, {[]float64{1, 3, 2, 4}, ""},
	} {
		if got := one(t, dataset.Column{Type: dataset.Numeric, Values: c.values}).Order; got != c.want {
			t.Errorf("%v: %q, want %q", c.values, got, c.want)
		}
	}
}

func TestTexts(t *testing.T) {
	c := dataset.Column{Type: dataset.Categorical, Codes: []int32{0, 1, 1, -1}, Levels: []string{"aé 7!", "Zürich"}}
	want := TextSummary{MinLength: 5, MaxLength: 6, MeanLength: 17.0 / 3, Characters: Characters{Letters: 14, Digits: 1, Spaces: 1, Other: 1}}
	if got := one(t, c).Text; got == nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// More characters than the packed counts hold, cut inside a character.
func TestLongTexts(t *testing.T) {
	const n = 1 << 20
	c := dataset.Column{Type: dataset.Text, Codes: []int32{0}, Levels: []string{strings.Repeat("1aé ", n)}}
	want := TextSummary{MinLength: 4 * n, MaxLength: 4 * n, MeanLength: 4 * n, Characters: Characters{Letters: 2 * n, Digits: n, Spaces: n}}
	got := one(t, c).Text
	if got == nil {
		t.Fatal("no text")
	}
	if got.Variants = nil; !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
