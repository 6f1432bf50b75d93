package validate

import (
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

func TestKFoldPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 200).Draw(t, "n")
		k := rapid.IntRange(2, min(n, 12)).Draw(t, "k")
		s := rapid.Uint64().Draw(t, "seed")
		plain, err := KFold(n, k, s)
		if err != nil {
			t.Fatal(err)
		}
		classes := rapid.SliceOfN(rapid.IntRange(0, 3), n, n).Draw(t, "classes")
		stratified, err := StratifiedKFold(classes, k, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, split := range [][]Fold{plain, stratified} {
			tested := make([]int, n)
			for _, f := range split {
				partition(t, f, n)
				for _, row := range f.Test {
					tested[row]++
				}
				if len(f.Test) != n/k && len(f.Test) != n/k+1 {
					t.Fatalf("test set of %d rows, of %d in %d folds", len(f.Test), n, k)
				}
			}
			for row, times := range tested {
				if times != 1 {
					t.Fatalf("row %d is tested %d times", row, times)
				}
			}
		}
		// No two folds differ by more than one row in any class.
		for class := range 4 {
			low, high := n, 0
			for _, f := range stratified {
				count := 0
				for _, row := range f.Test {
					if classes[row] == class {
						count++
					}
				}
				low, high = min(low, count), max(high, count)
			}
			if high-low > 1 {
				t.Fatalf("class %d has between %d and %d test rows", class, low, high)
			}
		}
	})
}

func TestHoldoutPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 300).Draw(t, "n")
		share := rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		s := rapid.Uint64().Draw(t, "seed")
		f, err := Holdout(n, share, s)
		if err != nil {
			t.Fatal(err)
		}
		partition(t, f, n)
		classes := rapid.SliceOfN(rapid.IntRange(0, 2), n, n).Draw(t, "classes")
		if f, err = StratifiedHoldout(classes, share, s); err != nil {
			t.Fatal(err)
		}
		partition(t, f, n)
		want := min(max(int(float64(n)*share+0.5), 1), n-1)
		if len(f.Test) != want {
			t.Fatalf("%d test rows, want %d of %d", len(f.Test), want, n)
		}
	})
}

func TestSeedDecides(t *testing.T) {
	a, _ := KFold(100, 5, 1)
	b, _ := KFold(100, 5, 1)
	c, _ := KFold(100, 5, 2)
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed gave other folds")
	}
	if reflect.DeepEqual(a, c) {
		t.Error("another seed gave the same folds")
	}
}

func TestRefuses(t *testing.T) {
	if _, err := KFold(3, 4, 0); err == nil {
		t.Error("4 folds of 3 rows")
	}
	if _, err := StratifiedKFold([]int{0, 1}, 1, 0); err == nil {
		t.Error("1 fold")
	}
	for _, share := range []float64{0, 1, -1} {
		if _, err := Holdout(10, share, 0); err == nil {
			t.Errorf("share %v", share)
		}
	}
	if _, err := Holdout(1, 0.5, 0); err == nil {
		t.Error("1 row")
	}
}

func TestFolds(t *testing.T) {
	got := Folds([]int{1, -1, 0, 1}, 2)
	want := []Fold{{Train: []int{0, 1, 3}, Test: []int{2}}, {Train: []int{1, 2}, Test: []int{0, 3}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
