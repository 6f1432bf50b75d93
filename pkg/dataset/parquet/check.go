package parquet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// What a file may ask for. The values of a table take 8 bytes each, so that a few bytes that
// repeat one value must not become any number of them; but a short file may well be of
// constant columns. Ratios are those to the size of the file, so that a constant column among
// others is fine.
const (
	maxFooter  = 16 << 20 // bytes
	maxColumns = 65_536
	maxGroups  = 100_000
	maxPage    = 64 << 20 // bytes of a page, decompressed or not
	maxText    = 1 << 20  // bytes of a value, as in CSV

	freeValues   = 16 << 20 // rows times columns before the ratio counts
	valuesPer    = 256      // of them for each byte of the file
	freeBytes    = 64 << 20 // decompressed before the ratio counts
	bytesPer     = 1000     // of them for each byte of the file
	freeHeld     = 128 << 20
	heldPer      = 4        // bytes of pages that are held at a time, for each byte of the file
	chunkOverrun = 64 << 10 // decompressed bytes of a chunk beyond twice what it claims
)

// check refuses a footer that does not fit the file: chunks beyond its end, on top of each
// other (42.parquet tells the same bytes again and again), or of impossible counts.
func (f *footer) check(size int64) error {
	var names []string // of the leaves
	for i := range f.schema {
		if f.schema[i].physical != noType {
			names = append(names, f.schema[i].name)
		}
	}
	leaves := len(names)
	if leaves > maxColumns {
		return fmt.Errorf("%d columns; at most %d are read", leaves, maxColumns)
	}
	type span struct{ start, end int64 }
	var spans []span
	rows, bytes := int64(0), int64(0)
	for g := range f.groups {
		group := &f.groups[g]
		if group.rows > 1<<40 {
			return fmt.Errorf("row group %d claims %d rows", g, group.rows)
		}
		rows += group.rows
		if len(group.chunks) != leaves {
			return fmt.Errorf("row group %d has %d columns, the schema %d", g, len(group.chunks), leaves)
		}
		if group.rows == 0 {
			continue // nothing of it is read; pyarrow writes chunks that begin at 0
		}
		for i := range group.chunks {
			c := &group.chunks[i]
			if c.elsewhere {
				return errors.New("the values lie in another file, which is not supported")
			}
			start := c.start()
			end := start + c.compressed
			if c.values < 0 || c.compressed < 0 || c.uncompressed < 0 || start < 4 || end < start || end > size-8 {
				return fmt.Errorf("row group %d, column %q: bytes %d to %d are not in the file of %d bytes", g, names[i], start, end, size)
			}
			if bytes += c.uncompressed; bytes < 0 || bytes > freeBytes+bytesPer*size {
				return fmt.Errorf("row group %d, column %q: the %d bytes of the file claim to decompress to more than %d times as many; tables do not, so this is not read", g, names[i], size, bytesPer)
			}
			if end > start {
				spans = append(spans, span{start, end})
			}
		}
	}
	if rows != f.rows {
		return fmt.Errorf("the footer claims %d rows, its row groups %d", f.rows, rows)
	}
	if limit := freeValues + valuesPer*size; rows > limit/int64(max(leaves, 1)) {
		return fmt.Errorf("%d rows of %d columns are claimed by a file of %d bytes; tables have no more than %d values in a byte, so this is not read", rows, leaves, size, valuesPer)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(spans); i++ {
		if spans[i].start < spans[i-1].end {
			return fmt.Errorf("column chunks overlap at byte %d", spans[i].start)
		}
	}
	return nil
}
