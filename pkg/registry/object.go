package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// What is read into memory at once is bounded, so that a foreign object in the bucket
// cannot exhaust a function.
const (
	MaxObject = 1 << 30  // bytes that Read accepts: an artifact
	MaxJSON   = 16 << 20 // bytes that ReadJSON accepts: a manifest, plan or ledger entry
	// MaxStatistics are the bytes of statistics: 14,000 columns of numbers have no more.
	MaxStatistics = 64 << 20
)

// Read returns an object's bytes. More than MaxObject is a *TooLargeError.
func Read(ctx context.Context, s Store, key string) ([]byte, Info, error) {
	return read(ctx, s, key, MaxObject)
}

// ReadJSON reads an object into v. More than MaxJSON, or anything after the JSON value, is
// an error.
func ReadJSON(ctx context.Context, s Store, key string, v any) (Info, error) {
	return readJSON(ctx, s, key, v, MaxJSON)
}

func readJSON(ctx context.Context, s Store, key string, v any, limit int64) (Info, error) {
	body, info, err := read(ctx, s, key, limit)
	if err != nil {
		return Info{}, err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return Info{}, fmt.Errorf("read %s: %w", key, err)
	}
	return info, nil
}

// WriteJSON writes v as indented JSON that ends in a newline. Maps are written in the order
// of their keys, so that equal values give equal bytes. More than MaxJSON is a *TooLargeError.
func WriteJSON(ctx context.Context, s Store, key string, v any, c Condition) (Info, error) {
	return writeJSON(ctx, s, key, v, c, MaxJSON)
}

func writeJSON(ctx context.Context, s Store, key string, v any, c Condition, limit int64) (Info, error) {
	body, err := encode(v)
	if err != nil {
		return Info{}, fmt.Errorf("write %s: %w", key, err)
	}
	if int64(len(body)) > limit { // could not be read back
		return Info{}, &TooLargeError{key, limit}
	}
	return s.Put(ctx, key, body, c)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func read(ctx context.Context, s Store, key string, limit int64) ([]byte, Info, error) {
	r, info, err := s.Open(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	return readAll(r, info, limit)
}

// readAll reads an open object to its end and closes it.
func readAll(r io.ReadCloser, info Info, limit int64) ([]byte, Info, error) {
	key := info.Key
	defer r.Close()
	if info.Size > limit {
		return nil, Info{}, &TooLargeError{key, limit}
	}
	// The declared size is a hint for memory, the limit holds whatever was declared.
	b := bytes.NewBuffer(make([]byte, 0, info.Size+bytes.MinRead))
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, Info{}, fmt.Errorf("read %s: %w", key, err)
	}
	if n > limit {
		return nil, Info{}, &TooLargeError{key, limit}
	}
	return b.Bytes(), info, nil
}
