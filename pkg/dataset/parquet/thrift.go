package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// thriftReader reads Thrift's compact protocol, in which footer and page headers are written
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). The
// libraries for it allocate as many elements as a list claims to have before they look
// whether there are any: six bytes are a terabyte. Here nothing is allocated for a claim.
//
// The first fault stays in err, and everything read after it is zero.
type thriftReader struct {
	data  []byte
	at    int
	depth int
	err   error
}

// Types of the compact protocol. A boolean field's type is its value.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxDepth is how deeply structures may be nested; Parquet's are 6 deep.
const maxDepth = 16

var (
	errCutOff = errors.New("it ends too early")
	errDepth  = errors.New("structures are nested too deeply")
)

func (r *thriftReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.at = len(r.data)
}

func (r *thriftReader) byte() byte {
	if r.at >= len(r.data) {
		r.fail(errCutOff)
		return 0
	}
	b := r.data[r.at]
	r.at++
	return b
}

func (r *thriftReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data[r.at:])
	switch {
	case n == 0:
		r.fail(errCutOff)
		return 0
	case n < 0:
		r.fail(errors.New("a number has more than 64 bits"))
		return 0
	}
	r.at += n
	return v
}

// number reads an integer of the type.
func (r *thriftReader) number(kind byte) int64 {
	switch kind {
	case thriftByte:
		return int64(int8(r.byte()))
	case thriftI16, thriftI32, thriftI64:
		v := r.uvarint()
		return int64(v>>1) ^ -int64(v&1)
	}
	r.fail(fmt.Errorf("a number is of type %d", kind))
	return 0
}

// bytes are valid as long as data is.
func (r *thriftReader) bytes(kind byte) []byte {
	if kind != thriftBinary {
		r.fail(fmt.Errorf("a text is of type %d", kind))
		return nil
	}
	n := r.uvarint()
	if n > uint64(len(r.data)-r.at) {
		r.fail(errCutOff)
		return nil
	}
	b := r.data[r.at : r.at+int(n)]
	r.at += int(n)
	return b
}

// list reads elements: each takes a byte at least.
func (r *thriftReader) list(kind byte, element func(kind byte)) {
	if kind != thriftList && kind != thriftSet {
		r.fail(fmt.Errorf("a list is of type %d", kind))
		return
	}
	head := r.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = r.uvarint()
	}
	if n > uint64(len(r.data)-r.at) {
		r.fail(fmt.Errorf("a list claims %d elements in %d bytes", n, len(r.data)-r.at))
		return
	}
	for range n {
		if r.err != nil {
			return
		}
		element(head & 15)
	}
}

// structure reads fields. take says whether it has read the field; else it is skipped.
func (r *thriftReader) structure(kind byte, take func(id int, kind byte) bool) {
	if kind != thriftStruct {
		r.fail(fmt.Errorf("a structure is of type %d", kind))
		return
	}
	if r.depth++; r.depth > maxDepth {
		r.fail(errDepth)
		return
	}
	id := 0
	for r.err == nil {
		head := r.byte()
		if head == thriftStop {
			break
		}
		if delta := int(head >> 4); delta != 0 {
			id += delta
		} else {
			id = int(r.number(thriftI16))
		}
		if r.err == nil && !take(id, head&15) {
			r.skip(head&15, true)
		}
	}
	r.depth--
}

// skip passes over a value. A boolean takes a byte unless it is a field.
func (r *thriftReader) skip(kind byte, field bool) {
	switch kind {
	case thriftTrue, thriftFalse:
		if !field {
			r.byte()
		}
	case thriftByte:
		r.byte()
	case thriftI16, thriftI32, thriftI64:
		r.uvarint()
	case thriftDouble:
		if len(r.data)-r.at < 8 {
			r.fail(errCutOff)
			return
		}
		r.at += 8
	case thriftBinary:
		r.bytes(kind)
	case thriftList, thriftSet:
		if r.depth++; r.depth > maxDepth {
			r.fail(errDepth)
			return
		}
		r.list(kind, func(kind byte) { r.skip(kind, false) })
		r.depth--
	case thriftMap:
		if r.uvarint() != 0 { // Parquet has none
			r.fail(errors.New("there is a map"))
		}
	case thriftStruct:
		r.structure(kind, func(int, byte) bool { return false })
	default:
		r.fail(fmt.Errorf("there is no type %d", kind))
	}
}
