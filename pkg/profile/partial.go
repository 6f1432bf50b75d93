package profile

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Partial is what is known of some rows of a data set: enough to make a Profile of them, and
// to be merged with what is known of the others. Its size is bounded whatever the number of
// rows: about 100 KB for a column, less of each if there are hundreds.
//
// The zero value knows of no rows and of no columns: merged with another, on either side, it
// changes nothing.
//
// It is a dataset.Sink. Shards are numbered in the order of the data set, and one Partial has
// the rows of one shard, until others are merged into it, in any order.
type Partial struct {
	fields  []dataset.Field
	rows    int
	columns []column
	hashes  rowHashes
	sample  *rowSample
	missing *missingRows
	wanted  *ceilings
	spans   []span // ascending, apart
	work    *workspace
	block   int // of the shard: for seeds
}

// column is what is known of the values of a column by what they can be read as, so that its
// type can be told from all of them in the end.
type column struct {
	Missing  int
	Numbers  *numbers // nil if there are none
	Moments  *numbers
	Booleans [2]int // false, true
	Texts    *texts
}

// span is consecutive shards and how values follow one another in them, column by column.
type span struct {
	From, To  int // shards From … To-1
	Sequences []sequences
}

type sequences struct{ Numbers, Moments sequence }

// NewPartial returns what is known of no rows of a shard. The type of a column that is to be
// inferred is "".
func NewPartial(columns []dataset.Field, shard int) *Partial {
	return newPartial(columns, shard, newCeilings(columns))
}

// NewColumnwise is NewPartial for what may be known of each column and not of any row: neither the
// sample of rows by which columns are compared with one another nor the hashes by which duplicates
// are counted are kept. The profile that it finishes as has no duplicates and pairs of nothing.
func NewColumnwise(columns []dataset.Field, shard int) *Partial {
	wanted := newCeilings(columns)
	wanted.rows.Store(0)
	p := newPartial(columns, shard, wanted)
	p.hashes.Limit = 1 // 0 is that of no sketch
	return p
}

// AddTable takes the rows of a table as the next ones of the shard.
func (p *Partial) AddTable(t *dataset.Table) error {
	for start := 0; start < t.Rows(); start += tableRows {
		if err := p.Add(batchOf(t, start, min(start+tableRows, t.Rows()))); err != nil {
			return err
		}
	}
	return nil
}

func newPartial(fields []dataset.Field, shard int, wanted *ceilings) *Partial {
	return &Partial{
		fields:  fields,
		columns: make([]column, len(fields)),
		hashes:  rowHashes{Limit: math.MaxUint64},
		sample:  newRowSample(len(fields), &wanted.rows),
		missing: newMissingRows(len(fields)),
		wanted:  wanted,
		spans:   []span{{From: shard, To: shard + 1, Sequences: make([]sequences, len(fields))}},
	}
}

// tableLimit is up to how many different values are counted exactly in each of so many
// columns: what stays in the cache.
func tableLimit(columns int) int { return max(64, min(6144, 1<<18/max(columns, 1))) }

// workspace is scratch memory of a partial that takes rows.
type workspace struct {
	chunk         int // how many numbers are looked at together
	scratch, more []float64
	pending       [][]float64 // empty, of capacity chunk
	hashes, keys  []uint64
	rowHashes     []uint64 // empty, for those that are pending
	wanted        []int32
	levels        [][]byte
	bits, counts  []uint64
	kinds         []byte
	numbers       []float64
	values        []float64
	runs          []float64 // different values of a column
	lengths       []uint64  // and how often each occurs
}

var workspaces sync.Pool

// workspaceFor returns scratch memory for so many columns, perhaps used before.
func workspaceFor(columns int) *workspace {
	chunk := max(2*powerBlock, min(1<<15, 1<<20/max(columns, 1)))
	if w, ok := workspaces.Get().(*workspace); ok && w.chunk == chunk {
		return w
	}
	return &workspace{chunk: chunk, scratch: make([]float64, chunk), more: make([]float64, chunk)}
}

// buffer returns room for pending numbers.
func (w *workspace) buffer() []float64 {
	if n := len(w.pending); n > 0 {
		b := w.pending[n-1]
		w.pending = w.pending[:n-1]
		return b
	}
	return make([]float64, 0, w.chunk)
}

// Rows is the number of rows that were added or merged.
func (p *Partial) Rows() int { return p.rows }

// Add takes the next rows of the shard.
func (p *Partial) Add(b *dataset.Batch) error {
	if len(b.Columns) != len(p.fields) {
		return fmt.Errorf("profile: %d columns of %d", len(b.Columns), len(p.fields))
	}
	if p.work == nil {
		p.work = workspaceFor(len(p.fields))
		p.hashes.pending = p.work.rowHashes
	}
	w := p.work
	w.hashes = slices.Grow(w.hashes[:0], b.Rows)[:b.Rows]
	clear(w.hashes)
	w.keys = positions(w.keys[:0], p.spans[0].From, b)
	w.wanted = p.sample.choose(w.keys, w.wanted[:0])
	p.missing.begin(b.Rows)
	for i := range b.Columns {
		if c := &b.Columns[i]; c.Type.Coded() {
			p.addCodes(i, c, b.Numbers)
		} else {
			p.addValues(i, c)
		}
	}
	p.missing.end(b.Rows)
	p.hashes.add(w.hashes)
	p.sample.shrink(false)
	p.rows += b.Rows
	return nil
}

// addValues takes numbers, moments or booleans.
func (p *Partial) addValues(i int, b *dataset.BatchColumn) {
	missing := foldValues(p.work.hashes[:len(b.Values)], b.Values)
	if missing > 0 {
		for row, v := range b.Values {
			if v != v {
				p.missing.set(row, i)
			}
		}
	}
	c, kind := &p.columns[i], numberCell
	c.Missing += missing
	if missing < len(b.Values) {
		switch s := &p.spans[0].Sequences[i]; b.Type {
		case dataset.Boolean:
			for _, v := range b.Values {
				if v == v {
					c.Booleans[int(v)]++
				}
			}
		case dataset.Timestamp:
			p.moments(i).add(b.Values, &s.Moments, p.work)
		default:
			p.numbers(i).add(b.Values, &s.Numbers, p.work)
		}
	}
	switch b.Type {
	case dataset.Boolean:
		kind = booleanCell
	case dataset.Timestamp:
		kind = momentCell
	}
	sampled := p.sample.room(i, len(p.work.wanted))
	for _, row := range p.work.wanted {
		v := b.Values[row]
		if v != v {
			sampled.Bits, sampled.Kinds = append(sampled.Bits, 0), append(sampled.Kinds, missingCell)
			continue
		}
		sampled.Bits, sampled.Kinds = append(sampled.Bits, math.Float64bits(v+0)), append(sampled.Kinds, kind)
	}
}

// The seeds of a column's numbers differ from those of others and of other shards.
func (p *Partial) numbers(i int) *numbers {
	c := &p.columns[i]
	if c.Numbers == nil {
		c.Numbers = newNumbers(tableLimit(len(p.fields)), false, p.seed(2*i))
		c.Numbers.pending = p.work.buffer()
	}
	return c.Numbers
}

func (p *Partial) moments(i int) *numbers {
	c := &p.columns[i]
	if c.Moments == nil {
		c.Moments = newNumbers(tableLimit(len(p.fields)), true, p.seed(2*i+1))
		c.Moments.pending = p.work.buffer()
	}
	return c.Moments
}

func (p *Partial) seed(i int) uint64 {
	return mix(mix(uint64(p.spans[0].From)<<32+uint64(p.block)) + uint64(i) + 1)
}

// addCodes takes texts, of which those of a column of undeclared type may be numbers, moments
// or booleans.
func (p *Partial) addCodes(i int, b *dataset.BatchColumn, numbers dataset.NumberForm) {
	w, c := p.work, &p.columns[i]
	declared := p.fields[i].Type != ""
	n := len(b.Levels)
	w.counts = slices.Grow(w.counts[:0], n)[:n]
	clear(w.counts)
	w.bits, w.kinds, w.numbers = w.bits[:0], w.kinds[:0], w.numbers[:0]
	var has [textCell + 1]bool
	for level, text := range b.Levels {
		kind, v, bits := textCell, 0.0, uint64(0)
		if !declared {
			kind, v = recognize(text, numbers)
		}
		if kind == textCell {
			bits = b.Hash(level)
		} else {
			bits = math.Float64bits(v + 0)
		}
		if kind == booleanCell {
			bits ^= missingKey // true is not 1
		}
		has[kind] = true
		w.bits, w.kinds, w.numbers = append(w.bits, bits), append(w.kinds, kind), append(w.numbers, v)
	}
	hashes := w.hashes[:len(b.Codes)]
	for row, code := range b.Codes {
		if code < 0 {
			hashes[row] = fold(hashes[row], missingKey)
			p.missing.set(row, i)
			c.Missing++
			continue
		}
		w.counts[code]++
		hashes[row] = fold(hashes[row], w.bits[code])
	}
	s := &p.spans[0].Sequences[i]
	if has[numberCell] {
		p.numbers(i).add(w.valuesOf(b.Codes, numberCell), &s.Numbers, w)
	}
	if has[momentCell] {
		p.moments(i).add(w.valuesOf(b.Codes, momentCell), &s.Moments, w)
	}
	if has[booleanCell] {
		for level, kind := range w.kinds {
			if kind == booleanCell {
				c.Booleans[int(w.numbers[level])] += int(w.counts[level])
			}
		}
	}
	sampled := p.sample.room(i, len(w.wanted))
	for _, row := range w.wanted {
		code := b.Codes[row]
		if code < 0 {
			sampled.Bits, sampled.Kinds = append(sampled.Bits, 0), append(sampled.Kinds, missingCell)
			continue
		}
		sampled.Bits, sampled.Kinds = append(sampled.Bits, w.bits[code]), append(sampled.Kinds, w.kinds[code])
	}
	if has[textCell] {
		w.keepTexts(b.Levels)
		if len(w.levels) == 0 { // a dictionary may hold what no row has
			return
		}
		if c.Texts == nil {
			c.Texts = newTexts(tableLimit(len(p.fields)), &p.wanted.texts[i])
		}
		c.Texts.add(w.levels, w.bits, w.counts)
	}
}

// recognize is NumberForm.Recognize for cells.
func recognize(text []byte, numbers dataset.NumberForm) (kind byte, v float64) {
	switch t, v := numbers.Recognize(text); t {
	case dataset.Numeric:
		return numberCell, v
	case dataset.Timestamp:
		return momentCell, v
	case dataset.Boolean:
		return booleanCell, v
	}
	return textCell, 0
}

// valuesOf are the numbers of a kind among coded values, NaN for all others.
func (w *workspace) valuesOf(codes []int32, kind byte) []float64 {
	w.values = w.values[:0]
	for _, code := range codes {
		v := math.NaN()
		if code >= 0 && w.kinds[code] == kind {
			v = w.numbers[code]
		}
		w.values = append(w.values, v)
	}
	return w.values
}

// keepTexts keeps of the levels, their hashes and counts those that are texts in some row.
func (w *workspace) keepTexts(levels [][]byte) {
	w.levels = w.levels[:0]
	for i, level := range levels {
		if n := len(w.levels); w.kinds[i] == textCell && w.counts[i] > 0 {
			w.levels = append(w.levels, level)
			w.bits[n], w.counts[n] = w.bits[i], w.counts[i]
		}
	}
	w.bits, w.counts = w.bits[:len(w.levels)], w.counts[:len(w.levels)]
}

// Close looks at what Add has put off. It may be called more than once; without it, whatever
// asks a Partial for something does the same.
func (p *Partial) Close() error {
	if p.sample == nil { // the zero value
		*p = *NewPartial(nil, 0)
	}
	w := p.work
	if w == nil {
		return nil
	}
	for i := range p.columns {
		c, s := &p.columns[i], &p.spans[0].Sequences[i]
		for _, n := range []struct {
			*numbers
			*sequence
		}{{c.Numbers, &s.Numbers}, {c.Moments, &s.Moments}} {
			if n.numbers != nil {
				n.flush(n.sequence, w)
				w.pending = append(w.pending, n.pending)
				n.pending = nil
			}
		}
	}
	p.hashes.flush()
	w.rowHashes, p.hashes.pending = p.hashes.pending, nil
	clear(w.levels) // they belong to the reader
	workspaces.Put(w)
	p.work = nil
	return nil
}

// Merge adds what o knows of other shards of the same data set; o belongs to p from then on
// and is not to be used any more. The result does not depend on the order of merging,
// but for the roundings of moments (relative 1e-11) and, beyond what is counted exactly, for
// sketches within their errors.
func (p *Partial) Merge(o *Partial) error {
	switch {
	case o.isNothing():
		return nil
	case p.isNothing():
		*p = *o
		return nil
	}
	if err := p.alike(o); err != nil {
		return err
	}
	for _, a := range p.spans {
		for _, b := range o.spans {
			if a.From < b.To && b.From < a.To {
				return fmt.Errorf("profile: shard %d is merged twice", max(a.From, b.From))
			}
		}
	}
	p.Close()
	o.Close()
	p.absorb(o)
	p.spans = unite(p.spans, o.spans, p.columns)
	return nil
}

// isNothing says whether nothing is known, not even which columns there are.
func (p *Partial) isNothing() bool { return p.rows == 0 && len(p.fields) == 0 }

// alike reports columns that are not the same ones.
func (p *Partial) alike(o *Partial) error {
	if len(p.fields) != len(o.fields) {
		return fmt.Errorf("profile: shards have %d and %d columns", len(p.fields), len(o.fields))
	}
	for i, f := range p.fields {
		if g := o.fields[i]; f.Name != g.Name || f.Type != g.Type {
			return fmt.Errorf("profile: column %d is %q (%s) in one shard and %q (%s) in another", i+1, f.Name, f.Type, g.Name, g.Type)
		}
	}
	return nil
}

// absorb adds all of o but its spans.
func (p *Partial) absorb(o *Partial) {
	p.rows += o.rows
	for i := range p.columns {
		p.columns[i].merge(&o.columns[i])
	}
	p.hashes.merge(&o.hashes)
	p.sample.merge(o.sample)
	p.missing.Table.Merge(o.missing.Table)
}

// merge adds what o knows, and leaves it with nothing.
func (c *column) merge(o *column) {
	c.Missing += o.Missing
	c.Booleans[0] += o.Booleans[0]
	c.Booleans[1] += o.Booleans[1]
	if c.Numbers == nil {
		c.Numbers = o.Numbers
	} else if o.Numbers != nil {
		c.Numbers.merge(o.Numbers)
		o.Numbers.discard()
	}
	if c.Moments == nil {
		c.Moments = o.Moments
	} else if o.Moments != nil {
		c.Moments.merge(o.Moments)
		o.Moments.discard()
	}
	if c.Texts == nil {
		c.Texts = o.Texts
	} else if o.Texts != nil {
		c.Texts.merge(o.Texts)
		o.Texts.discard()
	}
	*o = column{}
}

// follow adds o, whose rows come behind those of p in the same shard.
func (p *Partial) follow(o *Partial) {
	p.absorb(o)
	p.spans[0].join(&o.spans[0], p.columns)
}

// join puts the shards of o behind those of s.
func (s *span) join(o *span, columns []column) {
	for i := range s.Sequences {
		a, b := &s.Sequences[i], &o.Sequences[i]
		if a.Moments.Any && b.Moments.Any && a.Moments.Last != b.Moments.First {
			columns[i].Moments.Steps.AddSorted([]float64{math.Abs(b.Moments.First - a.Moments.Last)})
		}
		a.Numbers.join(&b.Numbers)
		a.Moments.join(&b.Moments)
	}
}

// unite puts spans in order and joins those that touch.
func unite(a, b []span, columns []column) (united []span) {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b span) int { return a.From - b.From })
	for _, s := range all {
		if n := len(united); n > 0 && united[n-1].To == s.From {
			united[n-1].join(&s, columns)
			united[n-1].To = s.To
		} else {
			united = append(united, s)
		}
	}
	return united
}
