package training

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// BucketSource opens the data sets of one bucket, s3://<bucket>/data/<dataset>/, and refuses
// everything else: a function has no permission to read elsewhere.
func BucketSource(bucket string, r *registry.Registry) func(context.Context, string) ([]dataset.Part, error) {
	return func(ctx context.Context, source string) ([]dataset.Part, error) {
		prefix := "s3://" + bucket + "/data/"
		name := registry.DatasetName(strings.TrimSuffix(strings.TrimPrefix(source, prefix), "/"))
		if !strings.HasPrefix(source, prefix) || name.Validate() != nil {
			return nil, &ConfigError{[]Fault{{"/data/source", fmt.Sprintf("want %s<dataset>/, got %q", prefix, source)}}}
		}
		return r.DataParts(ctx, name)
	}
}
