package registry

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func dataPrefix(d DatasetName) string { return "data/" + string(d) + "/" }

// DataParts returns the objects of a data set in bytewise order of their keys, the order in
// which dataset.Files returns the same files of a directory. As there, hidden ones are left
// out; so are the empty objects by which consoles draw folders. An object that is not a .csv
// is a *DatasetError rather than passed over: a table with a part missing would look fine
// and be wrong. A data set without objects is a *NotFoundError.
//
// A part names its object below the data set. Opening it fails with ErrConflict if the
// object is no longer the one that was listed.
func (r *Registry) DataParts(ctx context.Context, name DatasetName) ([]dataset.Part, error) {
	if err := name.Validate(); err != nil {
		return nil, err
	}
	var parts []dataset.Part
	for info, err := range r.Store.List(ctx, dataPrefix(name)) {
		if err != nil {
			return nil, err
		}
		part := strings.TrimPrefix(info.Key, dataPrefix(name))
		if info.Size == 0 && strings.HasSuffix(info.Key, "/") || hidden(part) {
			continue
		}
		if err := ValidateKey(info.Key); err != nil {
			return nil, &DatasetError{name, part, "its " + err.Error()}
		}
		if !strings.EqualFold(path.Ext(part), ".csv") {
			return nil, &DatasetError{name, part, "only .csv files can be read; delete it or move it elsewhere"}
		}
		parts = append(parts, dataset.Part{
			Name: part, ETag: info.ETag,
			Open: func(ctx context.Context) (io.ReadCloser, error) { return r.openUnchanged(ctx, info) },
		})
	}
	if len(parts) == 0 {
		return nil, &NotFoundError{Kind: KindDataset, Name: string(name)}
	}
	return parts, nil
}

func (r *Registry) openUnchanged(ctx context.Context, listed Info) (io.ReadCloser, error) {
	body, info, err := r.Store.Open(ctx, listed.Key)
	if err != nil {
		return nil, err
	}
	if info.ETag != listed.ETag {
		body.Close()
		return nil, fmt.Errorf("open %s: %w", listed.Key, ErrConflict)
	}
	return body, nil
}

// hidden reports whether an element of a path starts with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}
