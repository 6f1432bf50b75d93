package dataset

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// endless is a file that repeats a text for so many bytes after its beginning.
func endless(begin, repeated string, size int64) Part {
	return Part{Name: "hostile.csv", Open: func(context.Context) (io.ReadCloser, error) {
		body := io.MultiReader(strings.NewReader(begin), io.LimitReader(&repeater{text: bytes.Repeat([]byte(repeated), 1<<16)}, size))
		return io.NopCloser(body), nil
	}}
}

type repeater struct {
	text []byte
	read int64
}

func (r *repeater) Read(p []byte) (int, error) {
	r.read += int64(len(p))
	n := 0
	for n < len(p) {
		n += copy(p[n:], r.text)
	}
	return n, nil
}

// What is too large is refused after the few blocks in which it is too large, whatever its
// size: a part of a terabyte would never be read to its end.
func TestHostileSizes(t *testing.T) {
	const terabyte = 1 << 40
	for _, c := range []struct {
		name string
		part Part
		want string
	}{
		{"a field without end", endless("a,b\n1,", "x", terabyte), "row 1 (line 2)"},
		{"a quoted field without end", endless("a,b\n1,\"", "x", terabyte), "value is longer than 1048576 bytes"},
		{"a quoted field of line ends", endless("a,b\n1,\"", "\n", terabyte), "value is longer than 1048576 bytes"},
		{"a header without end", endless("", "x", terabyte), "value is longer than 1048576 bytes"},
		{"columns without end", endless("", "abc,", terabyte), "more than 65536 values in a row"},
		{"a row of columns without end", endless("a,b\n", "1,", terabyte), "more than 65536 values in a row"},
		{"NUL bytes", endless("a,b\n", "\x00", terabyte), "NUL byte"},
		{"not UTF-8", endless("a,b\n", "\xff,\xff\n", terabyte), "value is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := ReadCSV(t.Context(), []Part{c.part}, Options{Delimiter: ','}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// A connection that breaks off in the middle of a row, or between two, is no end of the file.
func TestBrokenOff(t *testing.T) {
	for _, begin := range []string{"", "a,b\n", "a,b\n1,2\n", "a,b\n1,2\n3", `{"a":1}` + "\n"} {
		part := Part{Name: "broken.csv", Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(io.ErrUnexpectedEOF))), nil
		}}
		for _, source := range []Source{CSV{Files: []Part{part}}, JSONLines{Files: []Part{part}}} {
			if _, _, err := Read(t.Context(), source, Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%T of %q: %v", source, begin, err)
			}
		}
		if _, err := ReadHeader(t.Context(), part, Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("header of %q: %v", begin, err)
		}
	}
}
