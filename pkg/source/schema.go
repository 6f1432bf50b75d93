package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
)

// NamedSchema is a schema that stands in a document, or the name of a file that has it.
type NamedSchema struct {
	File    string // a path; if there is one, nothing else is there
	Columns dataset.Schema

	faults []document.Fault
}

// IsZero reports whether there is none.
func (n NamedSchema) IsZero() bool { return n.File == "" && n.Columns == nil && n.faults == nil }

// MarshalJSON writes the path or the columns.
func (n NamedSchema) MarshalJSON() ([]byte, error) {
	if n.File != "" {
		return json.Marshal(n.File)
	}
	return json.Marshal(n.Columns)
}

// UnmarshalJSON reads a path or columns. What is wrong with columns is not its error but among
// the faults of the Reading, where it has a place.
func (n *NamedSchema) UnmarshalJSON(text []byte) error {
	*n = NamedSchema{}
	if bytes.HasPrefix(text, []byte(`"`)) {
		return json.Unmarshal(text, &n.File)
	}
	var in struct {
		Schema dataset.Schema `json:"schema"`
	}
	if n.faults = document.Decode(fmt.Appendf(nil, `{"schema":%s}`, text), &in); n.faults == nil {
		n.Columns = in.Schema
	}
	if n.faults == nil && n.Columns != nil && len(n.Columns) == 0 {
		n.faults = []document.Fault{{Pointer: "/schema", Detail: "names no columns"}}
	}
	return nil
}

// Read reads the file, if the schema names one; where finds it.
func (n *NamedSchema) Read(where func(name string) string) error {
	if n.File == "" {
		return nil
	}
	columns, err := ReadSchema(where(n.File))
	if err == nil {
		*n = NamedSchema{Columns: columns}
	}
	return err
}

// maxSchema is the longest schema file, in bytes.
const maxSchema = 64 << 20

// ReadSchema reads a schema file: JSON as a dataset.Schema is written.
func ReadSchema(path string) (dataset.Schema, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := json.NewDecoder(io.LimitReader(f, maxSchema))
	d.DisallowUnknownFields()
	var s dataset.Schema
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s is no schema: %w", path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is no schema: more than one value", path)
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("%s is no schema: it names no columns", path)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// WriteSchema writes what ReadSchema reads, a column a line, to be read and edited.
func WriteSchema(w io.Writer, s dataset.Schema) error {
	var text bytes.Buffer
	text.WriteString("[")
	for i, field := range s {
		if i > 0 {
			text.WriteString(",")
		}
		text.WriteString("\n  ")
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		if err := e.Encode(field); err != nil {
			return fmt.Errorf("write schema: %w", err)
		}
		text.Truncate(text.Len() - 1) // the line end
	}
	text.WriteString("\n]\n")
	_, err := w.Write(text.Bytes())
	return err
}
