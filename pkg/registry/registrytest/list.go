package registrytest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

func collect(t *testing.T, s registry.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

func list(t *testing.T, s registry.Store) {
	if got := collect(t, s, ""); len(got) > 0 {
		t.Errorf("an empty store lists %q", got)
	}
	// In bytewise order: '-' < '.' < '/' < '0' < 'A' < 'a', so folders fall between files.
	keys := []string{"a-b", "a.b", "a/b", "a/b0", "a/c/d", "a0", "aA", "ab/c", "b/B", "b/a", "ü"}
	for i := range keys {
		k := keys[(i*7)%len(keys)]
		put(t, s, k, "of "+k)
	}
	for prefix, want := range map[string][]string{
		"":      keys,
		"a":     keys[:8],
		"a/":    keys[2:5],
		"a/b":   keys[2:4],
		"a/c/":  keys[4:5],
		"a/c/d": keys[4:5],
		"a-":    keys[:1],
		"b/":    keys[8:10],
		"ü":     keys[10:],
		"c":     nil,
		"c/d/":  nil,
		"a-b/":  nil,
	} {
		if got := collect(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
	for info, err := range s.List(t.Context(), "a") {
		stat, statErr := s.Stat(t.Context(), info.Key)
		if err != nil || statErr != nil {
			t.Fatal(err, statErr)
		}
		if stat.Size != info.Size || stat.ETag != info.ETag || info.Modified.IsZero() {
			t.Errorf("List says %+v, Stat %+v", info, stat)
		}
		if info.Key == "a/b" {
			break // a caller may stop
		}
	}
	for _, prefix := range []string{"/", "../", "a//", "a/./"} {
		var fault error
		for _, fault = range s.List(t.Context(), prefix) {
		}
		if fault == nil {
			t.Errorf("List(%q) gives no error", prefix)
		}
	}
}

// listMany needs a second page of S3's listings.
func listMany(t *testing.T, s registry.Store) {
	const n = 1005
	want := make([]string, n)
	for i := range n {
		want[i] = fmt.Sprintf("runs/r/trials/%04d.json", i)
	}
	errs := together(8, func(worker int) error {
		for i := worker; i < n; i += 8 {
			if _, err := s.Put(t.Context(), want[i], []byte("{}"), registry.Condition{}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := collect(t, s, "runs/r/"); !slices.Equal(got, want) {
		t.Errorf("%d keys written, %d listed", n, len(got))
	}
}
