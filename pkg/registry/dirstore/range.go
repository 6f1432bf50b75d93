package dirstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// OpenRange reads a range of an object.
func (s store) OpenRange(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, error) {
	if err := errors.Join(check(ctx, key), registry.ValidateRange(etag, offset, length)); err != nil {
		return nil, err
	}
	f, err := s.openTagged(ctx, key, etag)
	if err != nil {
		return nil, err
	}
	return section{reader{ctx, f}, io.NewSectionReader(f, offset, length)}, nil
}

// openTagged opens a file whose ETag has to be etag. What the ETag is of a file is computed
// once, for the first range: a large file is read in hundreds of them.
func (s store) openTagged(ctx context.Context, key, etag string) (*os.File, error) {
	conflict := fmt.Errorf("open %s: %w", key, registry.ErrConflict)
	f, err := os.Open(s.path(key))
	if missing(err) {
		return nil, fmt.Errorf("%s: %w", key, registry.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	id, err := identify(f)
	if err == nil && s.tags.get(key) == (tagged{id, etag}) {
		return f, nil
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	f, info, err := s.open(ctx, key)
	if err != nil {
		return nil, err
	}
	if info.ETag != etag {
		f.Close()
		return nil, conflict
	}
	if id, err = identify(f); err != nil {
		f.Close()
		return nil, err
	}
	s.tags.set(key, tagged{id, etag})
	return f, nil
}

// identity tells files apart without reading them. A file that is written gets another
// change time; the store puts a new file in the place of the old, so that it would take three
// writes of a key within one tick of the file system's clock, of the same length and with an
// inode that is used again, to be mistaken.
type identity struct {
	dev, ino       uint64
	size           int64
	changed, nanos int64 // when its content or inode last was
}

func identify(f *os.File) (identity, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil {
		return identity{}, fmt.Errorf("stat %s: %w", f.Name(), err)
	}
	return identity{uint64(stat.Dev), stat.Ino, stat.Size, int64(stat.Ctim.Sec), int64(stat.Ctim.Nsec)}, nil
}

// tagged is a file whose ETag is known.
type tagged struct {
	identity
	etag string
}

// tags are the known ETags by key. It is not for more keys than data sets have parts.
type tags struct {
	mu    sync.Mutex
	known map[string]tagged
}

func (t *tags) get(key string) tagged {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[key]
}

func (t *tags) set(key string, of tagged) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]tagged{}
	}
	t.known[key] = of
}

// section reads a range and stops when its context ends.
type section struct {
	reader
	part *io.SectionReader
}

func (s section) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.part.Read(p)
}
