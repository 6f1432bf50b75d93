package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// hybrid reads numbers of a few bits: runs of one value, and bit-packed ones in groups of
// eight (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). A run is
// counted, never written out, so that it costs what is asked of it and not what it claims.
type hybrid struct {
	data   []byte // the runs after the current one
	width  int    // bits of a value, up to 32
	run    int    // values left of a run of one value
	value  int32  // of that run
	packed []byte // of a bit-packed run
	bit    int    // where the next value is in packed
	left   int    // values left in packed
}

var (
	errFewer = errors.New("a page has fewer values than it claims")
	errRun   = errors.New("a run of values is malformed")
)

func newHybrid(data []byte, width int) (hybrid, error) {
	if width < 0 || width > 32 {
		return hybrid{}, fmt.Errorf("values of %d bits", width)
	}
	return hybrid{data: data, width: width}, nil
}

// more goes to the next run.
func (h *hybrid) more() error {
	if len(h.data) == 0 {
		return errFewer
	}
	head, n := binary.Uvarint(h.data)
	if n <= 0 {
		return errRun
	}
	h.data = h.data[n:]
	if head&1 == 0 {
		size := (h.width + 7) / 8
		if size > len(h.data) || head>>1 > 1<<31 {
			return errRun
		}
		value := uint32(0)
		for i := range size {
			value |= uint32(h.data[i]) << (8 * i)
		}
		h.run, h.value, h.data = int(head>>1), int32(value), h.data[size:]
		return nil
	}
	groups := head >> 1
	if groups > 1<<28 {
		return errRun
	}
	// The last run may leave out bytes that hold no value that is used.
	size := min(groups*uint64(h.width), uint64(len(h.data)))
	h.packed, h.bit, h.left, h.data = h.data[:size], 0, int(groups)*8, h.data[size:]
	if h.width > 0 {
		h.left = min(h.left, int(size)*8/h.width)
	}
	return nil
}

// read fills out.
func (h *hybrid) read(out []int32) error {
	for len(out) > 0 {
		switch {
		case h.run > 0:
			n := min(h.run, len(out))
			for i := range out[:n] {
				out[i] = h.value
			}
			h.run -= n
			out = out[n:]
		case h.left > 0:
			n := min(h.left, len(out))
			unpack(out[:n], h.packed, h.bit, h.width)
			h.bit += n * h.width
			h.left -= n
			out = out[n:]
		default:
			if err := h.more(); err != nil {
				return err
			}
		}
	}
	return nil
}

// same reads as many values, up to n, as are of one run, and says which value that is;
// 0 if the next ones are bit-packed.
func (h *hybrid) same(n int) (count int, value int32, err error) {
	for h.run == 0 && h.left == 0 {
		if err := h.more(); err != nil {
			return 0, 0, err
		}
	}
	count = min(h.run, n)
	h.run -= count
	return count, h.value, nil
}

// unpack reads values of width bits, the lowest first, from the given bit on.
func unpack(out []int32, packed []byte, bit, width int) {
	if width == 0 {
		clear(out)
		return
	}
	mask := uint64(1)<<width - 1
	i := 0
	for ; i < len(out); i++ {
		if bit&7 == 0 && width <= widestEights {
			n := unpackEights(out[i:], packed[bit>>3:], width)
			bit += n * width
			if i += n; i == len(out) {
				return
			}
		}
		at := bit >> 3
		if at+8 > len(packed) {
			break
		}
		out[i] = int32(binary.LittleEndian.Uint64(packed[at:]) >> (bit & 7) & mask)
		bit += width
	}
	if i == len(out) {
		return
	}
	var last [16]byte
	from := bit >> 3
	copy(last[:], packed[from:])
	for ; i < len(out); i++ {
		at := bit>>3 - from
		out[i] = int32(binary.LittleEndian.Uint64(last[at:]) >> (bit & 7) & mask)
		bit += width
	}
}

// widestEights is the most bits of which two values are in eight bytes, from any even bit of the first on.
const widestEights = 29

// unpackEights reads eight values at a time, which are as many bytes as a value has bits, and says how
// many it has read: none near the end of packed.
func unpackEights(out []int32, packed []byte, width int) (n int) {
	shift, mask := uint(width)&63, uint64(1)<<width-1
	if width <= 8 {
		for n+8 <= len(out) && len(packed) >= 8 {
			v, o := binary.LittleEndian.Uint64(packed), (*[8]int32)(out[n:])
			o[0], v = int32(v&mask), v>>shift
			o[1], v = int32(v&mask), v>>shift
			o[2], v = int32(v&mask), v>>shift
			o[3], v = int32(v&mask), v>>shift
			o[4], v = int32(v&mask), v>>shift
			o[5], v = int32(v&mask), v>>shift
			o[6], v = int32(v&mask), v>>shift
			o[7] = int32(v & mask)
			packed = packed[width:]
			n += 8
		}
		return n
	}
	// Where the third, fifth and seventh value begin.
	at2, at4, at6 := 2*width>>3, 4*width>>3, 6*width>>3
	bit2, bit4, bit6 := uint(2*width)&7, uint(4*width)&7, uint(6*width)&7
	for n+8 <= len(out) && len(packed) >= at6+8 {
		v0, v2 := binary.LittleEndian.Uint64(packed), binary.LittleEndian.Uint64(packed[at2:])>>bit2
		v4, v6 := binary.LittleEndian.Uint64(packed[at4:])>>bit4, binary.LittleEndian.Uint64(packed[at6:])>>bit6
		o := (*[8]int32)(out[n:])
		o[0], o[1] = int32(v0&mask), int32(v0>>shift&mask)
		o[2], o[3] = int32(v2&mask), int32(v2>>shift&mask)
		o[4], o[5] = int32(v4&mask), int32(v4>>shift&mask)
		o[6], o[7] = int32(v6&mask), int32(v6>>shift&mask)
		packed = packed[width:]
		n += 8
	}
	return n
}
