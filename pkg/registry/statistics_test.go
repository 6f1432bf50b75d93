package registry_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

// TestStatisticsVersions: every version is kept and found again, in order of writing.
func TestStatisticsVersions(t *testing.T) {
	dir := t.TempDir()
	store, err := dirstore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &registry.Registry{Store: store}
	if versions, err := r.StatisticsVersions(t.Context(), "wine"); err != nil || len(versions) != 0 {
		t.Errorf("of nothing: %v, %v", versions, err)
	}
	one, two, three := strings.Repeat("1", 64), strings.Repeat("2", 64), strings.Repeat("3", 64)
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, save := range []struct {
		version string
		at      time.Time
	}{{one, at.Add(time.Hour)}, {two, at}, {three, at}} { // two and three at the same moment
		s := registry.Statistics{Dataset: "wine", Version: save.version, Profile: &profile.Profile{Rows: int(save.version[0] - '0')}}
		if err := r.SaveStatistics(t.Context(), "wine", s); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, "statistics/wine", save.version+".json"), save.at, save.at); err != nil {
			t.Fatal(err)
		}
	}
	put(t, store, "statistics/wine/"+one+".html", "<p>")
	put(t, store, "statistics/wine/notes.json", "{}")

	versions, err := r.StatisticsVersions(t.Context(), "wine")
	if err != nil || len(versions) != 3 || versions[0].Version != two || versions[1].Version != three ||
		versions[2].Version != one || !versions[0].Modified.Equal(at) {
		t.Errorf("versions are %v, %v", versions, err)
	}
	for _, v := range versions {
		s, err := r.StatisticsOf(t.Context(), "wine", v.Version)
		if err != nil || s.Version != v.Version || s.Profile.Rows != int(v.Version[0]-'0') {
			t.Errorf("version %s is %+v, %v", v.Version, s, err)
		}
	}
	for _, version := range []string{strings.Repeat("4", 64), "", "notes", "../wine/" + one, strings.ToUpper(strings.Repeat("a", 64))} {
		_, err := r.StatisticsOf(t.Context(), "wine", version)
		var missing *registry.NotFoundError
		if !errors.As(err, &missing) || missing.Kind != registry.KindStatistics {
			t.Errorf("version %q: %v, want not found", version, err)
		}
	}
	var bad *registry.NameError
	if _, err := r.StatisticsOf(t.Context(), "../x", one); !errors.As(err, &bad) {
		t.Errorf("a bad name: %v", err)
	}
}
