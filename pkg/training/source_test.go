package training

import (
	"errors"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// TestBucketSource opens the data sets of its bucket and nothing else, as a function may.
func TestBucketSource(t *testing.T) {
	e := engine(t)
	if _, err := e.Registry.Store.Put(ctx, "data/wine/wine.csv", []byte("x,y\n1,2\n"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	open := BucketSource("bucket", e.Registry)
	for _, source := range []string{"s3://bucket/data/wine/", "s3://bucket/data/wine"} {
		if opened, err := open(ctx, source); err != nil || len(opened.Parts()) != 1 {
			t.Errorf("%s: %v, %v", source, opened, err)
		}
	}
	for _, source := range []string{"wine", "s3://other/data/wine/", "s3://bucket/models/wine/", "s3://bucket/data/", "s3://bucket/data/wine/../../models/", "/etc/passwd"} {
		var faulty *ConfigError
		if _, err := open(ctx, source); !errors.As(err, &faulty) || !strings.Contains(err.Error(), "s3://bucket/data/<dataset>/") {
			t.Errorf("%s: %v", source, err)
		}
	}
	var missing *registry.NotFoundError
	if _, err := open(ctx, "s3://bucket/data/beer/"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}
