package feature

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

const testdata = "../../testdata/"

// peer is testdata/golden/feature_sklearn.json.
type peer struct {
	Stride  int
	Smooth  float64
	Numbers []struct {
		File, Column                               string
		Skewness, Excess, Lambda                   float64
		Standard, Robust, Power, Quantile, Uniform []float64
	}
	Imputed []struct {
		Column          string
		Values, Missing []float64
	}
	OneHot []struct {
		Column        string
		Most, Rows    int
		Levels, Other []string
	} `json:"one_hot"`
	TargetMeans []struct {
		File, Column, Target string
		Classes              int
		Levels               []string
		Means                [][]float64
		OutOfFold            [][]float64 `json:"out_of_fold"`
	} `json:"target_means"`
	WeightedMean struct {
		File, Column, Target, Weight string
		Levels                       []string
		Means                        []float64
		OutOfFold                    []float64 `json:"out_of_fold"`
	} `json:"weighted_mean"`
	TFIDF struct {
		Texts, Terms []string
		Rows         []int
		Weights      [][]float64
		Stride       int
	}
}

func readPeer(t *testing.T) peer {
	t.Helper()
	b, err := os.ReadFile(testdata + "golden/feature_sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var p peer
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func readTable(t *testing.T, file string) *dataset.Table {
	t.Helper()
	parts, err := dataset.Files(testdata + file)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := dataset.ReadCSV(context.Background(), parts, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// agree compares every stride-th value with a peer's and reports the first that is off.
func agree(t *testing.T, what string, got, want []float64, stride int, tolerance float64) {
	t.Helper()
	if n := (len(got) + stride - 1) / stride; n != len(want) {
		t.Fatalf("%s: %d values, the peer has %d", what, n, len(want))
	}
	for i, w := range want {
		if !num.Close(got[i*stride], w, tolerance) {
			t.Errorf("%s: row %d is %v, the peer has %v", what, i*stride+1, got[i*stride], w)
			return
		}
	}
}

// Tolerances: what is computed the same way agrees to rounding. A power is where a likelihood
// is flat: both searches stop some 1e-8 from the top, which large powers make more of.
const (
	sameWay  = 1e-12
	flatPeak = 1e-5
)

func TestNumbersAgreeWithSklearn(t *testing.T) {
	p := readPeer(t)
	for _, c := range p.Numbers {
		column := readTable(t, c.File).Column(c.Column)
		column.Values = slices.DeleteFunc(slices.Clone(column.Values), math.IsNaN)
		v, err := describe(column, Options{Scale: true}, "")
		if err != nil {
			t.Fatal(err)
		}
		agree(t, c.Column+" moments", []float64{v.facts.Skewness, v.facts.Excess}, []float64{c.Skewness, c.Excess}, 1, 1e-10)
		transform := func(e encoding) []float64 {
			dst := zeros(1, column.Len())
			e.encode(dst, column)
			return dst[0]
		}
		agree(t, c.Column+" standard", transform(fitNumber(v, Standard, Options{})), c.Standard, p.Stride, sameWay)
		if c.Robust != nil {
			agree(t, c.Column+" robust", transform(fitNumber(v, Robust, Options{})), c.Robust, p.Stride, sameWay)
		}
		shift, factor := standardize(v.sorted)
		standard := slices.Clone(v.sorted)
		for i, x := range standard {
			standard[i] = (x - shift) * factor
		}
		v.lambda = fitYeoJohnson(standard)
		agree(t, c.Column+" lambda", []float64{v.lambda}, []float64{c.Lambda}, 1, flatPeak)
		agree(t, c.Column+" power", transform(fitCurve(v, Power, Options{})), c.Power, p.Stride, flatPeak)
		agree(t, c.Column+" quantile", transform(fitCurve(v, Quantile, Options{})), c.Quantile, p.Stride, 1e-9)
		agree(t, c.Column+" uniform", transform(fitCurve(v, Uniform, Options{})), c.Uniform, p.Stride, 1e-9)
	}
}

func TestImputingAgreesWithSklearn(t *testing.T) {
	p := readPeer(t)
	rows := readTable(t, "penguins.csv")
	for _, c := range p.Imputed {
		_, m := encode(t, Options{Impute: true}, table(t, *rows.Column(c.Column)), table(t, *rows.Column(c.Column)))
		agree(t, c.Column, m.Columns[0], c.Values, p.Stride, 0)
		agree(t, c.Column+" missing", m.Columns[1], c.Missing, 1, 0)
	}
}

func TestRareCategoriesAgreeWithSklearn(t *testing.T) {
	rows := readTable(t, "adult.csv")
	for _, c := range readPeer(t).OneHot {
		column := rows.Column(c.Column)
		v, err := describe(column, Options{}, "")
		if err != nil {
			t.Fatal(err)
		}
		if v.facts.Present != c.Rows {
			t.Fatalf("%s: %d rows, the peer has %d", c.Column, v.facts.Present, c.Rows)
		}
		k := fitCategories(column.Levels, v, Options{MaxLevels: c.Most})
		if !slices.Equal(k.Levels, c.Levels) || !slices.Equal(k.Other, c.Other) {
			t.Errorf("%s: own %v, other %v\nthe peer has %v, %v", c.Column, k.Levels, k.Other, c.Levels, c.Other)
		}
	}
}

func TestTargetMeansAgreeWithSklearn(t *testing.T) {
	p := readPeer(t)
	if p.Smooth != shrink {
		t.Fatalf("the peer smooths by %v", p.Smooth)
	}
	for _, c := range p.TargetMeans {
		rows := readTable(t, c.File)
		target := rows.Column(c.Target)
		y := Target{Values: target.Values, Classes: c.Classes}
		folds := make([]uint8, rows.Rows())
		for i := range folds {
			folds[i] = uint8(i % foldCount)
			if c.Classes > 0 {
				y.Values = append(y.Values, float64(target.Codes[i]))
			}
		}
		column := withNone(rows.Column(c.Column))
		m, training := fitMeans(&column, y, folds, Options{})
		if !slices.Equal(m.Levels, c.Levels) {
			t.Fatalf("%s: levels %v, the peer has %v", c.Column, m.Levels, c.Levels)
		}
		for k := range c.Means {
			agree(t, c.Column, m.Means[k], c.Means[k], 1, sameWay)
			agree(t, c.Column+" out of fold", training[k], c.OutOfFold[k], p.Stride, sameWay)
		}
	}
}

func TestWeightedMeansAreByDefinition(t *testing.T) {
	p := readPeer(t)
	c := p.WeightedMean
	rows := readTable(t, c.File)
	y := Target{Classes: 2, Weights: rows.Column(c.Weight).Values}
	folds := make([]uint8, rows.Rows())
	for i := range folds {
		folds[i] = uint8(i % foldCount)
		y.Values = append(y.Values, float64(rows.Column(c.Target).Codes[i]))
	}
	column := withNone(rows.Column(c.Column))
	m, training := fitMeans(&column, y.unitless(), folds, Options{})
	if !slices.Equal(m.Levels, c.Levels) {
		t.Fatalf("levels %v, the script has %v", m.Levels, c.Levels)
	}
	agree(t, c.Column, m.Means[0], c.Means, 1, sameWay)
	agree(t, c.Column+" out of fold", training[0], c.OutOfFold, p.Stride, sameWay)
}

// withNone makes a level of what is missing, as the peer does.
func withNone(c *dataset.Column) dataset.Column {
	var all []string
	for i := range c.Len() {
		text := c.Text(i)
		if text == "" {
			text = "(none)"
		}
		all = append(all, text)
	}
	levels := slices.Compact(slices.Sorted(slices.Values(all)))
	return texts(c.Name, levels, all...)
}

// TestTFIDFAgreesWithSklearn gives the peer's n-grams columns and compares their weights.
func TestTFIDFAgreesWithSklearn(t *testing.T) {
	p := readPeer(t).TFIDF
	levels := slices.Compact(slices.Sorted(slices.Values(p.Texts)))
	column := texts("text", levels, p.Texts...)
	encoded := &Text{Bits: fullBits}
	y := Target{Values: make([]float64, len(p.Texts))}
	known := encoded.gather(&column, y, 0, make([]uint8, len(p.Texts))).rows()
	buckets := make([]uint32, len(p.Terms))
	for i, term := range p.Terms {
		// The bucket of a pair is what its text has beside those of its words.
		h := terms{bits: fullBits}
		found := slices.Clone(h.of(term))
		if words(term) == 2 {
			for _, word := range splitWords(term) {
				one := slices.Clone(h.of(word))
				at := slices.Index(found, one[0])
				found = slices.Delete(found, at, at+1)
			}
		}
		if len(found) != 1 || known[found[0]] != float64(p.Rows[i]) {
			t.Fatalf("%q has buckets %v, in %v rows; the peer has it in %d", term, found, known[found[0]], p.Rows[i])
		}
		buckets[i] = found[0]
	}
	only := make([]float64, len(known))
	for i, b := range buckets {
		only[b] = float64(p.Rows[i])
	}
	encoded.choose(only, float64(len(p.Texts)))
	dst := zeros(len(encoded.Terms), len(p.Texts))
	encoded.eachText(&column, func(rows []int, found []uint32) { encoded.tfidf(dst, rows, found) })
	for i, b := range buckets {
		j, _ := slices.BinarySearch(encoded.Terms, b)
		want := make([]float64, len(p.Weights))
		for row, weights := range p.Weights {
			want[row] = weights[i]
		}
		agree(t, p.Terms[i], dst[j], want, p.Stride, sameWay)
	}
}

func splitWords(s string) []string {
	for i, r := range s {
		if r == ' ' {
			return []string{s[:i], s[i+1:]}
		}
	}
	return []string{s}
}
