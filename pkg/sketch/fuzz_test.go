package sketch

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var kinds = []string{"quantiles", "distinct", "texts", "numbers"}

func ofKind(kind byte) stored {
	return []stored{new(Quantiles), new(Distinct), new(Texts), new(Numbers)}[kind%4]
}

// What is accepted can be used, merged, written and read again.
func FuzzUnmarshal(f *testing.F) {
	files, err := filepath.Glob(goldenFolder + "/*.bin")
	if err != nil || len(files) < 10 {
		f.Fatal(len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, kind := range kinds {
			if strings.HasPrefix(filepath.Base(file), kind) {
				f.Add(byte(i), b)
			}
		}
	}
	f.Add(byte(1), []byte("\x02\x01\x07\x04\x03\x08\x01\x08\x0b\xa5\x9d\x0f"))
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		s := ofKind(kind)
		if s.UnmarshalBinary(b) != nil {
			return
		}
		first, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again := ofKind(kind)
		if err := again.UnmarshalBinary(first); err != nil {
			t.Fatalf("what was accepted and written is refused: %v", err)
		}
		if second, _ := again.MarshalBinary(); !bytes.Equal(first, second) {
			t.Fatal("it is written differently after reading")
		}
		switch s := s.(type) {
		case *Quantiles:
			s.Quantile(0.5)
			s.Rank(0)
			for range s.All() {
			}
			s.Merge(again.(*Quantiles))
			s.Merge(quantilesOf(8, 1, sorted(1000, func(i int) float64 { return float64(i) })))
			if s.retained() > capacity(s.k, len(s.levels)) || math.IsNaN(s.Quantile(0.3)) {
				t.Fatal("merging spoiled it")
			}
		case *Distinct:
			if e := s.Estimate(); !(e >= 0) {
				t.Fatal(e)
			}
			s.Merge(again.(*Distinct))
			s.Merge(distinctOf(5, 100, "float"))
			if e := s.Estimate(); !(e > 0) {
				t.Fatal(e)
			}
		case *Texts:
			s.Top(3)
			s.Merge(again.(*Texts))
			s.Merge(textsOf(6, "a", "b"))
			if s.Len() > s.Max() {
				t.Fatal(s.Len())
			}
		case *Numbers:
			s.Top(3)
			s.Merge(again.(*Numbers))
			s.AddSorted([]float64{1, 2, 2})
			if s.Len() > s.Max() {
				t.Fatal(s.Len())
			}
		}
	})
}
