package report

import (
	"math"
	"testing"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 1: "1", -1: "-1", 0.5: "0.5",
		43.9219298245614: "43.92", -0.33415: "-0.3342", 0.1 + 0.2: "0.3", 999.94: "999.9", 999.96: "1000", 999.9499: "999.9",
		2007: "2007", 9999.4: "9999", 9999.6: "10,000", 12345: "12,345", -12345: "-12,345", 100000: "100,000",
		1184622: "1,184,622", 999999999999: "999,999,999,999", 1e12: "1e+12", 1.23456e15: "1.235e+15",
		0.0001: "0.0001", 0.00012346: "0.0001235", 0.00001: "1e-05", -1.5e-300: "-1.5e-300",
		math.MaxFloat64: "1.798e+308", 5e-324: "4.941e-324",
		math.Inf(1): "+∞", math.Inf(-1): "-∞",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
	if got := number(math.NaN()); got != "–" {
		t.Errorf("number(NaN) = %q", got)
	}
}

func TestCountAndPercent(t *testing.T) {
	for n, want := range map[int]string{0: "0", 344: "344", 6000: "6000", 60000: "60,000", 1234567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		part, whole int
		want        string
	}{
		{0, 0, "–"}, {0, 10, "0%"}, {10, 10, "100%"}, {1, 3, "33%"}, {1, 30, "3.3%"},
		{1, 10000, "<0.1%"}, {9999, 10000, ">99.9%"}, {996, 1000, "99.6%"}, {99, 1000, "9.9%"}, {9996, 100000, "10%"},
	} {
		if got := percent(c.part, c.whole); got != c.want {
			t.Errorf("percent(%d, %d) = %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestScoreDigits(t *testing.T) {
	for _, c := range []struct {
		score, deviation float64
		want             string
	}{
		{0.912345, 0.00312, "0.9123"}, {0.912345, 0.0312, "0.912"}, {0.912345, 0, "0.9123"}, {0.912345, math.NaN(), "0.9123"},
		{0.912345, 1e-9, "0.912345"}, {234.5678, 3.21, "234.6"}, {234.5678, 32.1, "235"}, {1234567.8, 9876, "1,234,568"},
		{0, 0, "0.000"}, {0, 0.012, "0.000"}, {-0.5, 0.1, "-0.50"}, {0.9, 0.00996, "0.900"}, {1000, 0, "1000"}, {999.96, 0, "1000"},
	} {
		row := LeaderboardRow{Score: c.score, StandardError: c.deviation}
		if got := fixed(row.Score, scoreDigits(row)); got != c.want {
			t.Errorf("%v ± %v: %q, want %q", c.score, c.deviation, got, c.want)
		}
	}
}

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		counts []int
		width  int
		want   string
	}{
		{nil, 5, ""},
		{[]int{3}, 5, "█"},
		{[]int{0, 1, 1000}, 5, " ▁█"},
		{[]int{8, 7, 6, 5, 4, 3, 2, 1}, 8, "██▇▆▅▄▃▂"},
		{[]int{1, 1, 2, 2, 4}, 3, "▅██"}, // 2, 4, 4
		{[]int{1, 1, 2, 2, 4}, 0, "█"},
	} {
		if got := sparkline(c.counts, c.width); got != c.want {
			t.Errorf("sparkline(%v, %d) = %q, want %q", c.counts, c.width, got, c.want)
		}
	}
}
