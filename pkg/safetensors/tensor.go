package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// FromF64 makes a tensor of float64 values; without a shape it is a vector. It panics if the
// shape does not hold the values, as do the other From functions.
func FromF64(values []float64, shape ...int) Tensor {
	b := make([]byte, 0, 8*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return tensor(F64, b, len(values), shape)
}

// FromF32 makes a tensor of float32 values.
func FromF32(values []float32, shape ...int) Tensor {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return tensor(F32, b, len(values), shape)
}

// FromI64 makes a tensor of int64 values.
func FromI64(values []int64, shape ...int) Tensor {
	b := make([]byte, 0, 8*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return tensor(I64, b, len(values), shape)
}

// FromI32 makes a tensor of int32 values.
func FromI32(values []int32, shape ...int) Tensor {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return tensor(I32, b, len(values), shape)
}

// FromU16 makes a tensor of uint16 values.
func FromU16(values []uint16, shape ...int) Tensor {
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return tensor(U16, b, len(values), shape)
}

// FromU8 makes a tensor of bytes.
func FromU8(values []uint8, shape ...int) Tensor {
	return tensor(U8, append([]byte(nil), values...), len(values), shape)
}

// F64 returns the elements of a float64 tensor, as a copy. Another element type is an error.
func (t Tensor) F64() ([]float64, error) {
	values, err := elements[float64](t, F64)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Bytes[8*i:]))
	}
	return values, err
}

// F32 returns the elements of a float32 tensor.
func (t Tensor) F32() ([]float32, error) {
	values, err := elements[float32](t, F32)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Bytes[4*i:]))
	}
	return values, err
}

// I64 returns the elements of an int64 tensor.
func (t Tensor) I64() ([]int64, error) {
	values, err := elements[int64](t, I64)
	for i := range values {
		values[i] = int64(binary.LittleEndian.Uint64(t.Bytes[8*i:]))
	}
	return values, err
}

// I32 returns the elements of an int32 tensor.
func (t Tensor) I32() ([]int32, error) {
	values, err := elements[int32](t, I32)
	for i := range values {
		values[i] = int32(binary.LittleEndian.Uint32(t.Bytes[4*i:]))
	}
	return values, err
}

// U16 returns the elements of a uint16 tensor.
func (t Tensor) U16() ([]uint16, error) {
	values, err := elements[uint16](t, U16)
	for i := range values {
		values[i] = binary.LittleEndian.Uint16(t.Bytes[2*i:])
	}
	return values, err
}

// U8 returns the elements of a byte tensor.
func (t Tensor) U8() ([]uint8, error) {
	values, err := elements[uint8](t, U8)
	copy(values, t.Bytes)
	return values, err
}

func tensor(dtype DType, b []byte, n int, shape []int) Tensor {
	if len(shape) == 0 {
		shape = []int{n}
	}
	product := 1
	for _, d := range shape {
		product *= d
	}
	if product != n {
		panic("safetensors: shape does not hold the values")
	}
	return Tensor{DType: dtype, Shape: append([]int(nil), shape...), Bytes: b}
}

// Raw returns the bytes of a tensor's elements, little-endian and not copied, once its type and
// length are checked. A tensor that is absent from a map is the zero Tensor, whose type never
// matches.
func (t Tensor) Raw(want DType) ([]byte, error) {
	if t.DType != want {
		if t.DType == "" {
			return nil, fmt.Errorf("tensor is missing, want one of %s", want)
		}
		return nil, fmt.Errorf("tensor holds %s, want %s", t.DType, want)
	}
	_, err := t.count()
	return t.Bytes, err
}

// elements makes room for the elements of a tensor that Raw returns.
func elements[T any](t Tensor, want DType) ([]T, error) {
	b, err := t.Raw(want)
	if err != nil {
		return nil, err
	}
	return make([]T, len(b)/sizes[want]), nil
}

// count is the number of elements, checked against the bytes there are.
func (t Tensor) count() (int, error) {
	size, ok := sizes[t.DType]
	if !ok {
		return 0, fmt.Errorf("element type %q is not supported", t.DType)
	}
	n := 1
	for _, d := range t.Shape {
		if d < 0 || (d > 0 && n > math.MaxInt32*64/d) {
			return 0, fmt.Errorf("shape %v is out of range", t.Shape)
		}
		n *= d
	}
	if n*size != len(t.Bytes) {
		return 0, fmt.Errorf("shape %v of %s needs %d bytes, there are %d", t.Shape, t.DType, n*size, len(t.Bytes))
	}
	return n, nil
}

var sizes = map[DType]int{F64: 8, I64: 8, F32: 4, I32: 4, U16: 2, U8: 1}
