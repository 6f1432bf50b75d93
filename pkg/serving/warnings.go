package serving

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// Warning says what is odd about a value that was predicted from all the same.
type Warning struct {
	Pointer string `json:"pointer,omitempty"` // RFC 6901
	Line    int    `json:"line,omitempty"`    // of a text, from 1
	Row     int    `json:"row,omitempty"`     // from 1
	Column  string `json:"column,omitempty"`
	Detail  string `json:"detail"`
}

// oddities are what is odd about the rows: first of single values, in the order of rows, then of
// columns. Infinite numbers where training had none are a fault, noted as such: linear scores of
// them would be no numbers.
func (d *rows) oddities(table *dataset.Table) []Warning {
	unseen, more := d.unseen(d.build.Unseen())
	beyond, further, missing := d.beyond(table)
	all := append(unseen, beyond...)
	slices.SortStableFunc(all, func(a, b Warning) int { return cmp.Compare(a.Row, b.Row) })
	if cut := len(all) - MaxFaults; cut > 0 {
		for _, w := range all[MaxFaults:] {
			if strings.HasSuffix(w.Detail, unseenDetail) {
				more++
			} else {
				further++
			}
		}
		all = all[:MaxFaults]
	}
	if more > 0 {
		all = append(all, Warning{Detail: fmt.Sprintf("%d more values were never seen in training", more)})
	}
	if further > 0 {
		all = append(all, Warning{Detail: fmt.Sprintf("%d more numbers are beyond those of training", further)})
	}
	all = append(all, d.habits()...)
	if len(missing) > 0 {
		all = append(all, Warning{Detail: "missing here, but never in training: " + nearest.List(missing)})
	}
	return all
}

const unseenDetail = "was never seen in training and counts as missing"

// unseen are the first of the texts that training never saw, and how many more there are.
func (d *rows) unseen(all []dataset.Unseen) (first []Warning, more int) {
	more = max(0, len(all)-MaxFaults)
	for _, u := range all[:len(all)-more] {
		first = append(first, d.warning(u.Row, u.Column, d.quote(u.Value)+" "+unseenDetail))
	}
	return first, more
}

// beyond are the first of the numbers below the least or above the greatest of training, how many
// more there are, and the columns that miss values and never did in training.
func (d *rows) beyond(table *dataset.Table) (first []Warning, more int, missing []string) {
	absent := map[string]int{} // texts that only count as missing
	for _, u := range d.build.Unseen() {
		absent[u.Column]++
	}
	for i := range table.Columns {
		c := &table.Columns[i]
		var reference profile.Column
		if i < len(d.reference.Columns) && d.reference.Columns[i].Name == c.Name {
			reference = d.reference.Columns[i]
		}
		none := -absent[c.Name]
		for row := range table.Rows() {
			switch {
			case c.Missing(row):
				none++
			case c.Type != dataset.Numeric:
			case math.IsInf(c.Values[row], 0) && reference.Infinite == (profile.Infinite{}):
				d.faultAt(d.place(row, c.Name), row+1, c.Name, "is infinite; leave it out if it is not known")
			case reference.Numeric != nil:
				switch detail := d.outside(c, row, reference.Numeric); {
				case detail == "":
				case len(first) < MaxFaults:
					first = append(first, d.warning(row, c.Name, detail))
				default:
					more++
				}
			}
		}
		if none > 0 && reference.Count > 0 && reference.Missing == 0 && c.Name != d.offset {
			missing = append(missing, c.Name)
		}
	}
	return first, more, missing
}

// outside says how a number is beyond those of training; "" if it is not.
func (d *rows) outside(c *dataset.Column, row int, of *profile.NumericSummary) string {
	said := "the number"
	switch v := c.Values[row]; {
	case !(v < of.Min || v > of.Max):
		return ""
	case !d.redact:
		said = c.Text(row)
	}
	if c.Values[row] < of.Min {
		return fmt.Sprintf("%s is below %v, the least of training", said, of.Min)
	}
	return fmt.Sprintf("%s is above %v, the greatest of training", said, of.Max)
}

// quote shows a text that was sent, if it may be shown.
func (d *rows) quote(text string) string {
	if d.redact {
		return "the value"
	}
	return strconv.Quote(cut(text))
}

// habits are what a client should do otherwise, each once for a column.
func (d *rows) habits() (all []Warning) {
	for i, f := range d.schema {
		if q, ok := d.quoted[i]; ok {
			want := "a number"
			if f.Type == dataset.Boolean {
				want = "true or false"
			}
			all = append(all, d.warning(q.row, f.Name, fmt.Sprintf("the string %s was read as %s; send it without quotes", d.quote(q.text), want)))
		}
	}
	for i, name := range d.ignored {
		if d.redact {
			return append(all, Warning{Detail: fmt.Sprintf("%d columns are not the model's and were ignored", len(d.ignored))})
		}
		if i == MaxFaults {
			return append(all, Warning{Detail: "more columns were ignored"})
		}
		all = append(all, Warning{Column: name, Detail: "is not a column of the model and was ignored"})
	}
	return all
}

func (d *rows) warning(row int, column, detail string) Warning {
	at := d.place(row, column)
	return Warning{Pointer: at.pointer, Line: at.line, Row: row + 1, Column: column, Detail: detail}
}

// quotes notes that a number or truth value came as a string, which is taken but warned of.
func (d *rows) quotes(field int, v value) {
	t := d.schema[field].Type
	if v.kind != jsontext.String || t != dataset.Numeric && t != dataset.Boolean || slices.Contains(dataset.DefaultMissing, strings.TrimSpace(v.text)) {
		return
	}
	if d.quoted == nil {
		d.quoted = map[int]quoted{}
	}
	if _, known := d.quoted[field]; !known {
		d.quoted[field] = quoted{d.row, v.text}
	}
}

// byRow sorts faults that were found column by column.
func byRow(faults []gateway.FieldError) {
	slices.SortStableFunc(faults, func(a, b gateway.FieldError) int { return cmp.Compare(a.Row, b.Row) })
}
