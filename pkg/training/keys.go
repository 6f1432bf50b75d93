package training

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// escape writes a key as an element of a JSON pointer (RFC 6901).
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// unknownKeys compares a decoded document with the struct it is meant for and reports keys
// that the struct does not have, with the key that was probably meant. Maps in the struct,
// whose keys are the user's own, are not looked into.
func unknownKeys(document, want any, pointer string) []Fault {
	t := reflect.TypeOf(want)
	var faults []Fault
	switch v := document.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return nil
		}
		fields := map[string]reflect.Type{}
		var known []string
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			fields[name] = t.Field(i).Type
			known = append(known, name)
		}
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			at := pointer + "/" + escape(key)
			if fields[key] == nil {
				faults = append(faults, Fault{at, "unknown key" + nearest.Hint(key, known)})
				continue
			}
			faults = append(faults, unknownKeys(v[key], reflect.Zero(fields[key]).Interface(), at)...)
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return nil
		}
		for i, item := range v {
			faults = append(faults, unknownKeys(item, reflect.Zero(t.Elem()).Interface(), fmt.Sprintf("%s/%d", pointer, i))...)
		}
	}
	return faults
}
