package sketch

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

var update = flag.Bool("update", false, "write the sketches in testdata/golden/sketch anew; then run testdata/peers/sketch_datasketches.py")

const goldenFolder = "../../testdata/golden/sketch"

// tolerance is for numbers that both compute by the same formula, in another order of rounding.
const tolerance = 1e-12

type stored interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// answers is what Python says of a sketch.
type answers struct {
	// of quantiles
	N         uint64
	Exact     bool
	RankError float64 `json:"rank_error"`
	Min, Max  *float64
	Quantiles [][2]float64 // rank, value
	Ranks     [][2]float64 // value, rank
	// of distinct
	Estimate *float64
	// of texts and numbers
	Offset uint64
	Items  []struct {
		Item string
		N    uint64
	}
}

type peer struct {
	Read    map[string]answers // sketches of testdata/golden/sketch
	Written []struct {
		Name    string
		Kind    string
		Bytes   []byte
		Answers answers
	}
	Distinct []struct {
		LgK      uint8
		N        int
		Kind     string // float or text
		Estimate float64
		Bytes    []byte // of a merged sketch; of small ones only
	}
}

func readPeer(t *testing.T) peer {
	t.Helper()
	b, err := os.ReadFile("../../testdata/golden/sketch_datasketches.json")
	if err != nil {
		t.Fatal(err)
	}
	var p peer
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// sorted returns n values of next in ascending order.
func sorted(n int, next func(i int) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = next(i)
	}
	slices.Sort(values)
	return values
}

func quantilesOf(k uint16, seed uint64, runs ...[]float64) *Quantiles {
	q := NewQuantiles(k, seed)
	for _, run := range runs {
		q.AddSorted(run)
	}
	return q
}

func textsOf(max int, items ...string) *Texts {
	t := NewTexts(max)
	for _, item := range items {
		t.Add([]byte(item), 1)
	}
	return t
}

func numbersOf(max int, runs ...[]float64) *Numbers {
	t := NewNumbers(max)
	for _, run := range runs {
		t.AddSorted(run)
	}
	return t
}

func distinctOf(lgK uint8, n int, kind string) *Distinct {
	d := NewDistinct(lgK)
	for i := range n {
		if kind == "float" {
			d.AddFloat(float64(i) * 0.37)
		} else {
			d.AddBytes(fmt.Appendf(nil, "Zeile %d — größer", i))
		}
	}
	return d
}

// examples are the sketches that Python reads.
func examples() map[string]stored {
	r := rand.New(rand.NewPCG(3, 4))
	// Skewed, and the same bits on every machine, which math.Exp does not give.
	skewed := func(int) float64 { return math.Ldexp(1+r.Float64(), r.IntN(8)+r.IntN(8)-6) }
	var blocks [][]float64
	for range 40 {
		blocks = append(blocks, sorted(5000, skewed))
	}
	shards := NewQuantiles(100, 1)
	for i := range 16 {
		shards.Merge(quantilesOf(100, uint64(i), sorted(3001, skewed)))
	}
	single := NewQuantiles(50, 9)
	for range 3000 {
		single.AddSorted([]float64{math.Round(skewed(0))})
	}
	mixed := quantilesOf(200, 1, sorted(9999, skewed))
	mixed.Merge(quantilesOf(64, 2, sorted(7777, skewed)))

	var words []string
	for range 5000 {
		words = append(words, "word "+strconv.Itoa(int(r.Float64()*r.Float64()*r.Float64()*2000)))
	}
	many := NewTexts(100)
	for i := range 300 {
		many.Merge(textsOf(100, fmt.Sprint("shard ", i), "always"))
	}
	identifiers := NewTexts(24)
	var items [][]byte
	for i := range 1000 {
		items = append(items, fmt.Appendf(nil, "id-%d", i))
	}
	identifiers.AddAll(items, slices.Repeat([]uint64{1}, len(items)))

	return map[string]stored{
		"quantiles-empty":      NewQuantiles(800, 1),
		"quantiles-one":        quantilesOf(800, 1, []float64{-2.5}),
		"quantiles-two":        quantilesOf(8, 1, []float64{-2.5, 7}),
		"quantiles-exact":      quantilesOf(100, 1, blocks[0][:60], blocks[1][:40]),
		"quantiles-skewed":     quantilesOf(200, 1, blocks...),
		"quantiles-shards":     shards,
		"quantiles-one-by-one": single,
		"quantiles-smaller-k":  mixed,
		"quantiles-infinite":   quantilesOf(8, 1, []float64{math.Inf(-1), math.Inf(-1), -1, 0, 1, math.Inf(1)}, blocks[0]),

		"distinct-empty": NewDistinct(12),
		"distinct-one":   distinctOf(8, 1, "float"),
		"distinct-few":   distinctOf(8, 100, "text"),
		"distinct-many":  distinctOf(10, 200000, "float"),
		"distinct-least": distinctOf(4, 50000, "text"),

		"texts-empty":       NewTexts(100),
		"texts-exact":       textsOf(12, "b", "a", "b", "", "größer", "日本語", "b"),
		"texts-offset":      textsOf(100, words...),
		"texts-merged":      many,
		"texts-identifiers": identifiers,

		"numbers-exact":  numbersOf(12, []float64{math.Inf(-1), -1e300, -0.1, math.Copysign(0, -1), 0, 5e-324, 1e-7, 1e20, 1e21, math.Inf(1)}, []float64{-0.1, 0, 1. / 3}),
		"numbers-offset": numbersOf(24, sorted(400, func(int) float64 { return math.Round(skewed(0)) }), sorted(400, func(int) float64 { return math.Round(skewed(0)) })),
	}
}

func TestPythonReadsOurSketches(t *testing.T) {
	p := readPeer(t)
	made := examples()
	if *update {
		if err := os.RemoveAll(goldenFolder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(goldenFolder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.Read) != len(made) && !*update {
		t.Errorf("Python read %d sketches of %d", len(p.Read), len(made))
	}
	for name, s := range made {
		b, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(name, err)
		}
		file := filepath.Join(goldenFolder, name+".bin")
		if *update {
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s has other bytes than %s, which Python read (%v)", name, file, err)
		}
		said, ok := p.Read[name]
		if !ok {
			t.Errorf("Python did not read %s", name)
		}
		agree(t, name, s, said)

		again := blank(s)
		if err := again.UnmarshalBinary(b); err != nil {
			t.Fatal(name, err)
		}
		agree(t, name+" read again", again, said)
		if b2, err := again.MarshalBinary(); err != nil || !bytes.Equal(b, b2) {
			t.Errorf("%s is written differently after reading (%v)", name, err)
		}
	}
}

func blank(s stored) stored {
	switch s.(type) {
	case *Quantiles:
		return new(Quantiles)
	case *Distinct:
		return new(Distinct)
	case *Texts:
		return new(Texts)
	default:
		return new(Numbers)
	}
}

func agree(t *testing.T, name string, s stored, a answers) {
	t.Helper()
	differs := func(what string, got, want any) {
		t.Helper()
		t.Errorf("%s: %s is %v, Python says %v", name, what, got, want)
	}
	frequent := func(n, offset uint64, items []Count[string]) {
		t.Helper()
		if n != a.N || offset != a.Offset || len(items) != len(a.Items) {
			differs("n, offset, length", []any{n, offset, len(items)}, []any{a.N, a.Offset, len(a.Items)})
			return
		}
		for i, c := range items {
			if c.Item != a.Items[i].Item || c.N != a.Items[i].N {
				differs("an item", c, a.Items[i])
			}
		}
	}
	switch s := s.(type) {
	case *Quantiles:
		if s.N() != a.N || s.Exact() != a.Exact {
			differs("n, exact", []any{s.N(), s.Exact()}, []any{a.N, a.Exact})
		}
		if want := a.RankError; !a.Exact && !num.Close(s.RankError(), want, tolerance) || a.Exact && s.RankError() != 0 {
			differs("rank error", s.RankError(), want)
		}
		if a.N == 0 {
			if !math.IsNaN(s.Min()) || !math.IsNaN(s.Max()) || !math.IsNaN(s.Quantile(0.5)) || !math.IsNaN(s.Rank(0)) {
				t.Errorf("%s: statistics of nothing are not NaN", name)
			}
			return
		}
		if a.Min != nil && (s.Min() != *a.Min || s.Max() != *a.Max) {
			differs("min, max", []any{s.Min(), s.Max()}, []any{*a.Min, *a.Max})
		}
		for _, pair := range a.Quantiles {
			if got := s.Quantile(pair[0]); got != pair[1] {
				differs(fmt.Sprint("quantile ", pair[0]), got, pair[1])
			}
		}
		for _, pair := range a.Ranks {
			if got := s.Rank(pair[0]); got != pair[1] {
				differs(fmt.Sprint("rank of ", pair[0]), got, pair[1])
			}
		}
		if len(a.Quantiles) < 10 || len(a.Ranks) < 3 {
			t.Errorf("%s: Python answered too little", name)
		}
	case *Distinct:
		if a.Estimate == nil || !num.Close(s.Estimate(), *a.Estimate, tolerance) {
			differs("estimate", s.Estimate(), a.Estimate)
		}
	case *Texts:
		var items []Count[string]
		for item, n := range s.All() {
			items = append(items, Count[string]{item, n})
		}
		frequent(s.N(), s.Offset(), items)
	case *Numbers:
		var items []Count[string]
		for v, n := range s.All() {
			items = append(items, Count[string]{numberText(v), n})
		}
		slices.SortFunc(items, func(a, b Count[string]) int { return bytes.Compare([]byte(a.Item), []byte(b.Item)) })
		frequent(s.N(), s.Offset(), items)
	}
}

func TestGoReadsPythonsSketches(t *testing.T) {
	p := readPeer(t)
	kinds := map[string]stored{"quantiles": new(Quantiles), "distinct": new(Distinct), "texts": new(Texts), "numbers": new(Numbers)}
	seen := map[string]int{}
	for _, w := range p.Written {
		s := blank(kinds[w.Kind])
		if err := s.UnmarshalBinary(w.Bytes); err != nil {
			t.Errorf("%s: %v", w.Name, err)
			continue
		}
		agree(t, w.Name, s, w.Answers)
		seen[w.Kind]++
	}
	for kind := range kinds {
		if least := map[bool]int{true: 11, false: 3}[kind == "quantiles"]; seen[kind] < least {
			t.Errorf("Python wrote %d sketches of the kind %s", seen[kind], kind)
		}
	}
}

// The registers and estimates of values that both add themselves.
func TestDistinctEqualsPython(t *testing.T) {
	p := readPeer(t)
	if len(p.Distinct) < 150 {
		t.Fatalf("Python made %d sketches", len(p.Distinct))
	}
	whole := 0
	for _, c := range p.Distinct {
		d := distinctOf(c.LgK, c.N, c.Kind)
		if got := d.Estimate(); !num.Close(got, c.Estimate, tolerance) {
			t.Errorf("lgK %d, %d of %s: the estimate is %v, Python says %v", c.LgK, c.N, c.Kind, got, c.Estimate)
		}
		if len(c.Bytes) > 0 {
			whole++
			b, _ := d.MarshalBinary()
			if !bytes.Equal(b[hllHead:], c.Bytes[hllHead:]) || !bytes.Equal(b[16:hllHead], c.Bytes[16:hllHead]) {
				t.Errorf("lgK %d, %d of %s: the registers differ from Python's", c.LgK, c.N, c.Kind)
			}
		}
	}
	if whole < 10 {
		t.Errorf("Python gave the registers of %d sketches", whole)
	}
}

func TestConventionsOfDistinct(t *testing.T) {
	a, b := NewDistinct(8), NewDistinct(8)
	a.AddFloats([]float64{0, math.NaN()})
	b.AddFloat(math.Copysign(0, -1))
	b.AddFloat(math.Float64frombits(0xfff8000000000123))
	b.AddBytes(nil)
	if !slices.Equal(a.registers, b.registers) {
		t.Error("-0 is not 0, or NaN not NaN, or the empty text is something")
	}
}
