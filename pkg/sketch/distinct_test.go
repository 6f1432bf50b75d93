package sketch

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// The relative errors are those of a normal distribution with the standard error that is
// stated, or smaller: linear counting, while registers are empty, is closer. Of up to 64
// values (√4096), of which two fall on one register at times, it is the root mean square.
func TestDistinctErrorIsInsideItsBound(t *testing.T) {
	for _, c := range []struct{ n, trials int }{
		{1, trials}, {2, trials}, {10, trials}, {100, trials}, {1000, trials}, {3000, trials}, {12000, trials}, {100_000, trials}, {1_000_000, 100},
	} {
		var inside [4]int
		var sum, squares, bound float64
		values := make([]float64, c.n)
		for trial := range c.trials {
			r := rand.New(rand.NewPCG(uint64(trial), uint64(c.n)))
			for i := range values {
				values[i] = math.Float64frombits(r.Uint64() &^ (1 << 62))
			}
			d := NewDistinct(12)
			d.AddFloats(values)
			bound = d.Error()
			e := d.Estimate()/float64(c.n) - 1
			sum += e
			squares += e * e
			for sigma := 1; sigma <= 3; sigma++ {
				if math.Abs(e) <= float64(sigma)*bound {
					inside[sigma]++
				}
			}
		}
		n := float64(c.trials)
		t.Logf("n=%d: %.1f, %.1f, %.1f %% of %d trials inside 1, 2, 3 · %.4f, mean %+.5f", c.n,
			100*float64(inside[1])/n, 100*float64(inside[2])/n, 100*float64(inside[3])/n, c.trials, bound, sum/n)
		for sigma, share := range []float64{1: 0.6827, 2: 0.9545, 3: 0.9973} {
			if least := n*share - 3*math.Sqrt(n*share*(1-share)); c.n > 64 && float64(inside[sigma]) < least {
				t.Errorf("n=%d: %d of %d errors are inside %d standard errors, %.0f at least should be", c.n, inside[sigma], c.trials, sigma, least)
			}
		}
		// The variance of n errors is off by √(2/n) of it, by chance.
		if rms := math.Sqrt(squares / n); rms > bound*(1+2/math.Sqrt(n)) {
			t.Errorf("n=%d: the errors are %v on the average, %v is stated", c.n, rms, bound)
		}
		if math.Abs(sum/n) > 4*bound/math.Sqrt(n) {
			t.Errorf("n=%d: the mean error is %v", c.n, sum/n)
		}
	}
}

// Registers do not depend on order, sharding or grouping.
func TestDistinctMergesInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	whole := NewDistinct(10)
	shards := make([]*Distinct, 20)
	for i := range shards {
		shards[i] = NewDistinct(10)
		for range r.IntN(2000) {
			v := float64(r.IntN(30000))
			whole.AddFloat(v)
			shards[i].AddFloat(v)
		}
	}
	want, _ := whole.MarshalBinary()
	for range 20 {
		r.Shuffle(len(shards), func(i, j int) { shards[i], shards[j] = shards[j], shards[i] })
		groups := []*Distinct{new(Distinct), NewDistinct(10), new(Distinct)}
		for _, s := range shards {
			groups[r.IntN(3)].Merge(s)
		}
		groups[1].Merge(groups[2])
		groups[0].Merge(groups[1])
		if got, _ := groups[0].MarshalBinary(); !bytes.Equal(got, want) {
			t.Fatal("the registers depend on the order")
		}
	}
}

func TestDistinctMergesWithNothingAndOtherSizes(t *testing.T) {
	small, great := distinctOf(6, 5000, "text"), distinctOf(12, 5000, "text")
	want, _ := small.MarshalBinary()
	for name, pair := range map[string][2]*Distinct{
		"small, great": {distinctOf(6, 9, "text"), great}, "great, small": {great.Clone(), distinctOf(6, 9, "text")},
		"small, nothing": {small.Clone(), NewDistinct(4)}, "nothing, small": {NewDistinct(4), small}, "zero, small": {new(Distinct), small},
	} {
		pair[0].Merge(pair[1])
		if got, _ := pair[0].MarshalBinary(); !bytes.Equal(got, want) {
			t.Errorf("%s: not what the smaller size holds", name)
		}
	}
	var nothing Distinct
	nothing.Merge(new(Distinct))
	if nothing.Estimate() != 0 {
		t.Error("nothing and nothing is something")
	}
}

// TestDistinctEqualsPython checks the hashes of numbers and texts; this, that the way short cut
// for numbers is the same function, and that the end of a text is read as if zeros followed it.
func TestHash(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 100 {
		x := r.Uint64()
		a1, a2 := hash64(x)
		b1, b2 := hashBytes(binary.LittleEndian.AppendUint64(nil, x))
		if a1 != b1 || a2 != b2 {
			t.Fatalf("%x: the hash of a number is not that of its bytes", x)
		}
		b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, x), r.Uint64())
		for n := range b {
			var filled [16]byte
			copy(filled[:], b[:n])
			if low, high := words(b[:n:n]); low != binary.LittleEndian.Uint64(filled[:]) || high != binary.LittleEndian.Uint64(filled[8:]) {
				t.Fatalf("%x: the words of its first %d bytes are %x and %x", b, n, low, high)
			}
		}
	}
}

func TestDistinctReadsLists(t *testing.T) {
	// Python: s = hll_sketch(4, HLL_8); s.update(1.0); s.serialize_compact()
	var d Distinct
	if err := d.UnmarshalBinary([]byte("\x02\x01\x07\x04\x03\x08\x01\x08\x0b\xa5\x9d\x0f")); err != nil {
		t.Fatal(err)
	}
	want := NewDistinct(4)
	want.AddFloat(1)
	a, _ := d.MarshalBinary()
	if b, _ := want.MarshalBinary(); !bytes.Equal(a, b) {
		t.Errorf("%v, not %v", a, b)
	}
}

func TestRegisters(t *testing.T) {
	for h, want := range map[uint64]uint8{0: 63, 1: 63, 2: 63, 4: 62, 1 << 62: 2, 1 << 63: 1, math.MaxUint64: 1} {
		if got := zeros(h); got != want {
			t.Errorf("%x gives %d, not %d", h, got, want)
		}
	}
	// Σ 2^-r: 13 registers are 0, one 1 and one 31; the one of 40 is apart.
	d := Distinct{lgK: 4, registers: []uint8{1, 31, 40, 15: 0}}
	b := bytesOf(t, &d)
	if low, high := float64At(b, 16), float64At(b, 24); low != 13.5+math.Ldexp(1, -31) || high != math.Ldexp(1, -40) {
		t.Errorf("the sums are %v and %v", low, high)
	}
}
