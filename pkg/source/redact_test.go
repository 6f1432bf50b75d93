package source_test

import (
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/source"
)

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"data/adult.csv":                     "data/adult.csv",
		"s3://bucket/a@b:c":                  "s3://bucket/a@b:c",
		"postgres://host/db?table=t":         "postgres://host/db?table=t",
		"postgres://ana:secret@host/db":      "postgres://ana@host/db",
		"POSTGRESQL://ana:secret@h/db":       "postgresql://ana@h/db",
		"postgres://:secret@host/db?table=t": "postgres://@host/db?table=t",
		"postgres://ana:se%40cret@host:5432/db?password=secret&query=SELECT%20a%2Bb&sslpassword=secret": "postgres://ana@host:5432/db?query=SELECT%20a+b",
		"postgres:///db?host=h&user=ana&password=sec=ret&table=t":                                       "postgres:///db?host=h&user=ana&table=t",
		// What is not quite a URL may have the password anywhere.
		"postgres://ana:sec/ret@host/db":            "",
		"postgres://ana:sec?ret@host/db?table=t":    "",
		"postgres://ana:123?secret@host/db?table=t": "",
		"postgres://ana:sec#ret@host/db":            "",
		"postgres://ana:sec%zzret@host/db":          "",
		"postgres://ana:123?secret=5@host/db":       "",
	} {
		got := source.Redact(in)
		if want == "" {
			want = "postgres://…"
		}
		if got != want || strings.Contains(got, "ret@") {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if again := source.Redact(got); !strings.HasSuffix(got, "…") && again != got {
			t.Errorf("%s, redacted again, is %s", got, again)
		}
		if _, err := source.Open(t.Context(), in, source.Options{}); err != nil && strings.HasPrefix(in, "postgres") && strings.Contains(err.Error(), "ret@") {
			t.Errorf("%v", err)
		}
	}
}
