package batch

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

// Request is what a batch is asked to do: the body of POST …/batches, less which version predicts.
type Request struct {
	Dataset registry.DatasetName `json:"dataset"` // whose rows are predicted
	Format  Format               `json:"format"`  // of the predictions; "" is csv
	// Keep are columns of the data that are written before the predictions.
	Keep []string `json:"keep,omitempty"`
	// MaxErrors is how many rows of a batch may have faults: they are left out of the predictions
	// and listed. One more and the batch has failed.
	MaxErrors int `json:"max_errors,omitempty"`

	// How the text of the data is read, as of a run's data.

	Missing   []string `json:"missing,omitzero"`
	Delimiter string   `json:"delimiter,omitempty"`
	Quote     string   `json:"quote,omitempty"`
	Comment   string   `json:"comment,omitempty"`
	Decimal   string   `json:"decimal,omitempty"`
	Thousands string   `json:"thousands,omitempty"`
}

// maxMaxErrors bounds max_errors: the faults of a part are held in memory.
const maxMaxErrors = 1_000_000

// Faults is what is wrong with a request, each by its place: as far as that can be told without
// data and model.
func (q Request) Faults() (faults []document.Fault) {
	fault := func(pointer string, err error) {
		if err != nil {
			faults = append(faults, document.Fault{Pointer: pointer, Detail: err.Error()})
		}
	}
	fault("/dataset", q.Dataset.Validate())
	fault("/format", cmp.Or(q.Format, CSV).Validate())
	if q.MaxErrors < 0 || q.MaxErrors > maxMaxErrors {
		fault("/max_errors", fmt.Errorf("want 0 to %d", maxMaxErrors))
	}
	for i, name := range q.Keep {
		if name == "" || slices.Contains(q.Keep[:i], name) {
			fault(fmt.Sprintf("/keep/%d", i), errors.New("is empty or named before"))
		}
	}
	return append(faults, q.reading().Faults()...)
}

func (q Request) reading() source.Reading {
	return source.Reading{Missing: q.Missing, Delimiter: q.Delimiter, Quote: q.Quote, Comment: q.Comment, Decimal: q.Decimal, Thousands: q.Thousands}
}

// Version is which version of the model predicts, and how. It is settled when a batch is submitted:
// an alias that moves meanwhile changes nothing.
type Version struct {
	Version int                `json:"version"`
	Digest  string             `json:"digest"`          // of the artifact
	Alias   registry.AliasName `json:"alias,omitempty"` // that the version was found by
	// Decision is the alias's own, if it has one.
	Decision *registry.Decision `json:"decision,omitempty"`
}

// ID names a batch of a model: twelve hex digits of what it is made from, so that the same
// request for the same data and version is the same batch.
type ID string

var idForm = regexp.MustCompile(`^[0-9a-f]{12}$`)

// idOf is the ID of a request for a version, of data of these parts. By which alias the version
// was found makes no difference, and neither does a default that is written out.
func idOf(model registry.ModelName, v Version, q Request, parts []dataset.Part) (ID, error) {
	v.Alias, q.Format = "", cmp.Or(q.Format, CSV)
	hash := sha256.New()
	e := json.NewEncoder(hash)
	err := errors.Join(e.Encode(model), e.Encode(v), e.Encode(q))
	for _, p := range parts {
		err = errors.Join(err, e.Encode([]string{p.Name, p.ETag}))
	}
	return ID(hex.EncodeToString(hash.Sum(nil)[:6])), err
}
