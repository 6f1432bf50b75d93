package profile

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// spoil replaces some of the numbers and lists in decoded JSON by others.
func spoil(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			v[key] = spoil(r, v[key])
		}
	case []any:
		for i, value := range v {
			v[i] = spoil(r, value)
		}
		if r.IntN(40) == 0 {
			return v[:r.IntN(len(v)+1)]
		}
	case float64:
		if r.IntN(30) == 0 {
			return []any{0.0, -1.0, 1.0, 1e15, -1e15, 7.0}[r.IntN(6)]
		}
		if v != float64(int64(v)) && r.IntN(10) == 0 {
			return []any{-1.7e308, 1.7e308, 5e-324, 0.0}[r.IntN(4)]
		}
	}
	return v
}

// A profile that was read may hold anything: what Compare and Trend say of it is finite, and
// they neither panic nor run on.
func TestSpoiledProfilesAreCompared(t *testing.T) {
	whole := []byte(mustJSON(t, drawn(t, 300, 0, "baseline ", 0)))
	compact := []byte(mustJSON(t, drawn(t, 300, 0.2, "current ", 0).Compact()))
	judged := 0
	for trial := range 200 {
		r := seed.Rand(seed.Derive(99, "spoil", trial))
		read := func(text []byte) *Profile {
			var decoded any
			if err := json.Unmarshal(text, &decoded); err != nil {
				t.Fatal(err)
			}
			var p Profile
			b, err := json.Marshal(spoil(r, decoded))
			if err != nil {
				t.Fatal(err)
			}
			if json.Unmarshal(b, &p) != nil { // a number that is no count
				return &Profile{}
			}
			return &p
		}
		a, b := read(whole), read(compact)
		for _, d := range []*Drift{Compare(a, b), Compare(b, a), Compare(a, read(whole))} {
			for _, c := range d.Columns {
				if _, err := json.Marshal(c); err != nil {
					t.Fatalf("trial %d: %v: %+v", trial, err, c)
				}
				judged += len(c.Measures)
			}
		}
		if _, err := json.Marshal(Trend(versions(a, b, a, b, a, b, a))); err != nil {
			t.Fatalf("trial %d: history: %v", trial, err)
		}
	}
	if judged < 1000 {
		t.Errorf("%d measures: nearly all profiles were refused", judged)
	}
}
