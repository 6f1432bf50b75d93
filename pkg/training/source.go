package training

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

// BucketSource opens the data sets of one bucket, s3://<bucket>/data/<dataset>/, and refuses
// everything else: a function has no permission to read elsewhere.
func BucketSource(bucket string, r *registry.Registry) func(context.Context, string) (dataset.Source, error) {
	return func(ctx context.Context, name string) (dataset.Source, error) {
		prefix := "s3://" + bucket + "/data/"
		set := registry.DatasetName(strings.TrimSuffix(strings.TrimPrefix(name, prefix), "/"))
		if !strings.HasPrefix(name, prefix) || set.Validate() != nil {
			return nil, &ConfigError{[]Fault{{Pointer: "/data/source", Detail: fmt.Sprintf("want %s<dataset>/, got %q", prefix, name)}}}
		}
		parts, err := r.DataParts(ctx, set)
		if err != nil {
			return nil, err
		}
		return source.FromParts(parts)
	}
}
