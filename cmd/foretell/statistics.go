package main

import (
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
  foretell statistics --write-schema adult.schema.json testdata/adult.csv
  foretell statistics --schema adult.schema.json november.csv
  foretell statistics --decimal comma --thousands point --comment '#' 'export-*.csv.gz'
  foretell statistics --name adult --compare latest --fail-on severe november.csv
  foretell statistics --compare adult-income@champion november.csv
  foretell statistics --name adult --history

What --compare compares with:
  latest                   what was stored last of the data set, of other content
  3f9a0c21                 a stored version of it, by 8 digits or more
  NAME@latest, NAME@3f9a0c21
                           the same of another data set
  MODEL@champion, MODEL@3  what a model was trained on, by alias or version
  old.json                 statistics in a file, as --json prints and the store keeps them
  old.csv                  other data, which is described on the way

It exits with 3 if the data is not as --check expects, with 4 if it drifted as far as
--fail-on says, and with 1 if it cannot tell.
`

// describing is one call of foretell statistics.
type describing struct {
	*invocation
	place, name, target  string
	html, suggest, check string // files to write, to write and to read
	schema               string // file to write
	compare              string
	failOn               string
	asJSON, history      bool
	reading              source.Flags

	options  dataset.Options
	store    *registry.Registry
	expected *expectation.Expectations
	baseline baseline
	found    described
}

// described is what was found, as --json prints it.
type described struct {
	registry.Statistics
	Violations []expectation.Violation `json:"violations,omitempty"`
	Drift      *profile.Drift          `json:"drift,omitempty"`
	History    *profile.History        `json:"history,omitempty"`
}

func statisticsCommand(ctx context.Context, c *invocation) error {
	d := &describing{invocation: c}
	d.register()
	args, err := c.parse(0, 1)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return d.onlyHistory(ctx)
	}
	if err := d.prepare(ctx, args[0]); err != nil {
		return err
	}
	if err := d.describe(ctx, args[0]); err != nil {
		return err
	}
	if err := d.judge(ctx); err != nil {
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
	if d.schema != "" {
		if err := d.writeSchema(); err != nil {
			return err
		}
	}
	if err := d.print(); err != nil {
		return err
	}
	return d.verdict(args[0])
}

// judge compares what was found with what is expected and with what was there before.
func (d *describing) judge(ctx context.Context) (err error) {
	if d.expected != nil {
		d.found.Violations = d.expected.Check(d.found.Profile)
	}
	if d.compare != "" {
		if d.baseline.latest { // which was not of this content
			if d.baseline, err = d.findBaseline(ctx); err != nil {
				return err
			}
		}
		d.found.Drift = profile.Compare(d.baseline.profile, d.baseline.comparable(d.found.Profile))
	}
	if d.history {
		d.found.History, err = d.readHistory(ctx)
	}
	return err
}

func (d *describing) register() {
	f := d.flags
	f.StringVar(&d.place, "store", defaultStore, storeUsage)
	f.StringVar(&d.name, "name", "", "name of the data set (default: the file's)")
	f.StringVar(&d.target, "target", "", "the `column` to be predicted: how the others go with it is told too")
	f.StringVar(&d.html, "html", "", "write the page that shows the statistics to this `file` too")
	f.BoolVar(&d.asJSON, "json", false, "print JSON, with every digit, instead of tables")
	f.StringVar(&d.suggest, "suggest-constraints", "", "write what other data of the kind should be like to this new `file` (YAML)")
	f.StringVar(&d.schema, "write-schema", "", "write the columns and their types to this new `file` (JSON), for --schema")
	f.StringVar(&d.check, "check", "", "check the data against the expectations in this `file`")
	f.StringVar(&d.compare, "compare", "", "compare the data with this `baseline`: see below")
	f.StringVar(&d.failOn, "fail-on", "", "with --compare, exit with 4 if the drift is severe, or moderate at least (default: never)")
	f.BoolVar(&d.history, "history", false, "show how the data set went from one stored version to the next; without FILE nothing is read")
	d.reading.Register(f)
}

// prepare does what can fail before the reading, which may be long.
func (d *describing) prepare(ctx context.Context, source string) (err error) {
	if d.name == "" {
		if d.name = datasetName(source); d.name == "" {
			return fmt.Errorf("no name can be made of %q; give the data set one by --name", source)
		}
	}
	if err := registry.DatasetName(d.name).Validate(); err != nil {
		return err
	}
	if d.options, err = d.reading.Options(); err != nil {
		return err
	}
	switch {
	case d.failOn != "" && d.compare == "":
		return errors.New("--fail-on goes with --compare")
	case d.failOn != "" && d.failOn != string(profile.Moderate) && d.failOn != string(profile.Severe):
		return fmt.Errorf("--fail-on %q: want %s or %s", d.failOn, profile.Moderate, profile.Severe)
	}
	if d.check != "" {
		if d.expected, err = readExpectations(d.check); err != nil {
			return err
		}
	}
	for _, path := range []string{d.suggest, d.schema} {
		if _, err := os.Lstat(path); path != "" && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; a suggestion or schema is written to a new file, as the old one may have been edited", path)
		}
	}
	if d.store, err = openStore(ctx, d.place); err != nil {
		return err
	}
	if d.compare != "" {
		d.baseline, err = d.findBaseline(ctx)
	}
	return err
}

// describe reads the data, and stores its statistics.
func (d *describing) describe(ctx context.Context, name string) error {
	progress := newReadingBar(d.stderr, "reading "+name)
	defer progress.close()
	rows, err := source.Open(ctx, name, source.Options{Objects: objects, Progress: progress.set})
	if err != nil {
		return err
	}
	d.found.Statistics, err = statistics.Store(ctx, d.store, registry.DatasetName(d.name), rows, d.options, profile.Options{Target: d.target})
	var column *dataset.ColumnError
	if errors.As(err, &column) && column.Column == d.target {
		return fmt.Errorf("--target: %w", err)
	}
	return err
}

// print shows what was found: the table of the columns, unless something else was asked for.
func (d *describing) print() error {
	if d.asJSON {
		shown := d.found
		shown.Profile = shown.Profile.Masked()
		return d.printJSON(shown)
	}
	style := terminalStyle(d.stdout)
	if d.expected == nil && d.found.Drift == nil && d.found.History == nil {
		if err := report.Statistics(d.stdout, d.found.Profile, style); err != nil {
			return err
		}
	}
	if d.expected != nil {
		if err := report.Violations(d.stdout, d.found.Violations, style); err != nil {
			return err
		}
	}
	if d.found.Drift != nil {
		if d.expected != nil {
			fmt.Fprintln(d.stdout)
		}
		fmt.Fprintf(d.stdout, "compared with %s\n", d.baseline.label)
		if err := report.Drift(d.stdout, d.found.Drift, style); err != nil {
			return err
		}
	}
	if d.found.History != nil {
		if d.expected != nil || d.found.Drift != nil {
			fmt.Fprintln(d.stdout)
		}
		if err := report.History(d.stdout, d.found.History, style); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.stdout, "\nstored in %s as statistics/%s/%s.json, with a page to look at in .html beside it\n", d.place, d.name, d.found.Version)
	if d.html != "" {
		fmt.Fprintf(d.stdout, "the page is in %s too\n", d.html)
	}
	if d.suggest != "" {
		fmt.Fprintf(d.stdout, "expectations are in %s: read and edit them, then\n  foretell statistics --check %s DATA\n", d.suggest, d.suggest)
	}
	if d.schema != "" {
		fmt.Fprintf(d.stdout, "the schema is in %s: edit it if need be, then\n  foretell statistics --schema %s DATA\n", d.schema, d.schema)
	}
	return nil
}

func (d *describing) printJSON(v any) error {
	e := json.NewEncoder(d.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// verdict is the error of what was asked to fail on.
func (d *describing) verdict(source string) error {
	if n := expectation.Broken(d.found.Violations); n > 0 {
		return &exitError{exitViolated, fmt.Errorf("%s is not as %s expects", source, d.check)}
	}
	if d.failOn == "" {
		return nil
	}
	switch v := d.found.Drift.Verdict; {
	case v == profile.Unjudged:
		return fmt.Errorf("%s cannot be compared with %s: %s", source, d.baseline.label, d.found.Drift.Reason)
	case v == profile.Severe || v == profile.Moderate && d.failOn == string(profile.Moderate):
		return &exitError{exitDrifted, fmt.Errorf("%s drifted from %s: %s", source, d.baseline.label, d.found.Drift.Reason)}
	}
	return nil
}

// onlyHistory shows the versions that are stored, and reads no data.
func (d *describing) onlyHistory(ctx context.Context) (err error) {
	switch {
	case !d.history:
		d.flags.Usage()
		return errors.New("statistics takes one argument: what to describe")
	case d.name == "":
		return errors.New("--history without FILE wants --name, the data set")
	case d.compare != "" || d.check != "" || d.suggest != "" || d.schema != "" || d.html != "":
		return errors.New("name the FILE to describe; without it there is --history alone")
	}
	if d.store, err = openStore(ctx, d.place); err != nil {
		return err
	}
	history, err := d.readHistory(ctx)
	if err != nil {
		return err
	}
	if d.asJSON {
		return d.printJSON(history)
	}
	return report.History(d.stdout, history, terminalStyle(d.stdout))
}

// maxHistory is how many versions are looked at, the last ones.
const maxHistory = 100

// readHistory reads what is stored of a data set.
func (d *describing) readHistory(ctx context.Context) (*profile.History, error) {
	name := registry.DatasetName(d.name)
	versions, err := d.store.StatisticsVersions(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, fmt.Errorf("no statistics of data set %q are stored in %s", name, d.place)
	}
	versions = versions[max(0, len(versions)-maxHistory):]
	snapshots := make([]profile.Snapshot, len(versions))
	for i, v := range versions {
		s, err := d.store.StatisticsOf(ctx, name, v.Version)
		if err != nil {
			return nil, err
		}
		snapshots[i] = profile.Snapshot{Version: v.Version, Time: v.Modified, Profile: s.Profile}
	}
	return profile.Trend(snapshots), nil
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
