package feature

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestAskedMethods asks for every method of every column that can have it: it is what the column
// gets, alone, of complete numbers where the learner wants them, and a single row is encoded as
// in the table.
func TestAskedMethods(t *testing.T) {
	all, y := everything(t)
	for _, o := range everyOption {
		for i := range all.Columns {
			column := &all.Columns[i]
			rows := all.Without("note", "id") // take the most time
			if column.Type == dataset.Text {
				rows = table(t, *column)
			}
			for _, method := range methodsOf(column.Type) {
				if method.Suits(column.Type, o) != nil {
					continue
				}
				asked := o
				asked.Columns = map[string]Method{column.Name: method}
				e, m, err := Fit(context.Background(), rows, y, asked, 1)
				if err != nil {
					t.Fatal(err)
				}
				var got []Method
				for _, c := range e.Columns {
					if c.Name == column.Name && c.Since == "" {
						got = append(got, c.Method)
					}
					if method == LeaveOut && (c.Name == column.Name || c.Since == column.Name) {
						t.Errorf("%s is left out, and yet encoded by %s", column.Name, c.Method)
					}
				}
				if want := []Method{method}; method != LeaveOut && !slices.Equal(got, want) {
					t.Errorf("%+v: %s got %q, want %q", o, column.Name, got, want)
				}
				if err := e.Check(); err != nil || len(e.Warnings) > 0 {
					t.Errorf("%s by %s: %v, warnings %q", column.Name, method, err, e.Warnings)
				}
				later, err := e.Transform(rows.Select([]int{41}))
				if err != nil {
					t.Fatal(err)
				}
				whole, err := e.Transform(rows)
				if err != nil {
					t.Fatal(err)
				}
				for j, name := range m.Names {
					if math.Float64bits(later.Columns[j][0]) != math.Float64bits(whole.Columns[j][41]) {
						t.Errorf("%s: %v alone, %v in the table", name, later.Columns[j][0], whole.Columns[j][41])
					}
					if o.Impute && slices.ContainsFunc(whole.Columns[j], math.IsNaN) {
						t.Errorf("%s by %s is incomplete", name, method)
					}
				}
			}
		}
	}
}

// TestAskedCurvesMarkWhatIsMissing, for the number that would is not beside them; uniform ranks
// are between 0 and 1: of 1, 2, 3, 4 these are thirds.
func TestAskedCurvesMarkWhatIsMissing(t *testing.T) {
	train := table(t, numeric("x", 1, 2, nan, 3, 4))
	e, m := encode(t, Options{Impute: true, Scale: true, Columns: map[string]Method{"x": Uniform}}, train, table(t, numeric("x", 2, nan, 99)))
	if names := []string{"x quantile", "x missing"}; !reflect.DeepEqual(e.Names(), names) {
		t.Fatalf("names %q", e.Names())
	}
	if want := [][]float64{{1.0 / 3, 0.5, 1}, {0, 1, 0}}; !close(m.Columns, want) {
		t.Errorf("got %v, want %v", m.Columns, want)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	rows, y := everything(t)
	for _, c := range []struct {
		columns map[string]Method
		o       Options
		want    string
	}{
		{map[string]Method{"few": "onehot"}, Options{}, `column "few": unknown method "onehot"; did you mean "one-hot"?`},
		{map[string]Method{"fewer": OneHot}, Options{}, `column "fewer": is not among the inputs`},
		{map[string]Method{"note": OneHot}, Options{}, `"one-hot" is not for text columns`},
		{map[string]Method{"skew": TargetMean}, Options{}, `"target mean" is not for numeric columns`},
		{map[string]Method{"flag": Power}, Options{}, `"power" is not for boolean columns`},
		{map[string]Method{"began": Parts}, Options{Impute: true}, `take "cyclic"`},
		{map[string]Method{"few": Indices}, Options{}, `take "one-hot"`},
	} {
		c.o.Columns = c.columns
		_, _, err := Fit(context.Background(), rows, y, c.o, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.columns, err, c.want)
		}
	}
	// A column without values is left out, whatever is asked for; so is one that has nothing of it.
	constant := dataset.Column{Name: "then", Type: dataset.Timestamp, Values: []float64{1e15, 1e15, 1e15}}
	e, _ := encode(t, Options{Columns: map[string]Method{"x": Robust, "then": Parts}}, table(t, numeric("x", nan, nan, nan), constant), table(t, numeric("x", nan, nan, nan), constant))
	if len(e.Names()) != 0 || len(e.Warnings) != 2 || !strings.Contains(e.Warnings[1], "nothing to encode by parts") {
		t.Errorf("columns %q, warnings %q", e.Names(), e.Warnings)
	}
}
