package dataset

import (
	"fmt"
	"strings"
	"testing"
)

func TestInferType(t *testing.T) {
	numbered := func(n int, format string) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(format, i)
		}
		return all
	}
	long := strings.Repeat("x", 70)
	for _, c := range []struct {
		name     string
		distinct []string
		present  int
		want     Type
	}{
		{"no value", nil, 0, Numeric},
		{"numbers", []string{"1", "-2.5", "3e4", "inf", "0", "0.5", "-0"}, 7, Numeric},
		{"zero and one", []string{"0", "1"}, 9, Numeric},
		{"one word among numbers", []string{"1", "2", "many"}, 1000, Categorical},
		{"leading zero", []string{"02134", "10115"}, 100, Categorical},
		{"signed leading zero", []string{"-05", "7"}, 100, Categorical},
		{"too large", []string{"1e999", "7"}, 100, Categorical},
		{"booleans", []string{"True", "FALSE", "true"}, 100, Boolean},
		{"one boolean", []string{"true"}, 100, Boolean},
		{"boolean and number", []string{"true", "0"}, 100, Categorical},
		{"yes and no", []string{"no", "yes"}, 100, Categorical},
		{"moments", []string{"2026-01-02", "2026-01-02 10:00", "2026-01-02T10:00:00Z"}, 3, Timestamp},
		{"years", []string{"2025", "2026"}, 3, Numeric},
		{"moment and word", []string{"2026-01-02", "never"}, 3, Categorical},
		{"one text", []string{long}, 1, Categorical},
		{"50 distinct of 50", numbered(50, "%d x"), 50, Categorical},
		{"51 distinct of 51", numbered(51, "%d x"), 51, Text},
		{"51 distinct of 102", numbered(51, "%d x"), 102, Categorical},
		{"51 distinct of 101", numbered(51, "%d x"), 101, Text},
		{"10,000 distinct", numbered(10_000, "%d x"), 1_000_000, Categorical},
		{"10,001 distinct", numbered(10_001, "%d x"), 1_000_000, Text},
		{"60 long texts", numbered(60, "%d "+long), 1000, Text},
		{"50 long texts", numbered(50, "%d "+long), 1000, Categorical},
	} {
		if got := InferType(c.distinct, c.present); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The type and the codes of a column do not depend on the order of its rows.
func TestInferenceIgnoresOrder(t *testing.T) {
	a := read(t, "v,w\n1,b\nx,a\nNA,b\n2,c\n", Options{})
	b := read(t, "v,w\n2,c\nNA,b\nx,a\n1,b\n", Options{})
	equalTables(t, a.Select([]int{3, 2, 1, 0}), b)
}
