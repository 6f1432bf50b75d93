package dataset

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// What a Source outside of this package (pkg/dataset/parquet) does as those in it do.

// Choose returns the columns to read of those that a data set has, with the types that are
// declared and "" where none is, and where each is in the header. Every column that the
// options name and the data lacks is a *ColumnError; all of them are joined.
func (o Options) Choose(header []string) (fields []Field, index []int, err error) {
	return o.choose(header)
}

// MissingTexts finds out whether a text means "no value".
type MissingTexts struct{ texts *missingTexts }

// MissingTexts are those of Options.Missing, and the empty text.
func (o Options) MissingTexts() *MissingTexts { return &MissingTexts{newMissingTexts(o)} }

// Has takes a text that is trimmed.
func (m *MissingTexts) Has(text []byte) bool { return m.texts.has(text) }

// Sampler is a Consumer that hands on the rows of a sample. Their batches have Keys.
type Sampler struct{ *sampler }

var _ Consumer = Sampler{}

// NewSampler samples what goes to a consumer; sample is Options.Sample, not 0.
func NewSampler(to Consumer, sample float64) Sampler { return Sampler{newSampler(to, sample)} }

// Finish hands on what was kept back until all rows had been seen, and returns how many rows
// the sample has. It comes after the last End.
func (s Sampler) Finish() (rows int, err error) { return s.finish() }

// Key is what a sample is drawn by: a hash of where a row is (Batch.Part, Batch.Start).
func Key(part int, position int64) uint64 {
	var where [16]byte
	binary.LittleEndian.PutUint64(where[:], uint64(part))
	binary.LittleEndian.PutUint64(where[8:], uint64(position))
	return xxhash.Sum64(where[:])
}
