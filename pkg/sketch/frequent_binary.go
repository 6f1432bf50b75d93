package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// The binary form of frequent_strings_sketch, little-endian:
//
//	0  number of 8-byte words of preamble: 1 empty, else 4
//	1  version: 1
//	2  family: 10
//	3  log2 of the slots of the greatest hash table, of which three in four are filled
//	4  log2 of the slots for the items that are there
//	5  flags: 1 and 4 empty
//	8  number of items, 4 bytes, and 4 that are not used
//	16 n, 8 bytes
//	24 offset, 8 bytes
//	.. counts of 8 bytes, then the items: length of 4 bytes and text
const (
	frequentFamily = 10
	frequentEmpty  = 1 | 4
	frequentHead   = 32
)

// MarshalBinary returns the form of DataSketches' frequent_strings_sketch, items in order.
func (t *Texts) MarshalBinary() ([]byte, error) {
	f := form{lg: t.lg, n: t.n, offset: t.offset}
	for item, n := range t.All() {
		f.items, f.counts = append(f.items, item), append(f.counts, n)
	}
	return f.marshal()
}

// UnmarshalBinary reads the form of DataSketches' frequent_strings_sketch in place of what t
// holds, its maximum included.
func (t *Texts) UnmarshalBinary(b []byte) error {
	f, err := readForm(b)
	if err != nil {
		return err
	}
	r := Texts{lg: f.lg, n: f.n, offset: f.offset, counts: f.counts}
	for i, item := range f.items {
		if r.table.place([]byte(item)) < i {
			return fmt.Errorf("sketch: these bytes are no frequent-items sketch: %.40q is there twice", item)
		}
	}
	*t = r
	return nil
}

// MarshalBinary returns the form of DataSketches' frequent_strings_sketch, items ascending.
func (t *Numbers) MarshalBinary() ([]byte, error) {
	f := form{lg: t.lg, n: t.n, offset: t.offset, counts: t.counts}
	for _, v := range t.values {
		f.items = append(f.items, numberText(v))
	}
	return f.marshal()
}

// UnmarshalBinary reads the form of DataSketches' frequent_strings_sketch in place of what t
// holds, its maximum included. The items have to be numbers as MarshalBinary writes them.
func (t *Numbers) UnmarshalBinary(b []byte) error {
	f, err := readForm(b)
	if err != nil {
		return err
	}
	r := Numbers{lg: f.lg, n: f.n, offset: f.offset}
	counts := make([]Count[float64], len(f.items))
	for i, item := range f.items {
		v, err := strconv.ParseFloat(item, 64)
		if err != nil || math.IsNaN(v) || numberText(v) != item {
			return fmt.Errorf("sketch: these bytes are no frequent-items sketch of numbers: %.40q is not how a number is written", item)
		}
		counts[i] = Count[float64]{v, f.counts[i]}
	}
	slices.SortFunc(counts, func(a, b Count[float64]) int {
		if a.Item < b.Item {
			return -1
		}
		return 1
	})
	for i, c := range counts {
		if i > 0 && c.Item == counts[i-1].Item {
			return fmt.Errorf("sketch: these bytes are no frequent-items sketch: %v is there twice", c.Item)
		}
		r.values, r.counts = append(r.values, c.Item), append(r.counts, c.N)
	}
	*t = r
	return nil
}

// form is what the bytes of frequent items say.
type form struct {
	lg        uint8
	n, offset uint64
	items     []string
	counts    []uint64
}

func (f form) marshal() ([]byte, error) {
	lg := f.lg
	if lg == 0 {
		lg = limit(DefaultItems)
	}
	now := limit(len(f.items)) // of Max+1 and more there are none
	if f.n == 0 {
		return []byte{1, 1, frequentFamily, lg, lgMinItems, frequentEmpty, 0, 0}, nil
	}
	size := frequentHead
	for _, item := range f.items {
		size += 12 + len(item)
	}
	b := append(make([]byte, 0, size), 4, 1, frequentFamily, lg, now, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.items)))
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, f.n)
	b = binary.LittleEndian.AppendUint64(b, f.offset)
	for _, n := range f.counts {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for _, item := range f.items {
		if uint64(len(item)) > math.MaxUint32 {
			return nil, fmt.Errorf("sketch: a text of %d bytes is too long for the binary form", len(item))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(item)))
		b = append(b, item...)
	}
	return b, nil
}

func readForm(b []byte) (f form, err error) {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("sketch: these bytes are no frequent-items sketch: "+format, args...)
	}
	if len(b) < 8 {
		return f, fault("%d bytes are too few", len(b))
	}
	words, lg, now, flags := b[0], b[3], b[4], b[5]
	switch {
	case b[1] != 1:
		return f, fault("the version is %d, not 1", b[1])
	case b[2] != frequentFamily:
		return f, fault("the family is %d, not %d", b[2], frequentFamily)
	case lg < lgMinItems || lg > lgMaxItems || now > lg:
		return f, fault("log2 of the sizes is %d and %d", lg, now)
	case flags&^frequentEmpty != 0:
		return f, fault("the flags are %#x", flags)
	}
	f.lg = lg
	if flags != 0 {
		if words != 1 || len(b) != 8 {
			return f, fault("an empty one has 8 bytes and 1 word of preamble, not %d and %d", len(b), words)
		}
		return f, nil
	}
	if words != 4 || len(b) < frequentHead {
		return f, fault("%d bytes and %d words of preamble", len(b), words)
	}
	count := uint64(binary.LittleEndian.Uint32(b[8:]))
	f.n, f.offset = binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	b = b[frequentHead:]
	switch {
	case f.n == 0 || f.n > math.MaxInt64 || f.offset > f.n:
		return f, fault("n is %d, offset %d", f.n, f.offset)
	case count > uint64(items(lg)) || count*12 > uint64(len(b)):
		return f, fault("%d items in %d bytes", count, len(b))
	}
	sum := uint64(0)
	for range count {
		n := binary.LittleEndian.Uint64(b)
		if n == 0 || n > f.n-sum {
			return f, fault("the counts are not numbers above 0 that n covers")
		}
		sum += n
		f.counts = append(f.counts, n)
		b = b[8:]
	}
	if f.offset == 0 && sum != f.n {
		return f, fault("exact counts add up to %d, not %d", sum, f.n)
	}
	for range count {
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.LittleEndian.Uint32(b)) {
			return f, fault("it ends in an item")
		}
		n := binary.LittleEndian.Uint32(b)
		f.items = append(f.items, string(b[4:4+n]))
		b = b[4+n:]
	}
	if len(b) > 0 {
		return f, fault("%d bytes follow", len(b))
	}
	return f, nil
}
