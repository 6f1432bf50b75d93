package s3store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/registrytest"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registry.Store {
		return s3store.New(newClient(nil), newBucket(t), "")
	})
}

func TestConformanceWithPrefix(t *testing.T) {
	bucket := newBucket(t)
	outside := s3store.New(newClient(nil), bucket, "")
	for _, key := range []string{"team-b/x", "teams/x"} { // no team's business
		if _, err := outside.Put(t.Context(), key, nil, registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	registrytest.Run(t, func(t *testing.T) registry.Store {
		// Names of subtests are distinct, so every store is empty.
		return s3store.New(newClient(nil), bucket, "team/"+strings.ReplaceAll(t.Name(), ":", "-"))
	})
}

// answer replaces the first n answers to PUTs by an S3 error, before or after the server
// sees the request.
type answer struct {
	n      atomic.Int64
	status int
	code   string
	after  bool
}

func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || a.n.Add(-1) < 0 {
		return http.DefaultTransport.RoundTrip(r)
	}
	if a.after {
		real, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		real.Body.Close()
	}
	body := "<Error><Code>" + a.code + "</Code><Message>injected</Message></Error>"
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// TestConflictIsRetried: 409 ConditionalRequestConflict means "try again", not "you lost".
func TestConflictIsRetried(t *testing.T) {
	bucket := newBucket(t)
	for _, tt := range []struct {
		answers int64
		code    string
		want    error
	}{
		{1, "ConditionalRequestConflict", nil},
		{3, "OperationAborted", nil},
		{100, "ConditionalRequestConflict", registry.ErrConflict},
	} {
		a := &answer{status: http.StatusConflict, code: tt.code}
		a.n.Store(tt.answers)
		s := s3store.New(newClient(a), bucket, t.Name()+tt.code)
		_, err := s.Put(t.Context(), "k", []byte("v"), registry.Condition{Absent: true})
		if !errors.Is(err, tt.want) {
			t.Errorf("%d × %s: %v, want %v", tt.answers, tt.code, err, tt.want)
		}
	}
}

func TestConflictWaitEndsWithContext(t *testing.T) {
	a := &answer{status: http.StatusConflict, code: "ConditionalRequestConflict"}
	a.n.Store(100)
	s := s3store.New(newClient(a), newBucket(t), "")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Put(ctx, "k", nil, registry.Condition{Absent: true})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put = %v", err)
	}
}

// TestLostAnswer: the SDK sends a write again whose answer was a 500, and S3 then refuses
// it because it is there. The store says conflict; Register looks and finds its own.
func TestLostAnswer(t *testing.T) {
	bucket := newBucket(t)
	for writes := range int64(3) {
		a := &answer{status: http.StatusInternalServerError, code: "InternalError", after: true}
		a.n.Store(writes)
		s := s3store.New(newClient(a), bucket, "lost-"+string(rune('a'+writes)))
		if writes == 1 {
			_, err := s.Put(t.Context(), "other", []byte("v"), registry.Condition{Absent: true})
			if !errors.Is(err, registry.ErrConflict) {
				t.Errorf("Put = %v", err)
			}
			a.n.Store(writes)
		}
		r := &registry.Registry{Store: s}
		m, err := r.Register(t.Context(), "wine", []byte("trees"), registry.Manifest{Run: "r"})
		if err != nil || m.Version != 1 {
			t.Errorf("with %d answers lost: version %d, %v", writes, m.Version, err)
		}
		if versions, err := r.Versions(t.Context(), "wine"); err != nil || len(versions) != 1 {
			t.Errorf("with %d answers lost: %d versions, %v", writes, len(versions), err)
		}
	}
}

func TestMissingBucket(t *testing.T) {
	s := s3store.New(newClient(nil), "no-such-bucket", "")
	_, putErr := s.Put(t.Context(), "k", nil, registry.Condition{IfMatch: "x"})
	_, _, openErr := s.Open(t.Context(), "k")
	for _, err := range []error{putErr, openErr} {
		if err == nil || errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrConflict) {
			t.Errorf("a missing bucket gives %v", err)
		}
	}
}

// TestPlainKeys: what the store writes is where others look for it.
func TestPlainKeys(t *testing.T) {
	bucket := newBucket(t)
	s := s3store.New(newClient(nil), bucket, "/team/a/")
	if _, err := s.Put(t.Context(), "data/x.csv", []byte("v"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	key := "team/a/data/x.csv"
	if _, err := newClient(nil).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Error(err)
	}
}
