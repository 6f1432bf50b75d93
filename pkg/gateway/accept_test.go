package gateway_test

import (
	"net/http/httptest"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

func TestAccepted(t *testing.T) {
	offered := []string{"application/json", "text/csv", "application/jsonlines"}
	for header, want := range map[string]string{
		"":                                      "application/json",
		" ":                                     "application/json",
		"*/*":                                   "application/json",
		"TEXT/CSV":                              "text/csv",
		"text/*":                                "text/csv",
		"application/*, text/csv;q=0.9":         "application/json",
		"application/json;q=0.3, text/csv":      "text/csv",
		"application/json; q=0, application/*":  "application/jsonlines", // the most specific range counts
		"text/csv; header=present; q=0.5, */*":  "application/json",
		"text/html, */*;q=0.1":                  "application/json",
		"application/jsonlines;q=x, */*;q=0.99": "application/jsonlines",
		"image/png":                             "",
		"*/*;q=0":                               "",
		"application/json;q=0.000":              "",
		"application/problem+json":              "",
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Accept", header)
		got, err := gateway.Accepted(r, offered...)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v; want %q", header, got, err, want)
		}
	}
}
