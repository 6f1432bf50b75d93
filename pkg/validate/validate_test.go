package validate

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// partition fails unless the fold names every row of n once, in order.
func partition(t *rapid.T, f Fold, n int) {
	if !slices.IsSorted(f.Train) || !slices.IsSorted(f.Test) || len(f.Test) == 0 || len(f.Train) == 0 {
		t.Fatalf("fold %v", f)
	}
	all := append(slices.Clone(f.Train), f.Test...)
	slices.Sort(all)
	for i, row := range all {
		if row != i {
			t.Fatalf("fold %v does not name each of %d rows once", f, n)
		}
	}
	if len(all) != n {
		t.Fatalf("fold names %d of %d rows", len(all), n)
	}
}

// eachOnce fails unless every row of n is tested by one fold.
func eachOnce(t *rapid.T, folds []Fold, n int) {
	tested := make([]int, n)
	for _, f := range folds {
		partition(t, f, n)
		for _, row := range f.Test {
			tested[row]++
		}
	}
	for row, times := range tested {
		if times != 1 {
			t.Fatalf("row %d is tested %d times", row, times)
		}
	}
}

// drawRows draws rows with classes or without, and groups of all sizes or none.
func drawRows(t *rapid.T, least int) Rows {
	r := Rows{N: rapid.IntRange(least, 200).Draw(t, "n")}
	if rapid.Bool().Draw(t, "classes") {
		r.Classes = rapid.SliceOfN(rapid.IntRange(0, 3), r.N, r.N).Draw(t, "class")
	}
	if rapid.Bool().Draw(t, "groups") {
		drawn := rapid.SliceOfN(rapid.IntRange(0, rapid.IntRange(1, 2*r.N).Draw(t, "most")), r.N, r.N).Draw(t, "group")
		r.Groups = numbered(drawn)
	}
	return r
}

// numbered gives values the numbers from 0 on, in the order in which they first appear.
func numbered[T comparable](values []T) []int {
	number := map[T]int{}
	all := make([]int, len(values))
	for i, v := range values {
		if _, ok := number[v]; !ok {
			number[v] = len(number)
		}
		all[i] = number[v]
	}
	return all
}

// units is how many things there are to deal, and the size of the largest.
func units(r Rows) (n, largest int) {
	if r.Groups == nil {
		return r.N, 1
	}
	sizes := map[int]int{}
	for _, g := range r.Groups {
		sizes[g]++
		largest = max(largest, sizes[g])
	}
	return len(sizes), largest
}

// together fails if a group is on both sides of a fold.
func together(t *rapid.T, r Rows, f Fold) {
	if r.Groups == nil {
		return
	}
	learned := map[int]bool{}
	for _, row := range f.Train {
		learned[r.Groups[row]] = true
	}
	for _, row := range f.Test {
		if learned[r.Groups[row]] {
			t.Fatalf("group %d is on both sides", r.Groups[row])
		}
	}
}

// spread is the least and the most of what the folds' test sets have.
func spread(folds []Fold, has func(row int) bool) (low, high int) {
	low = math.MaxInt
	for _, f := range folds {
		n := 0
		for _, row := range f.Test {
			if has(row) {
				n++
			}
		}
		low, high = min(low, n), max(high, n)
	}
	return low, high
}

// TestKFold: folds partition the rows and keep groups together; without groups sizes and
// classes are even to the row, with groups and no classes to the largest group.
func TestKFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRows(t, 2)
		s := rapid.Uint64().Draw(t, "seed")
		n, largest := units(r)
		k := rapid.IntRange(2, 12).Draw(t, "k")
		folds, err := KFold(r, k, s)
		if k > n {
			if err == nil {
				t.Fatalf("%d folds of %d", k, n)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		eachOnce(t, folds, r.N)
		for _, f := range folds {
			together(t, r, f)
		}
		if low, high := spread(folds, func(int) bool { return true }); high-low > largest && r.Classes == nil {
			t.Fatalf("between %d and %d rows, the largest group has %d", low, high, largest)
		}
		for class := range 4 {
			low, high := spread(folds, func(row int) bool { return r.class(row) == class })
			if largest == 1 && high-low > 1 {
				t.Fatalf("class %d has between %d and %d test rows", class, low, high)
			}
		}
		again, err := KFold(r, k, s)
		if err != nil || !reflect.DeepEqual(folds, again) {
			t.Fatalf("the same seed gave other folds, %v", err)
		}
	})
}

// TestRepeated: every repeat is a KFold, and none like the other.
func TestRepeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRows(t, 50)
		r.Groups = nil
		folds, err := Repeated(r, 3, 4, rapid.Uint64().Draw(t, "seed"))
		if err != nil || len(folds) != 12 {
			t.Fatalf("%d folds, %v", len(folds), err)
		}
		for i := 0; i < 12; i += 3 {
			eachOnce(t, folds[i:i+3], r.N)
			for j := range i {
				if reflect.DeepEqual(folds[i], folds[j]) {
					t.Fatalf("folds %d and %d are the same", i, j)
				}
			}
		}
	})
}

// TestHoldout: both sides have rows, groups are on one, and without groups the share is kept
// to the row, of every class too.
func TestHoldout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRows(t, 2)
		share := rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		n, largest := units(r)
		f, err := Holdout(r, share, rapid.Uint64().Draw(t, "seed"))
		if n < 2 {
			if err == nil {
				t.Fatal("one group on two sides")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		partition(t, f, r.N)
		together(t, r, f)
		want := min(max(int(math.Round(float64(r.N)*share)), 1), r.N-1)
		if largest == 1 && len(f.Test) != want {
			t.Fatalf("%d test rows, want %d of %d", len(f.Test), want, r.N)
		}
		if off := len(f.Test) - want; r.Classes == nil && (off > largest || off < -largest) {
			t.Fatalf("%d test rows, want %d of %d, and the largest group has %d", len(f.Test), want, r.N, largest)
		}
		for class, size := range r.classSizes() {
			tested := 0
			for _, row := range f.Test {
				if r.class(row) == class {
					tested++
				}
			}
			if exact := float64(want) / float64(r.N) * float64(size); largest == 1 && math.Abs(float64(tested)-exact) > 1 {
				t.Fatalf("%d of %d rows of class %d are tested, want about %v", tested, size, class, exact)
			}
		}
	})
}

func TestSeedDecides(t *testing.T) {
	a, _ := KFold(Rows{N: 100}, 5, 1)
	c, _ := KFold(Rows{N: 100}, 5, 2)
	if reflect.DeepEqual(a, c) {
		t.Error("another seed gave the same folds")
	}
}

func TestRefuses(t *testing.T) {
	if _, err := KFold(Rows{N: 2, Classes: []int{0, 1}}, 1, 0); err == nil {
		t.Error("1 fold")
	}
	if _, err := Repeated(Rows{N: 3}, 4, 2, 0); err == nil {
		t.Error("4 folds of 3 rows")
	}
	for _, share := range []float64{0, 1, -1, math.NaN()} {
		if _, err := Holdout(Rows{N: 10}, share, 0); err == nil {
			t.Errorf("share %v", share)
		}
	}
	if _, err := Holdout(Rows{N: 1}, 0.5, 0); err == nil {
		t.Error("1 row")
	}
	for _, column := range [][]int{nil, {-1, -1}, {3, 3}, {-2, 0}} {
		if folds, err := Predefined(column); err == nil {
			t.Errorf("%v: %v", column, folds)
		}
	}
}

func TestFolds(t *testing.T) {
	got := Folds([]int{1, -1, 0, 1}, 2)
	want := []Fold{{Train: []int{0, 1, 3}, Test: []int{2}}, {Train: []int{1, 2}, Test: []int{0, 3}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// golden is testdata/golden/validate_sklearn.json.
type golden struct {
	TimeSeries []struct {
		N       int
		Folds   int
		Gap     float64
		Sliding bool
		Train   [][]int
		Test    [][]int
	} `json:"time_series"`
	Predefined struct {
		Column      []int
		Train, Test [][]int
	}
	Groups []struct {
		Folds           int
		Groups, Classes []int
		Classwise       float64 `json:"class_unevenness"`
		Rowwise         float64 `json:"row_unevenness"`
		Plain           float64 `json:"plain_row_unevenness"`
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/validate_sklearn.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPredefinedIsScikitLearns(t *testing.T) {
	g := readGolden(t).Predefined
	folds, err := Predefined(g.Column)
	if err != nil || len(folds) != 3 {
		t.Fatalf("%v, %v", folds, err)
	}
	for i, f := range folds {
		if !slices.Equal(f.Train, g.Train[i]) || !slices.Equal(f.Test, g.Test[i]) {
			t.Errorf("fold %d is %v, want %v and %v", i, f, g.Train[i], g.Test[i])
		}
	}
	if again, err := Predefined([]int{10, 20, -1, 40, 40, 10, -1, 20, 10}); err != nil || !reflect.DeepEqual(again, folds) {
		t.Errorf("values with holes between: %v, %v", again, err)
	}
}

// deviation is that of numbers from their mean.
func deviation(values []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(values)))
}

// unevenness is that of testdata/peers/validate_sklearn.py.
func unevenness(folds []Fold, r Rows) (classwise, rowwise float64) {
	sizes := r.classSizes()
	for class := range sizes {
		var shares []float64
		for _, f := range folds {
			n, _ := spread([]Fold{f}, func(row int) bool { return r.class(row) == class })
			shares = append(shares, float64(n)/float64(sizes[class]))
		}
		classwise += deviation(shares) / float64(len(sizes))
	}
	var rows []float64
	for _, f := range folds {
		rows = append(rows, float64(len(f.Test))/float64(r.N))
	}
	return classwise, deviation(rows)
}

// TestGroupsAreAsEvenAsScikitLearns: of folds of groups, classes are as even as those of
// StratifiedGroupKFold and rows as even as those of GroupKFold, over twelve sets taken
// together; in each, which of two orders of dealing is luckier is luck.
func TestGroupsAreAsEvenAsScikitLearns(t *testing.T) {
	var ours, theirs [3]float64 // by class, then by row with classes, then by row without
	for i, c := range readGolden(t).Groups {
		r := Rows{N: len(c.Groups), Classes: c.Classes, Groups: c.Groups}
		folds, err := KFold(r, c.Folds, 1)
		if err != nil {
			t.Fatal(err)
		}
		classwise, rowwise := unevenness(folds, r)
		r.Classes = nil
		if folds, err = KFold(r, c.Folds, 1); err != nil {
			t.Fatal(err)
		}
		_, plain := unevenness(folds, r)
		t.Logf("set %d: by class %.4f (%.4f), by row %.4f (%.4f), without classes %.4f (%.4f)", i, classwise, c.Classwise, rowwise, c.Rowwise, plain, c.Plain)
		for j, v := range []float64{classwise, rowwise, plain} {
			ours[j] += v
		}
		for j, v := range []float64{c.Classwise, c.Rowwise, c.Plain} {
			theirs[j] += v
		}
	}
	for j := range ours {
		if !(ours[j] <= 1.02*theirs[j]) {
			t.Errorf("unevenness %d is %.4f, scikit-learn's %.4f", j, ours[j], theirs[j])
		}
	}
}
