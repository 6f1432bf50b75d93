package profile

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// maxFrequent is how many of the most frequent texts a profile's sketch keeps.
const maxFrequent = 768

// sketches are those of a column of a type; nil if it has no values.
func (c *column) sketches(t dataset.Type, count int) *Sketches {
	if count == 0 {
		return nil
	}
	s := &Sketches{}
	distinct := sketch.NewDistinct(distinctLgK)
	for _, n := range []*numbers{c.Numbers, c.Moments} {
		if n == nil || n.Moments.N == 0 {
			continue
		}
		quantiles, d := n.sketches()
		distinct.Merge(d)
		if (n == c.Moments) == (t == dataset.Timestamp) {
			s.Quantiles = binaryOf(quantiles)
		}
	}
	if c.Texts != nil {
		distinct.Merge(c.Texts.sketch())
	}
	if t.Coded() || t == dataset.Boolean {
		s.Frequent = binaryOf(c.frequent())
	}
	for i, name := range []string{"false", "true"} {
		if c.Booleans[i] > 0 {
			distinct.AddBytes([]byte(name))
		}
	}
	s.Distinct = binaryOf(distinct)
	return s
}

// frequent counts all values as texts.
func (c *column) frequent() *sketch.Texts {
	all := sketch.NewTexts(maxFrequent)
	for i, name := range []string{"false", "true"} {
		all.Add([]byte(name), uint64(c.Booleans[i]))
	}
	for _, n := range []struct {
		*numbers
		dataset.Type
	}{{c.Numbers, dataset.Numeric}, {c.Moments, dataset.Timestamp}} {
		if n.numbers == nil {
			continue
		}
		for v, count := range n.Table.All() {
			one := dataset.Column{Type: n.Type, Values: []float64{v}}
			all.Add([]byte(one.Text(0)), count)
		}
	}
	if c.Texts != nil {
		all.Merge(c.Texts.Table)
	}
	return all
}

// binaryOf is the binary form of a sketch.
func binaryOf(s interface{ MarshalBinary() ([]byte, error) }) []byte {
	b, err := s.MarshalBinary()
	if err != nil {
		panic("profile: " + err.Error()) // sketches have a form, whatever they hold
	}
	return b
}

// Compact is the profile without sketches: a tenth of its size.
func (p *Profile) Compact() *Profile {
	c := *p
	c.Columns = make([]Column, len(p.Columns))
	for i := range p.Columns {
		c.Columns[i] = p.Columns[i]
		c.Columns[i].Sketches = nil
	}
	return &c
}
