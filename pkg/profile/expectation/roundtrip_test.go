package expectation

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// pointer is a generator of values that may be absent.
func pointer[T any](g *rapid.Generator[T]) *rapid.Generator[*T] { return rapid.Ptr(g, true) }

// TestWriteAndReadAreInverse draws expectations of any texts and numbers.
func TestWriteAndReadAreInverse(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "null", "~", "yes", "No", "1", "007", "1e5", "0x1f", "- a", "a: b", "a #b", "#", " a", "a ", "a\nb", "\t", "\u2028", "\ufeff", "\u0085",
		"'", `"`, `\`, "&a", "*a", "!a", "%a", "@a", "{", "[", "|", ">", "?", "-", "---", "...", "2020-01-01", "12:30", "<=50K", ".inf", "NaN", "=", "<<", "é", "中", "👍", "a, b", "\x00", "\x7f"}))
	share := rapid.Float64Range(0, 1)
	anyNumber := rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.SampledFrom([]float64{0, 1e-7, 1e21, 123456789, -0.1, 5e-324}))
	rapid.Check(t, func(t *rapid.T) {
		whole := func(label string) *Whole {
			low := rapid.IntRange(0, 100).Draw(t, label)
			high := low + rapid.IntRange(0, 1000).Draw(t, label)
			return rapid.SampledFrom([]*Whole{nil, {}, {Min: &low}, {Max: &high}, {Min: &low, Max: &high}}).Draw(t, label)
		}
		e := &Expectations{Rows: whole("rows"), OtherColumns: rapid.SampledFrom([]Others{"", Allowed, Refused}).Draw(t, "others")}
		for _, name := range rapid.SliceOfNDistinct(texts, 0, 4, rapid.ID).Draw(t, "names") {
			c := Column{Name: name, Missing: pointer(share).Draw(t, "missing"), Unique: rapid.Bool().Draw(t, "unique"), Integer: rapid.Bool().Draw(t, "integer"),
				Type: rapid.SampledFrom([]dataset.Type{"", dataset.Numeric, dataset.Text}).Draw(t, "type"), Length: whole("length"),
				Order: rapid.SampledFrom([]profile.Order{"", profile.Increasing, profile.StrictlyDecreasing}).Draw(t, "order")}
			low, high := anyNumber.Draw(t, "low"), anyNumber.Draw(t, "high")
			low, high = min(low, high), max(low, high)
			c.Range = rapid.SampledFrom([]*Range{nil, {}, {Min: &low}, {Max: &high}, {Min: &low, Max: &high}}).Draw(t, "range")
			c.Period = rapid.SampledFrom([]*Period{nil, {}, {First: "2020-02-29"}, {First: "0001-01-01", Last: "2020-02-29T23:59:59.5+02:00"}}).Draw(t, "period")
			for _, v := range rapid.SliceOfN(texts, 0, 12).Draw(t, "values") {
				c.Values = append(c.Values, Value(v))
			}
			if len(c.Values) > 0 {
				c.OtherValues = share.Draw(t, "others")
			}
			e.Columns = append(e.Columns, c)
		}
		var b strings.Builder
		if err := Write(&b, e); err != nil {
			t.Fatal(err)
		}
		back, err := Read(strings.NewReader(b.String()))
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%v\n%s\ngot  %+v\nwant %+v", err, b.String(), back, e)
		}
		asJSON, err := json.Marshal(Named{Expectations: *e})
		if err != nil {
			t.Fatal(err)
		}
		if back, err = Read(strings.NewReader(string(asJSON))); err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%v\n%s\ngot  %+v\nwant %+v", err, asJSON, back, e)
		}
	})
}
