package profile

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// New profiles every column of the table. It fails only with ctx's error, when ctx ends.
func New(ctx context.Context, t *dataset.Table) (*Profile, error) {
	p := &Profile{Rows: t.Rows(), Columns: make([]Column, len(t.Columns))}
	err := par.For(ctx, len(t.Columns), 0, func(i int) error {
		p.Columns[i] = describe(&t.Columns[i])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}
