package s3store_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"golang.org/x/sys/unix"
)

// endpoint is the one S3 server of this process (embedgw allows no second).
var endpoint string

var buckets atomic.Int64

func TestMain(m *testing.M) {
	code, err := serve(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "s3store tests:", err)
		code = 1
	}
	os.Exit(code)
}

func serve(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "s3store")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := probeXattr(dir); err != nil {
		return 1, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1, err
	}
	address := l.Addr().String()
	l.Close()

	backend, err := posix.New(dir, meta.XattrMeta{}, posix.PosixOpts{CopyObjectThreshold: 5 << 30})
	if err != nil {
		return 1, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess: "test", RootUserSecret: "test-secret", Ports: []string{address},
			MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 10000, Quiet: true,
			HealthPath: "/health",
		})
	}()
	endpoint = "http://" + address
	if err := waitFor(endpoint+"/health", done); err != nil {
		cancel()
		return 1, err
	}
	code = m.Run()
	cancel()
	return code, <-done
}

// probeXattr says in time what the server would say late: it keeps ETags in user xattrs.
func probeXattr(dir string) error {
	file := filepath.Join(dir, "probe")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	if err := unix.Setxattr(file, "user.foretell", []byte("1"), 0); err != nil {
		return fmt.Errorf("the file system of %s has no user xattrs, which the S3 server needs (%w): set TMPDIR to a folder on ext4, xfs or btrfs", dir, err)
	}
	return nil
}

func waitFor(url string, done <-chan error) error {
	for range 500 {
		if r, err := http.Get(url); err == nil {
			r.Body.Close()
			return nil
		}
		select {
		case err := <-done:
			return fmt.Errorf("the S3 server stopped: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("the S3 server at %s does not answer", url)
}

// newClient returns a client of the server whose requests go through transport (nil: the
// default one).
func newClient(transport http.RoundTripper) *s3.Client {
	o := s3.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test-secret", ""),
		Retryer:      retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 10 * time.Millisecond }),
	}
	if transport != nil {
		o.HTTPClient = &http.Client{Transport: transport}
	}
	return s3.New(o)
}

func newBucket(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	if _, err := newClient(nil).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return name
}
