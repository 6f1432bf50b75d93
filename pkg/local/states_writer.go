package local

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// parseWriter takes the optional ResultWriter: results go to files below a prefix of a bucket.
func parseWriter(f *fields) *template {
	w, ok := f.optionalInner("ResultWriter")
	if !ok {
		return nil
	}
	defer w.done()
	w.only("Resource", "arn:aws:states:::s3:putObject")
	return w.parameters("Bucket", "Prefix")
}

// written lists children that ended alike in one file.
type written struct {
	Key  string `json:"Key"`
	Size int    `json:"Size"`
}

// write writes what became of the items as AWS does, below <Prefix>/<map run>/: manifest.json, and
// one file each of those that succeeded, that failed, and that did not come to run. It returns what
// the state has for a result; nil without a ResultWriter. AWS writes them also if too many items failed,
// and its records have times and ARNs besides.
func (m *distributedMap) write(ctx context.Context, x *execution, input any, inputs []any, ended outcome) (any, error) {
	if m.writer == nil {
		return nil, nil
	}
	where, err := m.writer.fill(scope{input, x.context})
	if err != nil {
		return nil, err
	}
	bucket, prefix, ok := texts(where, "Bucket", "Prefix")
	if !ok {
		return nil, failure(errorResultWriter, "Bucket and Prefix of the ResultWriter are not strings")
	}
	id := x.mapRun(m.label)
	prefix = strings.TrimSuffix(prefix, "/") + "/" + id + "/"
	files := map[string][]written{"SUCCEEDED": {}, "FAILED": {}, "PENDING": {}}
	put := func(key string, v any) (int, error) {
		body, err := encodeData(v)
		if err == nil {
			err = x.env.WriteObject(ctx, bucket, key, body)
		}
		if err != nil {
			return 0, failure(errorResultWriter, "s3://%s/%s: %v", bucket, key, err)
		}
		return len(body), nil
	}
	for status, children := range m.byStatus(x, inputs, ended) {
		if len(children) == 0 {
			continue
		}
		key := prefix + status + "_0.json"
		size, err := put(key, children)
		if err != nil {
			return nil, err
		}
		files[status] = []written{{key, size}}
	}
	arn := "arn:aws:states:" + Region + ":" + Account + ":mapRun:" + id
	if _, err := put(prefix+"manifest.json", map[string]any{"DestinationBucket": bucket, "MapRunArn": arn, "ResultFiles": files}); err != nil {
		return nil, err
	}
	return map[string]any{"MapRunArn": arn, "ResultWriterDetails": map[string]any{"Bucket": bucket, "Key": prefix + "manifest.json"}}, nil
}

// byStatus are the children's records. One that was stopped counts as pending.
func (m *distributedMap) byStatus(x *execution, inputs []any, ended outcome) map[string][]any {
	all := map[string][]any{}
	for i := range inputs {
		name := m.childName(x, i)
		switch {
		case ended.failures[i] != nil:
			all["FAILED"] = append(all["FAILED"], failedChild(name, inputs[i], ended.failures[i]))
		case ended.succeeded[i]:
			record := childRecord(name, "SUCCEEDED", inputs[i])
			record["Output"] = text(ended.results[i])
			all["SUCCEEDED"] = append(all["SUCCEEDED"], record)
		default:
			all["PENDING"] = append(all["PENDING"], childRecord(name, "PENDING", inputs[i]))
		}
	}
	return all
}

// mapRun names a run of a map by what it is a run of, so that two never have one name; AWS draws it.
func (x *execution) mapRun(label string) string {
	return fmt.Sprintf("%016x", seed.Derive(seed.Derive(0, x.name), label, x.transitions<<10|x.redrives))
}
