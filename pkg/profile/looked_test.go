package profile

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// The sample is the texts of the smallest hashes, however the texts came: few or many, in one
// part or several that are merged, while all are counted or beyond. It is of a thousand texts, of
// fewer in wide data, and the ceiling that parts share is never below them: another part may still come with one of those.
func TestTextsLookedAt(t *testing.T) {
	for i, n := range []int{1, 900, 5000, 20000, 50, 120, 3000} {
		limit, most := 6144, 1000
		if i >= 4 {
			limit, most = 64, 125
		}
		for _, parts := range []int{1, 2, 7} {
			wanted := &newCeilings(make([]dataset.Field, 1)).texts[0]
			var all []uint64
			var total *texts
			for part := range parts {
				one := newTexts(limit, wanted)
				for i := part; i < n; i += parts {
					text := fmt.Appendf(nil, "text %d", i)
					all = append(all, xxhash.Sum64(text))
					one.add([][]byte{text}, []uint64{xxhash.Sum64(text)}, []uint64{1})
				}
				if one.Rows == 0 {
					continue
				}
				if total == nil {
					total = one
				} else {
					total.merge(one)
				}
			}
			slices.Sort(all)
			_, sample := total.sketches()
			want := all[:min(n, most)]
			if !slices.Equal(sample.Hashes, want) {
				t.Errorf("%d texts in %d parts: %d are looked at, not the %d of the smallest hashes", n, parts, len(sample.Hashes), len(want))
			}
			if ceiling := wanted.Load(); ceiling < want[len(want)-1] {
				t.Errorf("%d texts in %d parts: the ceiling is %d, below a hash that is wanted, %d", n, parts, ceiling, want[len(want)-1])
			}
			i := 0
			for text := range sample.texts() {
				if xxhash.Sum64(text) != sample.Hashes[i] {
					t.Fatalf("%q has another hash", text)
				}
				i++
			}
		}
	}
}
