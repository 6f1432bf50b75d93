package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Role is the part that a version had when it predicted.
type Role string

// The roles.
const (
	Main   Role = "main"   // it answered, as the version that the alias points at or that was asked for
	Canary Role = "canary" // it answered a share of the alias's requests
	Shadow Role = "shadow" // its predictions were only compared
)

// Object is what an instance saw of a model between two writes.
type Object struct {
	Model    registry.ModelName `json:"model"`
	Instance string             `json:"instance"`
	Number   int                `json:"number"` // of the instance's writes, from 1
	From     time.Time          `json:"from"`   // of the first request
	To       time.Time          `json:"to"`     // of the last one
	Series   []Series           `json:"series"`
	// Lost is how many rows the instance saw, of any model, and could not write, so far.
	Lost int `json:"lost,omitempty"`
}

// Series is what one version saw in one role.
type Series struct {
	Version int                `json:"version"`
	Digest  string             `json:"digest"`
	Alias   registry.AliasName `json:"alias,omitempty"`
	Role    Role               `json:"role"`
	// Seen is how many rows there were, Rows how many of them the sketches are of: of large
	// requests a part is looked at.
	Seen int `json:"seen"`
	Rows int `json:"rows"`
	// Inputs and Outputs are profile.Partial in its binary form, of the model's columns (but for
	// free text) and of what was predicted. A shadow has no Inputs.
	Inputs  []byte `json:"inputs,omitempty"`
	Outputs []byte `json:"outputs,omitempty"`
	// Difference is how the predictions of a shadow differ from those that were answered.
	Difference *Difference `json:"difference,omitempty"`
	// Predictions are the predictions by their ids, if they are kept.
	Predictions []Prediction `json:"predictions,omitempty"`
	// Kept is how many rows were kept as they were read; they lie elsewhere (Rows).
	Kept int `json:"kept,omitempty"`

	rows *Rows // these
}

// Prediction is what was predicted of a row: the value, or the probability of each class.
type Prediction struct {
	ID     string    `json:"id"`
	Output []float64 `json:"output"`
	Class  *int      `json:"class,omitempty"` // that was served
}

// prefix is where what was seen of a model in a day lies.
func prefix(m registry.ModelName, day string) string {
	return "predictions/" + string(m) + "/" + day + "/"
}

// DayForm is the form of days, which are those of UTC.
const DayForm = "2006-01-02"

func (o *Object) key() string {
	return fmt.Sprintf("%s%s-%d.json.gz", prefix(o.Model, o.From.UTC().Format(DayForm)), o.Instance, o.Number)
}

// zipped is gzip of JSON.
func zipped(v any) ([]byte, error) {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is valid
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// MaxObject is the most bytes of an object that are read, decompressed: a thousand columns that
// are full take fewer.
const MaxObject = 256 << 20

// Read reads what an instance wrote.
func Read(ctx context.Context, s registry.Store, key string) (*Object, error) {
	o := &Object{}
	if err := readZipped(ctx, s, key, o); err != nil {
		return nil, err
	}
	return o, nil
}

// readZipped reads what zipped made.
func readZipped(ctx context.Context, s registry.Store, key string, into any) error {
	body, _, err := registry.Read(ctx, s, key)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, MaxObject+1))
	if err == nil && len(text) > MaxObject {
		err = &registry.TooLargeError{Key: key, Limit: MaxObject}
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	return nil
}

// Keys lists what was written of a model in a day, in bytewise order.
func Keys(ctx context.Context, s registry.Store, m registry.ModelName, day time.Time) ([]string, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	var keys []string
	for info, err := range s.List(ctx, prefix(m, day.UTC().Format(DayForm))) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}
