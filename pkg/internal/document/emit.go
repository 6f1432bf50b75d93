package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// entry is a key of a mapping with its value, in the order of the text.
type entry struct {
	key   string
	value any // []entry, []any, string, bool, json.Number or nil
}

// Emit writes a value as YAML, the keys in the order in which its JSON has them. note gives, by
// JSON pointer, what stands behind a value as a comment; "" is none. What it writes, Decode reads.
func Emit(v any, note func(pointer string) string) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	tree, err := ordered(d)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	entries, ok := tree.([]entry)
	if !ok {
		return nil, fmt.Errorf("want a mapping to write as YAML, got %s", kindOf(tree))
	}
	emitMapping(&out, entries, "", "", note)
	return out.Bytes(), nil
}

// ordered reads the next value.
func ordered(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		entries := []entry{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := ordered(d)
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry{key.(string), value})
		}
		_, err = d.Token()
		return entries, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := ordered(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

// flowWidth is how long a list or mapping in one line may be.
const flowWidth = 90

func emitMapping(out *bytes.Buffer, entries []entry, indent, at string, note func(string) string) {
	for _, e := range entries {
		inside := at + "/" + Escape(e.key)
		fmt.Fprintf(out, "%s%s:", indent, plain(e.key))
		emitValue(out, e.value, indent, inside, note, false)
		indent = strings.Replace(indent, "-", " ", 1) // of a list's entry only the first key has the dash
	}
}

// emitValue writes what stands behind a key or a dash.
func emitValue(out *bytes.Buffer, v any, indent, at string, note func(string) string, listed bool) {
	comment := note(at)
	if comment != "" {
		comment = "  # " + comment
	}
	line := flow(v)
	nested, isMapping := v.([]entry)
	list, isList := v.([]any)
	sectioned := isMapping && !listed && strings.Count(at, "/") == 1 && len(nested) > 0
	if !sectioned && len(indent)+len(line) <= flowWidth || isMapping && len(nested) == 0 || isList && len(list) == 0 || !isMapping && !isList {
		fmt.Fprintf(out, " %s%s\n", line, comment)
		return
	}
	fmt.Fprintf(out, "%s\n", comment)
	deeper := strings.Replace(indent, "-", " ", 1) + "  "
	if isMapping {
		emitMapping(out, nested, deeper, at, note)
		return
	}
	for i, item := range list {
		inside := fmt.Sprintf("%s/%d", at, i)
		if entries, ok := item.([]entry); ok && len(deeper)+len(flow(item)) > flowWidth && len(entries) > 0 {
			emitMapping(out, entries, deeper+"- ", inside, note)
			continue
		}
		fmt.Fprintf(out, "%s- %s", deeper, flow(item))
		if c := note(inside); c != "" {
			fmt.Fprintf(out, "  # %s", c)
		}
		out.WriteByte('\n')
	}
}

// flow writes a value in one line.
func flow(v any) string {
	switch v := v.(type) {
	case []entry:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = plain(e.key) + ": " + flow(e.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = flow(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return plain(v)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// bare is text that YAML takes for nothing else, in brackets too.
var bare = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*(://[A-Za-z0-9_./-]*)?$`)

// plain writes a text, in quotes if it could be taken for something else.
func plain(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
	default:
		if bare.MatchString(text) {
			return text
		}
	}
	quoted, _ := json.Marshal(text) // a text always marshals
	return string(quoted)
}
