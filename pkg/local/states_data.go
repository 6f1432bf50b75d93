package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// decodeData decodes what states pass on. Numbers stay as they were written; nothing is null.
func decodeData(data []byte) (any, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one JSON value, at byte %d", d.InputOffset())
	}
	return v, nil
}

// encodeData encodes without HTML escapes, keys sorted.
func encodeData(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// checkSize holds the quota on what states pass on.
func checkSize(v any, what string) error {
	data, err := encodeData(v)
	if err != nil {
		return err
	}
	if len(data) > maxStateData {
		return failure(errorDataLimit, "the state's %s has %d bytes, more than the %d that a state may pass on: pass a key of S3 instead", what, len(data), maxStateData)
	}
	return nil
}

// number is an integer as decodeData would have given it.
func number(i int) json.Number { return json.Number(strconv.Itoa(i)) }
