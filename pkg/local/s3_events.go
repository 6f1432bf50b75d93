package local

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// watched is the S3 server's backend, and says which objects were written through it. What is put
// into its folder by other means nobody hears of.
type watched struct {
	*posix.Posix
	created func(objectEvent)
}

// objectEvent is an object that was written, and by which operation.
type objectEvent struct{ bucket, key, reason string }

// PutObject is also what a form's upload comes to.
func (w watched) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	out, err := w.Posix.PutObject(ctx, in)
	if err == nil {
		w.created(objectEvent{aws.ToString(in.Bucket), aws.ToString(in.Key), "PutObject"})
	}
	return out, err
}

// CopyObject also tells.
func (w watched) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	out, err := w.Posix.CopyObject(ctx, in)
	if err == nil {
		w.created(objectEvent{aws.ToString(in.Bucket), aws.ToString(in.Key), "CopyObject"})
	}
	return out, err
}

// CompleteMultipartUpload also tells: of the whole object, as none was there before.
func (w watched) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	out, version, err := w.Posix.CompleteMultipartUpload(ctx, in)
	if err == nil {
		w.created(objectEvent{aws.ToString(in.Bucket), aws.ToString(in.Key), "CompleteMultipartUpload"})
	}
	return out, version, err
}

// event is what S3 tells EventBridge of an object, as far as anybody here reads it.
func (o objectEvent) event() ([]byte, error) {
	return json.Marshal(map[string]any{
		"version": "0", "source": "aws.s3", "detail-type": "Object Created", "account": Account, "region": Region,
		"resources": []string{"arn:aws:s3:::" + o.bucket},
		"detail": map[string]any{
			"version": "0", "reason": o.reason,
			"bucket": map[string]string{"name": o.bucket}, "object": map[string]string{"key": o.key},
		},
	})
}

// objectCreated is EventBridge's rule: it calls the functions that want to know of an object. The
// writer does not wait for them.
func (c *Cloud) objectCreated(o objectEvent) {
	select {
	case <-c.ready:
	default:
		return // nobody knows of the address yet
	}
	if o.bucket != c.config.Bucket {
		return
	}
	for _, f := range topology.Functions {
		if f.Objects == "" || !strings.HasPrefix(o.key, f.Objects) {
			continue
		}
		event, err := o.event()
		if err == nil {
			err = c.runtime.invokeEvent(f.Name, event)
		}
		if err != nil {
			c.log.Error("a function was not told of an object", "function", f.Name, "key", o.key, "error", err)
		}
	}
}
