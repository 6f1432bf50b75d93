package gateway_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

// noise is text that does not get much smaller.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(64))
	}
	return string(b)
}

func TestReadDecoded(t *testing.T) {
	const limit, decoded = 1 << 20, 4 << 20
	for name, tt := range map[string]struct {
		encoding, body string
		want           string // the body
		problem        gateway.Type
		detail         string
	}{
		"plain":                   {"", "{}", "{}", gateway.Type{}, ""},
		"identity":                {"identity", "{}", "{}", gateway.Type{}, ""},
		"gzip":                    {"gzip", zip(t, "{}"), "{}", gateway.Type{}, ""},
		"several members":         {"GZIP", zip(t, "{") + zip(t, "}"), "{}", gateway.Type{}, ""},
		"decompressed on the way": {"gzip", `{"a": 1}`, `{"a": 1}`, gateway.Type{}, ""},
		"brotli":                  {"br", "x", "", gateway.UnsupportedMediaType, `"br"`},
		"twice":                   {"gzip, gzip", zip(t, "{}"), "", gateway.UnsupportedMediaType, "gzip, gzip"},
		"cut off":                 {"gzip", zip(t, noise(1000))[:500], "", gateway.InvalidEncoding, "cut off"},
		"no header":               {"gzip", "\x1f\x8b", "", gateway.InvalidEncoding, ""},
		"broken":                  {"gzip", zip(t, noise(1000))[:500] + strings.Repeat("x", 600), "", gateway.InvalidEncoding, ""},
		"nothing in it":           {"gzip", zip(t, " \n"), "", gateway.EmptyBody, ""},
		"too large":               {"gzip", zip(t, noise(5<<20)), "", gateway.BodyTooLarge, "1048576 bytes"},
		"too large inside":        {"gzip", zip(t, noise(100_000)+strings.Repeat("0123456789", 430_000)), "", gateway.BodyTooLarge, "4194304 bytes when"},
		"a bomb":                  {"gzip", zip(t, strings.Repeat(" ", 3<<20)), "", gateway.BodyTooLarge, "more than 200 times"},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(tt.body))
		r.Header.Set("Content-Type", "text/csv; header=present")
		if tt.encoding != "" {
			r.Header.Set("Content-Encoding", tt.encoding)
		}
		body, media, err := gateway.ReadDecoded(r, limit, decoded, "application/json", "text/csv")
		if tt.problem.Slug == "" {
			if string(body) != tt.want || err != nil || media.Type != "text/csv" || media.Parameters["header"] != "present" {
				t.Errorf("%s: %q, %+v, %v", name, body, media, err)
			}
			continue
		}
		var p gateway.Problem
		if !errors.As(err, &p) || !errors.Is(p, tt.problem.New("")) || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
