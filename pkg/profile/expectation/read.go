package expectation

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/document"
)

// Error lists everything wrong in a file of expectations.
type Error struct{ Faults []document.Fault }

func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = strings.TrimPrefix(f.Pointer+": "+f.Detail, ": ")
	}
	return "expectations: " + strings.Join(lines, "; ")
}

// maxBytes is more than document.Decode takes, so that it says so.
const maxBytes = 8 << 20

// Read reads expectations, YAML or JSON. What is wrong with them, unknown keys included,
// comes back as an *Error with every fault at once.
func Read(r io.Reader) (*Expectations, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes))
	if err != nil {
		return nil, fmt.Errorf("read expectations: %w", err)
	}
	var e Expectations
	if faults := document.Decode(text, &e); len(faults) > 0 {
		return nil, &Error{faults}
	}
	if faults := e.faults(); len(faults) > 0 {
		return nil, &Error{faults}
	}
	return &e, nil
}

// Named is expectations that stand in a config: in it, or in a file that it names.
type Named struct {
	// File is a path; if there is one, nothing else is there.
	File string `json:"-"`
	Expectations
}

// MarshalJSON writes the path or the expectations.
func (n Named) MarshalJSON() ([]byte, error) {
	if n.File != "" {
		return json.Marshal(n.File)
	}
	return json.Marshal(n.Expectations)
}

// UnmarshalJSON reads a path or expectations.
func (n *Named) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`) {
		return json.Unmarshal(text, &n.File)
	}
	return json.Unmarshal(text, &n.Expectations)
}

// Faults lists what is wrong with expectations that stand in a document, by pointers from
// where they stand.
func (n *Named) Faults() []document.Fault { return n.faults() }
