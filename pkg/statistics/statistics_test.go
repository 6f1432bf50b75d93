package statistics

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

var ctx = context.Background()

// sets is a registry with the penguins and a data set that is no table.
func sets(t *testing.T) *registry.Registry {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	penguins, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	for key, body := range map[string]string{
		"data/penguins/penguins.csv": string(penguins), "data/ragged/ragged.csv": "x,y\n1,2\n3\n",
	} {
		if _, err := store.Put(ctx, key, []byte(body), registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	return &registry.Registry{Store: store}
}

func TestHandlerStoresWhatItRead(t *testing.T) {
	r := sets(t)
	result, err := Handler(r)(ctx, Event{Dataset: "penguins"})
	if err != nil || result.Problem != nil {
		t.Fatal(result, err)
	}
	// sha256sum testdata/penguins.csv
	if want := "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93"; result.Version != want {
		t.Errorf("version %s, want %s", result.Version, want)
	}
	stored, err := r.Statistics(ctx, "penguins")
	if err != nil || stored.Version != result.Version || stored.Profile.Rows != 344 || len(stored.Profile.Columns) != 8 {
		t.Errorf("stored %+v, %v", stored, err)
	}
}

func TestHandlerAnswersWhatIsWrong(t *testing.T) {
	r := sets(t)
	for name, want := range map[registry.DatasetName]gateway.Type{
		"ragged": gateway.InvalidDataset, "walruses": gateway.DatasetNotFound, "No Name": gateway.InvalidName,
	} {
		result, err := Handler(r)(ctx, Event{Dataset: name})
		if err != nil || result.Problem == nil || result.Problem.Type != want.URI() {
			t.Errorf("%s: %+v, %v", name, result, err)
			continue
		}
		if name == "ragged" && (len(result.Problem.Errors) != 1 || result.Problem.Errors[0].Row != 2) {
			t.Errorf("errors %+v", result.Problem.Errors)
		}
	}
	if _, err := r.Statistics(ctx, "ragged"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a table that is none left statistics: %v", err)
	}
}

// TestOwnFaultsAreErrors: what is no fault of the data is for the caller's log, not for its
// user.
func TestOwnFaultsAreErrors(t *testing.T) {
	r := sets(t)
	broken := errors.New("disk on fire")
	parts := []dataset.Part{{Name: "x.csv", Open: nil}}
	if _, err := Store(ctx, r, "", parts); err == nil {
		t.Error("no name")
	}
	if result, err := answer(registry.Statistics{}, broken); !errors.Is(err, broken) || result.Problem != nil {
		t.Errorf("got %+v, %v", result, err)
	}
}
