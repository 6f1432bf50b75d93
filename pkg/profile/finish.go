package profile

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Finish makes the profile of all rows that were added or merged. It fails with ctx's error
// when ctx ends, and if there is no such target.
func (p *Partial) Finish(ctx context.Context, o Options) (*Profile, error) {
	p.Close()
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = f.Name
	}
	if o.Target != "" && !slices.Contains(names, o.Target) {
		return nil, &dataset.ColumnError{Column: o.Target, Err: errors.New("is the target but not in the data" + nearest.Hint(o.Target, names))}
	}
	profile := &Profile{Rows: p.rows, Columns: make([]Column, len(p.fields))}
	err := par.For(ctx, len(p.fields), 0, func(i int) error {
		profile.Columns[i] = p.describe(i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if p.rows > 0 && len(p.fields) > 0 {
		profile.Duplicates = p.hashes.duplicates()
		profile.Patterns = p.missing.patterns(names)
	}
	sample, err := p.sampled(ctx, profile.Columns)
	if err != nil {
		return nil, err
	}
	if profile.Pairs, err = comparePairs(ctx, sample, 0); err != nil {
		return nil, err
	}
	if o.Target != "" {
		if profile.Target, err = compareTarget(ctx, sample, o.Target, 0); err != nil {
			return nil, err
		}
	}
	profile.Alerts = alerts(profile, o)
	return profile, nil
}

// describe is the statistics of one column.
func (p *Partial) describe(i int) Column {
	c, field := &p.columns[i], p.fields[i]
	d := Column{Name: field.Name, Missing: c.Missing}
	d.Kinds = Kinds{
		Number: c.Numbers.len(), Boolean: c.Booleans[0] + c.Booleans[1], Timestamp: c.Moments.len(), Text: c.Texts.len(),
	}
	d.Count = d.Kinds.Number + d.Kinds.Boolean + d.Kinds.Timestamp + d.Kinds.Text
	most := max(d.Kinds.Number, d.Kinds.Boolean, d.Kinds.Timestamp, d.Kinds.Text)
	if d.Count > 0 {
		d.Confidence = float64(most) / float64(d.Count)
	}
	d.Distinct, d.DistinctError = c.distinct(d.Count)
	d.Type = c.typeOf(field.Type, &d)
	if most == d.Count {
		d.Kinds = Kinds{}
	}
	d.Top, d.TopError = c.top()

	s := p.sequenceOf(i)
	switch {
	case d.Type == dataset.Timestamp && c.Moments != nil:
		d.Order = s.Moments.order()
		d.Infinite = c.Moments.Infinite
		d.Numeric = c.Moments.summarize(&s.Moments)
		d.Period = c.Moments.period(&s.Moments)
	case d.Type != dataset.Boolean && c.Numbers != nil:
		d.Infinite = c.Numbers.Infinite
		d.Numeric = c.Numbers.summarize(&s.Numbers)
		if d.Type == dataset.Numeric {
			d.Order = s.Numbers.order()
		}
	}
	if d.Type.Coded() && c.Texts != nil {
		d.Text = c.Texts.summarize()
	}
	d.Sketches = c.sketches(d.Type, d.Count, sketchSizes(tableLimit(len(p.fields))))
	d.Personal = c.personal()
	d.Identifier = identifierOf(&d, p.rows)
	return d
}

// sequenceOf is how the values of a column follow one another in all shards that are there.
func (p *Partial) sequenceOf(i int) sequences {
	s := p.spans[0].Sequences[i]
	for _, next := range p.spans[1:] {
		s.Numbers.join(&next.Sequences[i].Numbers)
		s.Moments.join(&next.Sequences[i].Moments)
	}
	return s
}

// distinct is how many different values there are, and the relative standard error of that.
func (c *column) distinct(count int) (n int, relative float64) {
	estimate := 0.0 // of what is not exact
	for _, of := range []*numbers{c.Numbers, c.Moments} {
		if of == nil {
			continue
		}
		n += min(of.Infinite.Negative, 1) + min(of.Infinite.Positive, 1)
		if of.Distinct == nil {
			n += of.Table.Len()
		} else {
			estimate += of.Distinct.Estimate()
			relative = of.Distinct.Error()
		}
	}
	n += min(c.Booleans[0], 1) + min(c.Booleans[1], 1)
	if t := c.Texts; t != nil && t.Distinct == nil {
		n += t.Table.Len()
	} else if t != nil {
		estimate += t.Distinct.Estimate()
		relative = t.Distinct.Error()
	}
	return min(count, n+int(math.Round(estimate))), relative
}

// typeOf is the type of a column, as dataset.InferType says it of all values.
func (c *column) typeOf(declared dataset.Type, d *Column) dataset.Type {
	switch {
	case declared != "":
		return declared
	case d.Kinds.Number == d.Count:
		return dataset.Numeric
	case d.Kinds.Boolean == d.Count:
		return dataset.Boolean
	case d.Kinds.Timestamp == d.Count:
		return dataset.Timestamp
	}
	bytes := 0
	if t := c.Texts; t != nil && t.Distinct == nil {
		for text := range t.Table.All() {
			bytes += len(text)
		}
	} else if t != nil { // each text as long as a row's is on average
		bytes = int(float64(t.Bytes) / float64(t.Rows) * float64(d.Distinct))
	}
	return dataset.CodedType(d.Distinct, bytes, d.Count)
}

// top lists the most frequent values of all kinds.
func (c *column) top() (list []Value, short int) {
	add := func(n *numbers, t dataset.Type) {
		if n == nil {
			return
		}
		text := func(v float64) string {
			one := dataset.Column{Type: t, Values: []float64{v}}
			return one.Text(0)
		}
		if n.Infinite.Negative > 0 {
			list = append(list, newValue(text(math.Inf(-1)), n.Infinite.Negative))
		}
		for _, v := range n.Table.Top(MaxTop) {
			list = append(list, newValue(text(v.Item), int(v.N)))
		}
		if n.Infinite.Positive > 0 {
			list = append(list, newValue(text(math.Inf(1)), n.Infinite.Positive))
		}
		short = max(short, int(n.Table.Offset()))
	}
	add(c.Numbers, dataset.Numeric)
	for i, n := range c.Booleans {
		if n > 0 {
			list = append(list, newValue([]string{"false", "true"}[i], n))
		}
	}
	add(c.Moments, dataset.Timestamp)
	if t := c.Texts; t != nil {
		for _, v := range t.Table.Top(MaxTop) {
			list = append(list, newValue(v.Item, int(v.N)))
		}
		short = max(short, int(t.Table.Offset()))
	}
	slices.SortStableFunc(list, func(a, b Value) int { return cmp.Compare(b.Count, a.Count) })
	// A value that is not counted more often than the counts may be too low is one of many.
	if i := slices.IndexFunc(list, func(v Value) bool { return v.Count <= short }); i >= 0 {
		list = list[:i]
	}
	return slices.Clip(list[:min(len(list), MaxTop)]), short
}
