package main

import (
	"context"
	"iter"
	"path/filepath"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/source"
)

const defaultStore = ".foretell/store"

const storeUsage = "where models and runs are kept: a folder, or s3://bucket[/prefix]"

// storeFlag declares --store.
func (c *invocation) storeFlag() *string { return c.flags.String("store", defaultStore, storeUsage) }

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

// placeIn is where an object of a store lies, as people and browsers name it.
func placeIn(store, key string) string {
	if _, _, ok := splitS3(store); ok {
		return strings.TrimSuffix(store, "/") + "/" + key
	}
	return filepath.Join(store, filepath.FromSlash(key))
}

func splitS3(place string) (bucket, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(place, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, prefix, ok
}

// openSource opens a data source: local files, objects of a bucket, or a database.
func openSource(ctx context.Context, name string) (dataset.Source, error) {
	return source.Open(ctx, name, source.Options{Objects: objects})
}

func objects(ctx context.Context, bucket, prefix string) iter.Seq2[dataset.Part, error] {
	store, err := s3store.Connect(ctx, bucket, "")
	if err != nil {
		return func(yield func(dataset.Part, error) bool) { yield(dataset.Part{}, err) }
	}
	return registry.Parts(ctx, store, prefix)
}
