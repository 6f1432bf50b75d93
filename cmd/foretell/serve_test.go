package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServe: a host of a store, and one of an artifact of it, answer a CSV file with the bytes
// that foretell predict writes, until they are interrupted.
func TestServe(t *testing.T) {
	const file = "../../testdata/penguins.csv"
	store := t.TempDir()
	foretell(t, "train", "--store", store, smallConfig(t))
	found, err := filepath.Glob(filepath.Join(store, "models", "*", "artifacts", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	name := filepath.Base(filepath.Dir(filepath.Dir(found[0])))
	want := foretell(t, "predict", "--store", store, "--model", name, file)
	_, bare, _ := strings.Cut(want, "\n")
	rows, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		target, want string
		args         []string
	}{
		{"/v1/models/" + name + "/predict", want, []string{"--store", store}},
		{"/invocations", bare, []string{found[0]}},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- run(ctx, io.Discard, io.Discard, append([]string{"serve", "--address", address}, tt.args...))
		}()
		if got := askCSV(t, "http://"+address+tt.target+"?extra=ignore", rows); got != tt.want {
			t.Errorf("%s: %.300s, want %.300s", tt.target, got, tt.want)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// askCSV posts a CSV body to a host that is about to listen.
func askCSV(t *testing.T, url string, body []byte) string {
	t.Helper()
	for range 200 {
		r, err := http.NewRequest("POST", url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "text/csv")
		r.Header.Set("Accept", "text/csv")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	t.Fatalf("%s does not answer", url)
	return ""
}
