package s3store_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry/s3store"
)

// TestAnswers: an answer is read by its link, as what it is, without credentials; by no other link,
// and it is not replaced.
func TestAnswers(t *testing.T) {
	client, bucket := newClient(nil), newBucket(t)
	keep := s3store.Answers(client, bucket)
	link, expires, err := keep(t.Context(), "5c1e", "text/html; charset=utf-8", []byte("<p>long"))
	if err != nil || expires != "15m0s" || !strings.Contains(link, "/answers/5c1e?") || !strings.Contains(link, "X-Amz-Expires=900") {
		t.Fatalf("%s for %s, %v", link, expires, err)
	}
	get := func(url string) (int, string, string) {
		t.Helper()
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Header.Get("Content-Type"), string(body)
	}
	if status, media, body := get(link); status != http.StatusOK || media != "text/html; charset=utf-8" || body != "<p>long" {
		t.Errorf("%d, %s, %q", status, media, body)
	}
	if status, _, _ := get(strings.Replace(link, "5c1e", "5c1f", 1)); status != http.StatusForbidden {
		t.Errorf("another answer by this link: %d", status)
	}
	if status, _, _ := get(link[:strings.Index(link, "?")]); status != http.StatusForbidden {
		t.Errorf("without the signature: %d", status)
	}
	if _, _, err := keep(t.Context(), "5c1e", "text/html", []byte("other")); err == nil {
		t.Error("an answer was replaced")
	}
}
