package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/statistics"
)

const statisticsExamples = `
Examples:
  foretell statistics testdata/adult.csv
  foretell statistics --target income --html adult.html testdata/adult.csv
  foretell statistics --suggest-constraints adult.constraints.yaml testdata/adult.csv
  foretell statistics --check adult.constraints.yaml testdata/adult.csv

It exits with 3 if --check finds the data not to be as expected.
`

// describing is one call of foretell statistics.
type describing struct {
	*invocation
	place, name, target  string
	html, suggest, check string // files to write, to write and to read
	asJSON               bool
	reading              source.Flags

	store    *registry.Registry
	expected *expectation.Expectations
	found    described
}

// described is what was found, as --json prints it.
type described struct {
	registry.Statistics
	Violations []expectation.Violation `json:"violations,omitempty"`
}

func statisticsCommand(ctx context.Context, c *invocation) error {
	d := &describing{invocation: c}
	d.register()
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	if err := d.prepare(ctx, args[0]); err != nil {
		return err
	}
	if err := d.describe(ctx, args[0]); err != nil {
		return err
	}
	if d.html != "" {
		if err := d.writePage(args[0]); err != nil {
			return err
		}
	}
	if d.suggest != "" {
		if err := d.writeSuggestion(); err != nil {
			return err
		}
	}
	if d.expected != nil {
		d.found.Violations = d.expected.Check(d.found.Profile)
	}
	if err := d.print(); err != nil {
		return err
	}
	return d.verdict(args[0])
}

func (d *describing) register() {
	f := d.flags
	f.StringVar(&d.place, "store", defaultStore, storeUsage)
	f.StringVar(&d.name, "name", "", "name of the data set (default: the file's)")
	f.StringVar(&d.target, "target", "", "the `column` to be predicted: how the others go with it is told too")
	f.StringVar(&d.html, "html", "", "write the page that shows the statistics to this `file` too")
	f.BoolVar(&d.asJSON, "json", false, "print JSON, with every digit, instead of tables")
	f.StringVar(&d.suggest, "suggest-constraints", "", "write what other data of the kind should be like to this new `file` (YAML)")
	f.StringVar(&d.check, "check", "", "check the data against the expectations in this `file`")
	d.reading.Register(f)
}

// prepare does what can fail before the reading, which may be long.
func (d *describing) prepare(ctx context.Context, source string) (err error) {
	if d.name == "" {
		d.name = registry.NameFrom(source)
	}
	if err := registry.DatasetName(d.name).Validate(); err != nil {
		return err
	}
	if d.check != "" {
		if d.expected, err = readExpectations(d.check); err != nil {
			return err
		}
	}
	if d.suggest != "" {
		if _, err := os.Lstat(d.suggest); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; a suggestion is written to a new file, as the old one may have been edited", d.suggest)
		}
	}
	d.store, err = openStore(ctx, d.place)
	return err
}

// describe reads the data, and stores its statistics.
func (d *describing) describe(ctx context.Context, name string) error {
	options, err := d.reading.Options()
	if err != nil {
		return err
	}
	progress := newReadingBar(d.stderr, "reading "+name)
	defer progress.close()
	rows, err := source.Open(ctx, name, source.Options{Objects: objects, Progress: progress.set})
	if err != nil {
		return err
	}
	d.found.Statistics, err = statistics.Store(ctx, d.store, registry.DatasetName(d.name), rows, options, profile.Options{Target: d.target})
	var column *dataset.ColumnError
	if errors.As(err, &column) && column.Column == d.target {
		return fmt.Errorf("--target: %w", err)
	}
	return err
}

func (d *describing) writePage(source string) error {
	var page bytes.Buffer
	if err := report.StatisticsHTML(&page, d.found.Profile, report.About{Dataset: d.name, Version: d.found.Version, Source: source}); err != nil {
		return err
	}
	return os.WriteFile(d.html, page.Bytes(), 0o644)
}

// writeSuggestion writes a new file, whole or not at all.
func (d *describing) writeSuggestion() error {
	var text bytes.Buffer
	if err := expectation.Write(&text, expectation.Suggest(d.found.Profile)); err != nil {
		return err
	}
	f, err := os.OpenFile(d.suggest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(d.suggest))
	}
	return nil
}

// print shows what was found: the table of the columns, unless something else was asked for.
func (d *describing) print() error {
	if d.asJSON {
		e := json.NewEncoder(d.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(d.found)
	}
	style := terminalStyle(d.stdout)
	if d.expected != nil {
		if err := report.Violations(d.stdout, d.found.Violations, style); err != nil {
			return err
		}
	} else if err := report.Statistics(d.stdout, d.found.Profile, style); err != nil {
		return err
	}
	fmt.Fprintf(d.stdout, "\nstored in %s as statistics/%s/%s.json, with a page to look at in .html beside it\n", d.place, d.name, d.found.Version)
	if d.html != "" {
		fmt.Fprintf(d.stdout, "the page is in %s too\n", d.html)
	}
	if d.suggest != "" {
		fmt.Fprintf(d.stdout, "expectations are in %s: read and edit them, then\n  foretell statistics --check %s DATA\n", d.suggest, d.suggest)
	}
	return nil
}

// verdict is the error of what was asked to fail on.
func (d *describing) verdict(source string) error {
	if n := expectation.Broken(d.found.Violations); n > 0 {
		return &exitError{exitViolated, fmt.Errorf("%s is not as %s expects", source, d.check)}
	}
	return nil
}

// readExpectations reads a file of expectations.
func readExpectations(path string) (*expectation.Expectations, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e, err := expectation.Read(f)
	var faulty *expectation.Error
	if errors.As(err, &faulty) {
		lines := path + " cannot be checked against:"
		for _, fault := range faulty.Faults {
			lines += fmt.Sprintf("\n  %s: %s", fault.Pointer, fault.Detail)
		}
		return nil, errors.New(lines)
	}
	return e, err
}
