// Package registry keeps what has an identity in the bucket: model versions and the aliases
// that point at them, data sets and their statistics. Everything but an alias is immutable.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"
)

// Store is the small part of an object store that Foretell needs. Keys are slash-separated
// and relative ("models/wine/versions/1.json"), see ValidateKey; a key is never another key's
// folder ("a" and "a/b"). A write is atomic: readers see all of the old object or all of the
// new one. dirstore and s3store implement it; registrytest holds both to the same behaviour.
type Store interface {
	// Open reads an object. The caller closes it. ErrNotFound if there is none.
	Open(ctx context.Context, key string) (io.ReadCloser, Info, error)
	// Stat describes an object without reading it. ErrNotFound if there is none.
	Stat(ctx context.Context, key string) (Info, error)
	// Put writes an object if the condition holds, else returns ErrConflict and changes
	// nothing. IfMatch on an object that is gone is a conflict too. The Info has no
	// Modified: S3 does not tell it. After ErrConflict the object may still be ours, if the
	// answer to a first try was lost on the way: a caller that must know reads it.
	Put(ctx context.Context, key string, body []byte, condition Condition) (Info, error)
	// List yields the objects whose keys start with prefix, in bytewise order of keys. The
	// first error ends it.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, key string) error
}

// RangeOpener is what a store may offer besides, found by type assertion: reads of a range of
// an object, so that several can run side by side.
type RangeOpener interface {
	// OpenRange reads length bytes of an object from offset on, fewer if it ends before, none
	// if it ends at the offset or earlier. ErrConflict if its ETag is no longer etag,
	// ErrNotFound if it is gone. The caller closes what it returns.
	OpenRange(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, error)
}

// Revalidator is what a store may offer besides, found by type assertion: reads that carry
// nothing if the object is what the caller has.
type Revalidator interface {
	// OpenChanged is Open, but ErrNotModified if the object's ETag is still etag.
	OpenChanged(ctx context.Context, key, etag string) (io.ReadCloser, Info, error)
}

// OpenChanged is Open of an object whose ETag is no longer etag; ErrNotModified if it is. A store
// that is no Revalidator is asked for the object all the same.
func OpenChanged(ctx context.Context, s Store, key, etag string) (io.ReadCloser, Info, error) {
	if r, ok := s.(Revalidator); ok && etag != "" {
		return r.OpenChanged(ctx, key, etag)
	}
	body, info, err := s.Open(ctx, key)
	if err == nil && etag != "" && info.ETag == etag {
		body.Close()
		return nil, Info{}, fmt.Errorf("open %s: %w", key, ErrNotModified)
	}
	return body, info, err
}

// ValidateRange says why a range cannot be read, or nil: HTTP has no range of no bytes.
func ValidateRange(etag string, offset, length int64) error {
	if etag == "" || offset < 0 || length <= 0 || offset > math.MaxInt64-length {
		return fmt.Errorf("range of %d bytes from %d of the content %q cannot be read", length, offset, etag)
	}
	return nil
}

// Info describes an object.
type Info struct {
	Key      string
	Size     int64     // bytes
	ETag     string    // opaque; changes whenever the content does; no quotes around it
	Modified time.Time // when it was written, by the store's clock
}

// Condition says when a Put may happen. The zero value: always. At most one field is set.
type Condition struct {
	Absent  bool   // only if the key has no object
	IfMatch string // only if the object's ETag is this one
}

// Validate refuses a condition that cannot hold.
func (c Condition) Validate() error {
	if c.Absent && c.IfMatch != "" {
		return errors.New("condition is both Absent and IfMatch")
	}
	return nil
}
