package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/pkg/xattr"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// What the local cloud calls itself. The credentials are no secret: they open a server on
// 127.0.0.1 that has no others, and signatures are checked against them as S3 does.
const (
	Region          = "us-east-1"
	Account         = "000000000000"
	accessKeyID     = "foretell"
	secretAccessKey = "foretell-local"
)

// s3Server keeps objects as files: a folder per bucket, metadata in extended attributes.
type s3Server struct {
	endpoint  string
	client    *s3.Client
	forwarder *forwarder
	cancel    context.CancelFunc
	done      chan error
	folder    string // the working directory from before
}

// s3Socket is where the S3 server listens, seen from the folder of its objects. Relative, it
// is short: the path of a Unix socket may have about 100 bytes.
const s3Socket = "../s3.sock"

// startS3 serves dir on a listener, which it closes if it fails, and makes the bucket if it
// is absent. The server uses paths relative to the working directory of this process, and
// moves it to dir until stop. It tells created of each object that was written, from then on.
func startS3(ctx context.Context, dir string, l net.Listener, bucket string, created func(objectEvent)) (*s3Server, error) {
	if err := checkAttributes(dir, probeAttribute); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	folder, err := os.Getwd()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	backend, err := posix.New(dir, meta.XattrMeta{}, posix.PosixOpts{
		CopyObjectThreshold: 5 << 30, // S3's own limit; the zero value refuses every copy
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("s3 server in %s: %w", dir, err), l.Close(), os.Chdir(folder))
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &s3Server{endpoint: "http://" + l.Addr().String(), cancel: cancel, done: make(chan error, 1), folder: folder}
	s.client = newS3Client(s.endpoint)
	ready := make(chan struct{})
	go func() {
		s.done <- embedgw.RunVersityGW(running, watched{backend, created}, s3Config(func() { close(ready) }))
	}()
	select {
	case <-ready:
	case err := <-s.done:
		cancel()
		return nil, errors.Join(fmt.Errorf("s3 server in %s: %w", dir, err), l.Close(), os.Chdir(folder))
	}
	s.forwarder = newForwarder(l, s3Socket)
	if err := s.makeBucket(ctx, bucket); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func s3Config(listening func()) *embedgw.Config {
	return &embedgw.Config{
		RootUserAccess: accessKeyID, RootUserSecret: secretAccessKey, Region: Region,
		Ports:          []string{s3Socket},
		MaxConnections: 4096, MaxRequests: 2048, MultipartMaxParts: 10_000,
		Quiet: true, KeepAlive: true, DisableACLs: true,
		// What the server would choose itself, but it says so on standard output.
		IAMService: auth.NewIAMServiceSingle(auth.Account{Access: accessKeyID, Secret: secretAccessKey, Role: auth.RoleAdmin}),
		S3Options:  []s3api.Option{s3api.WithOnListen(listening)},
	}
}

// makeBucket makes the bucket, or finds it from an earlier start.
func (s *s3Server) makeBucket(ctx context.Context, bucket string) error {
	_, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	var mine *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &mine) {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	return nil
}

// read reads a whole object.
func (s *s3Server) read(ctx context.Context, bucket, key string) ([]byte, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// write writes a whole object.
func (s *s3Server) write(ctx context.Context, bucket, key string, body []byte) error {
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)})
	return err
}

// stop ends the server and restores the working directory. The objects stay.
func (s *s3Server) stop() error {
	s.forwarder.close()
	s.cancel()
	err := <-s.done
	if err != nil {
		err = fmt.Errorf("s3 server: %w", err)
	}
	return errors.Join(err, os.Chdir(s.folder))
}

func newS3Client(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region:       Region,
		BaseEndpoint: &endpoint,
		UsePathStyle: true,
		Credentials:  aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(accessKeyID, secretAccessKey, "")),
	})
}

// checkAttributes tries an extended attribute on a file in dir.
func checkAttributes(dir string, probe func(path, name string) error) error {
	const name = "user.foretell.probe"
	path := filepath.Join(dir, ".probe-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return fmt.Errorf("s3 server: %w", err)
	}
	defer os.Remove(path) // an empty file that stays does no harm
	if err := probe(path, name); err != nil {
		return fmt.Errorf("the file system of %s lacks user extended attributes, in which the S3 server keeps "+
			"the metadata of objects (%w); choose a folder on another file system with --dir", dir, err)
	}
	return nil
}

// probeAttribute writes an attribute of a file and reads it back.
func probeAttribute(path, name string) error {
	if err := xattr.Set(path, name, []byte("1")); err != nil {
		return err
	}
	value, err := xattr.Get(path, name)
	if err != nil {
		return err
	}
	if string(value) != "1" {
		return fmt.Errorf("%s: wrote %q, read %q", path, "1", value)
	}
	return nil
}
