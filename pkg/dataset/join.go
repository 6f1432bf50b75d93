package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// SeamError is a Range whose first record was taken to begin at Start, while the record before
// it ends at First: the range has to be read again with that First.
type SeamError struct {
	Range        Range
	Start, First int64
}

func (e *SeamError) Error() string {
	return fmt.Sprintf("bytes %d to %d were read from byte %d, but the first record begins at byte %d: read them again from there", e.Range.Start, e.Range.End, e.Start, e.First)
}

// Join puts the extents of all ranges of one file together, in any order: the result is that
// of one scan. It is a *SeamError if a range was not read from where its first record begins.
func Join(extents ...Extent) (Extent, error) {
	extents = slices.Clone(extents)
	for _, e := range extents {
		if e.Range == nil {
			return Extent{}, errors.New("join extents: one is not of a range")
		}
	}
	slices.SortFunc(extents, func(a, b Extent) int { return cmp.Compare(a.Range.Start, b.Range.Start) })
	var whole Extent
	var pieces [][]byte
	at := int64(0)
	for i, e := range extents {
		before := extents[max(i-1, 0)]
		switch {
		case e.Range.Start != at:
			return Extent{}, fmt.Errorf("join extents: a range begins at byte %d, the one before it ends at byte %d", e.Range.Start, at)
		case e.Size != before.Size:
			return Extent{}, fmt.Errorf("join extents: the file has %d bytes and then %d: it changed while it was read", before.Size, e.Size)
		case i > 0 && e.First != before.Last:
			return Extent{}, &SeamError{*e.Range, e.First, before.Last}
		}
		at = e.Range.End
		whole.Rows += e.Rows
		for _, part := range e.Sums {
			pieces = append(pieces, part...)
		}
		if i == 0 {
			whole.Absent = slices.Clone(e.Absent)
		}
		whole.Absent = slices.DeleteFunc(whole.Absent, func(name string) bool { return !slices.Contains(e.Absent, name) })
	}
	if len(extents) == 0 || at != extents[0].Size {
		return Extent{}, fmt.Errorf("join extents: what follows byte %d is missing", at)
	}
	if len(whole.Absent) > 0 {
		return Extent{}, errAbsent(whole.Absent, nil)
	}
	whole.Sums = [][][]byte{pieces}
	whole.Digest = DigestOfPieces(whole.Sums)
	return whole, nil
}
