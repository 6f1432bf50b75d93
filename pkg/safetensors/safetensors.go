// Package safetensors reads and writes the safetensors format
// (https://github.com/huggingface/safetensors): an 8-byte little-endian length, a JSON
// header that names every tensor with its type, shape and byte range, and the bytes. It is
// data and nothing else: reading a file executes nothing. Artifacts, prepared training data
// and sketches are all stored in it, so Python's safetensors package reads what Foretell
// writes.
//
// Encoding is canonical: tensors lie in the order of their names, each aligned to 8 bytes
// by a padded header and by 8-byte types first, so equal content is equal bytes.
package safetensors

// DType is the type of a tensor's elements, by its name in the format.
type DType string

// The element types that Foretell writes and reads.
const (
	F64 DType = "F64"
	F32 DType = "F32"
	I64 DType = "I64"
	I32 DType = "I32"
	U16 DType = "U16"
	U8  DType = "U8"
)

// Tensor is an array of numbers: its element type, its shape (row-major), and its elements
// as little-endian bytes. Use the From… functions and the accessors, not Bytes.
type Tensor struct {
	DType DType
	Shape []int
	Bytes []byte
}

// File is the content of one safetensors file.
type File struct {
	Metadata map[string]string
	Tensors  map[string]Tensor
}
