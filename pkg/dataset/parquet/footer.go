package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// footer is what is needed of a file's metadata. Names and numbers are those of
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
type footer struct {
	schema []element
	rows   int64
	groups []rowGroup
}

// element is a node of the schema, which is written depth first.
type element struct {
	name       string
	physical   physicalType // noType: it has children
	length     int          // of fixed_len_byte_array
	repetition int          // 0 required, 1 optional, 2 repeated
	children   int64
	converted  int // the older form of logical; -1: none
	scale      int // of a decimal
	logical    logicalType
}

type physicalType int8

const (
	noType physicalType = iota - 1
	boolean
	int32s
	int64s
	int96s
	floats
	doubles
	byteArrays
	fixedArrays
)

// width is the number of bytes of a value, 0 if that differs.
func (e *element) width() int {
	switch e.physical {
	case boolean:
		return 1 // once its bits are unpacked
	case int32s, floats:
		return 4
	case int64s, doubles:
		return 8
	case int96s:
		return 12
	case fixedArrays:
		return e.length
	}
	return 0
}

// logicalType is the union LogicalType: the number of its member and what that holds.
type logicalType struct {
	id     int // 0: none
	scale  int
	unit   time.Duration // 0: one that is not known
	signed bool
}

// Members of LogicalType.
const (
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalNull      = 11
	logicalUUID      = 14
	logicalFloat16   = 15
)

type rowGroup struct {
	rows   int64
	chunks []chunk
}

// chunk is the values of a column in a row group.
type chunk struct {
	physical     physicalType
	codec        codec
	elsewhere    bool // the values are in another file
	values       int64
	compressed   int64 // bytes, those of page headers among them
	uncompressed int64
	data         int64 // where the first page of values is
	dictionary   int64 // where its dictionary is; 0: it has none
	// Least and greatest values, those that have 8 bytes.
	bounds []int64
}

func (c *chunk) start() int64 {
	if c.dictionary > 0 && c.dictionary < c.data {
		return c.dictionary
	}
	return c.data
}

// parseFooter reads the metadata of a file.
func parseFooter(data []byte) (*footer, error) {
	r := &thriftReader{data: data}
	f := &footer{rows: -1}
	r.structure(thriftStruct, func(id int, kind byte) bool {
		switch id {
		case 2:
			r.list(kind, func(kind byte) {
				if len(f.schema) > 2*maxColumns {
					r.fail(fmt.Errorf("more than %d columns", maxColumns))
					return
				}
				f.schema = append(f.schema, r.element(kind))
			})
		case 3:
			f.rows = r.number(kind)
		case 4:
			r.list(kind, func(kind byte) {
				if len(f.groups) >= maxGroups {
					r.fail(fmt.Errorf("more than %d row groups", maxGroups))
					return
				}
				f.groups = append(f.groups, r.rowGroup(kind))
			})
		default:
			return false
		}
		return true
	})
	if r.err != nil {
		return nil, fmt.Errorf("the footer is malformed: %w", r.err)
	}
	return f, nil
}

func (r *thriftReader) element(kind byte) element {
	e := element{physical: noType, converted: -1}
	r.structure(kind, func(id int, kind byte) bool {
		switch id {
		case 1:
			p := r.number(kind)
			if p < 0 || p > int64(fixedArrays) {
				r.fail(fmt.Errorf("there is no physical type %d", p))
				return true
			}
			e.physical = physicalType(p)
		case 2:
			n := r.number(kind)
			if n < 0 || n > maxText {
				r.fail(fmt.Errorf("values claim to have %d bytes", n))
				return true
			}
			e.length = int(n)
		case 3:
			e.repetition = int(r.number(kind))
		case 4:
			e.name = string(r.bytes(kind))
		case 5:
			e.children = r.number(kind)
		case 6:
			e.converted = int(r.number(kind))
		case 7:
			e.scale = int(r.number(kind))
		case 10:
			e.logical = r.logical(kind)
		default:
			return false
		}
		return true
	})
	return e
}

func (r *thriftReader) logical(kind byte) (l logicalType) {
	l.signed = true
	r.structure(kind, func(member int, kind byte) bool {
		l.id = member
		if kind != thriftStruct {
			return false
		}
		r.structure(kind, func(id int, kind byte) bool {
			switch {
			case member == logicalDecimal && id == 1:
				l.scale = int(r.number(kind))
			case member == logicalInteger && id == 2:
				l.signed = kind == thriftTrue
			case (member == logicalTime || member == logicalTimestamp) && id == 2:
				l.unit = r.unit(kind)
			default:
				return false
			}
			return true
		})
		return true
	})
	return l
}

func (r *thriftReader) unit(kind byte) (unit time.Duration) {
	r.structure(kind, func(id int, kind byte) bool {
		switch id {
		case 1:
			unit = time.Millisecond
		case 2:
			unit = time.Microsecond
		case 3:
			unit = time.Nanosecond
		}
		return false
	})
	return unit
}

func (r *thriftReader) rowGroup(kind byte) (g rowGroup) {
	g.rows = -1
	r.structure(kind, func(id int, kind byte) bool {
		switch id {
		case 1:
			r.list(kind, func(kind byte) { g.chunks = append(g.chunks, r.chunk(kind)) })
		case 3:
			g.rows = r.number(kind)
		default:
			return false
		}
		return true
	})
	if g.rows < 0 {
		r.fail(fmt.Errorf("a row group claims %d rows", g.rows))
	}
	return g
}

func (r *thriftReader) chunk(kind byte) (c chunk) {
	described := false
	r.structure(kind, func(id int, kind byte) bool {
		switch id {
		case 1:
			c.elsewhere = len(r.bytes(kind)) > 0
		case 3:
			described = true
			r.chunkMetadata(kind, &c)
		default:
			return false
		}
		return true
	})
	if !described {
		r.fail(errors.New("a column chunk has no metadata; it may be encrypted"))
	}
	return c
}

func (r *thriftReader) chunkMetadata(kind byte, c *chunk) {
	fields := 0
	r.structure(kind, func(id int, kind byte) bool {
		to := (*int64)(nil)
		switch id {
		case 1:
			c.physical = physicalType(r.number(kind))
		case 4:
			c.codec = codec(r.number(kind))
		case 5:
			to = &c.values
		case 6:
			to = &c.uncompressed
		case 7:
			to = &c.compressed
		case 9:
			to = &c.data
		case 11:
			c.dictionary = r.number(kind)
			return true
		case 12:
			r.structure(kind, func(id int, kind byte) bool {
				if id != 1 && id != 2 && id != 5 && id != 6 {
					return false
				}
				if b := r.bytes(kind); len(b) == 8 && c.physical == int64s {
					c.bounds = append(c.bounds, int64(binary.LittleEndian.Uint64(b)))
				}
				return true
			})
			return true
		default:
			return false
		}
		if to != nil {
			*to = r.number(kind)
		}
		fields++
		return true
	})
	if fields < 6 { // without this a chunk could be claimed by a byte
		r.fail(errors.New("a column chunk's metadata lacks a required field"))
	}
}
