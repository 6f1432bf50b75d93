package feature

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

var nan = math.NaN()

func numeric(name string, values ...float64) dataset.Column {
	return dataset.Column{Name: name, Type: dataset.Numeric, Values: values}
}

// texts makes a categorical column; "" is missing. Levels are given, so that they may hold
// more than what occurs.
func texts(name string, levels []string, values ...string) dataset.Column {
	c := dataset.Column{Name: name, Type: dataset.Categorical, Levels: levels}
	for _, v := range values {
		code := int32(-1)
		for i, level := range levels {
			if level == v {
				code = int32(i)
			}
		}
		c.Codes = append(c.Codes, code)
	}
	return c
}

func table(t testing.TB, columns ...dataset.Column) *dataset.Table {
	t.Helper()
	made, err := dataset.NewTable(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// encode fits on train, with a target that says nothing, and transforms rows.
func encode(t *testing.T, o Options, train, rows *dataset.Table) (*Encoder, *dataset.Matrix) {
	t.Helper()
	e, _, err := Fit(context.Background(), train, Target{Values: make([]float64, train.Rows())}, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Transform(rows)
	if err != nil {
		t.Fatal(err)
	}
	return e, m
}

func TestNumbersStayAsTheyAre(t *testing.T) {
	train := table(t, numeric("x", 3, nan, -1))
	_, m := encode(t, Options{}, train, train)
	x := m.Columns[0]
	if len(m.Columns) != 1 || x[0] != 3 || !math.IsNaN(x[1]) || x[2] != -1 {
		t.Errorf("got %v", m.Columns)
	}
}

// The expected numbers: median of 1, 2, 4, 9 is 3; with it in place of the missing value
// the mean of 1, 2, 3, 4, 9 is 19/5 and the population variance 111/5 − 3.8² = 7.76.
func TestImputeAndScale(t *testing.T) {
	train := table(t, numeric("x", 4, nan, 1, 9, 2))
	e, m := encode(t, Options{Impute: true, Scale: true}, train, table(t, numeric("x", 3.8, nan, 9)))
	if got := e.Names(); !reflect.DeepEqual(got, []string{"x", "x missing"}) {
		t.Fatalf("names %v", got)
	}
	sd := math.Sqrt(7.76)
	for i, want := range []float64{0, (3 - 3.8) / sd, (9 - 3.8) / sd} {
		if math.Abs(m.Columns[0][i]-want) > 1e-15 {
			t.Errorf("row %d: got %v, want %v", i, m.Columns[0][i], want)
		}
	}
	if !reflect.DeepEqual(m.Columns[1], []float64{0, 1, 0}) {
		t.Errorf("indicator %v", m.Columns[1])
	}
}

func TestConstantColumnsScaleToZero(t *testing.T) {
	for _, value := range []float64{0, 0.1, -1e300} {
		train := table(t, numeric("x", value, value, value))
		_, m := encode(t, Options{Scale: true}, train, train)
		for _, v := range m.Columns[0] {
			if v != 0 {
				t.Errorf("constant %v became %v", value, v)
			}
		}
	}
}

func TestCategories(t *testing.T) {
	levels := []string{"blue", "green", "red", "unused"}
	train := table(t, texts("c", levels, "red", "blue", "red", "green", ""))
	// Rows to predict have levels of their own, among them one that was never seen.
	rows := table(t, texts("c", []string{"green", "red", "teal"}, "teal", "green", "red", ""))
	e, m := encode(t, Options{}, train, rows)
	if got := e.Names(); !reflect.DeepEqual(got, []string{"c=blue", "c=green", "c=red"}) {
		t.Fatalf("names %v", got)
	}
	want := [][]float64{{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}
	if !reflect.DeepEqual(m.Columns, want) {
		t.Errorf("got %v", m.Columns)
	}
}

func TestRareCategoriesShareAColumn(t *testing.T) {
	levels := []string{"a", "b", "c", "d"}
	var values []string
	for i, level := range []string{"d", "b", "a", "c"} {
		for range 30 - i {
			values = append(values, level)
		}
	}
	train := table(t, texts("c", levels, values...))
	e, m := encode(t, Options{MaxLevels: 2}, train, table(t, texts("c", levels, "d", "b", "a", "c", "")))
	if got := e.Names(); !reflect.DeepEqual(got, []string{"c=b", "c=d", "c=(other)", "c mean"}) {
		t.Fatalf("names %v", got)
	}
	if want := []float64{0, 0, 1, 1, 0}; !reflect.DeepEqual(m.Columns[2], want) {
		t.Errorf("other: got %v", m.Columns[2])
	}
	// With 4 rows each, no category is worth a column: the mean has them all.
	few := table(t, texts("c", levels, slices.Repeat(levels, 4)...))
	if e, _ := encode(t, Options{MaxLevels: 2}, few, few); !reflect.DeepEqual(e.Names(), []string{"c mean"}) {
		t.Errorf("names %v", e.Names())
	}
}

// TestIndices checks what learners with splits of their own get: at most 255 indices, the
// last for the rest, NaN for missing and unseen, and the mean besides where categories share.
func TestIndices(t *testing.T) {
	for _, n := range []int{2, 255, 256, 300} {
		var levels, values []string
		for i := range n {
			levels = append(levels, fmt.Sprintf("%03d", i))
			values = append(values, levels[i], levels[i])
		}
		values = append(values, levels[n-1]) // the most frequent
		train := table(t, texts("c", levels, values...))
		e, m := encode(t, Options{Codes: true}, train, table(t, texts("c", append(levels, "new"), levels[0], levels[n-1], "new", "")))
		// Up to 255 each has its own; beyond, the last index but one is that of the most
		// frequent, whose name is the last of the 254 that have one.
		want, last, other := n, n-1, 0
		if n > 255 {
			want, last, other = 255, 253, n-254
		}
		if m.Categories[0] != want || !math.IsNaN(m.Columns[0][2]) || !math.IsNaN(m.Columns[0][3]) {
			t.Errorf("%d levels: %v categories, %v", n, m.Categories, m.Columns[0])
		}
		if m.Columns[0][0] != 0 || m.Columns[0][1] != float64(last) {
			t.Errorf("%d levels: indices %v, want 0 and %d", n, m.Columns[0][:2], last)
		}
		if got := len(e.Columns[0].Codes.Other); got != other {
			t.Errorf("%d levels: %d share an index, want %d", n, got, other)
		}
		if _, mean := slices.BinarySearch(e.Names(), "c mean"); mean != (n > 255) {
			t.Errorf("%d levels: columns %v", n, e.Names())
		}
	}
}

func TestWhatCannotBeEncodedIsSaid(t *testing.T) {
	fit := func(rows *dataset.Table) (*Encoder, error) {
		e, _, err := Fit(context.Background(), rows, Target{Values: make([]float64, rows.Rows())}, Options{}, 1)
		return e, err
	}
	text := texts("note", nil, "", "")
	text.Type = dataset.Text
	e, err := fit(table(t, text, numeric("empty", nan, nan), texts("none", nil, "", ""), numeric("x", 1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Columns) != 1 || len(e.Warnings) != 3 || e.Warnings[1] != `column "empty" has no value and was left out` {
		t.Errorf("columns %v, warnings %v", e.Names(), e.Warnings)
	}
	if _, err = fit(table(t, numeric("x", 1, math.Inf(1)))); err == nil || !strings.Contains(err.Error(), `"x": row 2`) {
		t.Errorf("an infinity: %v", err)
	}
	if _, err := fit(table(t)); err == nil {
		t.Error("no rows")
	}
	for _, y := range []Target{{Values: []float64{1}}, {Values: []float64{1, nan}}, {Values: []float64{0, 2}, Classes: 2}, {Values: []float64{0, 0.5}, Classes: 2}} {
		if _, _, err := Fit(context.Background(), table(t, numeric("x", 1, 2)), y, Options{}, 1); err == nil {
			t.Errorf("target %v was taken for two rows", y)
		}
	}
	if _, err := e.Transform(table(t, numeric("y", 1))); err == nil || !strings.Contains(err.Error(), `"x" is missing`) {
		t.Errorf("missing column: %v", err)
	}
	if _, err := e.Transform(table(t, texts("x", nil, ""))); err == nil {
		t.Error("a column of another kind")
	}
}

// everything is a table with a column for each encoding, 300 rows, with missing values.
func everything(t testing.TB) (*dataset.Table, Target) {
	t.Helper()
	r := seed.Rand(7)
	const rows = 300
	var skew, tails, gaps, began, ended, flag, few, many, note, y []float64
	for i := range rows {
		skew = append(skew, math.Exp(0.7*r.NormFloat64()))
		tails = append(tails, math.Tan(1.55*r.Float64()))
		if i%2 == 1 {
			tails[i] = -tails[i-1]
		}
		gaps = append(gaps, float64(max(0, r.IntN(100)-80)))
		began = append(began, math.Trunc(1.6e15+r.Float64()*1e14))
		ended = append(ended, began[i]+float64(r.IntN(1000))*3600e6)
		flag = append(flag, float64(r.IntN(2)))
		few = append(few, float64(r.IntN(3)))
		many = append(many, float64(r.IntN(300)))
		note = append(note, float64(r.IntN(200)))
		y = append(y, float64(r.IntN(3)))
	}
	for i := 0; i < rows; i += 11 {
		for j, column := range [][]float64{skew, tails, gaps, began, flag, few, many, note} {
			column[(i+j)%rows] = nan
		}
	}
	coded := func(name string, kind dataset.Type, of func(int) string, values []float64) dataset.Column {
		var levels, all []string
		for i := range 300 {
			levels = append(levels, of(i))
		}
		slices.Sort(levels)
		levels = slices.Compact(levels)
		for _, v := range values {
			text := ""
			if v == v {
				text = of(int(v))
			}
			all = append(all, text)
		}
		c := texts(name, levels, all...)
		c.Type = kind
		return c
	}
	words := strings.Fields("the parcel came late and the box was open but what was in it worked")
	sentence := func(i int) string {
		return strings.Join([]string{words[i%13], words[i%7], words[i/7%14], words[i/3%11], fmt.Sprint(i)}, " ")
	}
	made := table(t,
		numeric("skew", skew...), numeric("tails", tails...), numeric("gaps", gaps...),
		dataset.Column{Name: "began", Type: dataset.Timestamp, Values: began},
		dataset.Column{Name: "ended", Type: dataset.Timestamp, Values: ended},
		dataset.Column{Name: "flag", Type: dataset.Boolean, Values: flag},
		coded("few", dataset.Categorical, func(i int) string { return fmt.Sprint("level ", i) }, few),
		coded("many", dataset.Categorical, func(i int) string { return fmt.Sprint("m", i) }, many),
		coded("note", dataset.Text, sentence, note),
		coded("id", dataset.Text, func(i int) string { return fmt.Sprintf("AB-%d", i) }, many),
	)
	return made, Target{Values: y, Classes: 3}
}

// everyOption asks for each encoding at least once.
var everyOption = []Options{{}, {Impute: true, Scale: true}, {Scale: true}, {Impute: true}, {Codes: true}, {Impute: true, MaxLevels: 2}}

func TestEveryMethodIsUsed(t *testing.T) {
	rows, y := everything(t)
	used := map[Method]bool{}
	for _, o := range everyOption {
		e, _, err := Fit(context.Background(), rows, y, o, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range e.Columns {
			used[c.Method] = true
		}
	}
	for _, m := range []Method{AsIs, Standard, Robust, Power, Quantile, Parts, Cyclic, OneHot, Indices, TargetMean, NGrams} {
		if !used[m] {
			t.Errorf("no column was encoded by %q", m)
		}
	}
}

// TestSingleRowsAreEncodedAsInATable is what makes serving equal training.
func TestSingleRowsAreEncodedAsInATable(t *testing.T) {
	rows, y := everything(t)
	for _, o := range everyOption {
		e, _, err := Fit(context.Background(), rows, y, o, 1)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := e.Transform(rows)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Rows() {
			one, err := e.Transform(rows.Select([]int{i}))
			if err != nil {
				t.Fatal(err)
			}
			for j := range whole.Columns {
				if math.Float64bits(one.Columns[j][0]) != math.Float64bits(whole.Columns[j][i]) {
					t.Errorf("row %d, %s: %v alone, %v in the table", i, whole.Names[j], one.Columns[j][0], whole.Columns[j][i])
				}
			}
		}
	}
}

// TestFitIsTheSameOnAnyNumberOfWorkers compares encoders and training matrices bit by bit.
func TestFitIsTheSameOnAnyNumberOfWorkers(t *testing.T) {
	rows, y := everything(t)
	var first string
	for workers := 1; workers <= 4; workers++ {
		e, m, err := Fit(context.Background(), rows, y, Options{Impute: true, Scale: true, Workers: workers}, 1)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal([]any{e, m})
		if err != nil {
			t.Fatal(err)
		}
		if workers == 1 {
			first = string(text)
		} else if string(text) != first {
			t.Errorf("%d workers made another encoding than one", workers)
		}
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, _, err := Fit(ended, rows, y, Options{}, 1); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// TestWhatScaledLearnersGetIsCompleteAndOfOneSize: no NaN, no infinity, nothing huge, also for
// rows that are far from all that training saw.
func TestWhatScaledLearnersGetIsCompleteAndOfOneSize(t *testing.T) {
	rows, y := everything(t)
	e, m, err := Fit(context.Background(), rows, y, Options{Impute: true, Scale: true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for j, column := range m.Columns {
		for i, v := range column {
			if !finite(v) || math.Abs(v) > 100 {
				t.Fatalf("row %d of %s is %v", i+1, m.Names[j], v)
			}
		}
	}
	for i := range rows.Columns {
		c := &rows.Columns[i]
		if c.Type != dataset.Numeric {
			continue
		}
		c.Values = slices.Clone(c.Values)
		c.Values[0], c.Values[1] = 1e300, -1e300
	}
	far, err := e.Transform(rows)
	if err != nil {
		t.Fatal(err)
	}
	for j, name := range far.Names {
		bent := strings.HasSuffix(name, " power") || strings.HasSuffix(name, " quantile")
		for _, v := range far.Columns[j][:2] {
			if bent && math.Abs(v) > 100 || !finite(v) {
				t.Errorf("%s of a value far away is %v", name, v)
			}
		}
	}
}

func TestColumnsAreFoundInAnyOrder(t *testing.T) {
	x, y, c := numeric("x", 4, 9), numeric("y", 1, 2), texts("c", []string{"a", "b"}, "b", "a")
	e, want := encode(t, Options{}, table(t, x, y, c), table(t, x, y, c))
	for _, columns := range [][]dataset.Column{{c, y, x}, {y, numeric("more", 0, 0), c, x}} {
		if got, err := e.Transform(table(t, columns...)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
}

func TestJSONKeepsEveryBit(t *testing.T) {
	rows, y := everything(t)
	for _, o := range everyOption {
		e, _, err := Fit(context.Background(), rows, y, o, 1)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var again Encoder
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if err := again.Check(); err != nil {
			t.Error(err)
		}
		if !reflect.DeepEqual(e, &again) {
			t.Errorf("%+v: another encoder came back", o)
		}
	}
}

// TestEarlierEncodersAreRead decodes what the first release wrote.
func TestEarlierEncodersAreRead(t *testing.T) {
	const text = `{"columns":[{"name":"x","number":{"fill":3,"indicator":true,"shift":3.8,"factor":0.5}},
		{"name":"c","categories":{"levels":["a","b"],"other":["c","d"]}}]}`
	var e Encoder
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	m, err := e.Transform(table(t, numeric("x", 5.8, nan), texts("c", []string{"b", "d"}, "d", "b")))
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]float64{{1, -0.4}, {0, 1}, {0, 0}, {0, 1}, {1, 0}}; !close(m.Columns, want) || m.Categories != nil {
		t.Errorf("got %v, want %v", m.Columns, want)
	}
}

// close compares to rounding.
func close(got, want [][]float64) bool {
	return slices.EqualFunc(got, want, func(a, b []float64) bool {
		return slices.EqualFunc(a, b, func(a, b float64) bool { return num.Close(a, b, 1e-15) })
	})
}

func TestCheck(t *testing.T) {
	for _, broken := range []Column{
		{Name: "x"},
		{Number: &Number{}, Categories: &Categories{}},
		{Number: &Number{Indicator: true}},
		{Curve: &Curve{Low: 1, High: 0}},
		{Curve: &Curve{High: 1, Quantiles: []float64{1}}},
		{Curve: &Curve{High: 1, Quantiles: []float64{1, 0}}},
		{Curve: &Curve{Low: -1e308, Size: 1, Lambda: -1e308}},
		{Moment: &Moment{}},
		{Moment: &Moment{Parts: []string{"fortnight"}}},
		{Categories: &Categories{Levels: []string{"b", "a"}}},
		{Codes: &Codes{}},
		{Codes: &Codes{Levels: []string{"a", "a"}}},
		{Codes: &Codes{Levels: make([]string, 256)}},
		{Means: &Means{}},
		{Means: &Means{Levels: []string{"a"}, Prior: []float64{0}, Means: [][]float64{{}}, Shift: []float64{0}, Factor: []float64{1}}},
		{Means: &Means{Levels: []string{"a"}, Prior: []float64{0}, Means: [][]float64{{1}}, Shift: []float64{0}}},
		{Text: &Text{Bits: 60}},
		{Text: &Text{Bits: 8, Unit: []float64{1}, Shift: []float64{0}, Factor: []float64{1}, Weights: make([]byte, 511)}},
		{Text: &Text{Bits: 8, Unit: []float64{1}, Shift: []float64{0}, Factor: []float64{1}, Weights: make([]byte, 512), Terms: []uint32{256}, IDF: []float64{1}}},
		{Text: &Text{Bits: 8, Unit: []float64{1}, Shift: []float64{0}, Factor: []float64{1}, Weights: make([]byte, 512), Terms: []uint32{2}}},
		{Name: "x", Since: "y", Moment: &Moment{Parts: []string{"hour"}}},
	} {
		e := Encoder{Columns: []Column{broken}}
		if e.Check() == nil {
			t.Errorf("%+v passed", broken)
		}
		e.Names() // of an encoder that Decode has not checked yet
	}
}
