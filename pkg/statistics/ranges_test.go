package statistics

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/source"
)

// large is a CSV file of more than 32 MB. From the middle of its second half it cannot be
// told what is quoted: read from within a value it is records as well, even more of them.
func large() string {
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := 0; b.Len() < 16<<20; i++ {
		fmt.Fprintf(&b, "%d,\"value %d, said \"\"%d\"\"\"\n", i, i%1000, i%7)
	}
	for b.Len() < 33<<20 {
		b.WriteString("5,\"\n1,2\n8,\"\n")
	}
	return b.String()
}

// TestRanges: one large file among small ones is cut into ranges, and what is stored is what
// one pass stores, though some ranges were read from where no record begins.
func TestRanges(t *testing.T) {
	objects := map[string]string{
		"data/big/a.csv": "a,b\n-1,first\n",
		"data/big/b.csv": large(),
		"data/big/c.csv": "a,b\n-2,last\n,\n",
	}
	r := sets(t, objects)
	want, err := Store(t.Context(), r, "big", rowsOf(t, r, "big"), dataset.Options{}, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r = sets(t, objects)
	jobs := &Jobs{Registry: r, limits: limits{bytes: dataset.DigestPiece, parts: 100}}
	start := begin(t, r, "big", Request{}, 1)
	result, shards := run(t, jobs, start)
	if result.Version != want.Version || result.Problem != nil || shards != 7 {
		t.Fatalf("%+v of %d shards; want version %s of 7", result, shards, want.Version)
	}
	wrong := 0 // ranges that do not begin where the one before ended
	last := int64(0)
	for i := range shards {
		f, err := jobs.found(t.Context(), start.Dataset, start.Job, i)
		if err != nil {
			t.Fatal(err)
		}
		if f.Shard.Range != nil && f.Shard.Range.Start > 0 && (f.Extent.First != last || f.Problem != nil) {
			wrong++
		}
		last = f.Extent.Last
	}
	if wrong == 0 {
		t.Error("every range was read from where a record begins: nothing had to be mended")
	}
	s, err := r.Statistics(t.Context(), "big")
	if err != nil {
		t.Fatal(err)
	}
	if s.Profile.Rows != want.Profile.Rows || s.Profile.Rows < 1<<20 {
		t.Errorf("%d rows, want %d", s.Profile.Rows, want.Profile.Rows)
	}
	for i, c := range s.Profile.Columns {
		w := want.Profile.Columns[i]
		if c.Type != w.Type || c.Count != w.Count || c.Missing != w.Missing || c.Order != w.Order || c.Kinds != w.Kinds {
			t.Errorf("column %+v, want %+v", c, w)
		}
		if math.Abs(float64(c.Distinct-w.Distinct)) > 0.05*float64(w.Distinct) {
			t.Errorf("%s: %d distinct, want %d", c.Name, c.Distinct, w.Distinct)
		}
	}
	got, exact := s.Profile.Columns[0].Numeric, want.Profile.Columns[0].Numeric
	if math.Abs(got.Mean-exact.Mean) > 1e-11*exact.Mean || math.Abs(*got.SD-*exact.SD) > 1e-11**exact.SD {
		t.Errorf("mean %v and deviation %v, want %v and %v", got.Mean, *got.SD, exact.Mean, *exact.SD)
	}
}

// TestProblemInARange: a fault is told by the byte where its row begins, whether or not the
// range that has it was read from where a record begins; one that only a wrong start makes is
// none.
func TestProblemInARange(t *testing.T) {
	content := large()
	q := Request{Reading: source.Reading{Types: map[string]dataset.Type{"a": dataset.Numeric}}}
	early := strings.LastIndexByte(content[:12<<20], '\n') + 1
	for name, c := range map[string]struct {
		content string
		at      int // where the row at fault begins
	}{
		"in the second range": {content[:early] + "x,1\n" + content[early:], early},
		"in the last range":   {content + "x,1\n", len(content)},
	} {
		r := sets(t, map[string]string{"data/big/b.csv": c.content})
		result, _ := run(t, &Jobs{Registry: r, limits: limits{bytes: dataset.DigestPiece, parts: 100}}, begin(t, r, "big", q, 1))
		if result.Problem == nil || !strings.Contains(result.Problem.Detail, fmt.Sprintf("row at byte %d", c.at)) {
			t.Errorf("%s: %+v, want a problem at byte %d", name, result.Problem, c.at)
		}
		if _, err := r.Statistics(t.Context(), "big"); err == nil {
			t.Errorf("%s: statistics are stored", name)
		}
	}
}
