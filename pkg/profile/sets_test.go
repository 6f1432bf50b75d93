package profile

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// pandasColumn is what pandas says of a column. Values of Top are texts or numbers.
type pandasColumn struct {
	Name                     string
	Count, Missing, Distinct int
	Top                      []struct {
		Value json.RawMessage
		Count int
	}
	Numeric *NumericSummary
}

func TestDataSetsAgreeWithPandas(t *testing.T) {
	var golden struct {
		Sets map[string]struct {
			Rows    int
			Columns []pandasColumn
		}
	}
	readGolden(t, "profile_pandas.json", &golden)
	if len(golden.Sets) != 3 {
		t.Fatalf("%d data sets, want 3", len(golden.Sets))
	}
	for name, want := range golden.Sets {
		t.Run(name, func(t *testing.T) {
			p := mustProfile(t, readSet(t, name))
			if p.Rows != want.Rows || len(p.Columns) != len(want.Columns) {
				t.Fatalf("%d rows, %d columns, want %d, %d", p.Rows, len(p.Columns), want.Rows, len(want.Columns))
			}
			for i, c := range want.Columns {
				compareColumn(t, p.Columns[i], c)
			}
		})
	}
}

func readSet(t *testing.T, name string) *dataset.Table {
	t.Helper()
	parts, err := dataset.Files("../../testdata/" + name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.ReadCSV(context.Background(), parts, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func compareColumn(t *testing.T, got Column, want pandasColumn) {
	t.Helper()
	if got.Name != want.Name || got.Count != want.Count || got.Missing != want.Missing || got.Distinct != want.Distinct {
		t.Errorf("%s: count %d, missing %d, distinct %d, want %s: %d, %d, %d", got.Name, got.Count, got.Missing,
			got.Distinct, want.Name, want.Count, want.Missing, want.Distinct)
	}
	if len(got.Top) != len(want.Top) {
		t.Fatalf("%s: %d top values, want %d", got.Name, len(got.Top), len(want.Top))
	}
	for i, w := range want.Top {
		if g := got.Top[i]; g.Value != plain(t, w.Value) || g.Count != w.Count {
			t.Errorf("%s: top value %d is %q×%d, want %s×%d", got.Name, i, g.Value, g.Count, w.Value, w.Count)
		}
	}
	if (got.Numeric == nil) != (want.Numeric == nil) {
		t.Fatalf("%s: numeric %v, want %v", got.Name, got.Numeric, want.Numeric)
	}
	if want.Numeric != nil {
		compareNumeric(t, got.Name, got.Numeric, want.Numeric)
	}
}

// plain is a JSON text or number as the text that a profile has of it: 17.0 is 17.
func plain(t *testing.T, value json.RawMessage) string {
	t.Helper()
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	var number float64
	if err := json.Unmarshal(value, &number); err != nil {
		t.Fatal(err)
	}
	return strconv.FormatFloat(number, 'f', -1, 64)
}
