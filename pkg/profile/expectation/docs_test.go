package expectation

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestEveryKeyIsDocumented: docs/statistics.md has a line for each key of the file.
func TestEveryKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/statistics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []reflect.Type{reflect.TypeFor[Expectations](), reflect.TypeFor[Column]()} {
		for i := range of.NumField() {
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(string(text), "| `"+key+"`") && !strings.Contains(string(text), "| `"+key+": {") {
				t.Errorf("the table of docs/statistics.md lacks the key %q of %s", key, of.Name())
			}
		}
	}
}
