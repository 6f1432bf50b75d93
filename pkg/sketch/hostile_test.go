package sketch

import (
	"bytes"
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"testing"
)

func bytesOf(t *testing.T, s stored) []byte {
	t.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each of these is a valid sketch but for one thing, which the error names.
func TestHostileSketches(t *testing.T) {
	put32 := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	put64 := func(at int, v uint64) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint64(b[at:], v); return b }
	}
	put := func(at int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = v; return b }
	}
	float := func(at int, v float64) func([]byte) []byte { return put64(at, math.Float64bits(v)) }

	// Two levels: 20 words of levels and min, max from 28, values from 44.
	quantiles := quantilesOf(8, 1, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	last := len(bytesOf(t, quantiles)) - 8
	// A level of 16 values that stand for 2^60 each: 2^64, which is 0.
	wrap := func([]byte) []byte {
		b := []byte{5, 1, 15, 2, 16, 0, 8, 0}
		b = binary.LittleEndian.AppendUint64(b, 1) // one value on level 0
		b = append(b, 16, 0, maxLevels, 0)
		end := capacity(16, maxLevels)
		for h := range maxLevels {
			at := end - 16
			if h == 0 {
				at--
			}
			b = binary.LittleEndian.AppendUint32(b, uint32(at))
		}
		for range 2 + 17 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(1))
		}
		return b
	}
	distinct := distinctOf(4, 100, "float")
	texts := textsOf(6, "a", "b", "b") // counts at 32 and 40, items at 48 and 53
	numbers := numbersOf(6, []float64{1, 2, 2})

	for _, c := range []struct {
		of    stored
		spoil func([]byte) []byte
		says  string
	}{
		{quantiles, put(2, 7), "family"},
		{quantiles, put(3, 2|8), "flags"},
		{quantiles, put(3, 1|4), "flags"},
		{quantiles, put(4, 7), "k is 7"},
		{quantiles, put(6, 6), "m is 6"},
		{quantiles, put64(8, 11), "stand for"},
		{quantiles, put64(8, 9), "stand for"},
		{quantiles, put(16, 9), "smallest k"},
		{quantiles, put(18, 0), "levels"},
		{quantiles, put(18, maxLevels+1), "levels"},
		{quantiles, put32(20, 1<<31), "overlap"},
		{quantiles, put32(20, 0), "values in"},
		{quantiles, float(28, 11), "min"},
		{quantiles, float(28, math.NaN()), "min"},
		{quantiles, float(last, math.NaN()), "between"},
		{quantiles, float(last, 1e9), "between"},
		{quantiles, float(last, 1), "not sorted"},
		{quantiles, wrap, "more values"},
		{quantilesOf(8, 1, []float64{5}), float(8, math.NaN()), "NaN"},
		{NewQuantiles(8, 1), put(0, 5), "empty"},

		{distinct, put(1, 2), "version"},
		{distinct, put(2, 15), "family"},
		{distinct, put(3, 3), "lgK"},
		{distinct, put(3, 22), "lgK"},
		{distinct, put(6, 1), "registers"},
		{distinct, put(7, 2), "HLL_8"},
		{distinct, put(7, 11), "mode"},
		{distinct, put(hllHead, registerMax+1), "register is"},
		{distinct, func([]byte) []byte { return []byte{2, 1, 7, 4, 3, 8, 1, 8, 5, 0, 0, 0} }, "no value"},
		{distinct, func([]byte) []byte { return []byte{2, 1, 7, 4, 3, 8, 2, 8, 5, 0, 0, 4} }, "coupons"},
		{distinct, func([]byte) []byte { return []byte{2, 1, 7, 4, 3, 12, 1, 8, 5, 0, 0, 4} }, "empty"},
		{distinct, func([]byte) []byte { return []byte{2, 1, 7, 4, 63, 0, 1, 8, 5, 0, 0, 4} }, "room"},
		{distinct, func([]byte) []byte { return []byte{3, 1, 7, 4, 3, 8, 0, 9, 2, 0, 0, 0, 5, 0, 0, 4, 0, 0, 0, 0} }, "off by"},

		{texts, put(1, 2), "version"},
		{texts, put(2, 7), "family"},
		{texts, put(3, 2), "log2"},
		{texts, put(4, 4), "log2"},
		{texts, put(5, 2), "flags"},
		{texts, put32(8, 7), "items"},
		{texts, put64(16, 0), "n is"},
		{texts, put64(16, 1<<63), "n is"},
		{texts, put64(16, 4), "add up"},
		{texts, put64(24, 4), "offset"},
		{texts, put64(32, 0), "above 0"},
		{texts, put64(40, math.MaxUint64), "covers"},
		{texts, put(57, 'a'), "twice"},
		{texts, put32(53, 2), "ends"},
		{texts, put32(48, 0), "ends"},
		{texts, func(b []byte) []byte { return append(b, 0) }, "follow"},
		{numbers, put(52, '2'), "twice"},
		{numbers, put(52, 'x'), "number"},
		{numbers, func(b []byte) []byte { return append(append(b[:53:53], 3, 0, 0, 0), "2.0"...) }, "number"},
		{numbers, func(b []byte) []byte { return append(append(b[:53:53], 3, 0, 0, 0), "NaN"...) }, "number"},
	} {
		b := c.spoil(bytesOf(t, c.of))
		if err := blank(c.of).UnmarshalBinary(b); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%T %x: %v, not %q", c.of, b[:min(len(b), 60)], err, c.says)
		}
	}
}

// Every truncation of a sketch is refused, no change of a byte of one panics, and what is
// refused changes nothing.
func TestHostileBytes(t *testing.T) {
	for name, s := range examples() {
		b := bytesOf(t, s)
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
				r := blank(s)
				if err := r.UnmarshalBinary(b); err != nil {
					t.Fatal(err)
				}
				if err := r.UnmarshalBinary(c); err != nil && !bytes.Equal(bytesOf(t, r), b) {
					t.Fatalf("%s: what was refused changed the sketch", name)
				}
			}
		}
	}
}

// Claims of a few bytes about gigabytes cost nothing.
func TestClaimsAllocateLittle(t *testing.T) {
	for _, c := range []struct {
		of stored
		b  []byte
	}{
		{new(Quantiles), append([]byte{5, 1, 15, 2, 0xff, 0xff, 8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 1, 0}, make([]byte, 20)...)},
		{new(Texts), append([]byte{4, 1, 10, 26, 26, 0, 0, 0, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, make([]byte, 8)...)},
		{new(Distinct), []byte{3, 1, 7, 21, 21, 0, 0, 9, 0xff, 0xff, 0x0f, 0}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.of.UnmarshalBinary(c.b)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 64<<10 {
			t.Errorf("%T: %d bytes for %d, %v", c.of, used, len(c.b), err)
		}
	}
}
