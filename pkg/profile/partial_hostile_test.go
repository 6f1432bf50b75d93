package profile

import (
	"bytes"
	"context"
	"encoding/gob"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// Bytes that are damaged anywhere are refused, or make a Partial that can be merged and
// finished; nothing panics.
func TestDamagedPartial(t *testing.T) {
	table := mixed(t, 60)
	p := shards(t, table, 1)[0]
	whole, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	random := seed.Rand(11)
	for i := range 3000 {
		b := append([]byte(nil), whole...)
		for range 1 + i%3 {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
		if i%10 == 0 {
			b = b[:random.IntN(len(b))]
		}
		var r Partial
		if r.UnmarshalBinary(b) != nil {
			refused++
			continue
		}
		if r.Merge(shardAt(t, table, 1000)) == nil {
			_, _ = r.Finish(context.Background(), Options{}) // an error is as good as a profile
		}
	}
	if refused < 300 {
		t.Errorf("%d of 3000 are refused", refused)
	}
}

func shardAt(t *testing.T, table *dataset.Table, shard int) *Partial {
	t.Helper()
	p := NewPartial(fieldsOf(table), shard)
	if err := p.Add(batchOf(table, 0, table.Rows())); err != nil {
		t.Fatal(err)
	}
	return p
}

// Beyond what is counted exactly, no repeat in the sample of rows is not exactly none.
func TestNoDuplicatesSeenIsAnEstimate(t *testing.T) {
	values := make([]float64, 3*maxRowHashes)
	for i := range values {
		values[i] = float64(i)
	}
	p := mustProfile(t, mustTable(t, dataset.Column{Name: "x", Type: dataset.Numeric, Values: values}))
	if d := p.Duplicates; d.Rows != 0 || d.Error < 1 || d.Error > 10 {
		t.Errorf("%+v, want none with an error of about three rows", d)
	}
}

// The estimate of repeated rows is unbiased, and as far off as it says: over seeded trials the
// mean of (estimate − truth)/error is near 0 and its standard deviation near 1.
func TestDuplicatesAreUnbiased(t *testing.T) {
	const trials, rows = 40, 150_000
	sum, squares := 0.0, 0.0
	for trial := range trials {
		random := seed.Rand(uint64(100 + trial))
		var hashes rowHashes
		hashes.Limit = math.MaxUint64
		different := map[uint64]bool{}
		cells := make([]uint64, rows)
		for i := range cells {
			v := float64(random.IntN(120_000) + trial*1_000_000)
			cells[i] = fold(0, math.Float64bits(v))
			different[cells[i]] = true
		}
		hashes.add(cells)
		hashes.flush()
		d := hashes.duplicates()
		z := (float64(d.Rows) - float64(rows-len(different))) / d.Error
		sum += z
		squares += float64(z * z)
	}
	mean := sum / trials
	if sd := math.Sqrt(squares / trials); math.Abs(mean) > 4/math.Sqrt(trials) || sd > 1.5 || sd < 0.5 {
		t.Errorf("mean %v and deviation %v of %d standardized errors, want 0 and 1", mean, sd, trials)
	}
}

// Levels that no row has are no texts of the column.
func TestLevelsOfNoRow(t *testing.T) {
	p := NewPartial([]dataset.Field{{Name: "x", Type: dataset.Text}}, 0)
	err := p.Add(&dataset.Batch{Rows: 2, Columns: []dataset.BatchColumn{
		{Type: dataset.Text, Codes: []int32{-1, -1}, Levels: [][]byte{[]byte("nowhere")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c := finished(t, stored(t, p)).Columns[0]; c.Text != nil || c.Count != 0 || c.Missing != 2 {
		t.Errorf("%+v, want 2 missing and no text", c)
	}
}

// Forms that gob reads but whose parts contradict each other are refused: Finish would panic
// or divide by zero.
func TestContradictoryPartial(t *testing.T) {
	whole, err := shardAt(t, mixed(t, 60), 0).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*partialForm){
		"numbers without their table": func(f *partialForm) { f.Columns[0].Numbers.Table = sketch.NewNumbers(10) },
		"texts without rows":          func(f *partialForm) { f.Columns[5].Texts.Rows = 0 },
		"a sampling limit of 0":       func(f *partialForm) { f.Hashes.Limit = 0 },
		"moments without steps":       func(f *partialForm) { f.Columns[3].Moments.Steps = nil },
		"no least number":             func(f *partialForm) { f.Columns[0].Numbers.Min = math.NaN() },
		"a set of other columns": func(f *partialForm) {
			sets := sketch.NewTexts(10)
			sets.Add([]byte{255}, 60)
			f.Missing = binaryOf(sets)
		},
	} {
		var form partialForm
		if err := gob.NewDecoder(bytes.NewReader(whole)).Decode(&form); err != nil {
			t.Fatal(err)
		}
		spoil(&form)
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(form); err != nil {
			t.Fatal(err)
		}
		var r Partial
		if err := r.UnmarshalBinary(b.Bytes()); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}
