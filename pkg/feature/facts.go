package feature

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// values are a column's, as fits need them.
type values struct {
	facts  Facts
	rows   []float64 // of a column of numbers
	sorted []float64 // the present ones; nil where no fit needs their order
	lambda float64   // of Yeo-Johnson on standardized values, if that straightens them
	counts []int     // rows by code, of a coded column
	asked  bool      // for one encoding, in place of those of the plan
}

// describe looks at a column as closely as the options, or the method asked for, want it.
func describe(c *dataset.Column, o Options, asked Method) (values, error) {
	v := values{facts: Facts{Type: c.Type, Rows: c.Len()}, asked: asked != ""}
	if c.Type.Coded() {
		v.counts = make([]int, len(c.Levels))
		for _, code := range c.Codes {
			if code >= 0 {
				v.counts[code]++
				v.facts.Present++
			}
		}
		for _, n := range v.counts {
			if n > 0 {
				v.facts.Distinct++
			}
		}
		if c.Type == dataset.Text || asked == NGrams {
			v.facts.Words = meanWords(c)
		}
		return v, nil
	}
	v.rows = c.Values
	for i, x := range c.Values {
		if math.IsInf(x, 0) {
			return v, fmt.Errorf("column %q: row %d is infinite; give it a number or leave it empty", c.Name, i+1)
		}
		if !math.IsNaN(x) {
			v.facts.Present++
		}
	}
	if v.facts.Present > 0 && (o.Impute || o.Scale || v.asked) {
		v.sort()
		switch {
		case asked == Power:
			v.straighten()
		case o.Scale:
			v.shape()
		}
	}
	return v, nil
}

func (v *values) sort() {
	v.sorted = make([]float64, 0, v.facts.Present)
	for _, x := range v.rows {
		if !math.IsNaN(x) {
			v.sorted = append(v.sorted, x)
		}
	}
	slices.Sort(v.sorted)
	for i, x := range v.sorted {
		if i == 0 || x != v.sorted[i-1] {
			v.facts.Distinct++
		}
	}
}

// shape finds the moments, and whether a power would take the skewness away.
func (v *values) shape() {
	f := &v.facts
	f.Skewness, f.Excess = moments(v.sorted)
	f.Spread = spreadOf(v.sorted)
	if f.Type != dataset.Numeric || f.Distinct < fewestToBend || !(math.Abs(f.Skewness) > skewed) {
		return
	}
	skewness := v.straighten()
	f.Straightens = math.Abs(skewness) <= skewed // and not NaN
}

// straighten fits Yeo-Johnson's power, and returns the skewness that is left.
func (v *values) straighten() float64 {
	shift, factor := standardize(v.sorted)
	bent := slices.Clone(thin(v.sorted))
	for i, x := range bent {
		bent[i] = float64((x - shift) * factor)
	}
	v.lambda = fitYeoJohnson(bent)
	for i, x := range bent {
		bent[i] = yeoJohnson(x, v.lambda)
	}
	skewness, _ := moments(bent)
	return skewness
}

// moments are the skewness and the excess kurtosis of the population, as scipy.stats has
// them by default; 0 for a constant, not finite if they overflow.
func moments(x []float64) (skewness, excess float64) {
	n := float64(len(x))
	mean := num.Sum(x) / n
	m2, m3, m4 := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
	for i, v := range x {
		d := v - mean
		m2[i] = float64(d * d)
		m3[i] = float64(m2[i] * d)
		m4[i] = float64(m2[i] * m2[i])
	}
	variance := num.Sum(m2) / n
	if !(math.Sqrt(variance) > rounding*math.Abs(mean)) {
		return 0, 0
	}
	return num.Sum(m3) / n / float64(variance*math.Sqrt(variance)), num.Sum(m4)/n/float64(variance*variance) - 3
}

// rounding is how small a standard deviation, relative to the mean, is no spread but the
// mean's own rounding.
const rounding = 1e-14

// quantile is the one at part/parts, interpolated linearly between order statistics as numpy
// does by default. Where it falls on a value it is that value exactly.
func quantile(sorted []float64, part, parts int) float64 {
	at := float64(float64(part*(len(sorted)-1)) / float64(parts)) // by 4 it is compiled to a product
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + float64((sorted[i+1]-sorted[i])*(at-float64(i)))
}

// powerSample is how many values a power is fitted on, at some forty looks at each; wordSample
// is how many texts have their words counted.
const (
	powerSample = 1000
	wordSample  = 10_000
)

// thin returns at most that many order statistics at an even stride, the extremes among them.
func thin(sorted []float64) []float64 {
	if len(sorted) <= powerSample {
		return sorted
	}
	kept := make([]float64, powerSample)
	for i := range kept {
		kept[i] = sorted[i*(len(sorted)-1)/(powerSample-1)]
	}
	return kept
}

// meanWords is over the first present rows, as many as wordSample.
func meanWords(c *dataset.Column) float64 {
	total, n := 0, 0
	for _, code := range c.Codes {
		if code >= 0 && n < wordSample {
			total += words(c.Levels[code])
			n++
		}
	}
	return float64(total) / float64(max(1, n))
}
