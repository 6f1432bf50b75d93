//go:build linux || darwin

package local

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// newS3 serves a folder of its own. There can be one at a time in a process.
func newS3(t *testing.T, dir string) *s3Server {
	t.Helper()
	dir = filepath.Join(dir, "s3")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := listen(0, "--s3-port")
	if err != nil {
		t.Fatal(err)
	}
	server, err := startS3(t.Context(), dir, l, "foretell", func(objectEvent) {})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func put(t *testing.T, client *s3.Client, key, body string, change func(*s3.PutObjectInput)) (etag string, err error) {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String("foretell"), Key: &key, Body: strings.NewReader(body)}
	if change != nil {
		change(in)
	}
	out, err := client.PutObject(t.Context(), in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

func get(t *testing.T, client *s3.Client, key string) string {
	t.Helper()
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("foretell"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func isCode(err error, code string) bool {
	var failed smithy.APIError
	return errors.As(err, &failed) && failed.ErrorCode() == code
}

func TestS3KeepsObjects(t *testing.T) {
	dir := t.TempDir()
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	first := newS3(t, dir)
	etag, err := put(t, first.client, "models/m/aliases/champion.json", `{"version":1}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Getwd(); err != nil || after != before {
		t.Errorf("working directory %s, want %s (%v)", after, before, err)
	}
	second := newS3(t, dir)
	defer func() {
		if err := second.stop(); err != nil {
			t.Error(err)
		}
	}()
	if got := get(t, second.client, "models/m/aliases/champion.json"); got != `{"version":1}` {
		t.Errorf("after a restart: %s", got)
	}
	head, err := second.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("foretell"), Key: aws.String("models/m/aliases/champion.json")})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(head.ETag) != etag {
		t.Errorf("etag %s, was %s", aws.ToString(head.ETag), etag)
	}
}

// TestS3Conditions has many writers race for one object: one wins.
func TestS3Conditions(t *testing.T) {
	server := newS3(t, t.TempDir())
	defer server.stop()
	const writers = 12
	// Every body is another: with equal ones the ETag would stay, and a second writer win.
	race := func(letter string, change func(*s3.PutObjectInput)) (won int) {
		var wg sync.WaitGroup
		errs := make([]error, writers)
		for i := range errs {
			wg.Go(func() { _, errs[i] = put(t, server.client, "k", strings.Repeat(letter, i+1), change) })
		}
		wg.Wait()
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !isCode(err, "PreconditionFailed"):
				t.Error(err)
			}
		}
		return won
	}
	if won := race("x", func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }); won != 1 {
		t.Errorf("%d writers made the object, want 1", won)
	}
	head, err := server.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("foretell"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	if won := race("y", func(in *s3.PutObjectInput) { in.IfMatch = head.ETag }); won != 1 {
		t.Errorf("%d writers replaced the object, want 1", won)
	}
	if _, err := server.client.CopyObject(t.Context(), &s3.CopyObjectInput{
		Bucket: aws.String("foretell"), Key: aws.String("copy"), CopySource: aws.String("foretell/k"),
	}); err != nil {
		t.Errorf("copy: %v", err)
	}
	if get(t, server.client, "copy") != get(t, server.client, "k") {
		t.Error("a copy is another")
	}
}

// TestS3PresignedPost uploads as a browser does, within the policy and outside of it.
func TestS3PresignedPost(t *testing.T) {
	server := newS3(t, t.TempDir())
	defer server.stop()
	presigned, err := s3.NewPresignClient(server.client).PresignPostObject(t.Context(),
		&s3.PutObjectInput{Bucket: aws.String("foretell"), Key: aws.String("data/adult/adult.csv")},
		func(o *s3.PresignPostOptions) {
			o.Expires = time.Minute
			o.Conditions = []any{
				[]any{"content-length-range", 1, 1000},
				[]any{"starts-with", "$key", "data/adult/"},
			}
		})
	if err != nil {
		t.Fatal(err)
	}
	upload := func(key, body string) (int, string) {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		names := make([]string, 0, len(presigned.Values))
		for name := range presigned.Values {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			value := presigned.Values[name]
			if name == "key" && key != "" {
				value = key
			}
			if err := w.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		file, err := w.CreateFormFile("file", "adult.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(file, body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		answer, err := http.Post(presigned.URL, w.FormDataContentType(), &form)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	const table = "age,income\n39,<=50K\n"
	if status, text := upload("", table); status != http.StatusNoContent {
		t.Fatalf("upload: %d %s", status, text)
	}
	if got := get(t, server.client, "data/adult/adult.csv"); got != table {
		t.Errorf("uploaded %q", got)
	}
	for _, c := range []struct{ name, key, body, code string }{
		{"too large", "", strings.Repeat("x", 1001), "EntityTooLarge"},
		{"empty", "", "", "EntityTooSmall"},
		{"another key", "models/m/versions/1.json", table, "AccessDenied"},
	} {
		if status, text := upload(c.key, c.body); status < 400 || !strings.Contains(text, "<Code>"+c.code+"</Code>") {
			t.Errorf("%s: %d %s, want %s", c.name, status, text, c.code)
		}
	}
	list, err := server.client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("foretell")})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Contents) != 1 {
		t.Errorf("%d objects, want the one that the policy allows", len(list.Contents))
	}
}

func TestNoAttributes(t *testing.T) {
	dir := t.TempDir()
	err := checkAttributes(dir, func(string, string) error { return syscall.ENOTSUP })
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--dir") || !errors.Is(err, syscall.ENOTSUP) {
		t.Errorf("got %v, want the folder and the remedy", err)
	}
	if err := checkAttributes(dir, probeAttribute); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the probe left %v (%v)", left, err)
	}
}

// TestS3StopsAtOnce stops the server while clients hold connections: one that has never
// asked for anything, one amid an upload.
func TestS3StopsAtOnce(t *testing.T) {
	server := newS3(t, t.TempDir())
	for _, text := range []string{"", "PUT /foretell/k HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of i"} {
		client, err := net.Dial("tcp", strings.TrimPrefix(server.endpoint, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := io.WriteString(client, text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := put(t, server.client, "k2", "v", nil); err != nil { // by now both are known to the server
		t.Fatal(err)
	}
	start := time.Now()
	if err := server.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the stop took %v", took)
	}
}
