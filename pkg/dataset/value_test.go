package dataset

import (
	"math"
	"testing"
	"time"
)

func TestParseValue(t *testing.T) {
	at := func(s string) float64 {
		m, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return float64(m.UnixMicro())
	}
	for _, c := range []struct {
		t    Type
		s    string
		want float64
	}{
		{Numeric, "0", 0}, {Numeric, " 42 ", 42}, {Numeric, "+1", 1}, {Numeric, "-.5", -0.5}, {Numeric, "5.", 5},
		{Numeric, "1e3", 1000}, {Numeric, "1.5E-3", 0.0015}, {Numeric, "007", 7}, {Numeric, "1e-400", 0},
		{Numeric, "inf", math.Inf(1)}, {Numeric, "-Infinity", math.Inf(-1)}, {Numeric, "+INF", math.Inf(1)},
		{Numeric, "9007199254740993", 9007199254740992}, // beyond 2^53 to the nearest
		{Boolean, "true", 1}, {Boolean, "FALSE", 0}, {Boolean, "1", 1}, {Boolean, "0", 0},
		{Timestamp, "1970-01-01", 0},
		{Timestamp, "1970-01-01T00:00:01Z", 1e6},
		{Timestamp, "2026-11-22T10:30:00+02:00", at("2026-11-22T08:30:00Z")},
		{Timestamp, "2026-11-22T10:30:00-0230", at("2026-11-22T13:00:00Z")},
		{Timestamp, "2026-11-22 10:30:00+02", at("2026-11-22T08:30:00Z")},
		{Timestamp, "2026-11-22 10:30", at("2026-11-22T10:30:00Z")},
		{Timestamp, "2026-11-22t10:30:01.25z", at("2026-11-22T10:30:01.25Z")},
		{Timestamp, "1969-12-31T23:59:59.9999999Z", -1}, // cut downward
		{Timestamp, "0000-01-01", -62167219200e6},
		{Timestamp, "9999-12-31T23:59:59.999999Z", 253402300799999968}, // the last float64 of the year
	} {
		if got, err := ParseValue(c.t, c.s); err != nil || got != c.want {
			t.Errorf("ParseValue(%s, %q) = %v, %v; want %v", c.t, c.s, got, err, c.want)
		}
	}
}

func TestParseValueRefuses(t *testing.T) {
	for typ, values := range map[Type][]string{
		Numeric: {"", "-", ".", "e5", "1e", "1e+", "0x10", "0x1p-2", "1_000", "1,000", "1,5", "1 2", "nan", "NA",
			"++1", "--inf", "1e999", "1.2.3", "١", "$5", "5%", "infinite"},
		Boolean: {"", "yes", "t", "2", "01", "truefalse"},
		Timestamp: {"", "2026", "2026-1-2", "2026-02-30", "22.11.2026", "2026-11-22T", "2026-11-22T25:00", "2026-11-22X10:00",
			"2026-11-22T10", "2026-11-22T10:00:00+2", "0000-01-01T00:00:00+01:00", "9999-12-31T23:30:00-01:00",
			"2026-11-22T10:00:00 Z", "10000-01-01"},
		Categorical: {"x"}, Text: {"x"},
	} {
		for _, s := range values {
			if v, err := ParseValue(typ, s); err == nil {
				t.Errorf("ParseValue(%s, %q) = %v, want an error", typ, s, v)
			}
		}
	}
}

func TestText(t *testing.T) {
	column := func(typ Type, v float64) *Column { return &Column{Type: typ, Values: []float64{v}} }
	for _, c := range []struct {
		column *Column
		want   string
	}{
		{column(Numeric, math.NaN()), ""},
		{column(Numeric, math.Copysign(0, -1)), "0"},
		{column(Numeric, 0.1), "0.1"},
		{column(Numeric, 1234567), "1234567"},
		{column(Numeric, -1e20), "-100000000000000000000"},
		{column(Numeric, 1e21), "1e+21"},
		{column(Numeric, 1e-6), "0.000001"},
		{column(Numeric, 1e-7), "1e-07"},
		{column(Numeric, math.Inf(-1)), "-Inf"},
		{column(Boolean, 1), "true"},
		{column(Boolean, 0), "false"},
		{column(Boolean, math.NaN()), ""},
		{column(Timestamp, -1), "1969-12-31T23:59:59.999999Z"},
		{column(Timestamp, lastTimestamp), "9999-12-31T23:59:59.999968Z"},
		{&Column{Type: Categorical, Codes: []int32{1}, Levels: []string{"a", "b"}}, "b"},
		{&Column{Type: Text, Codes: []int32{-1}, Levels: []string{"a", "b"}}, ""},
	} {
		got := c.column.Text(0)
		if got != c.want {
			t.Errorf("Text of %v = %q, want %q", c.column, got, c.want)
		}
		if !c.column.Missing(0) && !c.column.Type.Coded() {
			if v, err := ParseValue(c.column.Type, got); err != nil || v != c.column.Values[0] {
				t.Errorf("ParseValue(%q) = %v, %v; want %v", got, v, err, c.column.Values[0])
			}
		}
	}
}
