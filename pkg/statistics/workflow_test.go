package statistics

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// handled invokes the handler with the JSON that the workflow sends.
type handled struct {
	jobs   *Jobs
	ranges atomic.Int64 // shards that were byte ranges
}

func (h *handled) Invoke(ctx context.Context, _ string, payload []byte) ([]byte, error) {
	var event Event
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	var shard Shard
	if event.Step == "shard" && json.Unmarshal(event.Input, &shard) == nil && shard.Range != nil {
		h.ranges.Add(1)
	}
	answer, err := h.jobs.Handle(ctx, event)
	if err != nil {
		return nil, &local.FunctionError{Type: "errorString", Message: err.Error()}
	}
	return json.Marshal(answer)
}

// TestWorkflowMapsOverRanges runs the state machine that ships, with the handler that ships:
// its Distributed Map reads the list of shards, among them the byte ranges of one large file,
// and what merge stores is what one pass stores.
func TestWorkflowMapsOverRanges(t *testing.T) {
	objects := map[string]string{"data/big/a.csv": "a,b\n-1,first\n", "data/big/b.csv": large()}
	r := sets(t, objects)
	want, err := Store(t.Context(), r, "big", rowsOf(t, r, "big"), dataset.Options{}, profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r = sets(t, objects)
	h := &handled{jobs: &Jobs{Registry: r, limits: limits{bytes: dataset.DigestPiece, parts: 100}}}
	definition, err := local.Substitute(topology.Statistics, map[string]string{"StatisticsFunction": "statistics", "Bucket": "bucket"})
	if err != nil {
		t.Fatal(err)
	}
	machine, err := local.ParseMachine([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(begin(t, r, "big", Request{}, 1))
	if err != nil {
		t.Fatal(err)
	}
	output, err := machine.Run(t.Context(), local.Environment{Invoker: h, ReadObject: readObject(r.Store), WriteObject: writeObject(r.Store), MaxConcurrency: 2}, "job-1", input)
	if err != nil {
		t.Fatal(err)
	}
	var result Result
	if err := json.Unmarshal(output, &result); err != nil {
		t.Fatal(err)
	}
	if result.Version != want.Version || result.Problem != nil || h.ranges.Load() != 5 {
		t.Errorf("%s after %d ranges, want version %s after 5", output, h.ranges.Load(), want.Version)
	}
	s, err := r.Statistics(t.Context(), "big")
	if err != nil || s.Version != want.Version || s.Profile.Rows != want.Profile.Rows {
		t.Errorf("stored %s of %d rows, %v; want %s of %d", s.Version, s.Profile.Rows, err, want.Version, want.Profile.Rows)
	}
}

// writeObject writes an object of the store as the ResultWriter writes one of S3.
func writeObject(store registry.Store) func(ctx context.Context, bucket, key string, body []byte) error {
	return func(ctx context.Context, _, key string, body []byte) error {
		_, err := store.Put(ctx, key, body, registry.Condition{})
		return err
	}
}

// readObject reads an object of the store as the ItemReader reads one of S3.
func readObject(store registry.Store) func(ctx context.Context, bucket, key string) ([]byte, error) {
	return func(ctx context.Context, bucket, key string) ([]byte, error) {
		if bucket != "bucket" {
			return nil, fmt.Errorf("read from bucket %q", bucket)
		}
		object, _, err := store.Open(ctx, key)
		if err != nil {
			return nil, err
		}
		defer object.Close()
		return io.ReadAll(object)
	}
}
