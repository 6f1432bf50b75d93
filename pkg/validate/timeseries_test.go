package validate

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTimeSeriesIsScikitLearns: of rows of different times, whatever their order.
func TestTimeSeriesIsScikitLearns(t *testing.T) {
	for _, c := range readGolden(t).TimeSeries {
		times, at := make([]float64, c.N), make([]int, c.N)
		for i := range times { // a permutation: 7919 is prime and larger than any n
			row := i * 7919 % c.N
			times[row], at[row] = float64(i), i
		}
		folds, err := TimeSeries{Folds: c.Folds, Gap: c.Gap, Sliding: c.Sliding}.Split(times)
		if err != nil || len(folds) != c.Folds {
			t.Fatalf("%+v: %v", c, err)
		}
		inTime := func(rows []int) []int {
			var all []int
			for _, row := range rows {
				all = append(all, at[row])
			}
			slices.Sort(all)
			return all
		}
		for i, f := range folds {
			if !slices.IsSorted(f.Train) || !slices.IsSorted(f.Test) || !slices.Equal(inTime(f.Train), c.Train[i]) || !slices.Equal(inTime(f.Test), c.Test[i]) {
				t.Errorf("n %d, folds %d, gap %v, sliding %t: fold %d is %v and %v, want %v and %v",
					c.N, c.Folds, c.Gap, c.Sliding, i, inTime(f.Train), inTime(f.Test), c.Train[i], c.Test[i])
			}
		}
	}
}

// TestTimeSeriesNeverLooksAhead: whatever the times, ties and gaps, what a fold learns from is
// earlier than all it tests by more than the gap, tests follow each other, rows of one time are
// on one side and all of them are, and no fold of a sliding window learns from more rows than
// the first and those of one time.
func TestTimeSeriesNeverLooksAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 150).Draw(t, "n")
		times := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, rapid.IntRange(3, 200).Draw(t, "span")), func(v int) float64 { return float64(v) / 4 }), n, n).Draw(t, "times")
		split := TimeSeries{Folds: rapid.IntRange(1, 6).Draw(t, "folds"), Gap: float64(rapid.IntRange(0, 8).Draw(t, "gap")) / 4, Sliding: rapid.Bool().Draw(t, "sliding")}
		folds, err := split.Split(times)
		if err != nil {
			if different := len(numberedTimes(times)); different > 4*(split.Folds+1) && split.Gap == 0 && n == different {
				t.Fatalf("%d different times: %v", different, err)
			}
			return
		}
		last := math.Inf(-1)
		for i, f := range folds {
			earliest, latest := math.Inf(1), math.Inf(-1)
			tested := map[float64]int{}
			for _, row := range f.Test {
				earliest, latest = min(earliest, times[row]), max(latest, times[row])
				tested[times[row]]++
			}
			if earliest <= last {
				t.Fatalf("fold %d tests from %v on, the one before up to %v", i, earliest, last)
			}
			last = latest
			for _, row := range f.Train {
				if !(times[row] < earliest-split.Gap) {
					t.Fatalf("fold %d learns from %v and tests from %v on, with a gap of %v", i, times[row], earliest, split.Gap)
				}
			}
			for time, rows := range tested {
				all := 0
				for _, v := range times {
					if v == time {
						all++
					}
				}
				if rows != all {
					t.Fatalf("fold %d tests %d of %d rows of time %v", i, rows, all, time)
				}
			}
			if !split.Sliding && i > 0 && len(f.Train) < len(folds[i-1].Train) {
				t.Fatalf("fold %d of an expanding window learns from less than the one before", i)
			}
		}
	})
}

func numberedTimes(times []float64) map[float64]bool {
	different := map[float64]bool{}
	for _, v := range times {
		different[v] = true
	}
	return different
}

func TestTimeSeriesRefuses(t *testing.T) {
	for name, split := range map[string]func() error{
		"no time": func() error {
			_, err := TimeSeries{Folds: 1}.Split([]float64{1, math.NaN(), 3})
			return err
		},
		"one time": func() error {
			_, err := TimeSeries{Folds: 1}.Split([]float64{1, 1, 1, 1})
			return err
		},
		"no fold":  func() error { _, err := TimeSeries{}.Split([]float64{1, 2, 3}); return err },
		"a gap":    func() error { _, err := TimeSeries{Folds: 1, Gap: 5}.Split([]float64{1, 2, 3}); return err },
		"negative": func() error { _, err := TimeSeries{Folds: 1, Gap: -1}.Split([]float64{1, 2, 3}); return err },
		"latest":   func() error { _, err := TimeSeries{}.Latest([]float64{2, 2, 2}, 0.2); return err },
		"all gap":  func() error { _, err := TimeSeries{Gap: 9}.Latest([]float64{1, 2, 3}, 0.3); return err },
	} {
		if split() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestLatest: ten days of five rows; a fifth is two days, and a gap of two days leaves out two.
func TestLatest(t *testing.T) {
	times := make([]float64, 50)
	for i := range times {
		times[i] = float64((49 - i) / 5)
	}
	f, err := TimeSeries{Gap: 2}.Latest(times, 0.2)
	if err != nil || len(f.Test) != 10 || f.Test[9] != 9 || len(f.Train) != 30 || f.Train[0] != 20 {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err = (TimeSeries{}).Latest(times, 0.15); err != nil || len(f.Test)+len(f.Train) != 50 || len(f.Test)%5 != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}
