package profile

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// sizes are those of the sketches of a column.
type sizes struct {
	quantilesK  uint16
	distinctLgK uint8
	frequent    int // how many of the most frequent texts are kept
	looked      int // how many texts are sampled, for what they look like
}

// fullSizes make the rank error of quantiles 0.7 % (sketch.Quantiles.RankError) and the standard
// error of distinct counts 1.6 %.
var fullSizes = sizes{quantilesK: 400, distinctLgK: 12, frequent: 768, looked: 1000}

// sketchSizes are those that go with a table of at most so many values (tableLimit): full ones
// for each of up to 681 columns, which are 10 MB together. Of more columns each has smaller
// ones, so that the profile of 10,000 can still be stored and read: of 1,000 the errors are
// 1.3 % and 2.3 %, from 2,731 on 5 % and 4.6 %, where 125 texts are sampled rather than 1,000.
func sketchSizes(table int) sizes {
	halvings := 0
	for halvings < 3 && table <= fullSizes.frequent>>(halvings+1) {
		halvings++
	}
	return sizes{
		fullSizes.quantilesK >> halvings, fullSizes.distinctLgK - uint8(halvings), fullSizes.frequent >> halvings, fullSizes.looked >> halvings,
	}
}

// sketches are those of a column of a type; nil if it has no values.
func (c *column) sketches(t dataset.Type, count int, of sizes) *Sketches {
	if count == 0 {
		return nil
	}
	s := &Sketches{}
	distinct := sketch.NewDistinct(of.distinctLgK)
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
		texts, _ := c.Texts.sketches()
		distinct.Merge(texts)
	}
	if t.Coded() || t == dataset.Boolean {
		s.Frequent = binaryOf(c.frequent(of.frequent))
	}
	for i, name := range []string{"false", "true"} {
		if c.Booleans[i] > 0 {
			distinct.AddBytes([]byte(name))
		}
	}
	s.Distinct = binaryOf(distinct)
	return s
}

// frequent counts all values as texts, and keeps so many of them.
func (c *column) frequent(most int) *sketch.Texts {
	all := sketch.NewTexts(most)
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
