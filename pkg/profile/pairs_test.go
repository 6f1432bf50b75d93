package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// pairsTolerance is absolute: of sums of 400 terms, by other orders of addition than ours.
const pairsTolerance = 1e-12

type goldenPairs struct {
	Columns []struct {
		Name   string
		Values []any // numbers, null, "inf", "-inf"
		Codes  []int32
		Levels int
	}
	LeftOut []string `json:"left_out"`
	Pairs   []Pair
	Targets []struct {
		Target    string
		Classes   int
		Relations []Relation
	}
}

func readPairs(t *testing.T) (*goldenPairs, *sample) {
	t.Helper()
	var golden goldenPairs
	readGolden(t, "profile_pairs.json", &golden)
	s := &sample{}
	for _, c := range golden.Columns {
		to := sampleColumn{name: c.Name, codes: c.Codes, levels: c.Levels}
		for _, v := range c.Values {
			switch v := v.(type) {
			case float64:
				to.values = append(to.values, v)
			case nil:
				to.values = append(to.values, math.NaN())
			case string:
				to.values = append(to.values, map[string]float64{"inf": math.Inf(1), "-inf": math.Inf(-1)}[v])
			}
		}
		s.rows = max(len(to.values), len(to.codes))
		s.columns = append(s.columns, to)
	}
	s.of = s.rows
	if len(s.columns) == 0 || len(golden.Pairs) == 0 || len(golden.Targets) == 0 {
		t.Fatal("nothing to compare with")
	}
	return &golden, s
}

// same reports two measures that are both absent, or agree.
func same(t *testing.T, what string, got, want *float64) {
	t.Helper()
	if (got == nil) != (want == nil) {
		t.Errorf("%s: there %v, want %v", what, got != nil, want != nil)
	} else if got != nil && !(math.Abs(*got-*want) <= pairsTolerance) {
		t.Errorf("%s: %v, want %v", what, *got, *want)
	}
}

func TestPairsAgreeWithScipy(t *testing.T) {
	golden, s := readPairs(t)
	p, err := comparePairs(context.Background(), s, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range golden.LeftOut {
		if slices.Contains(p.Columns, name) {
			t.Errorf("%s is compared", name)
		}
	}
	if len(p.Columns)+len(golden.LeftOut) != len(s.columns) || p.Skipped != 0 || p.Rows != s.rows || p.Sampled {
		t.Errorf("%d columns, %d skipped, %d rows, sampled %v", len(p.Columns), p.Skipped, p.Rows, p.Sampled)
	}
	columns := map[string]*compared{}
	for i := range s.columns {
		columns[s.columns[i].name] = prepare(&s.columns[i])
	}
	var memory scratch
	for _, want := range golden.Pairs {
		name := want.A + " · " + want.B
		got := measure(columns[want.A], columns[want.B], leastRows(s.rows), &memory)
		if got.Rows != want.Rows {
			t.Errorf("%s: %d rows, want %d", name, got.Rows, want.Rows)
		}
		same(t, name+": Pearson", got.Pearson, want.Pearson)
		same(t, name+": Spearman", got.Spearman, want.Spearman)
		same(t, name+": V", got.CramersV, want.CramersV)
		same(t, name+": ratio", got.CorrelationRatio, want.CorrelationRatio)

		// The matrix is computed by blocks, and must be the same to the bit.
		a, b := slices.Index(p.Columns, want.A), slices.Index(p.Columns, want.B)
		if p.Matrix[b][a] != got.signed() || math.Abs(got.signed()) != got.Strength {
			t.Errorf("%s: %v in the matrix, %v by itself", name, p.Matrix[b][a], got.signed())
		}
	}
	if len(p.Strongest) != MaxPairs {
		t.Errorf("%d strongest", len(p.Strongest))
	}
	last, listed := 1.0, map[string]bool{}
	for _, pair := range p.Strongest {
		if pair.Strength > last {
			t.Errorf("%s · %s is stronger than the one before", pair.A, pair.B)
		}
		last = pair.Strength
		listed[pair.A+" · "+pair.B] = true
	}
	for i, row := range p.Matrix {
		for j, v := range row {
			if name := p.Columns[j] + " · " + p.Columns[i]; math.Abs(v) > last && !listed[name] {
				t.Errorf("%s is stronger than the last one and not listed", name)
			}
		}
	}
}

func TestTargetAgreesWithScikitLearn(t *testing.T) {
	golden, s := readPairs(t)
	for _, want := range golden.Targets {
		got, err := compareTarget(context.Background(), s, want.Target, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got.Column != want.Target || got.Rows != s.rows || len(got.Relations) != len(s.columns)-1 {
			t.Fatalf("%s: column %q, %d rows, %d relations", want.Target, got.Column, got.Rows, len(got.Relations))
		}
		if !slices.IsSortedFunc(got.Relations, func(a, b Relation) int { return int(math.Copysign(1, b.Information-a.Information)) }) {
			t.Errorf("%s: relations are not in order of information", want.Target)
		}
		for _, w := range want.Relations {
			g := got.Relations[slices.IndexFunc(got.Relations, func(r Relation) bool { return r.Column == w.Column })]
			name := w.Column + " → " + want.Target
			same(t, name+": information", &g.Information, &w.Information)
			same(t, name+": share", &g.Share, &w.Share)
			same(t, name+": missing", g.Missing, w.Missing)
			if g.Pair != nil && (g.Pair.A != w.Column || g.Pair.B != want.Target) {
				t.Errorf("%s: the pair is of %q and %q", name, g.Pair.A, g.Pair.B)
			}
		}
	}
	_, err := compareTarget(context.Background(), s, "nowhere", 1)
	var column *dataset.ColumnError
	if !errors.As(err, &column) || column.Column != "nowhere" {
		t.Errorf("got %v", err)
	}
}

func TestAnyNumberOfWorkers(t *testing.T) {
	s := madeSample(3000, 75, 4, 5)
	var first string
	for workers := 1; workers <= 4; workers++ {
		p, err := comparePairs(context.Background(), s, workers)
		if err != nil {
			t.Fatal(err)
		}
		target, err := compareTarget(context.Background(), s, "c7", workers)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal([]any{p, target})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		} else if string(text) != first {
			t.Errorf("%d workers give other bytes than one", workers)
		}
	}
}

// TestCopies: a column that is another one, or one in other units, goes with it entirely, and
// tells all of it.
func TestCopies(t *testing.T) {
	s := madeSample(500, 4, 0, 4)
	double := make([]float64, s.rows)
	for i, v := range s.columns[1].values {
		double[i] = -2 * v
	}
	s.columns = append(s.columns, sampleColumn{name: "code", codes: s.columns[0].codes, levels: s.columns[0].levels}, sampleColumn{name: "double", values: double})
	p, err := comparePairs(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range p.Strongest[:2] {
		if pair.Strength < 1-pairsTolerance {
			t.Errorf("%s · %s: %v", pair.A, pair.B, pair.Strength)
		}
	}
	if v := p.Matrix[5][1]; v != -1 {
		t.Errorf("the matrix says %v", v)
	}
	for _, c := range []struct{ target, column string }{{"c0", "code"}, {"c1", "double"}} {
		target, err := compareTarget(context.Background(), s, c.target, 0)
		if err != nil {
			t.Fatal(err)
		}
		if r := target.Relations[0]; r.Column != c.column || r.Share < 0.999 {
			t.Errorf("%s: %+v", c.target, r)
		}
	}
}

func TestLittleToCompare(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, columns := range map[string][]sampleColumn{
		"no columns":   nil,
		"no rows":      {{name: "a", values: []float64{}}, {name: "b", codes: []int32{}}},
		"one row":      {{name: "a", values: []float64{1}}, {name: "b", values: []float64{2}}},
		"one column":   {{name: "a", values: []float64{1, 2, 3, 4}}},
		"all missing":  {{name: "a", values: []float64{nan, nan, nan}}, {name: "b", codes: []int32{-1, -1, -1}}, {name: "c", values: []float64{1, 2, 3}}},
		"constant":     {{name: "a", values: []float64{3, 3, nan, 3}}, {name: "b", codes: []int32{0, 0, 0, 0}, levels: 1}, {name: "c", values: []float64{1, 2, 3, 4}}},
		"unique texts": {{name: "a", codes: []int32{0, 1, 2, 3, 4, 5}, levels: 6}, {name: "b", values: []float64{1, 2, 3, 4, 5, 6}}},
	} {
		s := &sample{columns: columns}
		if len(columns) > 0 {
			s.rows = max(len(columns[0].values), len(columns[0].codes))
		}
		s.of = s.rows
		p, err := comparePairs(context.Background(), s, 0)
		if err != nil || p != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if len(columns) == 0 {
			continue
		}
		target, err := compareTarget(context.Background(), s, "a", 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if varies := name == "one column" || name == "unique texts"; (target != nil) != varies {
			t.Errorf("%s: target %+v", name, target)
		}
	}
	// Infinities alone have ranks and no distances.
	s := &sample{rows: 6, of: 6, columns: []sampleColumn{{name: "a", values: []float64{-inf, inf, -inf, inf, inf, -inf}}, {name: "b", values: []float64{1, 2, 1, 2, 2, 1}}}}
	p, err := comparePairs(context.Background(), s, 0)
	if err != nil || len(p.Strongest) != 1 || p.Strongest[0].Pearson != nil || *p.Strongest[0].Spearman != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if text, err := json.Marshal(p); err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%s, %v", text, err)
	}
	// Two columns that are never filled together.
	s = &sample{rows: 8, of: 8, columns: []sampleColumn{{name: "a", values: []float64{1, 2, 3, 4, nan, nan, nan, nan}}, {name: "b", values: []float64{nan, nan, nan, nan, 1, 2, 3, 4}}}}
	p, err = comparePairs(context.Background(), s, 0)
	if err != nil || len(p.Strongest) != 0 || !reflect.DeepEqual(p.Matrix, [][]float64{{}, {0}}) {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestTooManyCategories: categories of few rows seem to go with anything.
func TestTooManyCategories(t *testing.T) {
	s := madeSample(1000, 4, 0, 0)
	code := func(each int) []int32 {
		codes := make([]int32, s.rows)
		for i := range codes {
			codes[i] = int32(i / each)
		}
		return codes
	}
	four, five := sampleColumn{name: "four", codes: code(4), levels: 250}, sampleColumn{name: "five", codes: code(5), levels: 200}
	s.columns = append(s.columns, four, five)
	p, err := comparePairs(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(p.Columns, "four") || !slices.Contains(p.Columns, "five") {
		t.Errorf("compared: %v", p.Columns)
	}
	// One in four rows of the number is there: not two rows a category.
	sparse, other := slices.Clone(s.columns[0].values), slices.Clone(five.codes)
	for i := range sparse {
		if i%4 != 0 {
			sparse[i], other[i] = math.NaN(), -1
		}
	}
	x, a, b := prepare(&sampleColumn{name: "x", values: sparse}), prepare(&five), prepare(&sampleColumn{name: "b", codes: other, levels: 200})
	for _, pair := range []Pair{measure(x, a, 30, &scratch{}), measure(a, b, 30, &scratch{})} {
		if pair.Rows != 250 || pair.Strength != 0 || pair.CramersV != nil || pair.CorrelationRatio != nil {
			t.Errorf("%+v", pair)
		}
	}
}

// TestFilledForSome: a column that is filled for one class only gives the class away by that.
func TestFilledForSome(t *testing.T) {
	s := &sample{rows: 200, of: 200, columns: []sampleColumn{{name: "class", codes: make([]int32, 200), levels: 2}, {name: "closed on", values: make([]float64, 200)}}}
	for i := range 200 {
		s.columns[0].codes[i] = int32(i % 2)
		s.columns[1].values[i] = float64(i)
		if i%2 == 0 {
			s.columns[1].values[i] = math.NaN()
		}
	}
	target, err := compareTarget(context.Background(), s, "class", 0)
	if err != nil {
		t.Fatal(err)
	}
	if r := target.Relations[0]; r.Missing == nil || *r.Missing < 1-pairsTolerance || r.Information != 0 {
		t.Errorf("%+v", r)
	}
}

// TestWideDataIsBounded: fewer rows, then fewer columns; what is kept does not depend on chance.
func TestWideDataIsBounded(t *testing.T) {
	columns := []*compared{}
	for i := range 20000 {
		columns = append(columns, &compared{name: fmt.Sprint(i), numeric: true, complete: i%2 == 0, rows: 1000 - i%2})
	}
	kept, skipped := affordable(columns, pairRows)
	if len(kept)+skipped != len(columns) || len(kept) < 1000 || pairCost(kept)*pairRows > pairBudget {
		t.Errorf("%d kept, %d skipped, cost %g", len(kept), skipped, pairCost(kept)*pairRows)
	}
	for i, c := range kept {
		if c != columns[2*i] {
			t.Fatalf("column %s is kept as number %d: the fullest come first, in their order", c.name, i)
		}
	}
	if testing.Short() {
		return
	}
	s := madeSample(2000, 700, 1, 0)
	p, err := comparePairs(context.Background(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rows != pairRows || !p.Sampled || p.Skipped == 0 || len(p.Matrix) != MaxMatrix || len(p.Mapped) != MaxMatrix || len(p.Strongest) != MaxPairs || len(p.Columns)+p.Skipped != 700 {
		t.Errorf("%d rows, sampled %v, %d columns, %d skipped, %d pairs", p.Rows, p.Sampled, len(p.Columns), p.Skipped, len(p.Strongest))
	}
}

func TestComparingEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := madeSample(100, 5, 0, 0)
	if p, err := comparePairs(ctx, s, 1); !errors.Is(err, context.Canceled) || p != nil {
		t.Errorf("%v, %v", p, err)
	}
	if target, err := compareTarget(ctx, s, "c0", 1); !errors.Is(err, context.Canceled) || target != nil {
		t.Errorf("%v, %v", target, err)
	}
}
