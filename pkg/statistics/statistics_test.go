package statistics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/source"
)

// sets is a registry over a folder with these objects.
func sets(t *testing.T, objects map[string]string) *registry.Registry {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &registry.Registry{Store: store}
	for key, body := range objects {
		put(t, r, key, body)
	}
	return r
}

func put(t *testing.T, r *registry.Registry, key, body string) {
	t.Helper()
	if _, err := r.Store.Put(t.Context(), key, []byte(body), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func rowsOf(t *testing.T, r *registry.Registry, name registry.DatasetName) dataset.Source {
	t.Helper()
	parts, err := r.DataParts(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := source.FromParts(parts)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestStore(t *testing.T) {
	r := sets(t, map[string]string{"data/wine/a.csv": "x,y\n1,a\n2,\n", "data/wine/b.csv": "x,y\n3,b\n"})
	stored, err := Store(t.Context(), r, "wine", rowsOf(t, r, "wine"), dataset.Options{}, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Statistics(t.Context(), "wine")
	if err != nil || s.Version != stored.Version || s.Profile.Rows != 3 || s.Profile.Columns[1].Missing != 1 {
		t.Errorf("stored %+v, %v; answered %s", s, err, stored.Version)
	}
	page, err := r.Report(t.Context(), "wine", "")
	if err != nil || !strings.Contains(string(page), "wine") {
		t.Errorf("page of %d bytes, %v", len(page), err)
	}
	again, err := Store(t.Context(), r, "wine", rowsOf(t, r, "wine"), dataset.Options{}, profile.Options{})
	if err != nil || again.Version != stored.Version {
		t.Errorf("again: %s, %v", again.Version, err)
	}
}

// TestVersionOf: what is read, how and what for make the name; the number of workers does not.
func TestVersionOf(t *testing.T) {
	const digest = dataset.Digest("00d1")
	named := map[string]string{}
	for what, c := range map[string]struct {
		o      dataset.Options
		target string
	}{
		"target x":  {target: "x"},
		"target y":  {target: "y"},
		"columns":   {o: dataset.Options{Columns: []string{"x"}}},
		"both":      {o: dataset.Options{Columns: []string{"x"}}, target: "x"},
		"types":     {o: dataset.Options{Types: map[string]dataset.Type{"x": dataset.Text}}},
		"delimiter": {o: dataset.Options{Delimiter: ';'}},
		"content":   {},
	} {
		version, err := versionOf(digest, c.o, c.target)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := named[version]; taken {
			t.Errorf("%s and %s are both %s", what, other, version)
		}
		named[version] = what
		c.o.Workers = 3
		if again, err := versionOf(digest, c.o, c.target); err != nil || again != version {
			t.Errorf("%s by three workers is %s, %v; want %s", what, again, err, version)
		}
	}
	if named[string(digest)] != "content" {
		t.Errorf("all of the content as it is has another name than its digest: %v", named)
	}
}

// TestPersonalDataIsMasked in all that is stored; who checks the data has the values.
func TestPersonalDataIsMasked(t *testing.T) {
	var text strings.Builder
	text.WriteString("operator,card\n")
	for i := range 100 {
		fmt.Fprintf(&text, "jane%d@example.com,%s\n", i%4, []string{"4111111111111111", "5555555555554444"}[i%2])
	}
	r := sets(t, map[string]string{"data/calls/a.csv": text.String()})
	s, err := Store(t.Context(), r, "calls", rowsOf(t, r, "calls"), dataset.Options{}, profile.Options{Target: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Profile.Columns[0].Top[0].Value != "jane0@example.com" {
		t.Errorf("%+v", s.Profile.Columns[0].Top)
	}
	for _, suffix := range []string{".json", ".html"} {
		body, _, err := registry.Read(t.Context(), r.Store, "statistics/calls/"+s.Version+suffix)
		if err != nil || len(body) < 1000 {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		for _, value := range []string{"jane", "41111", "1111111", "5555555"} {
			if strings.Contains(string(body), value) {
				t.Errorf("%s has %s", suffix, value)
			}
		}
	}
}

// TestWide: a thousand columns of numbers are stored and read.
func TestWide(t *testing.T) {
	var b strings.Builder
	for row := range 500 {
		for column := range 1000 {
			if row == 0 {
				fmt.Fprintf(&b, "c%d,", column)
			} else {
				fmt.Fprintf(&b, "%d.%d,", column, (row*7919+column)%1009)
			}
		}
		b.WriteString("last\n")
	}
	r := sets(t, map[string]string{"data/wide/a.csv": b.String()})
	if _, err := Store(t.Context(), r, "wide", rowsOf(t, r, "wide"), dataset.Options{}, profile.Options{}); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Statistics(t.Context(), "wide"); err != nil || len(s.Profile.Columns) != 1001 || s.Profile.Columns[7].Sketches == nil {
		t.Errorf("%v", err)
	}
}
