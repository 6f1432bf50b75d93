package parquet

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// elsewhere is a source whose consumers have no places for values.
type elsewhere struct{ Files }

func (e elsewhere) Scan(ctx context.Context, o dataset.Options, to dataset.Consumer) (dataset.Extent, error) {
	return e.Files.Scan(ctx, o, struct{ dataset.Consumer }{to})
}

// A table is the same whether its values were written where they belong or copied there: of every
// file that a peer wrote, once and thrice, on one worker and on several.
func TestPlacedAsCopied(t *testing.T) {
	paths, err := filepath.Glob("../../../testdata/parquet/*.parquet")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	ctx, read := context.Background(), 0
	for _, path := range paths {
		for _, files := range []Files{open(t, path), open(t, path, path, path)} {
			for workers := 1; workers <= 3; workers++ {
				o := dataset.Options{Workers: workers}
				want, digest, err := dataset.Read(ctx, elsewhere{files}, o)
				got, same, fault := dataset.Read(ctx, files, o)
				if (err == nil) != (fault == nil) || digest != same {
					t.Fatalf("%s: %v and %v, %s and %s", path, err, fault, digest, same)
				}
				if err != nil {
					continue
				}
				read++
				sameTable(t, path, got, want)
			}
		}
	}
	if read < 150 {
		t.Errorf("%d tables were compared", read)
	}
}

func sameTable(t *testing.T, path string, got, want *dataset.Table) {
	t.Helper()
	if got.Rows() != want.Rows() || len(got.Columns) != len(want.Columns) {
		t.Fatalf("%s: %d rows of %d columns, not %d of %d", path, got.Rows(), len(got.Columns), want.Rows(), len(want.Columns))
	}
	for i, w := range want.Columns {
		g := got.Columns[i]
		alike := slices.EqualFunc(g.Values, w.Values, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if !alike || g.Name != w.Name || g.Type != w.Type || !slices.Equal(g.Codes, w.Codes) || !slices.Equal(g.Levels, w.Levels) {
			t.Errorf("%s, column %q: %s differs from %s", path, w.Name, g.Type, w.Type)
		}
	}
}

// Room is not made for more values than the bytes of the files can be thought to hold.
func TestPlausible(t *testing.T) {
	files := []*openedFile{{size: 100}, {size: 25}}
	for _, c := range []struct {
		rows    int64
		columns int
		want    bool
	}{{1000, 1, true}, {1001, 1, false}, {100, 10, true}, {101, 10, false}, {math.MaxInt64, 1, false}} {
		if got := plausible(files, c.rows, c.columns); got != c.want {
			t.Errorf("%d rows of %d columns: %v", c.rows, c.columns, got)
		}
	}
}
