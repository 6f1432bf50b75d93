package feature

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
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

func table(t *testing.T, columns ...dataset.Column) *dataset.Table {
	t.Helper()
	made, err := dataset.NewTable(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// encode fits on train and transforms rows.
func encode(t *testing.T, o Options, train, rows *dataset.Table) (*Encoder, *dataset.Matrix) {
	t.Helper()
	e, err := Fit(train, o)
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
	train := table(t, texts("c", levels, "d", "d", "d", "b", "b", "a", "c"))
	e, m := encode(t, Options{MaxLevels: 2}, train, train)
	if got := e.Names(); !reflect.DeepEqual(got, []string{"c=b", "c=d", "c=(other)"}) {
		t.Fatalf("names %v", got)
	}
	if want := []float64{0, 0, 0, 0, 0, 1, 1}; !reflect.DeepEqual(m.Columns[2], want) {
		t.Errorf("other: got %v", m.Columns[2])
	}
}

func TestWhatCannotBeEncodedIsSaid(t *testing.T) {
	text := texts("note", []string{"hello"}, "hello", "hello")
	text.Type = dataset.Text
	e, err := Fit(table(t, text, numeric("empty", nan, nan), texts("none", nil, "", ""), numeric("x", 1, 2)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Columns) != 1 || len(e.Warnings) != 3 {
		t.Errorf("columns %v, warnings %v", e.Names(), e.Warnings)
	}
	_, err = Fit(table(t, numeric("x", 1, math.Inf(1))), Options{})
	if err == nil || !strings.Contains(err.Error(), `"x": row 2`) {
		t.Errorf("an infinity: %v", err)
	}
	if _, err := Fit(table(t), Options{}); err == nil {
		t.Error("no rows")
	}
	if _, err := e.Transform(table(t, numeric("y", 1))); err == nil || !strings.Contains(err.Error(), `"x" is missing`) {
		t.Errorf("missing column: %v", err)
	}
	if _, err := e.Transform(table(t, texts("x", nil, ""))); err == nil {
		t.Error("a column of another kind")
	}
}

// TestSingleRowsAreEncodedAsInATable is what makes serving equal training.
func TestSingleRowsAreEncodedAsInATable(t *testing.T) {
	train := table(t, numeric("x", 4, nan, 1, 9), texts("c", []string{"a", "b"}, "b", "", "a", "b"))
	for _, o := range []Options{{}, {Impute: true, Scale: true}} {
		e, whole := encode(t, o, train, train)
		for i := range train.Rows() {
			one, err := e.Transform(train.Select([]int{i}))
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
	train := table(t, numeric("x", 0.1, 0.7, nan, 1e-300), texts("c", []string{"a"}, "a", "a", "", "a"))
	e, before := encode(t, Options{Impute: true, Scale: true}, train, train)
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
	after, err := again.Transform(train)
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("before %v, after %v, %v", before, after, err)
	}
}

func TestCheck(t *testing.T) {
	for _, broken := range []Encoder{
		{Columns: []Column{{Name: "x"}}},
		{Columns: []Column{{Name: "x", Number: &Number{}, Categories: &Categories{}}}},
		{Columns: []Column{{Name: "x", Number: &Number{Indicator: true}}}},
	} {
		if broken.Check() == nil {
			t.Errorf("%+v passed", broken)
		}
	}
}
