package expectation

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/foretell-ml/foretell/pkg/profile"
)

const preface = `# What this data set is expected to be like. Check other data against it by
#
#     foretell statistics --check THIS-FILE DATA
#
# or name it in a run config as data.constraints: a run then checks its data before it trains.
# It is meant to be edited: a key that is taken out is not checked, and every key is explained
# in docs/statistics.md of Foretell. Shares are from 0 to 1; bounds are included.

`

// yaml writes lines; the first error stays until Flush.
type yaml struct{ *bufio.Writer }

func (b yaml) line(indent, key, value, comment string) {
	text := indent + key + ":"
	if value != "" {
		text += " " + value
	}
	if comment != "" {
		text = fmt.Sprintf("%-44s # %s", text, comment)
	}
	b.WriteString(text + "\n")
}

// Write writes expectations as YAML, with a comment on each that says what it means. The same
// expectations always give the same bytes, and Read reads back what was written.
func Write(w io.Writer, e *Expectations) error {
	b := yaml{bufio.NewWriter(w)}
	b.WriteString(preface)
	if e.Rows != nil {
		b.line("", "rows", flowWhole(e.Rows), e.Rows.String()+" rows")
	}
	if e.OtherColumns != "" {
		comment := "columns that are not listed here may be there"
		if e.OtherColumns == Refused {
			comment = "no columns but those listed here"
		}
		b.line("", "other_columns", string(e.OtherColumns), comment)
	}
	if len(e.Columns) > 0 {
		b.line("", "columns", "", "")
	}
	for i := range e.Columns {
		if i > 0 {
			b.WriteString("\n")
		}
		b.column(&e.Columns[i])
	}
	if e.Rows == nil && e.OtherColumns == "" && len(e.Columns) == 0 {
		b.WriteString("{} # nothing is expected\n")
	}
	return b.Flush() // which also has the error of any write before
}

func (b yaml) column(c *Column) {
	const in = "    "
	b.line("  - ", "name", scalar(c.Name), "")
	if c.Type != "" {
		b.line(in, "type", string(c.Type), "")
	}
	if c.Missing != nil {
		comment := "at most " + share(*c.Missing) + " of the rows have no value"
		if *c.Missing == 0 {
			comment = "every row has a value"
		}
		b.line(in, "missing", number(*c.Missing), comment)
	}
	if c.Unique {
		b.line(in, "unique", "true", "no value comes twice")
	}
	if c.Integer {
		b.line(in, "integer", "true", "whole numbers")
	}
	if r := c.Range; r != nil {
		b.line(in, "range", flow("min", bound(r.Min), "max", bound(r.Max)), "")
	}
	if p := c.Period; p != nil {
		b.line(in, "period", flow("first", scalar(p.First), "last", scalar(p.Last)), "")
	}
	if len(c.Values) > 0 {
		b.values(in, c)
	}
	if c.OtherValues > 0 {
		b.line(in, "other_values", number(c.OtherValues), "at most "+share(c.OtherValues)+" of the present values are others")
	}
	if c.Length != nil {
		b.line(in, "length", flowWhole(c.Length), c.Length.String()+" characters")
	}
	if c.Order != "" {
		comment := "from row to row"
		if c.Order == profile.StrictlyIncreasing || c.Order == profile.StrictlyDecreasing {
			comment += ", no two equal"
		}
		b.line(in, "order", string(c.Order), comment)
	}
}

// values writes the allowed values in one line if they fit, else one a line.
func (b yaml) values(in string, c *Column) {
	var list []string
	for _, v := range c.Values {
		list = append(list, scalar(string(v)))
	}
	comment := "these and no others"
	if c.OtherValues > 0 {
		comment = ""
	}
	if one := "[" + strings.Join(list, ", ") + "]"; len(one) <= 88 {
		b.line(in, "values", one, comment)
		return
	}
	b.line(in, "values", "", comment)
	for _, v := range list {
		b.WriteString(in + "  - " + v + "\n")
	}
}

func bound(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}

func flowWhole(w *Whole) string {
	var low, high string
	if w.Min != nil {
		low = strconv.Itoa(*w.Min)
	}
	if w.Max != nil {
		high = strconv.Itoa(*w.Max)
	}
	return flow("min", low, "max", high)
}

// flow is a mapping of up to two keys in one line; a value that is "" is left out.
func flow(key1, value1, key2, value2 string) string {
	var list []string
	for _, pair := range [][2]string{{key1, value1}, {key2, value2}} {
		if pair[1] != "" && pair[1] != `""` {
			list = append(list, pair[0]+": "+pair[1])
		}
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// plain is text that YAML reads as text wherever it stands, with a few words excepted.
var plain = regexp.MustCompile(`^[\pL_][\pL\pN_/+. -]*$`)

var otherwise = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"}

// scalar writes a text: as it is if that is how YAML reads it, else in double quotes with
// JSON's escapes, which are YAML's too.
func scalar(text string) string {
	if plain.MatchString(text) && strings.TrimSpace(text) == text && !slices.Contains(otherwise, strings.ToLower(text)) && !strings.Contains(text, " -") {
		return text
	}
	var quoted, b strings.Builder
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string to memory cannot fail
	for _, r := range strings.TrimSuffix(quoted.String(), "\n") {
		if r > 0x7e && !unicode.IsPrint(r) && r <= 0xffff {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
