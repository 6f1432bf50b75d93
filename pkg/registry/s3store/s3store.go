// Package s3store keeps objects in an S3 bucket. Conditions become If-None-Match and If-Match
// headers, so that S3 itself decides who wins a race.
//
// What the SDK retries is retried by the SDK (its client's Retryer). A conditional write
// whose first answer was lost may therefore end in ErrConflict although it was ours: the
// store does not guess, for two racers who write the same bytes must not both believe that
// they won. Callers for whom equal content is success read the object and compare, as
// Registry.Register does.
//
// The caller needs s3:ListBucket besides s3:GetObject: without it S3 answers 403 for an
// object that is not there, and that is an error, not ErrNotFound.
package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Retries of a write that S3 refuses with 409 because another conditional write of the key
// is under way: attempts in all, and the wait before the second, which doubles. The waits
// add up to 1.5 s, far longer than a small write takes.
const (
	conflictAttempts = 5
	conflictWait     = 100 * time.Millisecond
)

type store struct {
	client *s3.Client
	bucket string
	prefix string // "" or ends in a slash
}

var (
	_ registry.Store       = store{}
	_ registry.RangeOpener = store{}
	_ registry.Revalidator = store{}
)

// New returns the store in a bucket, with every key below prefix, which may be empty.
func New(client *s3.Client, bucket, prefix string) registry.Store {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return store{client, bucket, prefix}
}

// Connect is New with a client of the environment: its region, credentials and endpoint, as
// every AWS tool finds them.
func Connect(ctx context.Context, bucket, prefix string) (registry.Store, error) {
	if bucket == "" {
		return nil, errors.New("no bucket is named; want s3://bucket or s3://bucket/prefix")
	}
	environment, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("s3://%s: %w", bucket, err)
	}
	return New(s3.NewFromConfig(environment), bucket, prefix), nil
}

// Open reads an object. The SDK checks S3's checksum as the body is read to its end.
func (s store) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	return s.open(ctx, key, nil)
}

// OpenChanged is Open with If-None-Match: S3 answers 304, without a body, if the ETag holds.
func (s store) OpenChanged(ctx context.Context, key, etag string) (io.ReadCloser, registry.Info, error) {
	return s.open(ctx, key, aws.String(`"`+etag+`"`))
}

func (s store) open(ctx context.Context, key string, noneMatch *string) (io.ReadCloser, registry.Info, error) {
	if err := registry.ValidateKey(key); err != nil {
		return nil, registry.Info{}, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key), IfNoneMatch: noneMatch})
	if noneMatch != nil && status(err) == http.StatusNotModified {
		err = registry.ErrNotModified
	}
	if err != nil {
		return nil, registry.Info{}, s.wrap("get", key, err)
	}
	return out.Body, s.info(key, out.ContentLength, out.ETag, out.LastModified), nil
}

// OpenRange reads a range of an object. The SDK checks no checksum then: those that S3 keeps
// are of whole objects.
func (s store) OpenRange(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, error) {
	if err := errors.Join(registry.ValidateKey(key), registry.ValidateRange(etag, offset, length)); err != nil {
		return nil, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.bucket, Key: aws.String(s.prefix + key),
		IfMatch: aws.String(`"` + etag + `"`),
		Range:   aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)),
	})
	switch {
	case err == nil:
		return out.Body, nil
	case status(err) == http.StatusRequestedRangeNotSatisfiable:
		return http.NoBody, nil
	case status(err) == http.StatusPreconditionFailed:
		err = registry.ErrConflict
	}
	return nil, s.wrap("get", key, err)
}

// Stat describes an object. S3 gives a HEAD no error body, so that a bucket that does not
// exist looks like an object that does not exist.
func (s store) Stat(ctx context.Context, key string) (registry.Info, error) {
	if err := registry.ValidateKey(key); err != nil {
		return registry.Info{}, err
	}
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key)})
	if err != nil {
		return registry.Info{}, s.wrap("head", key, err)
	}
	return s.info(key, out.ContentLength, out.ETag, out.LastModified), nil
}

// Put writes an object in one request (at most 5 GiB) if the condition holds.
func (s store) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	if err := errors.Join(registry.ValidateKey(key), c.Validate()); err != nil {
		return registry.Info{}, err
	}
	for attempt, wait := 1, conflictWait; ; attempt, wait = attempt+1, 2*wait {
		out, err := s.client.PutObject(ctx, s.put(key, body, c))
		if err == nil {
			size := int64(len(body))
			return s.info(key, &size, out.ETag, nil), nil
		}
		if !underWay(err) || attempt == conflictAttempts {
			return registry.Info{}, s.wrapPut(key, err, c)
		}
		if err := sleep(ctx, wait); err != nil {
			return registry.Info{}, fmt.Errorf("put %s: %w", key, err)
		}
	}
}

func (s store) put(key string, body []byte, c registry.Condition) *s3.PutObjectInput {
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key), Body: bytes.NewReader(body)}
	if c.Absent {
		in.IfNoneMatch = aws.String("*")
	}
	if c.IfMatch != "" {
		in.IfMatch = aws.String(`"` + c.IfMatch + `"`)
	}
	return in
}

// List yields the objects whose keys start with prefix, a page of 1,000 at a time.
func (s store) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	return func(yield func(registry.Info, error) bool) {
		if err := registry.ValidatePrefix(prefix); err != nil {
			yield(registry.Info{}, err)
			return
		}
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(registry.Info{}, s.wrap("list", prefix, err))
				return
			}
			for _, o := range page.Contents {
				key := strings.TrimPrefix(aws.ToString(o.Key), s.prefix)
				if !yield(s.info(key, o.Size, o.ETag, o.LastModified), nil) {
					return
				}
			}
		}
	}
}

// Delete removes an object.
func (s store) Delete(ctx context.Context, key string) error {
	if err := registry.ValidateKey(key); err != nil {
		return err
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key)})
	if err = s.wrap("delete", key, err); errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	return err
}

func (s store) info(key string, size *int64, etag *string, modified *time.Time) registry.Info {
	return registry.Info{
		Key: key, Size: aws.ToInt64(size),
		ETag: strings.Trim(aws.ToString(etag), `"`), Modified: aws.ToTime(modified),
	}
}

// wrap names the operation and the key, and turns S3's ways to say it into ErrNotFound.
func (s store) wrap(operation, key string, err error) error {
	if err == nil {
		return nil
	}
	if c := code(err); c == "NoSuchKey" || c == "NotFound" {
		err = registry.ErrNotFound
	}
	return fmt.Errorf("%s %s: %w", operation, key, err)
}

// wrapPut is wrap for conditional writes. An If-Match on an object that is gone is answered
// by 404 NoSuchKey: for a writer that is a conflict.
func (s store) wrapPut(key string, err error, c registry.Condition) error {
	if status(err) == http.StatusPreconditionFailed || underWay(err) || c.IfMatch != "" && code(err) == "NoSuchKey" {
		err = registry.ErrConflict
	}
	return fmt.Errorf("put %s: %w", key, err)
}

// underWay reports S3's two ways to say: another write of this key is under way, try again.
func underWay(err error) bool {
	c := code(err)
	return c == "ConditionalRequestConflict" || c == "OperationAborted"
}

// code is S3's name of an error, like "NoSuchKey"; "" if the error is not S3's.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// status is the HTTP status of S3's answer, 0 if there was none.
func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
