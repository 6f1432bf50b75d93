package parquet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// atHand is a part whose bytes are at hand, and counts what is open; fail says which reads do.
type atHand struct {
	opened, reads atomic.Int32
	fail          func(read int32) error
}

func (a *atHand) part(data []byte) dataset.Part {
	p := inMemory("near.parquet", data)
	p.OpenAt = func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		a.opened.Add(1)
		return &handful{io.NewSectionReader(bytes.NewReader(data), offset, length), a}, nil
	}
	return p
}

type handful struct {
	*io.SectionReader
	of *atHand
}

func (h *handful) Close() error {
	h.of.opened.Add(-1)
	return nil
}

func (h *handful) ReadAt(p []byte, offset int64) (int, error) {
	if n := h.of.reads.Add(1); h.of.fail != nil {
		if err := h.of.fail(n); err != nil {
			return 0, err
		}
	}
	return h.SectionReader.ReadAt(p, offset)
}

// A file whose bytes are at hand is the same table as one that is asked for ranges, of every file that
// a peer wrote, and is closed.
func TestNearAsFar(t *testing.T) {
	paths, err := filepath.Glob("../../../testdata/parquet/*.parquet")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	read := int32(0)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for workers := 1; workers <= 3; workers++ {
			var near atHand
			o := dataset.Options{Workers: workers}
			far := inMemory("near.parquet", data)
			want, digest, err := dataset.Read(t.Context(), Files{[]dataset.Part{far, far}}, o)
			got, same, fault := dataset.Read(t.Context(), Files{[]dataset.Part{near.part(data), near.part(data)}}, o)
			if (err == nil) != (fault == nil) || err != nil && err.Error() != fault.Error() || digest != same {
				t.Fatalf("%s: %v and %v, %s and %s", path, err, fault, digest, same)
			}
			if err == nil {
				sameTable(t, path, got, want)
				read += near.reads.Load()
			}
			if n := near.opened.Load(); n != 0 {
				t.Errorf("%s: %d are open", path, n)
			}
		}
	}
	if read < 1000 {
		t.Errorf("only %d reads", read)
	}
}

// Whichever read of a file at hand fails, that is the error; and it is closed, as it is where somebody
// has enough of its rows.
func TestNearFails(t *testing.T) {
	const n = 300_000
	data := one(n, number("a", eights(n/2), eights(n/2)), number("b", eights(n)), number("c", eights(n))).bytes(t)
	lost := errors.New("unplugged")
	for _, workers := range []int{1, 3} {
		failed := 0
		for at := int32(1); ; at++ {
			near := atHand{fail: func(read int32) error {
				if read == at {
					return lost
				}
				return nil
			}}
			_, err := Files{[]dataset.Part{near.part(data)}}.Scan(t.Context(), dataset.Options{Workers: workers}, &discard{})
			if near.opened.Load() != 0 {
				t.Errorf("read %d: %d are open", at, near.opened.Load())
			}
			if near.reads.Load() < at {
				break
			}
			failed++
			var fault *dataset.ParseError
			if !errors.Is(err, lost) || errors.As(err, &fault) || !strings.Contains(err.Error(), "read near.parquet: bytes ") {
				t.Errorf("read %d: %v", at, err)
			}
		}
		if failed < 6 {
			t.Errorf("only %d reads", failed)
		}
	}
	var near atHand
	if _, err := (Files{[]dataset.Part{near.part(data)}}).Scan(t.Context(), dataset.Options{}, &expecting{}); !errors.Is(err, errEnough) || near.opened.Load() != 0 {
		t.Errorf("%v, %d are open", err, near.opened.Load())
	}
}
