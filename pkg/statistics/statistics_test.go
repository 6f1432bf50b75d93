package statistics

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

func sets(t *testing.T, objects map[string]string) *registry.Registry {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for key, body := range objects {
		if _, err := store.Put(t.Context(), key, []byte(body), registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	return &registry.Registry{Store: store}
}

func TestHandlerStores(t *testing.T) {
	r := sets(t, map[string]string{"data/wine/a.csv": "x,y\n1,a\n2,\n", "data/wine/b.csv": "x,y\n3,b\n"})
	result, err := Handler(r)(t.Context(), Event{Dataset: "wine"})
	if err != nil || result.Problem != nil {
		t.Fatal(result.Problem, err)
	}
	s, err := r.Statistics(t.Context(), "wine")
	if err != nil || s.Version != result.Version || s.Profile.Rows != 3 || s.Profile.Columns[1].Missing != 1 {
		t.Errorf("stored %+v, %v; answered %s", s, err, result.Version)
	}
	page, _, err := registry.Read(t.Context(), r.Store, "statistics/wine/"+s.Version+".html")
	if err != nil || !strings.Contains(string(page), "wine") {
		t.Errorf("page of %d bytes, %v", len(page), err)
	}
	again, err := Handler(r)(t.Context(), Event{Dataset: "wine"})
	if err != nil || again != result {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// TestHandlerRefuses: what is wrong with the data comes back as a problem with its place,
// what is wrong with us as an error.
func TestHandlerRefuses(t *testing.T) {
	r := sets(t, map[string]string{"data/ragged/a.csv": "x,y\n1,2\n3\n", "data/text/a.txt": "x"})
	for name, want := range map[registry.DatasetName]gateway.Type{
		"walrus": gateway.DatasetNotFound, "ragged": gateway.InvalidDataset, "text": gateway.InvalidDataset, "../x": gateway.InvalidName,
	} {
		result, err := Handler(r)(t.Context(), Event{Dataset: name})
		if err != nil || result.Problem == nil || result.Problem.Type != want.URI() {
			t.Errorf("%s: %+v, %v, want %s", name, result.Problem, err, want.Slug)
		} else if name == "ragged" && result.Problem.Errors[0].Row != 2 {
			t.Errorf("%s: %+v", name, result.Problem.Errors)
		}
	}
	for want, fault := range map[gateway.Type]error{gateway.Conflict: registry.ErrConflict, gateway.Timeout: context.DeadlineExceeded} {
		broken := &registry.Registry{Store: unreadable{sets(t, map[string]string{"data/wine/a.csv": "x\n1\n"}).Store, fault}}
		if result, err := Handler(broken)(t.Context(), Event{Dataset: "wine"}); err != nil || result.Problem == nil || result.Problem.Type != want.URI() {
			t.Errorf("%v: %+v, %v, want %s", fault, result.Problem, err, want.Slug)
		}
	}
	denied := errors.New("access denied")
	broken := &registry.Registry{Store: unreadable{sets(t, map[string]string{"data/wine/a.csv": "x\n1\n"}).Store, denied}}
	if result, err := Handler(broken)(t.Context(), Event{Dataset: "wine"}); !errors.Is(err, denied) {
		t.Errorf("%+v, %v", result, err)
	}
}

type unreadable struct {
	registry.Store
	fault error
}

func (u unreadable) Open(context.Context, string) (io.ReadCloser, registry.Info, error) {
	return nil, registry.Info{}, u.fault
}
