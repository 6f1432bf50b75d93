package s3store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// LinkValid is how long a link to an object may be used. The credentials of a function, by which
// S3 judges the link, last longer.
const LinkValid = 15 * time.Minute

// Link is a URL by which whoever has it may read one object of a bucket, for as long as LinkValid.
// Whether the object is there it does not say.
func Link(ctx context.Context, client *s3.Client, bucket, key string) (string, error) {
	get, err := s3.NewPresignClient(client).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, s3.WithPresignExpires(LinkValid))
	if err != nil {
		return "", fmt.Errorf("presign %s: %w", key, err)
	}
	return get.URL, nil
}

// Keep keeps an answer, and returns a link to it and how long that may be used: a gateway.Long.
type Keep = func(ctx context.Context, id, contentType string, body []byte) (url, expiresIn string, err error)

// ConnectAnswers is Connect to a whole bucket, and Answers in it.
func ConnectAnswers(ctx context.Context, bucket string) (registry.Store, Keep, error) {
	connected, err := Connect(ctx, bucket, "")
	if err != nil {
		return nil, nil, err
	}
	return connected, Answers(connected.(store).client, bucket), nil
}

// Answers keeps answers that are too long for a function in a bucket, below answers/ by the id of
// their request, where they expire.
func Answers(client *s3.Client, bucket string) Keep {
	return func(ctx context.Context, id, contentType string, body []byte) (string, string, error) {
		key := "answers/" + id
		if _, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ContentType: &contentType,
			IfNoneMatch: aws.String("*"), CacheControl: aws.String("no-store"),
		}); err != nil {
			return "", "", fmt.Errorf("put %s: %w", key, err)
		}
		url, err := Link(ctx, client, bucket, key)
		return url, LinkValid.String(), err
	}
}
