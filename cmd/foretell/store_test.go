package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

func TestObjectParts(t *testing.T) {
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, body string) {
		t.Helper()
		if _, err := store.Put(t.Context(), key, []byte(body), registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"data/wine/b.csv", "data/wine/a/1.CSV", "data/wine/notes.txt", "data/wine-2/c.csv", "data/wine.csv"} {
		put(key, "x\n1\n")
	}
	for folder, want := range map[string][]string{
		"data/wine":       {"data/wine/a/1.CSV", "data/wine/b.csv"},
		"data/wine.csv":   {"data/wine.csv"},
		"data/wine/b.csv": {"data/wine/b.csv"},
		"data/win":        nil,
		"":                {"data/wine-2/c.csv", "data/wine.csv", "data/wine/a/1.CSV", "data/wine/b.csv"},
	} {
		parts, err := objectParts(t.Context(), store, folder)
		var names []string
		for _, p := range parts {
			names = append(names, p.Name)
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%q: %q, %v, want %q", folder, names, err, want)
		}
	}
	parts, err := objectParts(t.Context(), store, "data/wine/b.csv")
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	body, err := parts[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(text) != "x\n1\n" {
		t.Errorf("%q, %v", text, err)
	}
	put("data/wine/b.csv", "x\n2\n")
	if _, err := parts[0].Open(t.Context()); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("an object that changed opens: %v", err)
	}
}

func TestArguments(t *testing.T) {
	nameless := filepath.Join(t.TempDir(), "___.csv")
	if err := os.WriteFile(nameless, []byte("x\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"train takes one argument, got 0":           {"train"},
		"up takes no arguments, got 1":              {"up", "x"},
		"models takes 0 to 1 arguments, got 2":      {"models", "a", "b"},
		"--model is required":                       {"predict", "x.csv"},
		"no bucket is named":                        {"models", "--store", "s3://"},
		`unknown command "trian"`:                   {"trian"},
		"flag provided but not defined: -stroe":     {"models", "--stroe", "x"},
		`dataset name "" is empty`:                  {"statistics", "--store", t.TempDir(), nameless},
		`model name "a/b" may hold only a-z, 0-9 a`: {"models", "--store", t.TempDir(), "a/b"},
	} {
		if err := run(context.Background(), io.Discard, io.Discard, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
