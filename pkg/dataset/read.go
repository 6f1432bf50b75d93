package dataset

import (
	"context"
	"fmt"
	"slices"
)

// Read reads a data set into one table. A column's type is inferred from all of its values
// (InferType), unless it is declared. Memory is 8 bytes for a number and 4 for a coded value,
// and each distinct text once, about twice on the way there. The data set is read again, and only those columns of it, if
// columns that looked numeric for a while turn out not to be.
func Read(ctx context.Context, source Source, o Options) (*Table, Digest, error) {
	t := &tableReader{workers: o.Workers, numbers: o.NumberForm()}
	extent, err := source.Scan(ctx, o, t)
	if err != nil {
		return nil, "", err
	}
	columns, err := t.table(ctx)
	if err != nil {
		return nil, "", err
	}
	if again := t.givenUp(); len(again) > 0 {
		if err := readTexts(ctx, source, o, again, extent.Digest, columns); err != nil {
			return nil, "", err
		}
	}
	table, err := NewTable(columns...)
	return table, extent.Digest, err
}

// ReadCSV reads CSV files into one table.
func ReadCSV(ctx context.Context, parts []Part, o Options) (*Table, Digest, error) {
	return Read(ctx, CSV{Files: parts}, o)
}

// readTexts reads the named columns as what they are written as, and infers their types from
// that.
func readTexts(ctx context.Context, source Source, o Options, names []string, digest Digest, columns []Column) error {
	o.Columns, o.Schema, o.Types = names, nil, map[string]Type{}
	for _, name := range names {
		o.Types[name] = Text
	}
	t := &tableReader{workers: o.Workers, numbers: o.NumberForm(), inferred: true}
	extent, err := source.Scan(ctx, o, t)
	if err != nil {
		return err
	}
	if extent.Digest != digest {
		return fmt.Errorf("read %s: it changed while it was read", source.Parts()[0].Name)
	}
	texts, err := t.table(ctx)
	if err != nil {
		return err
	}
	for _, c := range texts {
		i := slices.IndexFunc(columns, func(old Column) bool { return old.Name == c.Name })
		columns[i] = c
	}
	return nil
}
