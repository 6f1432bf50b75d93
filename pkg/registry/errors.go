package registry

import (
	"errors"
	"fmt"
)

// Errors of stores. Test with errors.Is.
var (
	ErrNotFound = errors.New("object not found")
	ErrConflict = errors.New("object changed meanwhile")
	// ErrNotModified is OpenChanged's of an object that did not change.
	ErrNotModified = errors.New("object did not change")
)

// The kinds of things that may not be there.
const (
	KindModel      = "model"
	KindVersion    = "version"
	KindAlias      = "alias"
	KindDataset    = "dataset"
	KindRun        = "run"
	KindStatistics = "statistics"
	KindJob        = "job"
	KindBatch      = "batch"

	KindLeaderboard = "leaderboard"
	KindQuote       = "quote"
	KindReport      = "report"
)

// NotFoundError says what a user asked for and is not there. It unwraps to ErrNotFound.
type NotFoundError struct {
	Kind string // one of the Kind constants
	Name string // as the user would say it: "wine", "wine version 3", "wine alias champion"
}

// Error is "model wine not found".
func (e *NotFoundError) Error() string { return fmt.Sprintf("%s %s not found", e.Kind, e.Name) }

// Unwrap returns ErrNotFound.
func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// NotFound returns the kind and name; pkg/gateway finds the error by this method, without
// importing the registry.
func (e *NotFoundError) NotFound() (kind, name string) { return e.Kind, e.Name }

// AmbiguousError says that the start of a digest is that of several.
type AmbiguousError struct {
	Model  ModelName
	Prefix string
}

// Error names the model and the start.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("several artifacts of model %s have a digest that starts with %s", e.Model, e.Prefix)
}

// NameError says why a name is not one.
type NameError struct{ Kind, Name, Fault string }

// Error is `model name "a b" may hold only a-z, 0-9 and -`.
func (e *NameError) Error() string {
	return fmt.Sprintf("%s name %q %s", e.Kind, e.Name, e.Fault)
}

// InvalidName returns the kind of name and the name; pkg/gateway finds the error by it.
func (e *NameError) InvalidName() (kind, name string) { return e.Kind, e.Name }

// KeyError says why a key is not one.
type KeyError struct{ Key, Fault string }

// Error is `key "a//b" has an empty element`. A long key is cut.
func (e *KeyError) Error() string {
	if len(e.Key) > 80 {
		return fmt.Sprintf("key %q… %s", e.Key[:80], e.Fault)
	}
	return fmt.Sprintf("key %q %s", e.Key, e.Fault)
}

// CorruptError says that an artifact's bytes are not those that its name promises.
type CorruptError struct {
	Key  string
	Want string // lowercase hex SHA-256
	Got  string
}

// Error names the object and both digests.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is corrupt: its SHA-256 is %s", e.Key, e.Got)
}

// TooLargeError says that an object is, or would be, larger than its reader accepts.
type TooLargeError struct {
	Key   string
	Limit int64 // bytes
}

// Error names the object and the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is larger than %d bytes", e.Key, e.Limit)
}

// DatasetError says why the objects of a data set cannot be read as one table.
type DatasetError struct {
	Dataset DatasetName
	Part    string // the object's name below the data set
	Fault   string
}

// Error is `data set "wine": notes.txt: only .csv, … files can be read …`.
func (e *DatasetError) Error() string {
	return fmt.Sprintf("data set %q: %s: %s", e.Dataset, e.Part, e.Fault)
}

// InvalidData returns what is wrong; pkg/gateway finds the error by this method.
func (e *DatasetError) InvalidData() (row int, column, detail string) {
	return 0, "", e.Part + ": " + e.Fault
}
