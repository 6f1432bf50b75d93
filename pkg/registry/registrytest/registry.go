package registrytest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

func register(t *testing.T, s registry.Store) {
	r := &registry.Registry{Store: s}
	artifact := []byte("trees")
	first, err := r.Register(t.Context(), "wine", artifact, registry.Manifest{Run: "r1", Score: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Register(t.Context(), "wine", artifact, registry.Manifest{Run: "r1", Score: 0.5})
	if err != nil || again.Version != 1 {
		t.Errorf("registering again gives version %d, %v", again.Version, err)
	}
	second, err := r.Register(t.Context(), "wine", artifact, registry.Manifest{Run: "r2"})
	if err != nil || first.Version != 1 || second.Version != 2 || first.Digest != second.Digest {
		t.Errorf("versions %d and %d, %v", first.Version, second.Version, err)
	}
	// printf trees | sha256sum
	const digest = "29d807300a961b0cbdb4f22cc5db866a43d20d87b1e17b7f50c91bab25089940"
	if first.Digest != digest || first.Size != 5 {
		t.Errorf("digest %s, %d bytes", first.Digest, first.Size)
	}
	stored, err := r.Artifact(t.Context(), "wine", first.Digest)
	if err != nil || string(stored) != "trees" {
		t.Errorf("Artifact = %q, %v", stored, err)
	}
	versions, err := r.Versions(t.Context(), "wine")
	if err != nil || len(versions) != 2 || versions[0].Run != "r1" || versions[1].Run != "r2" {
		t.Errorf("Versions = %+v, %v", versions, err)
	}
}

// raceRegister registers twenty artifacts, each delivered twice, at once: the versions are
// 1 … 20 without gaps, and both deliveries of each get the same.
func raceRegister(t *testing.T, s registry.Store) {
	r := &registry.Registry{Store: s}
	got := make([]registry.Manifest, 2*racers)
	errs := together(2*racers, func(i int) (err error) {
		run := fmt.Sprintf("r%d", i%racers)
		got[i], err = r.Register(t.Context(), "wine", []byte(run), registry.Manifest{Run: run})
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	taken := map[int]string{}
	for i, m := range got {
		if m.Version != got[i%racers].Version {
			t.Errorf("run %s became versions %d and %d", m.Run, m.Version, got[i%racers].Version)
		}
		if m.Version < 1 || m.Version > racers || taken[m.Version] != "" && taken[m.Version] != m.Run {
			t.Errorf("version %d is %s and %s", m.Version, m.Run, taken[m.Version])
		}
		taken[m.Version] = m.Run
	}
}

// racePromote lets two promoters move the champion from what both saw: one wins, the other
// gets ErrConflict and sees the winner's when it looks again.
func racePromote(t *testing.T, s registry.Store) {
	r := &registry.Registry{Store: s}
	for i := range 3 {
		run := fmt.Sprintf("r%d", i)
		if _, err := r.Register(t.Context(), "wine", []byte(run), registry.Manifest{Run: run}); err != nil {
			t.Fatal(err)
		}
	}
	_, seen, err := r.SetAlias(t.Context(), "wine", registry.Champion, registry.Alias{Version: 1}, registry.Condition{Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	errs := together(2, func(i int) error {
		to := registry.Alias{Version: 2 + i, Reason: "better"}
		_, _, err := r.SetAlias(t.Context(), "wine", registry.Champion, to, registry.Condition{IfMatch: seen.ETag})
		return err
	})
	winner, loser := 2, errs[1]
	if errs[0] != nil {
		winner, loser = 3, errs[0]
	}
	if errs[winner-2] != nil || !errors.Is(loser, registry.ErrConflict) {
		t.Fatalf("the promoters got %v", errs)
	}
	now, _, err := r.Alias(t.Context(), "wine", registry.Champion)
	if err != nil || now.Version != winner || now.Digest != registry.Digest([]byte(fmt.Sprintf("r%d", winner-1))) {
		t.Errorf("the champion is %+v, %v, the winner set version %d", now, err, winner)
	}
}

// history: twenty promoters at a time, again and again from what all of them saw, leave exactly
// the states that the winners made, in order.
func history(t *testing.T, s registry.Store) {
	r := &registry.Registry{Store: s}
	for i := range 2 {
		run := fmt.Sprintf("r%d", i)
		if _, err := r.Register(t.Context(), "wine", []byte(run), registry.Manifest{Run: run}); err != nil {
			t.Fatal(err)
		}
	}
	_, seen, err := r.SetAlias(t.Context(), "wine", registry.Champion, registry.Alias{Version: 1, By: "start"}, registry.Condition{Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"start"}
	for round := range 4 {
		infos := make([]registry.Info, racers)
		errs := together(racers, func(i int) (err error) {
			to := registry.Alias{Version: round%2 + 1, By: fmt.Sprintf("%d of round %d", i, round)}
			_, infos[i], err = r.SetAlias(t.Context(), "wine", registry.Champion, to, registry.Condition{IfMatch: seen.ETag})
			return err
		})
		for i, err := range errs {
			switch {
			case err == nil:
				seen = infos[i]
				want = append(want, fmt.Sprintf("%d of round %d", i, round))
			case !errors.Is(err, registry.ErrConflict):
				t.Fatal(err)
			}
		}
	}
	changes, err := r.History(t.Context(), "wine", registry.Champion, 100)
	if err != nil || len(changes) != len(want) || len(want) != 5 {
		t.Fatalf("%d changes, %v, of winners %q", len(changes), err, want)
	}
	for i, by := range want {
		if c := changes[len(want)-1-i]; c.By != by || c.Revision != i+1 {
			t.Errorf("change %d is %+v, want that of %s", i+1, c, by)
		}
	}
}
