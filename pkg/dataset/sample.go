package dataset

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sync/atomic"
)

// sampler hands on a part of the rows: those whose keys are the smallest. Which they are
// depends on where they lie in the data alone, so the same sample is drawn each time.
type sampler struct {
	to    Consumer
	share float64 // up to 1; else
	most  int     // this number of rows

	limit atomic.Uint64 // keys above it are not wanted
	kept  []*Batch      // of a number of rows: candidates, in order
	rows  int
}

func newSampler(to Consumer, sample float64) *sampler {
	s := &sampler{to: to, share: sample}
	switch {
	case sample > 1:
		s.most = int(sample)
		s.limit.Store(math.MaxUint64)
	case sample == 1:
		s.limit.Store(math.MaxUint64)
	default:
		s.limit.Store(uint64(math.Ldexp(sample, 64)))
	}
	return s
}

func (s *sampler) Begin(columns []Field) error { return s.to.Begin(columns) }

func (s *sampler) Block() Sink {
	if s.most > 0 {
		return &sampledBlock{sampler: s}
	}
	return &sampledBlock{sampler: s, sink: s.to.Block()}
}

// sampledBlock is the wanted rows of a block.
type sampledBlock struct {
	*sampler
	sink Sink // nil if the rows are kept until all have been seen
	kept []*Batch
	rows int
}

// Add takes the wanted rows of a batch.
func (b *sampledBlock) Add(batch *Batch) error {
	wanted := batch.below(b.limit.Load())
	b.rows += wanted.Rows
	if b.sink != nil {
		return b.sink.Add(wanted)
	}
	b.kept = append(b.kept, wanted)
	return nil
}

// Close closes the sink that has the rows already.
func (b *sampledBlock) Close() error {
	if b.sink == nil {
		return nil
	}
	return CloseSink(b.sink)
}

func (s *sampler) End(sink Sink) error {
	b := sink.(*sampledBlock)
	s.rows += b.rows
	if b.sink != nil {
		return s.to.End(b.sink)
	}
	s.kept = append(s.kept, b.kept...)
	if s.rows > 2*s.most+10_000 {
		s.shrink()
	}
	return nil
}

// shrink keeps the rows of the smallest keys.
func (s *sampler) shrink() {
	if s.rows <= s.most {
		return
	}
	var keys []uint64
	for _, b := range s.kept {
		keys = append(keys, b.Keys...)
	}
	slices.SortFunc(keys, cmp.Compare[uint64])
	limit := keys[s.most-1]
	s.limit.Store(limit)
	s.rows = 0
	for i, b := range s.kept {
		s.kept[i] = b.below(limit)
		s.rows += s.kept[i].Rows
	}
}

// finish hands on what was kept and returns how many rows that were.
func (s *sampler) finish() (rows int, err error) {
	if s.most == 0 {
		return s.rows, nil
	}
	s.shrink()
	block := s.to.Block()
	for _, b := range s.kept {
		if err := block.Add(b); err != nil {
			return 0, err
		}
	}
	return s.rows, s.to.End(block)
}

// below copies the rows whose keys are not above the limit.
func (b *Batch) below(limit uint64) *Batch {
	picked := &Batch{Part: b.Part, Numbers: b.Numbers, Start: b.Start, End: b.End, Columns: make([]BatchColumn, len(b.Columns))}
	var rows []int
	for i, key := range b.Keys {
		if key <= limit {
			rows = append(rows, i)
			picked.Keys = append(picked.Keys, key)
		}
	}
	picked.Rows = len(rows)
	for i := range b.Columns {
		picked.Columns[i] = b.Columns[i].pick(rows)
	}
	return picked
}

func (c *BatchColumn) pick(rows []int) BatchColumn {
	picked := BatchColumn{Type: c.Type}
	if !c.Type.Coded() {
		picked.Values = make([]float64, len(rows))
		for i, r := range rows {
			picked.Values[i] = c.Values[r]
		}
		return picked
	}
	picked.Codes = make([]int32, len(rows))
	recode := make([]int32, len(c.Levels)) // new code + 1
	for i, r := range rows {
		code := c.Codes[r]
		if code < 0 {
			picked.Codes[i] = -1
			continue
		}
		if recode[code] == 0 {
			picked.Levels = append(picked.Levels, bytes.Clone(c.Levels[code]))
			recode[code] = int32(len(picked.Levels))
		}
		picked.Codes[i] = recode[code] - 1
	}
	return picked
}
