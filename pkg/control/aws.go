package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/foretell-ml/foretell/pkg/registry/s3store"
)

// S3Links are presigned requests to a bucket.
type S3Links struct {
	Client *s3.Client
	Bucket string
}

// PresignPost implements Links by a POST policy, which unlike a presigned PUT bounds the size.
func (u S3Links) PresignPost(ctx context.Context, key string, maxBytes int64, valid time.Duration) (string, map[string]string, error) {
	post, err := s3.NewPresignClient(u.Client).PresignPostObject(ctx,
		&s3.PutObjectInput{Bucket: &u.Bucket, Key: &key},
		func(o *s3.PresignPostOptions) {
			o.Expires = valid
			o.Conditions = []any{[]any{"content-length-range", 1, maxBytes}}
		})
	if err != nil {
		return "", nil, fmt.Errorf("presign upload: %w", err)
	}
	return post.URL, post.Values, nil
}

// PresignGet implements Links.
func (u S3Links) PresignGet(ctx context.Context, key string) (string, error) {
	return s3store.Link(ctx, u.Client, u.Bucket, key)
}

// StepFunctions is a Workflow on AWS Step Functions.
type StepFunctions struct {
	Client  *sfn.Client
	Machine string // ARN
}

// Start implements Workflow.
func (w StepFunctions) Start(ctx context.Context, name string, input any) (string, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return "", err
	}
	out, err := w.Client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &w.Machine, Name: &name, Input: aws.String(string(text)),
	})
	var taken *sfntypes.ExecutionAlreadyExists
	if errors.As(err, &taken) {
		return strings.Replace(w.Machine, ":stateMachine:", ":execution:", 1) + ":" + name, ErrNameTaken
	}
	if err != nil {
		return "", fmt.Errorf("start %s: %w", name, err)
	}
	return *out.ExecutionArn, nil
}

// Execution implements Workflow.
func (w StepFunctions) Execution(ctx context.Context, arn string) (Execution, error) {
	out, err := w.Client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	var forgotten *sfntypes.ExecutionDoesNotExist
	if errors.As(err, &forgotten) {
		return Execution{Status: "ABORTED", Error: "ExecutionDoesNotExist",
			Cause: "the execution ended so long ago that its record is gone; start it again"}, nil
	}
	if err != nil {
		return Execution{}, fmt.Errorf("describe %s: %w", arn, err)
	}
	return Execution{string(out.Status), aws.ToString(out.Error), aws.ToString(out.Cause)}, nil
}
