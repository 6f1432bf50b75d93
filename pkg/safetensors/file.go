package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sort"
	"unicode/utf8"
)

// metadataName is the header's entry that is no tensor.
const metadataName = "__metadata__"

// entry is a tensor in the header as it is written. Its offsets count from the end of the header.
type entry struct {
	DType   DType  `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// Encode returns the file's bytes. Equal files give equal bytes: names are sorted, wider
// types come first so that every element is aligned, and the header is padded to 8 bytes.
func (f *File) Encode() ([]byte, error) {
	names := make([]string, 0, len(f.Tensors))
	for name, t := range f.Tensors {
		if name == metadataName || !utf8.ValidString(name) { // what JSON would lose
			return nil, fmt.Errorf("safetensors: %q is no name for a tensor", name)
		}
		if _, err := t.count(); err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := sizes[f.Tensors[names[i]].DType], sizes[f.Tensors[names[j]].DType]
		if a != b {
			return a > b
		}
		return names[i] < names[j]
	})
	header := make(map[string]any, len(names)+1) // encoding/json sorts keys
	if len(f.Metadata) > 0 {
		header[metadataName] = f.Metadata
	}
	offset := 0
	for _, name := range names {
		t := f.Tensors[name]
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		header[name] = entry{t.DType, shape, [2]int{offset, offset + len(t.Bytes)}}
		offset += len(t.Bytes)
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	text = append(text, bytes.Repeat([]byte{' '}, (8-len(text)%8)%8)...)
	b := make([]byte, 0, 8+len(text)+offset)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(text)))
	b = append(b, text...)
	for _, name := range names {
		b = append(b, f.Tensors[name].Bytes...)
	}
	return b, nil
}
