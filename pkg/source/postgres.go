package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// database is a table or query of PostgreSQL as a source: the CSV that COPY makes of it. It
// connects for each reading, and keeps nothing open in between.
//
// Every reading is a transaction that may not write and that sees the rows of one moment. Two
// readings may see different ones; the second then fails at its end, and nothing is made of
// half of each. The rows come in the order in which the server finds them, which it does
// alike each time: it is told not to work in parallel and not to begin where others are.
//
// Before the first reading its first rows are looked at (classify), so that a query which has
// to sort or group everything before it gives a row is worked out twice.
type database struct {
	name    string // as Redact gives it
	config  *pgconn.Config
	query   string // one statement
	timeout string // of a statement

	mu  sync.Mutex
	was *result // what the query gives; nil until it was asked
	sum []byte  // of the CSV, once it was read to its end
}

var _ dataset.Source = (*database)(nil)

// Parts is the one part that the query gives.
func (d *database) Parts() []dataset.Part {
	return []dataset.Part{{Name: d.name, Size: -1, Open: d.open}}
}

// Header returns the columns of the query, with their types.
func (d *database) Header(ctx context.Context, o dataset.Options) ([]dataset.Field, error) {
	if err := refuseForms(o); err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	was, err := d.describe(ctx)
	if err != nil {
		return nil, err
	}
	// The names alone, so that the query does not run for them.
	names := dataset.Part{Name: d.name, Size: -1, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(was.header())), nil
	}}
	return dataset.CSV{Files: []dataset.Part{names}}.Header(ctx, was.options(o))
}

// Scan runs the query and reads its rows.
func (d *database) Scan(ctx context.Context, o dataset.Options, to dataset.Consumer) (dataset.Extent, error) {
	if err := refuseForms(o); err != nil {
		return dataset.Extent{}, fmt.Errorf("%s: %w", d.name, err)
	}
	was, err := d.describe(ctx)
	if err != nil {
		return dataset.Extent{}, err
	}
	return dataset.CSV{Files: d.Parts()}.Scan(ctx, was.options(o), to)
}

// refuseForms is an error if the options say how text is written, which here COPY does.
func refuseForms(o dataset.Options) error {
	if !o.NumberForm().IsUsual() {
		return errors.New("a decimal or thousands sign is declared, which numbers of a database do not have")
	}
	return o.RefuseCSV()
}

// open runs the query and returns its rows as CSV.
func (d *database) open(ctx context.Context) (io.ReadCloser, error) {
	was, err := d.describe(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := d.copyOut(ctx, was.selection(d.query))
	if err != nil {
		return nil, err
	}
	return &unchanged{rows: rows, of: d, hash: sha256.New()}, nil
}

// describe asks once what the query gives.
func (d *database) describe(ctx context.Context) (*result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.was == nil {
		was, err := d.ask(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		d.was = was
	}
	return d.was, nil
}

// options lays the types of the database below those that are asked for. How CSV is written
// is COPY's to say.
func (r *result) options(o dataset.Options) dataset.Options {
	types := map[string]dataset.Type{}
	for _, c := range r.columns {
		if o.Schema == nil || o.Schema.Field(c.name) == nil {
			types[c.name] = c.t
		}
	}
	maps.Copy(types, o.Types)
	o.Types = types
	o.Delimiter, o.Quote = ',', '"'
	return o
}

// unchanged reads rows and fails at their end if they are not those of an earlier reading.
type unchanged struct {
	rows io.ReadCloser
	of   *database
	hash hash.Hash
}

func (u *unchanged) Read(p []byte) (int, error) {
	n, err := u.rows.Read(p)
	u.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && !u.of.same(u.hash.Sum(nil)) {
		return n, &invalid{errors.New("the rows changed since they were first read; copy them to a table that stays, or to a file, and read that")}
	}
	return n, err
}

func (u *unchanged) Close() error { return u.rows.Close() }

// same reports whether the rows are those of the first complete reading.
func (d *database) same(sum []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sum == nil {
		d.sum = sum
	}
	return bytes.Equal(d.sum, sum)
}
