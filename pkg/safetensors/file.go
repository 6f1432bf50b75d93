package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"unicode/utf8"
)

// maxHeader bounds the header that Decode accepts, as the reference implementation does.
const maxHeader = 100 << 20

// metadataName is the header's entry that is no tensor.
const metadataName = "__metadata__"

// entry is a tensor in the header. Its offsets count from the end of the header.
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

// Decode reads a file. The tensors share b's memory. Whatever b holds, Decode returns a file
// whose every tensor lies within b and fits its shape, or an error.
func Decode(b []byte) (*File, error) {
	if len(b) < 8 {
		return nil, errors.New("safetensors: shorter than its length prefix")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return nil, fmt.Errorf("safetensors: header of %d bytes does not fit a file of %d", n, len(b))
	}
	text, data := b[8:8+n], b[8+n:]
	var header map[string]json.RawMessage
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	f := &File{Tensors: make(map[string]Tensor, len(header))}
	type span struct{ from, to int }
	var spans []span
	for name, raw := range header {
		if name == metadataName {
			if err := json.Unmarshal(raw, &f.Metadata); err != nil {
				return nil, fmt.Errorf("safetensors: metadata: %w", err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		from, to := e.Offsets[0], e.Offsets[1]
		if from < 0 || to < from || to > len(data) {
			return nil, fmt.Errorf("safetensors: tensor %q: bytes %d to %d lie outside the file", name, from, to)
		}
		t := Tensor{DType: e.DType, Shape: e.Shape, Bytes: data[from:to:to]}
		if _, err := t.count(); err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		f.Tensors[name] = t
		spans = append(spans, span{from, to})
	}
	// No byte may belong to two tensors or to none: that is where files smuggle things.
	sort.Slice(spans, func(i, j int) bool {
		if spans[i].from != spans[j].from {
			return spans[i].from < spans[j].from
		}
		return spans[i].to < spans[j].to
	})
	end := 0
	for _, s := range spans {
		if s.from != end {
			return nil, fmt.Errorf("safetensors: tensors overlap or leave a gap at byte %d", end)
		}
		end = s.to
	}
	if end != len(data) {
		return nil, fmt.Errorf("safetensors: %d bytes belong to no tensor", len(data)-end)
	}
	return f, nil
}
