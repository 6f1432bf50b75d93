package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/source"
)

// What foretell statistics writes to files of the user's, beside the store.

func (d *describing) writePage(source string) error {
	var page bytes.Buffer
	about := report.About{Dataset: d.name, Version: d.found.Version, Source: source}
	judged := report.Judgments{Checked: d.expected != nil, Violations: d.found.Violations, Drift: d.found.Drift,
		Baseline: d.baseline.profile, BaselineName: d.baseline.label, History: d.found.History}
	if err := report.StatisticsHTML(&page, d.found.Profile, about, judged); err != nil {
		return err
	}
	return os.WriteFile(d.html, page.Bytes(), 0o644)
}

// writeSuggestion writes expectations that the data fulfills.
func (d *describing) writeSuggestion() error {
	var text bytes.Buffer
	if err := expectation.Write(&text, expectation.Suggest(d.found.Profile)); err != nil {
		return err
	}
	if _, err := expectation.Read(bytes.NewReader(text.Bytes())); err != nil { // of tens of thousands of columns
		return fmt.Errorf("%s would be more than can be read again; choose --columns: %w", d.suggest, err)
	}
	return writeNew(d.suggest, text.Bytes())
}

// writeSchema writes which columns were found, and of which types. Levels are left out: what
// values there may be is for expectations, which have slack.
func (d *describing) writeSchema() error {
	var schema dataset.Schema
	for _, c := range d.found.Profile.Columns {
		schema = append(schema, dataset.Field{Name: c.Name, Type: c.Type})
	}
	var text bytes.Buffer
	if err := source.WriteSchema(&text, schema); err != nil {
		return err
	}
	return writeNew(d.schema, text.Bytes())
}

// writeNew writes a new file, whole or not at all.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
