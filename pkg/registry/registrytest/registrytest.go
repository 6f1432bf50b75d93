// Package registrytest holds every store to one behaviour: that of S3 with strong
// consistency and conditional writes, as pkg/registry relies on it.
package registrytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Run tests a store, and a registry on it. The function makes an empty store.
func Run(t *testing.T, empty func(t *testing.T) registry.Store) {
	tests := []struct {
		name string
		test func(t *testing.T, s registry.Store)
	}{
		{"put and open", putAndOpen},
		{"overwrite", overwrite},
		{"not found", notFound},
		{"delete", remove},
		{"empty body", emptyBody},
		{"large body", largeBody},
		{"ranges", ranges},
		{"if none match", ifNoneMatch},
		{"odd keys", oddKeys},
		{"refused keys", refusedKeys},
		{"absent", absent},
		{"if match", ifMatch},
		{"condition that cannot hold", impossible},
		{"race of absent", raceAbsent},
		{"race of if match", raceIfMatch},
		{"readers see whole objects", wholeObjects},
		{"list", list},
		{"list many", listMany},
		{"cancelled", cancelled},
		{"registry: register", register},
		{"registry: race of registers", raceRegister},
		{"registry: race of promoters", racePromote},
		{"registry: history", history},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, empty(t)) })
	}
}

func put(t *testing.T, s registry.Store, key, body string) registry.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, []byte(body), registry.Condition{})
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	return info
}

// open reads an object and checks that Open and Stat describe it alike.
func open(t *testing.T, s registry.Store, key string) (string, registry.Info) {
	t.Helper()
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("open %s: %v", key, err)
	}
	body, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	stat, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatalf("stat %s: %v", key, err)
	}
	if stat.Key != info.Key || stat.Size != info.Size || stat.ETag != info.ETag || !stat.Modified.Equal(info.Modified) {
		t.Errorf("Stat says %+v, Open %+v", stat, info)
	}
	if info.Key != key || info.Size != int64(len(body)) || info.ETag == "" || info.Modified.IsZero() {
		t.Errorf("%d bytes of %s are described as %+v", len(body), key, info)
	}
	if strings.ContainsAny(info.ETag, `"`) {
		t.Errorf("ETag %s has quotes", info.ETag)
	}
	return string(body), info
}

func want(t *testing.T, s registry.Store, key, body string) registry.Info {
	t.Helper()
	got, info := open(t, s, key)
	if got != body {
		t.Errorf("%s holds %.80q, want %.80q", key, got, body)
	}
	return info
}

func putAndOpen(t *testing.T, s registry.Store) {
	made := put(t, s, "models/wine/versions/1.json", "one")
	info := want(t, s, "models/wine/versions/1.json", "one")
	if made.Key != info.Key || made.Size != info.Size || made.ETag != info.ETag {
		t.Errorf("Put says %+v, Open %+v", made, info)
	}
}

func overwrite(t *testing.T, s registry.Store) {
	first := put(t, s, "a/b", "one")
	second := put(t, s, "a/b", "two") // of the same length, at once
	if first.ETag == second.ETag {
		t.Error("the ETag did not change with the content")
	}
	if info := want(t, s, "a/b", "two"); info.ETag != second.ETag || info.Modified.Before(first.Modified) {
		t.Errorf("after %+v and %+v the object is %+v", first, second, info)
	}
}

func notFound(t *testing.T, s registry.Store) {
	put(t, s, "a/b", "one")
	for _, key := range []string{"none", "a", "a/c", "a/b/c", "a/b.json"} {
		if r, _, err := s.Open(t.Context(), key); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("Open(%s) = %v, %v", key, r, err)
		}
		if info, err := s.Stat(t.Context(), key); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("Stat(%s) = %v, %v", key, info, err)
		}
	}
}

func remove(t *testing.T, s registry.Store) {
	put(t, s, "a/b/c", "one")
	put(t, s, "a/d", "two")
	for range 2 { // the second time it is not there, which is no error
		if err := s.Delete(t.Context(), "a/b/c"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), "never/was"); err != nil {
		t.Error(err)
	}
	if _, err := s.Stat(t.Context(), "a/b/c"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("after Delete, Stat says %v", err)
	}
	want(t, s, "a/d", "two")
	put(t, s, "a/b", "no longer a folder")
	want(t, s, "a/b", "no longer a folder")
}

func emptyBody(t *testing.T, s registry.Store) {
	put(t, s, "empty", "")
	want(t, s, "empty", "")
	if _, err := s.Put(t.Context(), "empty", nil, registry.Condition{Absent: true}); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("an empty object is there, but Absent says %v", err)
	}
}

func largeBody(t *testing.T, s registry.Store) {
	body := string(bytes.Repeat([]byte("foretell\n\x00\xff"), 6<<20/11+1))
	put(t, s, "large", body)
	if got, _ := open(t, s, "large"); got != body {
		t.Errorf("%d bytes came back as %d others", len(body), len(got))
	}
}

func oddKeys(t *testing.T, s registry.Store) {
	keys := []string{
		"a b/c d.csv", "a+b", "a%2Fb", "a%b", "a&b<c>'d\"", "ü/日本語/🍷", "a?b=c#d", "A", "a:b", "~", "a..b",
		"-", "=", "a,b;c", "a*", strings.Repeat("l", registry.MaxElement),
		strings.Repeat(strings.Repeat("p", 99)+"/", 10) + strings.Repeat("q", 24),
	}
	for i, key := range keys {
		put(t, s, "odd/"+key[:min(len(key), registry.MaxKey-4)], fmt.Sprint(i))
	}
	listed := collect(t, s, "odd/")
	for i, key := range keys {
		key = "odd/" + key[:min(len(key), registry.MaxKey-4)]
		want(t, s, key, fmt.Sprint(i))
		if !slices.Contains(listed, key) {
			t.Errorf("%q is not listed", key)
		}
	}
	if len(listed) != len(keys) {
		t.Errorf("%d keys, %d listed", len(keys), len(listed))
	}
}

func refusedKeys(t *testing.T, s registry.Store) {
	put(t, s, "a/b", "one")
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b", ".hidden", "a/.tmp/b",
		"a\x00b", "a\nb", "a\x7f", "a\\b", "a\xffb", strings.Repeat("x", registry.MaxElement+1),
		strings.Repeat("y/", registry.MaxKey/2) + "z",
	} {
		var fault *registry.KeyError
		if _, err := s.Put(t.Context(), key, nil, registry.Condition{}); !errors.As(err, &fault) {
			t.Errorf("Put(%q) = %v", key, err)
		}
		if _, _, err := s.Open(t.Context(), key); !errors.As(err, &fault) {
			t.Errorf("Open(%q) = %v", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.As(err, &fault) {
			t.Errorf("Stat(%q) = %v", key, err)
		}
		if err := s.Delete(t.Context(), key); !errors.As(err, &fault) {
			t.Errorf("Delete(%q) = %v", key, err)
		}
	}
	// A key that is another key's folder: S3 would take it, file systems cannot.
	for _, key := range []string{"a", "a/b/c"} {
		if _, err := s.Put(t.Context(), key, nil, registry.Condition{Absent: true}); err == nil || errors.Is(err, registry.ErrConflict) {
			t.Errorf("Put(%q) beside a/b = %v", key, err)
		}
	}
	if got := collect(t, s, ""); !slices.Equal(got, []string{"a/b"}) {
		t.Errorf("the store holds %q", got)
	}
}

func cancelled(t *testing.T, s registry.Store) {
	put(t, s, "a", "one")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, putErr := s.Put(ctx, "b", nil, registry.Condition{})
	_, _, openErr := s.Open(ctx, "a")
	_, statErr := s.Stat(ctx, "a")
	var listErr error
	for _, listErr = range s.List(ctx, "") {
	}
	for method, err := range map[string]error{
		"Put": putErr, "Open": openErr, "Stat": statErr, "List": listErr, "Delete": s.Delete(ctx, "a"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s after the context ended: %v", method, err)
		}
	}
	want(t, s, "a", "one")
	if _, err := s.Stat(t.Context(), "b"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a cancelled Put left something: %v", err)
	}
}

// together runs n functions at once and returns their errors.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	group.Wait()
	return errs
}
