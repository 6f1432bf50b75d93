package dataset

import (
	"math"
	"strconv"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"pgregory.net/rapid"
)

type numberParser = func(values []float64, i int, data []byte, bounds []uint32, stride int) int

// numberParsers are what this machine runs, what it would run without vector instructions, and the
// part of that for short numbers.
var numberParsers = map[string]numberParser{"parseNumbers": parseNumbers, "parseNumbersGo": parseNumbersGo, "parseShort": parseShort}

// However a number is written, what is read straight from its bytes is bit for bit what
// strconv reads, wherever it lies; and what is no number for parseNumber is none here.
func TestNumbersFromBytes(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, s string) {
		want, isNumber := inferNumber(s)
		got, ok := parseNumberBytes([]byte(s), false)
		if ok != isNumber || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("parseNumberBytes(%q) = %v, %v; want %v, %v", s, got, ok, want, isNumber)
		}
		// Side by side with another one, which is none for anybody either, or is.
		for _, pair := range [][2]string{{s, "7.5"}, {"-0.25", s}, {s, s}, {s, "."}} {
			data, two := []byte("................"+pair[0]+","+pair[1]), []float64{-7, -7}
			comma := 16 + len(pair[0])
			n := parseNumbers(two, 0, data, []uint32{16, uint32(comma), uint32(comma + 1), uint32(len(data))}, 2)
			for i, v := range two[:n] {
				if want, isNumber := inferNumber(pair[i]); !isNumber || math.Float64bits(v) != math.Float64bits(want) {
					t.Errorf("number %d of %q = %v; want %v, %v", i, pair, v, want, isNumber)
				}
			}
		}
		for _, before := range []string{"", "7", ",,,,,,,,,,,,,,,", "9999999999999999", "................"} {
			data := before + s + "5.5"
			got, ok := parseNumberIn([]byte(data), len(before), len(before)+len(s))
			if ok && (!isNumber || math.Float64bits(got) != math.Float64bits(want)) {
				t.Errorf("parseNumberIn(%q) behind %q = %v; want %v, %v", s, before, got, want, isNumber)
			}
			for name, parse := range numberParsers {
				one := []float64{-7}
				ok = parse(one, 0, []byte(data), []uint32{uint32(len(before)), uint32(len(before) + len(s))}, 2) == 1
				if ok && (!isNumber || math.Float64bits(one[0]) != math.Float64bits(want)) {
					t.Errorf("%s(%q) behind %q = %v; want %v, %v", name, s, before, one[0], want, isNumber)
				}
			}
		}
	}
	for _, s := range []string{"", ".", "-", "+", "-.", "+.", "..", "0", "-0", "00", "0.", ".0", "-.5", "5.", "01", "-01", "0.1", "1.2.3", "1..2",
		"1234567.8", "12345678.", ".12345678", "123456789", "12345678.9", "-1234567.89", "9007199254740991", "9007199254740992", "9007199254740993",
		"0.30000000000000", "90071992547409.93", "900719925474099.3", "12345678,1", "1/2", "1:2", "1e5", "--1", "+-1", "1-", " 1", "1 ", "1\x00", "\xff\xff", "١"} {
		check(t, s)
	}
	rapid.Check(t, func(r *rapid.T) {
		check(r, rapid.OneOf(
			rapid.StringMatching(`[+-]?[0-9]{0,9}\.?[0-9]{0,9}`),
			rapid.StringMatching(`[+-]?(0|[1-9][0-9]{0,8})(\.[0-9]{0,8})?`),
			rapid.StringMatching(`[-+.,0-9:/e ]{0,17}`),
			rapid.Map(rapid.Float64(), func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }),
			rapid.Map(rapid.Float64Range(-1e6, 1e6), func(v float64) string { return strconv.FormatFloat(v, 'f', 5, 64) }),
		).Draw(r, "text"))
	})
}

// The usual numbers of data files take the fast way.
func TestUsualNumbersAreFast(t *testing.T) {
	for s, want := range map[string]float64{"0": 0, "-1.5": -1.5, "0.25": 0.25, "149651260": 149651260, "-278.6698": -278.6698, "123456789.654321": 123456789.654321} {
		data := []byte("................" + s)
		if got, ok := parseNumberIn(data, 16, len(data)); !ok || got != want {
			t.Errorf("%s: %v, %v", s, got, ok)
		}
		for name, parse := range numberParsers {
			one := []float64{-7}
			fast := len(s) <= 8 || name != "parseShort"
			if n := parse(one, 0, data, []uint32{16, uint32(len(data))}, 2); (n == 1) != fast || n == 1 && one[0] != want {
				t.Errorf("%s of %s: %v, %v", name, s, one[0], n)
			}
		}
	}
}

// Of a column, all numbers up to the first that is left to others are read, whichever way: one that
// has a plus sign or is near 2^53 may be left or not.
func TestColumnsOfNumbers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(r, "columns")
		texts := rapid.SliceOfN(rapid.OneOf(
			rapid.StringMatching(`-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?`),
			rapid.StringMatching(`-?(0|[1-9][0-9]{0,13})`),
			rapid.StringMatching(`-?(0|[1-9])\.[0-9]{10,12}`),
		), columns, 200).Draw(r, "texts")
		texts = texts[:len(texts)/columns*columns]
		data, bounds := []byte("a header,or more\n"), []uint32{}
		for _, text := range texts {
			bounds = append(bounds, uint32(len(data)), uint32(len(data)+len(text)))
			data = append(append(data, text...), ',')
		}
		n, column := len(texts)/columns, rapid.IntRange(0, columns-1).Draw(r, "column")
		bad := rapid.IntRange(0, n).Draw(r, "bad one")
		if bad < n {
			texts[bad*columns+column] = "x"
			data[bounds[2*(bad*columns+column)]] = 'x'
		}
		for name, parse := range map[string]numberParser{"parseNumbers": parseNumbers, "parseNumbersGo": parseNumbersGo} {
			values := make([]float64, n)
			start := rapid.IntRange(0, bad).Draw(r, "start")
			if got := parse(values, start, data, bounds[2*column:], 2*columns); got != bad {
				r.Fatalf("%s of %q leaves number %d, not %d", name, data, got, bad)
			}
			for i, v := range values {
				want := 0.0
				if start <= i && i < bad {
					want, _ = strconv.ParseFloat(texts[i*columns+column], 64)
				}
				if math.Float64bits(v) != math.Float64bits(want) {
					r.Fatalf("%s of %q: number %d is %v, not %v", name, data, i, v, want)
				}
			}
		}
	})
}

// BenchmarkParseNumbers reads the columns of a batch, one after the other.
func BenchmarkParseNumbers(b *testing.B) {
	const rows, columns = 1800, 20
	random := seed.Rand(1)
	data, bounds := []byte("................"), []uint32{}
	for range rows {
		for column := range columns {
			start := len(data)
			data = strconv.AppendFloat(data, 50+20*random.NormFloat64(), 'f', column%7, 64)
			bounds = append(bounds, uint32(start), uint32(len(data)))
			data = append(data, ',')
		}
	}
	values := make([]float64, rows)
	for b.Loop() {
		for column := range columns {
			if n := parseNumbers(values, 0, data, bounds[2*column:], 2*columns); n != rows {
				b.Fatalf("of column %d, %d numbers are read", column, n)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows/columns, "ns/value")
}
