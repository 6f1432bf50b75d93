package dataset

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func numbers(v ...float64) *Column { return &Column{Name: "y", Type: Numeric, Values: v} }

func categories(levels string, codes ...int32) *Column {
	return &Column{Name: "y", Type: Categorical, Levels: strings.Fields(levels), Codes: codes}
}

// manyClasses is a column with n classes.
func manyClasses(n int) *Column {
	c := &Column{Name: "y", Type: Categorical}
	for i := range n {
		c.Levels = append(c.Levels, fmt.Sprintf("%06d", i))
		c.Codes = append(c.Codes, int32(i))
	}
	return c
}

func TestInferTask(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name    string
		target  *Column
		task    Task
		classes []string
	}{
		{"two categories", categories("no yes", 1, 0, -1, 0), Binary, []string{"no", "yes"}},
		{"three categories", categories("a b c", 2, 1, 0), Multiclass, []string{"a", "b", "c"}},
		{"levels that do not occur", categories("a b c", 2, 0, 2), Binary, []string{"a", "c"}},
		{"boolean", &Column{Name: "y", Type: Boolean, Values: []float64{1, 0, nan}}, Binary, []string{"false", "true"}},
		{"zero and one", numbers(1, 0, nan, 1), Binary, []string{"0", "1"}},
		{"two whole numbers", numbers(10, 9, 10), Binary, []string{"9", "10"}},
		{"two zeros", numbers(1, 0, math.Copysign(0, -1)), Binary, []string{"0", "1"}},
		{"two fractions", numbers(0.5, 1), Regression, nil},
		{"grades", numbers(3, 4, 5), Regression, nil},
	} {
		task, err := InferTask(c.target)
		if err != nil || task != c.task {
			t.Errorf("%s: task %q, %v; want %q", c.name, task, err, c.task)
		}
		classes, err := Classes(c.target, task)
		if (err == nil) != (c.classes != nil) || !reflect.DeepEqual(classes, c.classes) {
			t.Errorf("%s: classes %q, %v; want %q", c.name, classes, err, c.classes)
		}
	}
	for _, c := range []struct {
		name   string
		target *Column
		says   string
	}{
		{"no rows", numbers(), "missing in every row"},
		{"all missing numbers", numbers(nan, nan), "missing in every row"},
		{"all missing categories", categories("", -1, -1), "missing in every row"},
		{"constant number", numbers(7, nan, 7), "7 in every row"},
		{"constant category", categories("a b", 1, 1, -1), `"b" in every row`},
		{"constant boolean", &Column{Name: "y", Type: Boolean, Values: []float64{1, 1}}, `"true" in every row`},
		{"infinite", numbers(1, 2, -inf), "infinite in row 3"},
		{"timestamp", &Column{Name: "y", Type: Timestamp, Values: []float64{1, 2}}, "timestamp"},
		{"text", &Column{Name: "y", Type: Text, Levels: []string{"a", "b"}, Codes: []int32{0, 1}}, "declare it categorical"},
		{"too many classes", manyClasses(1001), "1001 classes"},
	} {
		_, err := InferTask(c.target)
		if e, ok := errors.AsType[*ColumnError](err); !ok || e.Column != "y" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error saying %q", c.name, err, c.says)
		}
	}
	if task, err := InferTask(manyClasses(1000)); task != Multiclass || err != nil {
		t.Errorf("1,000 classes: %q, %v", task, err)
	}
}

func TestClasses(t *testing.T) {
	grades := numbers(10, 3, 9, 3, math.NaN())
	if got, err := Classes(grades, Multiclass); err != nil || !reflect.DeepEqual(got, []string{"3", "9", "10"}) {
		t.Errorf("numeric classes: %q, %v", got, err)
	}
	for _, c := range []struct {
		name   string
		target *Column
		task   Task
	}{
		{"three classes, binary", grades, Binary},
		{"two classes, multiclass", numbers(0, 1), Multiclass},
		{"regression", grades, Regression},
		{"unknown task", grades, "ranking"},
		{"constant", numbers(1, 1), Binary},
		{"infinite", numbers(1, 2, math.Inf(1)), Multiclass},
		{"timestamp", &Column{Name: "y", Type: Timestamp, Values: []float64{1, 2}}, Binary},
		{"text", &Column{Name: "y", Type: Text, Levels: []string{"a", "b"}, Codes: []int32{0, 1}}, Binary},
	} {
		if got, err := Classes(c.target, c.task); err == nil {
			t.Errorf("%s: %q, want an error", c.name, got)
		}
	}
}
