package profile

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// partialForm is what a stored Partial is: Go's gob of it, whose types are checked when it is
// read and whose sketches are in the form of DataSketches.
type partialForm struct {
	Version int
	Names   []string
	Types   []dataset.Type
	Rows    int
	Columns []column
	Hashes  rowHashes
	Keys    []uint64
	Cells   []cells
	Missing []byte
	Spans   []span
}

const partialVersion = 2

// MarshalBinary returns what UnmarshalBinary reads: the intermediate result of one release of
// Foretell, which no other has to understand.
func (p *Partial) MarshalBinary() ([]byte, error) {
	p.Close()
	p.sample.shrink(true)
	for i := range p.columns {
		if t := p.columns[i].Texts; t != nil {
			t.Looked.shrink()
		}
	}
	missing, err := p.missing.Table.MarshalBinary()
	if err != nil {
		return nil, err
	}
	form := partialForm{
		Version: partialVersion, Rows: p.rows, Columns: p.columns, Hashes: p.hashes,
		Keys: p.sample.Keys, Cells: p.sample.Columns, Missing: missing, Spans: p.spans,
	}
	for _, f := range p.fields {
		form.Names, form.Types = append(form.Names, f.Name), append(form.Types, f.Type)
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(form)
	return b.Bytes(), err
}

// UnmarshalBinary reads what MarshalBinary returned.
func (p *Partial) UnmarshalBinary(b []byte) error {
	var form partialForm
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&form); err != nil {
		return fmt.Errorf("profile: these bytes are no partial profile: %w", err)
	}
	if form.Version != partialVersion {
		return fmt.Errorf("profile: a partial profile of version %d, not %d: profile the data set again", form.Version, partialVersion)
	}
	if err := form.check(); err != nil {
		return fmt.Errorf("profile: these bytes are no partial profile: %w", err)
	}
	fields := make([]dataset.Field, len(form.Names))
	for i, name := range form.Names {
		fields[i] = dataset.Field{Name: name, Type: form.Types[i]}
	}
	r := NewPartial(fields, 0)
	for _, c := range form.Columns {
		if t := c.Texts; t != nil {
			t.Looked.most = sketchSizes(t.Table.Max()).looked
		}
	}
	r.rows, r.columns, r.hashes, r.spans = form.Rows, form.Columns, form.Hashes, form.Spans
	r.sample.Keys, r.sample.Columns = form.Keys, form.Cells
	if err := r.missing.Table.UnmarshalBinary(form.Missing); err != nil {
		return err
	}
	if err := r.missing.check(len(fields)); err != nil {
		return err
	}
	*p = *r
	return nil
}

// check reports parts that do not fit together.
func (f *partialForm) check() error {
	n := len(f.Names)
	if len(f.Types) != n || len(f.Columns) != n || len(f.Cells) != n {
		return errors.New("the numbers of columns differ")
	}
	for i := range f.Cells {
		if len(f.Cells[i].Bits) != len(f.Keys) || len(f.Cells[i].Kinds) != len(f.Keys) {
			return errors.New("the numbers of sampled rows differ")
		}
	}
	for _, c := range f.Columns {
		if err := c.check(); err != nil {
			return err
		}
	}
	h := &f.Hashes
	if len(h.Hashes) != len(h.Counts) || h.Limit == 0 || !slices.IsSorted(h.Hashes) || len(f.Spans) == 0 {
		return errors.New("rows or spans are missing")
	}
	for _, s := range f.Spans {
		if len(s.Sequences) != n {
			return errors.New("the numbers of columns differ")
		}
	}
	return nil
}

// check reports sketches that are not there, or not of the values that were counted: Finish
// would divide by them.
func (c *column) check() error {
	if c.Missing < 0 || c.Booleans[0] < 0 || c.Booleans[1] < 0 {
		return errors.New("a count is negative")
	}
	for _, n := range []*numbers{c.Numbers, c.Moments} {
		if n == nil {
			continue
		}
		switch {
		case n.Table == nil, n.Table.Exact() != (n.Quantiles == nil), (n.Quantiles == nil) != (n.Distinct == nil), (n == c.Moments) != (n.Steps != nil):
			return errors.New("a column lacks a sketch")
		case float64(n.Table.N()) != n.Moments.N, n.Quantiles != nil && n.Quantiles.N() != n.Table.N():
			return errors.New("a sketch is of other values")
		case n.Infinite.Negative < 0, n.Infinite.Positive < 0, !(n.Min <= n.Max):
			return errors.New("a count is negative, or the least number above the greatest")
		}
	}
	if t := c.Texts; t != nil {
		switch {
		case t.Table == nil, t.Table.Exact() != (t.Distinct == nil), !t.Looked.check():
			return errors.New("a column lacks a sketch")
		case t.Rows < 1, t.Table.N() != uint64(t.Rows):
			return errors.New("a sketch is of other values")
		}
	}
	return nil
}

// check reports sets of other columns.
func (m *missingRows) check(columns int) error {
	for set := range m.Table.All() {
		if len(set) != m.width || columns%8 != 0 && set[m.width-1]>>(columns%8) != 0 {
			return errors.New("profile: these bytes are no partial profile: a set of missing columns is of other columns")
		}
	}
	return nil
}
