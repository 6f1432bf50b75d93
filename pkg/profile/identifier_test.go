package profile

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func TestIdentifierOf(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	shuffled := random.Perm(30_000)
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		column dataset.Column
		want   string
	}{
		{"row numbers", numbersOf(150, func(i int) float64 { return float64(i) }), "whole numbers from 0 to 149, by one from row to row"},
		{"row numbers downwards", numbersOf(150, func(i int) float64 { return float64(-i) }), "whole numbers from -149 to 0, by one from row to row"},
		{"row numbers with gaps", numbersOf(150, func(i int) float64 { return float64(3 * i) }), "150 different whole numbers between 0 and 447, where chance would repeat about 25"},
		{"shuffled", numbersOf(200, func(i int) float64 { return float64((i * 77) % 200) }), "200 different whole numbers between 0 and 199, where chance would repeat about 100"},
		{"30,000 shuffled, counted by a sketch", numbersOf(30_000, func(i int) float64 { return float64(shuffled[i]) }), "30,000 different whole numbers between 0 and 29,999, where chance would repeat about 15,000"},
		{"keys", textsOf(dataset.Text, 150, func(i int) string { return fmt.Sprintf("C-%05d", i*37) }), "different texts of 7 characters each"},
		{"keys without padding", textsOf(dataset.Text, 1200, func(i int) string { return fmt.Sprint("user", i) }), "different texts of 5 to 8 characters with digits and without spaces"},
		{"UUIDs", textsOf(dataset.Text, 60, func(i int) string {
			return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", random.Uint32(), random.IntN(1<<16), random.IntN(1<<12), random.IntN(1<<12), random.Int64N(1<<48))
		}), "different texts in the form of a UUID"},

		{"no rows", numbersOf(0, nil), ""},
		{"few rows", numbersOf(19, func(i int) float64 { return float64(i) }), ""},
		{"all missing", numbersOf(100, func(int) float64 { return nan }), ""},
		{"a tenth missing", numbersOf(150, with(nan, 15, func(i int) float64 { return float64(i) })), ""},
		{"one repeated", numbersOf(150, with(149, 1, func(i int) float64 { return float64(i) })), ""},
		{"30,000 of which a third repeat, counted by a sketch", numbersOf(30_000, func(i int) float64 { return float64(shuffled[i] / 3 * 3) }), ""},
		{"30,000 in a range of 30 million: a sketch cannot tell", numbersOf(30_000, func(i int) float64 { return float64(1000 * shuffled[i]) }), ""},
		{"one of 30,000 is frequent", numbersOf(30_000, with(7, 600, func(i int) float64 { return float64(shuffled[i]) })), ""},
		{"measurements", numbersOf(5000, normals(8)), ""},
		{"sorted measurements", numbersOf(150, func(i int) float64 { return float64(i) / 7 }), ""},
		{"people in fifty states", numbersOf(50, func(i int) float64 { return float64(600_000 + i*i*12_345 + i) }), ""},
		{"years", numbersOf(71, func(i int) float64 { return float64(1950 + i) }), ""},
		{"days in digits", numbersOf(28, func(i int) float64 { return float64(20240201 + i) }), ""},
		{"seconds since 1970", numbersOf(3000, func(i int) float64 { return float64(1_700_000_000 + i) }), ""},
		{"milliseconds since 1970", numbersOf(3000, func(i int) float64 { return float64(1_700_000_000_000 + i) }), ""},
		{"days", dataset.Column{Type: dataset.Timestamp, Values: floatsOf(300, func(i int) float64 { return float64(day.AddDate(0, 0, i).UnixMicro()) })}, ""},
		{"names", textsOf(dataset.Text, 60, func(i int) string { return fmt.Sprintf("Person %c", 'A'+i) }), ""},
		{"addresses", textsOf(dataset.Text, 60, func(i int) string { return fmt.Sprintf("%.*s@example.com", i%20+1, "abcdefghijklmnopqrstuvwxyz") }), ""},
		{"words", textsOf(dataset.Text, 60, func(i int) string { return "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"[:i+3] }), ""},
		{"categories", textsOf(dataset.Categorical, 60, func(i int) string { return fmt.Sprintf("c%02d", i/2) }), ""},
	} {
		got := one(t, c.column)
		if got := identifierOf(&got, c.column.Len()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNumbersInSentences(t *testing.T) {
	for want, got := range map[string]string{
		"0": numberText(0), "-12,345": numberText(-12345), "2024": numberText(2024), "1,234,567": countText(1234567), "0.333333": numberText(1. / 3),
		"1e+300": numberText(1e300), "50 %": percent(0.5), "100 %": percent(1), "0 %": percent(0), "less than 0.01 %": percent(0.00003), "more than 99.99 %": percent(0.99995), "12.34 %": percent(0.12341),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
