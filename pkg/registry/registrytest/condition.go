package registrytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

const racers = 20

func absent(t *testing.T, s registry.Store) {
	c := registry.Condition{Absent: true}
	if _, err := s.Put(t.Context(), "a/b", []byte("one"), c); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "a/b", []byte("two"), c); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("a second Absent: %v", err)
	}
	want(t, s, "a/b", "one")
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "a/b", []byte("three"), c); err != nil {
		t.Errorf("Absent after Delete: %v", err)
	}
	want(t, s, "a/b", "three")
}

func ifMatch(t *testing.T, s registry.Store) {
	first := put(t, s, "alias", "one")
	second, err := s.Put(t.Context(), "alias", []byte("two"), registry.Condition{IfMatch: first.ETag})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), "alias", []byte("six"), registry.Condition{IfMatch: first.ETag})
	if !errors.Is(err, registry.ErrConflict) {
		t.Errorf("IfMatch of an old ETag: %v", err)
	}
	if info := want(t, s, "alias", "two"); info.ETag != second.ETag {
		t.Errorf("the ETag is %s, Put said %s", info.ETag, second.ETag)
	}
	_, err = s.Put(t.Context(), "none", []byte("one"), registry.Condition{IfMatch: first.ETag})
	if !errors.Is(err, registry.ErrConflict) {
		t.Errorf("IfMatch of an object that is not there: %v", err)
	}
	if _, err := s.Stat(t.Context(), "none"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a lost IfMatch left something: %v", err)
	}
}

// ifNoneMatch asks for an object only if it changed, of the store itself and as a caller does.
func ifNoneMatch(t *testing.T, s registry.Store) {
	type opens func(ctx context.Context, key, etag string) (io.ReadCloser, registry.Info, error)
	ways := []opens{func(ctx context.Context, key, etag string) (io.ReadCloser, registry.Info, error) {
		return registry.OpenChanged(ctx, s, key, etag)
	}}
	if r, ok := s.(registry.Revalidator); ok {
		ways = append(ways, r.OpenChanged)
	}
	first := put(t, s, "alias", "one")
	second := put(t, s, "alias", "two")
	for _, open := range ways {
		if body, _, err := open(t.Context(), "alias", second.ETag); !errors.Is(err, registry.ErrNotModified) {
			t.Errorf("of the same ETag: %v, %v", body, err)
		}
		body, info, err := open(t.Context(), "alias", first.ETag)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err = errors.Join(err, body.Close()); err != nil || string(text) != "two" || info.ETag != second.ETag || info.Size != 3 || info.Key != "alias" {
			t.Errorf("of another ETag: %q %+v, %v", text, info, err)
		}
		if _, _, err := open(t.Context(), "none", first.ETag); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("of an object that is not there: %v", err)
		}
		var fault *registry.KeyError
		if _, _, err := open(t.Context(), "../a", first.ETag); !errors.As(err, &fault) {
			t.Errorf("of a key that is none: %v", err)
		}
	}
}

func impossible(t *testing.T, s registry.Store) {
	_, err := s.Put(t.Context(), "a", nil, registry.Condition{Absent: true, IfMatch: "x"})
	if err == nil || errors.Is(err, registry.ErrConflict) {
		t.Errorf("Put = %v", err)
	}
}

func raceAbsent(t *testing.T, s registry.Store) {
	for round := range 5 {
		race(t, s, fmt.Sprintf("race/%d", round), registry.Condition{Absent: true})
	}
}

func raceIfMatch(t *testing.T, s registry.Store) {
	info := put(t, s, "race", "start")
	for range 5 {
		info = race(t, s, "race", registry.Condition{IfMatch: info.ETag})
	}
}

// race lets many writers try the same conditional write: one wins, the others lose, and the
// object is the winner's.
func race(t *testing.T, s registry.Store, key string, c registry.Condition) registry.Info {
	t.Helper()
	body := func(i int) string { return key + strings.Repeat(fmt.Sprintf(" %s%d", c.IfMatch, i), 100) }
	won := -1
	for i, err := range together(racers, func(i int) error {
		_, err := s.Put(t.Context(), key, []byte(body(i)), c)
		return err
	}) {
		switch {
		case err == nil && won >= 0:
			t.Errorf("%s: writers %d and %d both won", key, won, i)
		case err == nil:
			won = i
		case !errors.Is(err, registry.ErrConflict):
			t.Errorf("%s: writer %d: %v", key, i, err)
		}
	}
	if won < 0 {
		t.Fatalf("%s: nobody won", key)
	}
	return want(t, s, key, body(won))
}

// wholeObjects reads while others overwrite: every read is one of the bodies, to the end.
func wholeObjects(t *testing.T, s registry.Store) {
	const size = 64 << 10
	put(t, s, "a", strings.Repeat("0", size))
	errs := together(8, func(i int) error {
		for range 10 {
			if i%2 == 0 {
				digit := string(rune('0' + i))
				if _, err := s.Put(t.Context(), "a", []byte(strings.Repeat(digit, size)), registry.Condition{}); err != nil {
					return err
				}
				continue
			}
			body, info, err := registry.Read(t.Context(), s, "a")
			if err != nil {
				return err
			}
			if len(body) != size || info.Size != size || strings.Trim(string(body), string(body[0])) != "" {
				return fmt.Errorf("a mixture of %d bytes", len(body))
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}
