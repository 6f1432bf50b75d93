package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// What is found on real data, and that nothing else is. The numbers in the evidence are those
// of pandas: df.duplicated().sum(), (s == s.max()).sum(), s.skew().
func TestAlertsOfRealData(t *testing.T) {
	for _, c := range []struct {
		file, target string
		want         []string // kind, columns and part of the evidence
	}{
		{"penguins.csv", "species", nil},
		{"adult.csv", "income", []string{
			"correlated [education education_num] correlation ratio 1.000",
			"skew [capital_gain] skewness 12.5",
			"skew [capital_loss] skewness 4.4",
			"duplicate_rows [] 2 of 6000 rows",
			"capped [capital_gain] 26 rows (0.43 %) have the greatest value, 99,999",
			"capped [age] 11 rows (0.18 %) have the greatest value, 90",
		}},
		{"california.csv", "median_house_value", []string{
			"capped [median_house_value] 965 rows (4.68 %) have the greatest value, 500,001",
			"duplicate_rows [] 32 of 20,640 rows",
			"capped [housing_median_age] 1273 rows (6.17 %) have the greatest value, 52",
			"capped [median_income] 49 rows (0.24 %) have the greatest value, 15.0001",
		}},
		{"wine-quality-white.csv", "quality", []string{
			"outliers [free_sulfur_dioxide] up to 289",
			"outliers [density] up to 1.03898",
			"duplicate_rows [] 937 of 4898 rows",
			"skew [chlorides] skewness 5.0",
			"outliers [residual_sugar] up to 65.8",
			"outliers [total_sulfur_dioxide] up to 440",
		}},
	} {
		parts, err := dataset.Files("../../testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		table, _, err := dataset.ReadCSV(t.Context(), parts, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(t.Context(), table, Options{Target: c.target})
		if err != nil {
			t.Fatal(err)
		}
		got := p.Alerts
		for i, a := range got {
			text := fmt.Sprint(a.Kind, " ", a.Columns, " ")
			if i >= len(c.want) || !strings.HasPrefix(c.want[i], text) || !strings.Contains(a.Evidence, strings.TrimPrefix(c.want[i], text)) {
				t.Errorf("%s: alert %d is %s%s", c.file, i, text, a.Evidence)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %d alerts, want %d", c.file, len(got), len(c.want))
		}
		if slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Identifier != "" }) {
			t.Errorf("%s: has no identifier", c.file)
		}
	}
}

// No value of real data is taken for personal data.
func TestPersonalKindOfRealData(t *testing.T) {
	for _, file := range []string{"penguins.csv", "adult.csv", "california.csv", "wine-quality-white.csv"} {
		parts, err := dataset.Files("../../testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		table, _, err := dataset.ReadCSV(t.Context(), parts, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		looked := 0
		for i := range table.Columns {
			for row := range table.Rows() {
				if c := &table.Columns[i]; !c.Missing(row) {
					looked++
					if kind := personalKind([]byte(c.Text(row))); kind != "" {
						t.Fatalf("%s, column %s, row %d: %q is taken for %s", file, c.Name, row+1, c.Text(row), kind)
					}
				}
			}
		}
		if looked == 0 {
			t.Errorf("%s has no values", file)
		}
	}
}

// Columns that are made from the target are found beside the honest ones of real data.
func TestLeaksInRealData(t *testing.T) {
	parts, err := dataset.Files("../../testdata/adult.csv")
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.ReadCSV(t.Context(), parts, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	income := table.Column("income")
	flag, wrong, filled, rarely := make([]float64, table.Rows()), make([]float64, table.Rows()), make([]float64, table.Rows()), make([]float64, table.Rows())
	for row := range flag {
		class := float64(income.Codes[row])
		flag[row], wrong[row], filled[row], rarely[row] = class, class, nan, nan
		if row%20 == 0 { // one in 20 the other way: no more than a good feature
			wrong[row] = 1 - class
		}
		if strings.Contains(income.Text(row), ">50K") {
			filled[row] = float64(row % 97)
			if row%2 == 0 {
				rarely[row] = float64(row % 97)
			}
		}
	}
	numeric := func(name string, values []float64) dataset.Column {
		return dataset.Column{Name: name, Type: dataset.Numeric, Values: values}
	}
	leaky := mustTable(t, append(slices.Clone(table.Columns), numeric("flag", flag), numeric("wrong", wrong), numeric("filled", filled), numeric("rarely", rarely))...)
	p, err := New(t.Context(), leaky, Options{Target: "income"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range find(p.Alerts, AlertLeakage) {
		got = append(got, fmt.Sprint(a.Severity, a.Columns))
	}
	if want := []string{"error[flag]", "error[filled]", "warning[rarely]"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
