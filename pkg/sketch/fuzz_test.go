package sketch

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"runtime"
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

// Every truncation of a sketch is refused, and no change of a byte of one panics.
func TestHostileBytes(t *testing.T) {
	for name, s := range examples() {
		b, _ := s.MarshalBinary()
		for n := range b {
			if err := blank(s).UnmarshalBinary(b[:n]); err == nil {
				t.Errorf("%s: %d bytes of %d are accepted", name, n, len(b))
			}
		}
		if err := blank(s).UnmarshalBinary(append(b[:len(b):len(b)], 0)); err == nil {
			t.Errorf("%s: a byte more is accepted", name)
		}
		for i := range min(len(b), 300) {
			for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff, b[i] + 1, b[i] ^ 4} {
				c := bytes.Clone(b)
				c[i] = v
				before, _ := s.MarshalBinary()
				r := blank(s)
				if err := r.UnmarshalBinary(before); err != nil {
					t.Fatal(err)
				}
				if err := r.UnmarshalBinary(c); err != nil {
					if after, _ := r.MarshalBinary(); !bytes.Equal(before, after) {
						t.Fatalf("%s: what was refused changed the sketch", name)
					}
				}
			}
		}
	}
}

// Claims of a few bytes about gigabytes cost nothing.
func TestClaimsAllocateLittle(t *testing.T) {
	for name, b := range map[string][]byte{
		"quantiles": {5, 1, 15, 2, 0xff, 0xff, 8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 61, 0, 0, 0, 0, 0},
		"texts":     append([]byte{4, 1, 10, 26, 26, 0, 0, 0, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, make([]byte, 8)...),
		"distinct":  {3, 1, 7, 21, 21, 0, 0, 9, 0xff, 0xff, 0x0f, 0},
	} {
		kind := byte(map[string]int{"quantiles": 0, "distinct": 1, "texts": 2}[name])
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := ofKind(kind).UnmarshalBinary(b)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 64<<10 { // others run beside
			t.Errorf("%s: %d bytes for %d, %v", name, used, len(b), err)
		}
	}
}
