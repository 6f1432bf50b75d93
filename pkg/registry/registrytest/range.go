package registrytest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// ranges holds a store that offers ranged reads to what RangeOpener says.
func ranges(t *testing.T, s registry.Store) {
	opener, ok := s.(registry.RangeOpener)
	if !ok {
		t.Skip("the store offers no ranged reads: RangeOpener is optional")
	}
	const body = "0123456789"
	info := put(t, s, "a/b", body)
	empty := put(t, s, "a/empty", "")
	for _, tt := range []struct {
		key            string
		etag           string
		offset, length int64
		want           string
	}{
		{"a/b", info.ETag, 0, 10, body},
		{"a/b", info.ETag, 0, 1, "0"},
		{"a/b", info.ETag, 3, 4, "3456"},
		{"a/b", info.ETag, 9, 1, "9"},
		{"a/b", info.ETag, 7, 1 << 40, "789"},
		{"a/b", info.ETag, 10, 5, ""},
		{"a/b", info.ETag, 1 << 40, 5, ""},
		{"a/empty", empty.ETag, 0, 5, ""},
	} {
		r, err := opener.OpenRange(t.Context(), tt.key, tt.etag, tt.offset, tt.length)
		if err != nil {
			t.Errorf("%d bytes from %d: %v", tt.length, tt.offset, err)
			continue
		}
		got, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil || string(got) != tt.want {
			t.Errorf("%d bytes from %d are %q, %v, want %q", tt.length, tt.offset, got, err, tt.want)
		}
	}
	for _, bad := range []struct {
		etag           string
		offset, length int64
	}{{info.ETag, -1, 5}, {info.ETag, 0, 0}, {info.ETag, 0, -1}, {"", 0, 5}, {info.ETag, 1 << 62, 1 << 62}} {
		if _, err := opener.OpenRange(t.Context(), "a/b", bad.etag, bad.offset, bad.length); err == nil {
			t.Errorf("%+v is read", bad)
		}
	}
	if _, err := opener.OpenRange(t.Context(), "a/none", info.ETag, 0, 1); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a range of no object: %v", err)
	}
	var fault *registry.KeyError
	if _, err := opener.OpenRange(t.Context(), "../a", info.ETag, 0, 1); !errors.As(err, &fault) {
		t.Errorf("a range of a key that is none: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := opener.OpenRange(ctx, "a/b", info.ETag, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a range after the context ended: %v", err)
	}
	now := put(t, s, "a/b", "9876543210") // of the same length, at once
	for _, offset := range []int64{0, 5, 100} {
		if _, err := opener.OpenRange(t.Context(), "a/b", info.ETag, offset, 5); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("a range from %d of what is no longer there: %v", offset, err)
		}
	}
	if r, err := opener.OpenRange(t.Context(), "a/b", now.ETag, 5, 5); err != nil {
		t.Error(err)
	} else if got, err := io.ReadAll(r); errors.Join(err, r.Close()) != nil || string(got) != "43210" {
		t.Errorf("after a write, the range is %q, %v", got, err)
	}
}
