package profile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// Read is the profile that json.Marshal wrote, as json.Unmarshal has it, in a tenth of the time: a first
// prediction waits for the profile in its artifact, of a page of numbers per column, and reflection
// is slowest the first time. What a profile in an artifact does not have is left to json.Unmarshal.
func Read(text string) (*Profile, error) {
	r := reader{jsontext.NewReader(text)}
	p := &Profile{}
	err := r.object(func(name string) error {
		switch name {
		case "rows":
			return r.integer(&p.Rows)
		case "columns":
			return list(r, &p.Columns, r.column)
		case "duplicates":
			p.Duplicates = &Duplicates{}
			return r.duplicates(p.Duplicates)
		case "missing_patterns":
			return list(r, &p.Patterns, r.pattern)
		case "pairs":
			return r.other(&p.Pairs)
		case "target":
			return r.other(&p.Target)
		case "alerts":
			return r.other(&p.Alerts)
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	return p, err
}

// reader reads values into where they belong. null leaves what is there, as in encoding/json.
type reader struct{ *jsontext.Reader }

func (r reader) column(c *Column) error {
	return r.object(func(name string) error {
		switch name {
		case "name":
			return r.text(&c.Name)
		case "type":
			var of string
			err := r.text(&of)
			c.Type = dataset.Type(of)
			return err
		case "confidence":
			return r.float(&c.Confidence)
		case "kinds":
			return r.integers(map[string]*int{"number": &c.Kinds.Number, "boolean": &c.Kinds.Boolean, "timestamp": &c.Kinds.Timestamp, "text": &c.Kinds.Text})
		case "count":
			return r.integer(&c.Count)
		case "missing":
			return r.integer(&c.Missing)
		case "distinct":
			return r.integer(&c.Distinct)
		case "distinct_error":
			return r.float(&c.DistinctError)
		case "infinite":
			return r.integers(map[string]*int{"negative": &c.Infinite.Negative, "positive": &c.Infinite.Positive})
		case "numeric":
			c.Numeric = &NumericSummary{}
			return r.numeric(c.Numeric)
		case "text":
			c.Text = &TextSummary{}
			return r.texts(c.Text)
		case "order":
			var of string
			err := r.text(&of)
			c.Order = Order(of)
			return err
		case "period":
			return r.other(&c.Period)
		case "top":
			return list(r, &c.Top, r.value)
		case "top_error":
			return r.integer(&c.TopError)
		case "identifier":
			return r.text(&c.Identifier)
		case "personal":
			return r.other(&c.Personal)
		case "sketches":
			return r.other(&c.Sketches)
		}
		return r.Skip()
	})
}

func (r reader) numeric(n *NumericSummary) error {
	return r.object(func(name string) error {
		switch name {
		case "min":
			return r.float(&n.Min)
		case "max":
			return r.float(&n.Max)
		case "mean":
			return r.float(&n.Mean)
		case "sd":
			return r.optional(&n.SD)
		case "variance":
			return r.optional(&n.Variance)
		case "sum":
			return r.optional(&n.Sum)
		case "skewness":
			return r.optional(&n.Skewness)
		case "kurtosis":
			return r.optional(&n.Kurtosis)
		case "autocorrelation":
			return r.optional(&n.Autocorrelation)
		case "zeros":
			return r.integer(&n.Zeros)
		case "negatives":
			return r.integer(&n.Negatives)
		case "integers":
			return r.integer(&n.Integers)
		case "min_count":
			return r.integer(&n.MinCount)
		case "max_count":
			return r.integer(&n.MaxCount)
		case "quantiles":
			return r.quantiles(&n.Quantiles)
		case "histogram":
			return r.histogram(&n.Histogram)
		}
		return r.Skip()
	})
}

func (r reader) quantiles(q *Quantiles) error {
	return r.object(func(name string) error {
		switch name {
		case "p01":
			return r.float(&q.P01)
		case "p05":
			return r.float(&q.P05)
		case "p25":
			return r.float(&q.P25)
		case "p50":
			return r.float(&q.P50)
		case "p75":
			return r.float(&q.P75)
		case "p95":
			return r.float(&q.P95)
		case "p99":
			return r.float(&q.P99)
		case "rank_error":
			return r.float(&q.RankError)
		}
		return r.Skip()
	})
}

func (r reader) histogram(h *Histogram) error {
	return r.object(func(name string) error {
		switch name {
		case "edges":
			return list(r, &h.Edges, r.float)
		case "counts":
			return list(r, &h.Counts, r.integer)
		}
		return r.Skip()
	})
}

func (r reader) texts(t *TextSummary) error {
	return r.object(func(name string) error {
		switch name {
		case "min_length":
			return r.integer(&t.MinLength)
		case "max_length":
			return r.integer(&t.MaxLength)
		case "mean_length":
			return r.float(&t.MeanLength)
		case "characters":
			c := &t.Characters
			return r.integers(map[string]*int{"letters": &c.Letters, "digits": &c.Digits, "spaces": &c.Spaces, "other": &c.Other})
		case "variants":
			return list(r, &t.Variants, func(group *[]Value) error { return list(r, group, r.value) })
		}
		return r.Skip()
	})
}

func (r reader) value(v *Value) error {
	return r.object(func(name string) error {
		switch name {
		case "value":
			return r.text(&v.Value)
		case "count":
			return r.integer(&v.Count)
		case "truncated":
			return r.flag(&v.Truncated)
		case "masked":
			return r.flag(&v.Masked)
		}
		return r.Skip()
	})
}

func (r reader) duplicates(d *Duplicates) error {
	return r.object(func(name string) error {
		switch name {
		case "rows":
			return r.integer(&d.Rows)
		case "standard_error":
			return r.float(&d.Error)
		}
		return r.Skip()
	})
}

func (r reader) pattern(p *Pattern) error {
	return r.object(func(name string) error {
		switch name {
		case "columns":
			return list(r, &p.Columns, r.text)
		case "count":
			return r.integer(&p.Count)
		case "error":
			return r.integer(&p.Error)
		}
		return r.Skip()
	})
}

// object reads an object by its members, of which null ones are passed over.
func (r reader) object(member func(name string) error) error {
	return r.null(func() error {
		return r.Object(func(name string) error {
			err := r.null(func() error { return member(name) })
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	})
}

// list reads an array. Elements of null are zero.
func list[T any](r reader, into *[]T, element func(*T) error) error {
	*into = []T{}
	return r.Array(func() error {
		var zero T
		*into = append(*into, zero)
		return r.null(func() error { return element(&(*into)[len(*into)-1]) })
	})
}

// null reads null, or else what read reads.
func (r reader) null(read func() error) error {
	if r.Kind() == jsontext.Null {
		return r.Null()
	}
	return read()
}

// integers are an object of them, by name.
func (r reader) integers(of map[string]*int) error {
	return r.object(func(name string) error {
		if into, ok := of[name]; ok {
			return r.integer(into)
		}
		return r.Skip()
	})
}

func (r reader) integer(into *int) error {
	text, err := r.Number()
	if err != nil {
		return err
	}
	if *into, err = strconv.Atoi(text); err != nil {
		return fmt.Errorf("%s is not an integer in range", text)
	}
	return nil
}

func (r reader) float(into *float64) error {
	text, err := r.Number()
	if err != nil {
		return err
	}
	var ok bool
	if *into, ok = jsontext.Float(text); !ok {
		return fmt.Errorf("%s is beyond float64", text)
	}
	return nil
}

func (r reader) optional(into **float64) error {
	*into = new(float64)
	return r.float(*into)
}

func (r reader) flag(into *bool) (err error) {
	*into, err = r.Bool()
	return err
}

func (r reader) text(into *string) error {
	text, err := r.Text()
	*into = strings.Clone(text) // so that the profile's text may go
	return err
}

// other reads what is not read often.
func (r reader) other(into any) error {
	text, err := r.Raw()
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}
