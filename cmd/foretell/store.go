package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

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
		store, err = openBucket(ctx, bucket, prefix)
	} else {
		store, err = dirstore.New(place)
	}
	return &registry.Registry{Store: store}, err
}

func openBucket(ctx context.Context, bucket, prefix string) (registry.Store, error) {
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("s3://%s: %w", bucket, err)
	}
	return s3store.New(s3.NewFromConfig(aws), bucket, prefix), nil
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
	store, err := openBucket(ctx, bucket, "")
	if err != nil {
		return nil, err
	}
	var parts []dataset.Part
	for info, err := range store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(strings.ToLower(info.Key), ".csv") {
			continue
		}
		parts = append(parts, dataset.Part{Name: info.Key, ETag: info.ETag, Open: func(ctx context.Context) (io.ReadCloser, error) {
			body, _, err := store.Open(ctx, info.Key)
			return body, err
		}})
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("no .csv object below %s", source)
	}
	return parts, nil
}
