package document

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// Escape writes a key as an element of a JSON pointer (RFC 6901).
func Escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// pointer makes a JSON pointer of the path that encoding/json gives.
func pointer(field string) string { return "/" + strings.ReplaceAll(field, ".", "/") }

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// check compares a decoded document with the type it is meant for. Maps in the type, whose
// keys are the user's own, take any key; null is no value and fits everywhere.
func check(v any, want reflect.Type, at string) []Fault {
	for want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	if v == nil || want.Kind() == reflect.Interface {
		return nil
	}
	_, isMapping := v.(map[string]any)
	if reflect.PointerTo(want).Implements(unmarshaler) && !(isMapping && want.Kind() == reflect.Struct) {
		return nil
	}
	var faults []Fault
	switch v := v.(type) {
	case map[string]any:
		switch want.Kind() {
		case reflect.Struct:
			return checkKeys(v, want, at)
		case reflect.Map:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				faults = append(faults, check(v[key], want.Elem(), at+"/"+Escape(key))...)
			}
			return faults
		}
	case []any:
		if want.Kind() == reflect.Slice {
			for i, item := range v {
				faults = append(faults, check(item, want.Elem(), fmt.Sprintf("%s/%d", at, i))...)
			}
			return faults
		}
	case string:
		if want.Kind() == reflect.String {
			return nil
		}
	case bool:
		if want.Kind() == reflect.Bool {
			return nil
		}
	case json.Number:
		if json.Unmarshal([]byte(v), reflect.New(want).Interface()) == nil {
			return nil
		}
	}
	return []Fault{{Pointer: at, Detail: fmt.Sprintf("want %s, got %s", words(want.Kind()), kindOf(v))}}
}

// checkKeys compares a mapping with a struct.
func checkKeys(v map[string]any, want reflect.Type, at string) (faults []Fault) {
	known, fields := keys(want)
	for _, key := range slices.Sorted(maps.Keys(v)) {
		inside := at + "/" + Escape(key)
		if fields[key] == nil {
			faults = append(faults, Fault{Pointer: inside, Detail: "unknown key" + nearest.Hint(key, known)})
			continue
		}
		faults = append(faults, check(v[key], fields[key], inside)...)
	}
	return faults
}

// keys are those of a struct in its order, with their types; embedded structs lend theirs.
func keys(t reflect.Type) (known []string, fields map[string]reflect.Type) {
	fields = map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			inner, types := keys(f.Type)
			known = append(known, inner...)
			maps.Copy(fields, types)
		default:
			known = append(known, name)
			fields[name] = f.Type
		}
	}
	return known, fields
}

// words names the kind of value that a field takes, as people who write configs say it.
func words(k reflect.Kind) string {
	switch k {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	default:
		return "a mapping"
	}
}

// kindOf says what a value of a document is.
func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return "text"
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return "number " + v.String()
	case []any:
		return "a list"
	default:
		return "a mapping"
	}
}
