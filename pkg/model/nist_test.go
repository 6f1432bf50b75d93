package model_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

var update = flag.Bool("update", false, "write the table in docs/numerics.md anew")

const numericsDoc = "../../docs/numerics.md"

// nistSet is one of NIST's Statistical Reference Datasets for linear regression, with results
// that are exact to 17 digits.
type nistSet struct {
	Name, Terms    string
	Coefficients   []string
	StandardErrors []string `json:"standard_errors"`
	ResidualSD     string   `json:"residual_sd"`
	RSquared       string   `json:"r_squared"`
	X              [][]string
	Y              []string
}

// nistDigits is how many digits must agree of every coefficient, residual standard deviation
// and R² of each set, and errorDigits how many of every standard error: those are taken from
// the factors, which are not refined, and Filip's condition leaves them half the digits. 15 is
// full agreement.
const (
	nistDigits  = 13.0
	errorDigits = 7.0
)

// TestNIST fits all eleven sets as a user would, polynomials by their degree, and holds the
// table in docs/numerics.md to what is found.
func TestNIST(t *testing.T) {
	var sets []nistSet
	readJSON(t, "nist/linear.json", &sets)
	table := "| set | terms | coefficients | standard errors | residual sd | R² |\n| --- | --- | --- | --- | --- | --- |\n"
	names := map[string]bool{}
	for _, s := range sets {
		names[s.Name] = true
		in, degree := fitNIST(t, s)
		estimates := in.Coefficients
		terms := fmt.Sprintf("%d columns", len(s.X[0]))
		switch {
		case in.Intercept == nil:
			terms = "through the origin"
		case degree > 1:
			terms = fmt.Sprintf("degree %d", degree)
		case len(s.X[0]) == 1:
			terms = "a line"
		}
		if in.Intercept != nil {
			estimates = append([]model.Estimate{*in.Intercept}, estimates...)
		}
		if len(estimates) != len(s.Coefficients) {
			t.Fatalf("%s: %d coefficients, want %d", s.Name, len(estimates), len(s.Coefficients))
		}
		coefficients, errs := 15.0, 15.0
		for j, e := range estimates {
			coefficients = min(coefficients, digits(e.Value, parse(t, s.Coefficients[j])))
			errs = min(errs, digits(e.StandardError, parse(t, s.StandardErrors[j])))
		}
		sd, r := digits(in.ResidualSD, parse(t, s.ResidualSD)), digits(in.RSquared, parse(t, s.RSquared))
		if min(coefficients, sd, r) < nistDigits || errs < errorDigits {
			t.Errorf("%s: coefficients agree to %.1f digits, standard errors %.1f, residual sd %.1f, R² %.1f",
				s.Name, coefficients, errs, sd, r)
		}
		table += fmt.Sprintf("| %s | %s | %.1f | %.1f | %.1f | %.1f |\n", strings.ToUpper(s.Name[:1])+s.Name[1:], terms, coefficients, errs, sd, r)
	}
	if len(names) != 11 {
		t.Fatalf("%d sets, want 11", len(names))
	}
	t.Log("\n" + table)
	holdDoc(t, "nist-linear", table)
}

// fitNIST returns what Foretell says of a set, and the degree of its polynomial.
func fitNIST(t *testing.T, s nistSet) (model.Inference, int) {
	t.Helper()
	d := model.Data{X: &dataset.Matrix{Rows: len(s.Y)}, Task: dataset.Regression}
	for j := range s.X[0] {
		column := make([]float64, len(s.Y))
		for i, row := range s.X {
			column[i] = parse(t, row[j])
		}
		d.X.Columns, d.X.Names = append(d.X.Columns, column), append(d.X.Names, fmt.Sprint("x", j+1))
	}
	for _, text := range s.Y {
		d.Y = append(d.Y, parse(t, text))
	}
	degree := 1
	fmt.Sscanf(s.Terms, "polynomial of degree %d", &degree)
	m, err := model.Linear{Degree: degree, Intercept: s.Terms != "through the origin"}.Fit(t.Context(), d, 0)
	if err != nil {
		t.Fatal(s.Name, err)
	}
	in, ok := m.(model.Inferrer).Inference(0.95)
	if !ok {
		t.Fatal(s.Name, "no inference: ", m.(model.Warner).Warnings())
	}
	return in, degree
}

// digits is how many decimal digits of want got has, at most 15; of 0, how small it is.
func digits(got, want float64) float64 {
	switch {
	case got == want:
		return 15
	case want == 0:
		return min(15, -math.Log10(math.Abs(got)))
	}
	return min(15, -math.Log10(math.Abs(got-want)/math.Abs(want)))
}

// holdDoc fails the test unless the named section of docs/numerics.md is the text; with
// -update it writes it.
func holdDoc(t *testing.T, name, text string) {
	t.Helper()
	b, err := os.ReadFile(numericsDoc)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": from pkg/model's tests, by -update -->\n", "<!-- end of "+name+" -->"
	before, rest, found := strings.Cut(string(b), begin)
	old, after, foundEnd := strings.Cut(rest, end)
	switch {
	case !found || !foundEnd:
		t.Fatalf("%s has no section %s", numericsDoc, name)
	case old == text:
	case *update:
		if err := os.WriteFile(numericsDoc, []byte(before+begin+text+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s, section %s is\n%swant\n%srun go test ./pkg/model -run %s -update", numericsDoc, name, old, text, t.Name())
	}
}
