package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"
)

func sample() *File {
	return &File{
		Metadata: map[string]string{"format": "test", "a": "ü"},
		Tensors: map[string]Tensor{
			"w":     FromF64([]float64{1, math.Inf(-1), math.NaN(), math.Copysign(0, -1), 5e-324, 6}, 2, 3),
			"codes": FromI32([]int32{-1, 0, math.MaxInt32}),
			"flags": FromU8([]uint8{0, 255, 7}),
			"half":  FromU16([]uint16{65535}),
			"big":   FromI64([]int64{math.MinInt64, 3}),
			"f":     FromF32([]float32{1.5}),
			"empty": FromF64(nil),
		},
	}
}

func TestRoundTrip(t *testing.T) {
	f := sample()
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Metadata, f.Metadata) || len(again.Tensors) != len(f.Tensors) {
		t.Errorf("got %v", again)
	}
	for name, want := range f.Tensors {
		got := again.Tensors[name]
		if got.DType != want.DType || !reflect.DeepEqual(got.Shape, want.Shape) || !bytes.Equal(got.Bytes, want.Bytes) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if second, _ := again.Encode(); !bytes.Equal(b, second) {
		t.Error("encoding again gave other bytes")
	}
	if n := binary.LittleEndian.Uint64(b); n%8 != 0 {
		t.Errorf("header of %d bytes leaves the tensors unaligned", n)
	}
}

func TestAccessorsCheckTheType(t *testing.T) {
	f := sample()
	if _, err := f.Tensors["w"].I32(); err == nil || !strings.Contains(err.Error(), "F64") {
		t.Errorf("got %v", err)
	}
	if _, err := f.Tensors["absent"].F64(); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v", err)
	}
	w, err := f.Tensors["w"].F64()
	if err != nil || w[0] != 1 || !math.IsNaN(w[2]) || !math.Signbit(w[3]) {
		t.Errorf("got %v, %v", w, err)
	}
}

// TestReference reads bytes laid out by hand from the format's specification.
func TestReference(t *testing.T) {
	header := ` {"__metadata__" : {"a\u0062":"\n"}, "x":{"dtype":"F32","shape":[2],"note":{"of":[1]},"data_offsets":[0,8]}}  `
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	b = append(b, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0)
	f, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if x, err := f.Tensors["x"].F32(); err != nil || x[0] != 1 || x[1] != -2 || f.Metadata["ab"] != "\n" {
		t.Errorf("got %v, %v, %v", x, f.Metadata, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, header := range map[string]string{
		"not json":       `{`,
		"outside":        `{"x":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}`,
		"negative":       `{"x":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}`,
		"shape":          `{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}`,
		"overflow":       `{"x":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`,
		"overlap":        `{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"y":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`,
		"gap":            `{"x":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`,
		"left over":      `{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`,
		"unknown dtype":  `{"x":{"dtype":"Q9","shape":[8],"data_offsets":[0,8]}}`,
		"no dtype":       `{"x":{"shape":[8],"data_offsets":[0,8]}}`,
		"no shape":       `{"x":{"dtype":"F64","data_offsets":[0,8]}}`,
		"no offsets":     `{"x":{"dtype":"U8","shape":[8]}}`,
		"three offsets":  `{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,4,8]}}`,
		"fraction":       `{"x":{"dtype":"U8","shape":[8.0],"data_offsets":[0,8]}}`,
		"huge shape":     `{"x":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,8]}}`,
		"shape of null":  `{"x":{"dtype":"U8","shape":null,"data_offsets":[0,8]}}`,
		"tensor twice":   `{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}`,
		"array":          `[]`,
		"more after it":  `{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}} {}`,
		"metadata of 1":  `{"__metadata__":{"a":1},"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}`,
		"metadata twice": `{"__metadata__":{},"__metadata__":{},"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}`,
		"text twice":     `{"__metadata__":{"a":"1","a":"2"},"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}`,
	} {
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		b = append(append(b, header...), make([]byte, 8)...)
		if f, err := Decode(b); err == nil {
			t.Errorf("%s: accepted as %v", name, f)
		}
	}
	if _, err := Decode([]byte{255, 255, 255, 255, 255, 255, 255, 255, '{'}); err == nil {
		t.Error("huge header accepted")
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, f := range map[string]*File{
		"the metadata's name": {Tensors: map[string]Tensor{"__metadata__": FromU8(nil)}},
		"Latin-1":             {Tensors: map[string]Tensor{"caf\xe9": FromU8(nil)}},
		"too few bytes":       {Tensors: map[string]Tensor{"x": {DType: F64, Shape: []int{2}, Bytes: make([]byte, 8)}}},
		"no type":             {Tensors: map[string]Tensor{"x": {}}},
	} {
		if _, err := f.Encode(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, _ := sample().Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Decode(b)
		if err != nil {
			return
		}
		if _, err := file.Encode(); err != nil {
			t.Errorf("decoded but does not encode: %v", err)
		}
	})
}
