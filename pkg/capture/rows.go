package capture

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Rows is rows/<model>/<day>/<instance>-<n>-<series>.json.gz: what one version was asked, row by
// row, as it read it: a category that it does not know is missing. It lies apart from the sketches,
// so that who may read those may not therefore read rows.
type Rows struct {
	Model   registry.ModelName `json:"model"`
	Version int                `json:"version"`
	Digest  string             `json:"digest"`
	IDs     []string           `json:"ids"` // of the predictions
	// Table is the inputs of the same rows, free text too: a dataset.Table as safetensors.
	Table []byte `json:"table"`

	inputs *dataset.Table
}

// Inputs are the rows.
func (r *Rows) Inputs() *dataset.Table { return r.inputs }

func rowsPrefix(m registry.ModelName, day string) string {
	return "rows/" + string(m) + "/" + day + "/"
}

// rowsKey is where the rows of the object's series i lie.
func (o *Object) rowsKey(i int) string {
	return fmt.Sprintf("%s%s-%d-%d.json.gz", rowsPrefix(o.Model, o.From.UTC().Format(DayForm)), o.Instance, o.Number, i+1)
}

// ReadRows reads rows that an instance kept.
func ReadRows(ctx context.Context, s registry.Store, key string) (*Rows, error) {
	r := &Rows{}
	err := readZipped(ctx, s, key, r)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Decode(r.Table)
	if err == nil {
		r.inputs, err = dataset.FromSafetensors(file)
	}
	if err == nil && r.inputs.Rows() != len(r.IDs) {
		err = fmt.Errorf("%d rows, %d ids", r.inputs.Rows(), len(r.IDs))
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return r, nil
}

// RowsOf lists the rows that were kept of a model in a day, in bytewise order of keys.
func RowsOf(ctx context.Context, s registry.Store, m registry.ModelName, day time.Time) (all []registry.Info, err error) {
	for info, err := range s.List(ctx, rowsPrefix(m, day.UTC().Format(DayForm))) {
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

// kept are rows on their way into Rows. Codes are of the levels in the order in which they came:
// each request has the texts of its own rows, and a model may know more categories than come.
type kept struct {
	ids     []string
	columns []dataset.Column
	codes   []map[string]int32 // by level
}

func newKept(schema dataset.Schema) *kept {
	k := &kept{columns: make([]dataset.Column, len(schema)), codes: make([]map[string]int32, len(schema))}
	for i, f := range schema {
		k.columns[i] = dataset.Column{Name: f.Name, Type: f.Type}
		k.codes[i] = map[string]int32{}
	}
	return k
}

// add copies a row of a table of the schema, and returns about how many bytes that takes.
func (k *kept) add(t *dataset.Table, row int, id string) (bytes int) {
	k.ids = append(k.ids, id)
	bytes = len(id)
	for i := range t.Columns {
		from, to := &t.Columns[i], &k.columns[i]
		if !from.Type.Coded() {
			to.Values = append(to.Values, from.Values[row])
			bytes += 8
			continue
		}
		code := from.Codes[row]
		if code >= 0 {
			level := from.Levels[code]
			known, ok := k.codes[i][level]
			if !ok {
				known = int32(len(to.Levels))
				k.codes[i][level], to.Levels = known, append(to.Levels, level)
				bytes += len(level)
			}
			code = known
		}
		to.Codes = append(to.Codes, code)
		bytes += 4
	}
	return bytes
}

// table is the rows as a table, whose levels are sorted.
func (k *kept) table() ([]byte, error) {
	for i := range k.columns {
		c := &k.columns[i]
		if !c.Type.Coded() {
			continue
		}
		slices.Sort(c.Levels)
		place := make([]int32, len(c.Levels)) // by the code that a level had
		for at, level := range c.Levels {
			place[k.codes[i][level]] = int32(at)
		}
		for row, code := range c.Codes {
			if code >= 0 {
				c.Codes[row] = place[code]
			}
		}
	}
	t, err := dataset.NewTable(k.columns...)
	if err != nil {
		return nil, err
	}
	return t.Safetensors().Encode()
}

// defaultRowBytes is what an instance keeps of rows in an hour, before compression.
const defaultRowBytes = 16 << 20

// allowance is how many bytes of rows may still be kept in this hour, of what is observed; nil if
// none is. It is called under the lock.
func (r *Recorder) allowance(o Observation) *int {
	if r.Keep < KeepRows || o.ID == "" || o.Role == Shadow || !sampled(o.ID, r.Share) {
		return nil
	}
	if hour := r.Now().Truncate(time.Hour); !hour.Equal(r.hour) {
		r.hour, r.left = hour, r.RowBytes
		if r.RowBytes == 0 {
			r.left = defaultRowBytes
		}
	}
	return &r.left
}

// sampled tells by the id of a request alone whether it belongs to a share of them, so that a
// request that is tried again does when it did. Each has a number from 0 to 1.
func sampled(id string, share float64) bool {
	return math.Ldexp(float64(xxhash.Sum64String(id)>>11), -53) < share
}
