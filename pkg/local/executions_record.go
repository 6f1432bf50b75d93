package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Records of executions and schedules are JSON files, dir/<group>/<name>.json. One process
// writes them at a time: the lock on the local cloud's folder sees to it.

// writeRecord replaces a record, all or nothing: a reader, or a start after a crash, finds
// the old or the new one.
func writeRecord(dir, group, name string, record any) error {
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(record); err != nil {
		return err
	}
	dir = filepath.Join(dir, group)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once the file has its name
	if _, err := f.Write(data.Bytes()); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), recordPath(dir, name))
}

func recordPath(dir, name string) string { return filepath.Join(dir, name+".json") }

// readRecords reads all records below a folder, in order of their paths. What a crash left
// half-written does not end in .json and is not looked at.
func readRecords[T any](dir string) ([]T, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*", "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var out []T
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var record T
		if err := json.Unmarshal(data, &record); err != nil {
			return nil, fmt.Errorf("%s is damaged, move it away: %w", path, err)
		}
		out = append(out, record)
	}
	return out, nil
}

// escapeGlob keeps the characters of a folder's name from being a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// compact takes out of a JSON value the white space that a record's indentation put in.
func compact(value json.RawMessage) json.RawMessage {
	if value == nil {
		return nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return value // not JSON: the record would not have decoded
	}
	return b.Bytes()
}
