package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
)

const defaultStore = ".foretell/store"

// storeFlag declares --store.
func (c *invocation) storeFlag() *string {
	return c.flags.String("store", defaultStore, "where models and runs are kept: a folder, or s3://bucket[/prefix]")
}

// openStore opens a folder or a bucket.
func openStore(ctx context.Context, place string) (*registry.Registry, error) {
	var store registry.Store
	var err error
	if bucket, prefix, ok := splitS3(place); ok {
		store, err = s3store.Connect(ctx, bucket, prefix)
	} else {
		store, err = dirstore.New(place)
	}
	return &registry.Registry{Store: store}, err
}

func splitS3(place string) (bucket, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(place, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, prefix, ok
}

// openSource opens a data source: local files, or the CSV objects below s3://bucket/prefix.
func openSource(ctx context.Context, source string) ([]dataset.Part, error) {
	bucket, prefix, ok := splitS3(source)
	if !ok {
		return dataset.Files(source)
	}
	store, err := s3store.Connect(ctx, bucket, "")
	if err != nil {
		return nil, err
	}
	parts, err := objectParts(ctx, store, strings.TrimRight(prefix, "/"))
	if err == nil && len(parts) == 0 {
		err = fmt.Errorf("no .csv object below %s", source)
	}
	return parts, err
}

// objectParts are the CSV objects in a folder of a store, or the one object of that key:
// data/wine is not the start of data/wine-2/…. As with local folders, hidden ones are left
// out. Opening one fails if it is no longer what was listed.
func objectParts(ctx context.Context, store registry.Store, folder string) ([]dataset.Part, error) {
	var parts []dataset.Part
	for info, err := range store.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		name, inside := strings.CutPrefix(info.Key, folder)
		if inside = inside && (folder == "" || name == "" || name[0] == '/'); !inside || strings.Contains("/"+name, "/.") ||
			!strings.EqualFold(path.Ext(info.Key), ".csv") {
			continue
		}
		parts = append(parts, dataset.Part{Name: info.Key, ETag: info.ETag, Open: func(ctx context.Context) (io.ReadCloser, error) {
			body, now, err := store.Open(ctx, info.Key)
			if err == nil && now.ETag != info.ETag {
				body.Close()
				return nil, fmt.Errorf("open %s: %w", info.Key, registry.ErrConflict)
			}
			return body, err
		}})
	}
	return parts, nil
}
