package training

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
)

// unevenly writes rows whose class follows from x for group a, and of which group b's are noise.
// What tells the groups apart is no input.
func unevenly(t *testing.T, rows int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "uneven.csv")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	w.Write([]string{"x", "group", "age", "class"})
	for i := range rows {
		random := seed.Rand(seed.Derive(2, "uneven", i))
		x, group := random.Float64(), "a"
		yes := x > 0.5
		if i%3 == 0 {
			group, yes = "b", random.IntN(2) == 0
		}
		if i%50 == 7 {
			group = "rare"
		}
		w.Write([]string{fmt.Sprint(x), group, fmt.Sprint(i % 90), fmt.Sprint(yes)})
	}
	w.Flush()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSegments: a model that is good for one group and useless for another is seen to be, on
// rows held out and out of fold, and a bound keeps it from being promoted, even as the first.
func TestSegments(t *testing.T) {
	for rows, on := range map[int]Rows{1500: HeldOut, 900: OutOfFold} {
		e := engine(t)
		config := fmt.Sprintf("model: uneven\ndata: {source: %s, target: class, drop: [group]}\nvalidation: {folds: 3}\nconfigurations: [{learner: logistic}]\nsearch: {trials: 1}\nsegments: {columns: [group, age]%%s}\n", unevenly(t, rows))
		verdict, err := e.Run(ctx, submit(t, e, parse(t, fmt.Sprintf(config, ""))), nil)
		if err != nil || !verdict.Promoted || len(verdict.Contest.Segments) != 2 {
			t.Fatalf("%+v, %v", verdict, err)
		}
		group, age := verdict.Contest.Segments[0], verdict.Contest.Segments[1]
		total := 0
		var values []string
		for _, s := range group.Segments {
			total += s.Rows
			values = append(values, s.Value)
			if auc := s.Scores["roc_auc"].Score; s.Value == "a" && auc < 0.95 || s.Value == "b" && math.Abs(auc-0.5) > 0.2 {
				t.Errorf("%d rows: the area under the curve of %s is %v", rows, s.Value, auc)
			}
		}
		want := rows
		if verdict.Tested != nil {
			want = verdict.Tested.Rows
		}
		if fmt.Sprint(values) != "[a b rare]" || total != want || group.On != on {
			t.Errorf("%d rows: %v of %d rows in all, on %s", rows, values, total, group.On)
		}
		gap := group.Gaps["roc_auc"]
		if gap.Highest != "a" || gap.Lowest != "b" || gap.Gap < 0.3 || gap.Low <= 0 || gap.High <= gap.Gap || gap.Bound != nil {
			t.Errorf("%d rows: gap %+v", rows, gap)
		}
		if len(age.Segments) != 4 || age.Gaps["selection_rate"].Gap > 0.3 {
			t.Errorf("%d rows: age %+v", rows, age)
		}

		bounded, err := e.Run(ctx, submit(t, e, parse(t, fmt.Sprintf(config, ", max_gap: {roc_auc: 0.1, selection_rate: 1}")+"promote: {when: always}\n")), nil)
		if err != nil || bounded.Promoted || !strings.Contains(bounded.Reason, `roc_auc of group is`) || !strings.Contains(bounded.Reason, "max_gap of 0.1") {
			t.Errorf("%d rows: promoted %t because %q, %v", rows, bounded.Promoted, bounded.Reason, err)
		}
	}
}

func TestQuarters(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		levels []string
		codes  []int32
	}{
		{[]float64{8, 1, 2, 3, 4, 5, 6, 7, nan}, []string{"3 to below 5", "5 to below 7", "7 and above", "below 3"}, []int32{2, 3, 3, 0, 0, 1, 1, 2, -1}},
		{[]float64{0, 1, 1, nan}, []string{"0", "1"}, []int32{0, 1, 1, -1}},
		{[]float64{1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5}, []string{"3 and above", "below 3"}, []int32{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0}},
		{[]float64{nan}, nil, []int32{-1}},
	} {
		levels, codes := quarters(c.values)
		if !slices.Equal(levels, c.levels) || !slices.Equal(codes, c.codes) {
			t.Errorf("%v: %q %v, want %q %v", c.values, levels, codes, c.levels, c.codes)
		}
	}
}

func TestGrouped(t *testing.T) {
	c := dataset.Column{Name: "c", Type: dataset.Categorical}
	for v := range 30 {
		c.Levels = append(c.Levels, fmt.Sprint(v))
		for range 30 - v {
			c.Codes = append(c.Codes, int32(v))
		}
	}
	c.Codes = append(c.Codes, slices.Repeat([]int32{-1}, 100)...)
	names, rows := grouped(&c)
	total := 0
	for _, r := range rows {
		total += len(r)
	}
	if len(names) != mostSegments || names[0] != noValue || names[1] != "0" || names[mostSegments-1] != otherValues || total != len(c.Codes) {
		t.Errorf("%q, %d rows of %d", names, total, len(c.Codes))
	}
}

// TestGapsAreOfEnoughRows: a segment of few rows is no end of a gap. The interval is by hand:
// 0.4 ∓ √(0.1² + 0.05²).
func TestGapsAreOfEnoughRows(t *testing.T) {
	score := func(v, half float64) map[string]metric.Interval {
		return map[string]metric.Interval{"recall": {Score: v, Low: v - half, High: v + half}}
	}
	s := Segmented{Gaps: map[string]SegmentGap{}, Segments: []Segment{
		{"x", 100, score(0.9, 0.1)}, {"y", 30, score(0.5, 0.05)}, {"z", 29, score(0.1, 0.1)},
	}}
	s.findGaps(map[string]float64{"recall": 0.39})
	g := s.Gaps["recall"]
	if math.Abs(g.Gap-0.4) > 1e-12 || g.Lowest != "y" || math.Abs(g.Low-(0.4-math.Sqrt(0.0125))) > 1e-12 || math.Abs(g.High-(0.4+math.Sqrt(0.0125))) > 1e-12 {
		t.Errorf("%+v", g)
	}
	if broken := unequal([]Segmented{s}); !strings.Contains(broken, `between "x" and "y"`) {
		t.Errorf("%q", broken)
	}
}

func TestSegmentFaults(t *testing.T) {
	for text, want := range map[string]string{
		"{columns: [a, a]}":                           `/segments/columns/1: names "a" twice`,
		"{max_gap: {recall: 0.1}}":                    "/segments/max_gap: bounds nothing",
		"{columns: [a], max_gap: {selection_rat: 1}}": `/segments/max_gap/selection_rat: no metric "selection_rat"`,
		"{columns: [a], max_gap: {recall: -1}}":       "/segments/max_gap/recall: want 0 or more",
	} {
		_, err := ParseConfig([]byte("data: {source: a.csv, target: y}\nsegments: " + text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
