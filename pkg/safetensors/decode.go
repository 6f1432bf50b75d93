package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// maxHeader bounds the header that Decode accepts, as the reference implementation does.
const maxHeader = 100 << 20

// Decode reads a file. The tensors share b's memory. Whatever b holds, Decode returns a file
// whose every tensor lies within b and fits its shape, or an error. A name that appears twice is
// an error, as the format says: readers would differ in which they take.
func Decode(b []byte) (*File, error) {
	if len(b) < 8 {
		return nil, errors.New("safetensors: shorter than its length prefix")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return nil, fmt.Errorf("safetensors: header of %d bytes does not fit a file of %d", n, len(b))
	}
	d := decoder{jsontext.NewReader(string(b[8 : 8+n])), b[8+n:], nil, File{Tensors: map[string]Tensor{}}}
	err := d.Object(d.entry)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	if err := d.checkSpans(); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return &d.file, nil
}

// decoder reads the header of a file. It is read in one pass, without reflection: whoever asks first
// for a prediction waits for it.
type decoder struct {
	*jsontext.Reader
	data  []byte // behind the header
	spans []span
	file  File
}

// span is the bytes of a tensor.
type span struct{ from, to int }

// entry reads what the header says of a name.
func (d *decoder) entry(name string) error {
	if name == metadataName {
		if d.file.Metadata != nil {
			return fmt.Errorf("%q appears twice", name)
		}
		d.file.Metadata = map[string]string{}
		return d.Object(d.metadata)
	}
	if _, twice := d.file.Tensors[name]; twice {
		return fmt.Errorf("tensor %q appears twice", name)
	}
	t, err := d.tensor()
	if err != nil {
		return fmt.Errorf("tensor %q: %w", name, err)
	}
	d.file.Tensors[name] = t
	return nil
}

// metadata reads a text of the metadata.
func (d *decoder) metadata(name string) (err error) {
	if _, twice := d.file.Metadata[name]; twice {
		return fmt.Errorf("metadata %q appears twice", name)
	}
	if d.file.Metadata[name], err = d.Text(); err != nil {
		return fmt.Errorf("metadata %q: %w", name, err)
	}
	return nil
}

// tensor reads an entry and finds the tensor's bytes.
func (d *decoder) tensor() (t Tensor, err error) {
	var offsets []int
	err = d.Object(func(member string) (err error) {
		switch member {
		case "dtype":
			var dtype string
			dtype, err = d.Text()
			t.DType = DType(dtype)
		case "shape":
			t.Shape, err = d.integers()
		case "data_offsets":
			offsets, err = d.integers()
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if t.Shape == nil || len(offsets) != 2 {
		return t, fmt.Errorf("shape %v and data_offsets %v, want a shape and two offsets", t.Shape, offsets)
	}
	from, to := offsets[0], offsets[1]
	if from < 0 || to < from || to > len(d.data) {
		return t, fmt.Errorf("bytes %d to %d lie outside the file", from, to)
	}
	t.Bytes = d.data[from:to:to]
	if _, err := t.count(); err != nil {
		return t, err
	}
	d.spans = append(d.spans, span{from, to})
	return t, nil
}

// integers reads an array of them.
func (d *decoder) integers() ([]int, error) {
	values := []int{}
	err := d.Array(func() error {
		text, err := d.Number()
		if err != nil {
			return err
		}
		v, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%s is not an integer in range", text)
		}
		values = append(values, v)
		return nil
	})
	return values, err
}

// checkSpans returns an error if a byte belongs to two tensors or to none: that is where files
// smuggle things.
func (d *decoder) checkSpans() error {
	slices.SortFunc(d.spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	end := 0
	for _, s := range d.spans {
		if s.from != end {
			return fmt.Errorf("tensors overlap or leave a gap at byte %d", end)
		}
		end = s.to
	}
	if end != len(d.data) {
		return fmt.Errorf("%d bytes belong to no tensor", len(d.data)-end)
	}
	return nil
}
