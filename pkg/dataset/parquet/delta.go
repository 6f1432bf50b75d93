package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The encodings that store differences
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC).

var errDelta = errors.New("delta-encoded values are malformed")

// deltas reads DELTA_BINARY_PACKED integers and returns how many bytes they take. No more
// than most are read, which bounds what a few bytes may claim.
func deltas(data []byte, most int) (values []int64, size int, err error) {
	at := 0
	number := func() uint64 {
		v, n := binary.Uvarint(data[at:])
		if n <= 0 {
			err = errDelta
			return 0
		}
		at += n
		return v
	}
	block, minis, total := number(), number(), number()
	first := number()
	if err != nil {
		return nil, 0, err
	}
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > 1<<12 || block%minis != 0 || block/minis%32 != 0 {
		return nil, 0, errDelta
	}
	if total > uint64(most) {
		return nil, 0, fmt.Errorf("%d delta-encoded values where %d are expected", total, most)
	}
	if total == 0 {
		return nil, at, nil
	}
	perMini := int(block / minis)
	last := unzigzag(first)
	values = append(make([]int64, 0, total), last)
	scratch := make([]uint64, perMini)
	for len(values) < int(total) {
		least := unzigzag(number())
		if err != nil || len(data)-at < int(minis) {
			return nil, 0, errDelta
		}
		widths := data[at : at+int(minis)]
		at += int(minis)
		for _, width := range widths {
			if len(values) == int(total) {
				break // the others have no bytes
			}
			bytes := perMini / 8 * int(width)
			if width > 64 || len(data)-at < bytes {
				return nil, 0, errDelta
			}
			unpackWide(scratch, data[at:at+bytes], int(width))
			at += bytes
			for _, d := range scratch[:min(perMini, int(total)-len(values))] {
				last += least + int64(d)
				values = append(values, last)
			}
		}
	}
	return values, at, nil
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// unpackWide reads values of up to 64 bits.
func unpackWide(out []uint64, packed []byte, width int) {
	if width == 0 {
		clear(out)
		return
	}
	for i := range out {
		v := uint64(0)
		for got, bit := 0, i*width; got < width; {
			take := min(8-bit&7, width-got)
			part := uint64(packed[bit>>3]) >> (bit & 7) & (1<<take - 1)
			v |= part << got
			got += take
			bit += take
		}
		out[i] = v
	}
}

// deltaLengths reads DELTA_LENGTH_BYTE_ARRAY: the lengths, then the texts. It returns the
// texts in the form of PLAIN, each behind its length.
func deltaLengths(data []byte, most int) ([]byte, error) {
	lengths, at, err := deltas(data, most)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(data)-at+4*len(lengths))
	for _, n := range lengths {
		if n < 0 || n > int64(len(data)-at) {
			return nil, errDelta
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
		out = append(out, data[at:at+int(n)]...)
		at += int(n)
	}
	return out, nil
}

// deltaTexts reads DELTA_BYTE_ARRAY: how much of the text before each begins with, and what
// follows. It returns the texts in the form of PLAIN, or without lengths if they all have
// that many bytes.
func deltaTexts(data []byte, most, width int) ([]byte, error) {
	prefixes, at, err := deltas(data, most)
	if err != nil {
		return nil, err
	}
	lengths, n, err := deltas(data[at:], most)
	if err != nil {
		return nil, err
	}
	if at += n; len(lengths) != len(prefixes) {
		return nil, errDelta
	}
	var out, last []byte
	for i, n := range lengths {
		prefix := prefixes[i]
		if n < 0 || n > int64(len(data)-at) || prefix < 0 || prefix > int64(len(last)) || width > 0 && prefix+n != int64(width) {
			return nil, errDelta
		}
		if prefix+n > maxText {
			return nil, errLong
		}
		if width == 0 {
			out = binary.LittleEndian.AppendUint32(out, uint32(prefix+n))
		}
		start := len(out)
		out = append(append(out, last[:prefix]...), data[at:at+int(n)]...)
		if len(out) > maxPage { // a prefix is told by a byte or two
			return nil, fmt.Errorf("the texts of a page have more than %d bytes", maxPage)
		}
		last = out[start:]
		at += int(n)
	}
	return out, nil
}

// streamSplit reads BYTE_STREAM_SPLIT: first bytes of all values, second bytes, and so on.
func streamSplit(data []byte, width int) ([]byte, error) {
	if width == 0 || len(data)%width != 0 {
		return nil, errors.New("byte streams are of different lengths")
	}
	n := len(data) / width
	out := make([]byte, len(data))
	for b := range width {
		for i, v := range data[b*n : (b+1)*n] {
			out[i*width+b] = v
		}
	}
	return out, nil
}
