package profile

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Masked is the profile as it may be stored and passed around: columns of personal data keep
// their counts, how many different values there are and the lengths, and show none of them.
// Frequent values and variants are masked (Mask), and what consists of values goes: numbers
// with their quantiles, and the sketches of them and of texts. A masked profile is compared
// with any other one; it is masked already.
func (p *Profile) Masked() *Profile {
	m := *p
	m.Columns = make([]Column, len(p.Columns))
	for i := range p.Columns {
		m.Columns[i] = p.Columns[i]
		if len(p.Columns[i].Personal) > 0 {
			m.Columns[i] = p.Columns[i].masked()
		}
	}
	return &m
}

// masked is the column without the values of personal data.
func (c *Column) masked() Column {
	m := *c
	m.Top = maskedValues(c.Top)
	if c.Text != nil {
		text := *c.Text
		text.Variants = make([][]Value, len(c.Text.Variants))
		for i, group := range c.Text.Variants {
			text.Variants[i] = maskedValues(group)
		}
		m.Text = &text
	}
	if c.Type != dataset.Timestamp { // moments are of nobody
		m.Numeric = nil
	}
	if c.Sketches != nil {
		m.Sketches = &Sketches{Distinct: c.Sketches.Distinct}
		if c.Type == dataset.Timestamp {
			m.Sketches.Quantiles = c.Sketches.Quantiles
		}
	}
	return m
}

func maskedValues(values []Value) []Value {
	masked := make([]Value, len(values))
	for i, v := range values {
		masked[i] = v
		masked[i].Value, masked[i].Masked = v.Mask(), true
	}
	return masked
}

// Mask is the value as Mask shows it.
func (v Value) Mask() string {
	if v.Masked {
		return v.Value
	}
	return Mask(v.Value)
}
