//go:build linux || darwin

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/statistics"
)

// TestStatisticsJob profiles 250 files, by the function as it ships, in three shards that the
// Distributed Map hands out, twice at once; and compares with the command on a copy of them.
func TestStatisticsJob(t *testing.T) {
	w := openWorld(t, cloudDir(t))
	ctx, folder := t.Context(), filepath.Join(t.TempDir(), "many")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 250 {
		text := fmt.Sprintf("id,amount,kind\n%d,%d.5,a\n%d,,b\n", 2*i, i%7, 2*i+1)
		name := fmt.Sprintf("part-%03d.csv", i)
		w.put(t, "data/many/"+name, text)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const path = "/v1/datasets/many/statistics"
	request := statistics.Request{Target: "kind"}
	versions := make([]string, 2)
	var group sync.WaitGroup
	for i := range versions {
		group.Go(func() {
			var err error
			if versions[i], err = w.api.profile(ctx, path, request); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	jobs := map[string]bool{}
	partials := 0
	for info, err := range w.store.List(ctx, "jobs/statistics/many/") {
		if err != nil {
			t.Fatal(err)
		}
		jobs[strings.Split(info.Key, "/")[3]] = true
		if strings.HasSuffix(info.Key, ".partial") {
			partials++
		}
	}
	if versions[0] != versions[1] || partials != 3*len(jobs) {
		t.Errorf("versions %v; %d partials of jobs %v", versions, partials, jobs)
	}

	var s registry.Statistics
	if err := w.api.call(ctx, "GET", path, nil, &s); err != nil {
		t.Fatal(err)
	}
	if p := s.Profile; s.Version != versions[0] || p.Rows != 500 || p.Columns[0].Distinct != 500 || p.Columns[0].Order != "strictly_increasing" || p.Columns[1].Missing != 250 {
		t.Errorf("version %s: %+v", s.Version, s.Profile)
	}
	out := foretell(t, "statistics", "--store", t.TempDir(), "--target", "kind", "--name", "many", folder)
	if !strings.Contains(out, "statistics/many/"+s.Version+".json") {
		t.Errorf("the command stores another version than %s:\n%s", s.Version, out)
	}

	response, err := http.Get(w.api.url + path + ".html")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || !strings.Contains(string(page), "amount") ||
		!strings.Contains(response.Header.Get("Content-Security-Policy"), "default-src 'none'") || response.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("page: %s, %v, %v, %d bytes", response.Status, response.Header, err, len(page))
	}

	// A row at fault ends the job with its place; the statistics that are there stay.
	w.put(t, "data/many/part-120.csv", "id,amount,kind\n1,2,a\n1,2\n")
	_, err = w.api.profile(ctx, path, request)
	var p gateway.Problem
	if !errors.As(err, &p) || p.Type != gateway.InvalidDataset.URI() || !strings.Contains(p.Detail, "part-120.csv: row 2 (line 3)") || p.Errors[0].Row != 2 {
		t.Errorf("bad row: %v", err)
	}
	if err := w.api.call(ctx, "GET", path, nil, &s); err != nil || s.Version != versions[0] {
		t.Errorf("after a bad row: %s, %v", s.Version, err)
	}
	w.put(t, "data/many/part-120.csv", "id,amount,sort\n1,2,a\n")
	if _, err = w.api.profile(ctx, path, request); !errors.As(err, &p) || !strings.Contains(p.Detail, `part-120.csv: header (line 1): column 3 is "sort", but in part-`) {
		t.Errorf("another header: %v", err)
	}
}
