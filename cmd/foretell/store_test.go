package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
