package site_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/site"
)

// TestPolicy: the page is one file, and what runs in it is what its policy names.
func TestPolicy(t *testing.T) {
	w := httptest.NewRecorder()
	site.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d with %v", w.Code, w.Header())
	}
	for _, tag := range []string{"style", "script"} {
		all := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(all) != 1 {
			t.Fatalf("%d of <%s>, want 1", len(all), tag)
		}
		sum := sha256.Sum256([]byte(all[0][1]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(policy, want) {
			t.Errorf("the policy is %q, without %s", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; connect-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for name, pattern := range map[string]string{
		"a placeholder": `\{\{`, "an attribute that is a script": `(?i)<[a-z][^>]* on[a-z]+=`, "an attribute that is a style": `<[a-z][^>]* style=`,
		"another file": `(?i)<[a-z][^>]* src=|@import|url\(`, "markup of a text": `innerHTML|insertAdjacentHTML|document\.write|\beval\(`,
	} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("%s: %q", name, found)
		}
	}
	for _, address := range regexp.MustCompile(`https?://[^\s'"<)]+`).FindAllString(page, -1) {
		if address != "http://www.w3.org/2000/svg" { // a name, not an address
			t.Errorf("the page knows the address %s", address)
		}
	}
}
