package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/foretell-ml/foretell/pkg/batch"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

const predictExamples = `
The columns have the types that the model was trained on; columns that it does not know are
left out, unless --keep names them. The predictions come in the order of the rows, as a batch
and the API give them (docs/batch.md). Files of any size are read, in a bounded memory.

Examples:
  foretell predict --model adult-income testdata/adult.csv
  foretell predict --model adult-income --version 3 'november/*.jsonl.gz' > predictions.csv
  foretell predict --model orders --keep id --output orders.parquet 'postgres://reader@localhost/shop?table=sales.orders'
  foretell predict --model orders --keep id --max-errors 100 --errors faults.jsonl --output p.csv orders.parquet
`

// predicting is what foretell predict was asked for.
type predicting struct {
	*invocation
	scan    batch.Scan
	output  string // a file; "" is standard output
	errors  string // likewise, for faults; "" keeps them to warnings
	warned  int    // unseen values that were told of
	faulted *json.Encoder
}

func predict(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	name := c.flags.String("model", "", "name of the model (required)")
	alias := c.flags.String("alias", string(registry.Champion), "alias that names the version")
	version := c.flags.Int("version", 0, "version, instead of an alias")
	p := predicting{invocation: c}
	format := c.flags.String("format", "", "of the predictions: csv, jsonl or parquet (default: as --output ends, or csv)")
	c.flags.StringVar(&p.output, "output", "", "the `file` to write to, when all is predicted (default: standard output)")
	keep := c.flags.String("keep", "", "the `columns` to write before the predictions, separated by commas")
	c.flags.IntVar(&p.scan.MaxErrors, "max-errors", 0, "how many `rows` with faults to leave out; one more is an error")
	c.flags.StringVar(&p.errors, "errors", "", "the `file` to list the faults of those rows in, as JSON Lines")
	var reading source.Flags
	reading.Register(c.flags)
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	if *name == "" {
		return fmt.Errorf("--model is required; `foretell models --store %s` lists them", *place)
	}
	for _, flag := range reading.Names() {
		if slices.Contains([]string{"columns", "types", "schema"}, flag) {
			return fmt.Errorf("--%s: the model says which columns are read, and how; --keep names more", flag)
		}
	}
	if p.scan.Format, err = formatOf(*format, p.output); err != nil {
		return err
	}
	if *keep != "" {
		if p.scan.Keep, err = source.ParseNames(*keep); err != nil {
			return fmt.Errorf("--keep: %w", err)
		}
	}
	if p.scan.MaxErrors < 0 {
		return errors.New("--max-errors is negative")
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	if p.scan.Pipeline, err = loadPipeline(ctx, store, registry.ModelName(*name), registry.AliasName(*alias), *version); err != nil {
		return err
	}
	return p.run(ctx, args[0], reading)
}

// formatOf is the format of predictions: as it is named, or as the file is, or CSV.
func formatOf(named, output string) (batch.Format, error) {
	if named != "" {
		f := batch.Format(named)
		return f, f.Validate()
	}
	if output == "" {
		return batch.CSV, nil
	}
	f, known := batch.FormatOf(output)
	if !known {
		return "", fmt.Errorf("--output %s does not end in .csv, .jsonl or .parquet; --format says what to write", output)
	}
	return f, nil
}

// run predicts a source. The files that are asked for are there when it succeeds, whole.
func (p *predicting) run(ctx context.Context, name string, reading source.Flags) error {
	options, err := reading.Options()
	if err != nil {
		return err
	}
	var shown io.Writer = io.Discard
	if p.output != "" || terminalStyle(p.stdout).Width == 0 { // else it would stand between the predictions
		shown = p.stderr
	}
	progress := newReadingBar(shown, "predicting "+name)
	defer progress.close()
	rows, err := source.Open(ctx, name, source.Options{Objects: objects, Progress: progress.set})
	if err != nil {
		return err
	}
	to, err := openOutput(p.output, p.stdout)
	if err != nil {
		return err
	}
	defer to.drop()
	faults, err := openOutput(p.errors, io.Discard)
	if err != nil {
		return err
	}
	defer faults.drop()
	p.faulted = json.NewEncoder(faults)
	p.faulted.SetEscapeHTML(false)
	var failed error // of the list of faults
	p.scan.OnFault = func(f batch.Fault) { failed = cmp.Or(failed, p.faulted.Encode(f)) }
	several := len(rows.Parts()) > 1
	p.scan.OnUnseen = func(f batch.Fault) { p.warn(f, several) }
	counts, _, err := p.scan.Run(ctx, rows, options, to)
	progress.close()
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if more := counts.Unseen - p.warned; more > 0 {
		fmt.Fprintf(p.stderr, "warning: and %d more values that training never saw\n", more)
	}
	if counts.Errors > 0 {
		fmt.Fprintf(p.stderr, "warning: %d of %d rows have faults and were left out\n", counts.Errors, counts.Rows)
	}
	return errors.Join(to.keep(), faults.keep())
}

// warn tells of the first values that training never saw.
func (p *predicting) warn(f batch.Fault, several bool) {
	const most = 10
	if p.warned == most {
		return
	}
	p.warned++
	file := ""
	if several {
		file = f.File + ": "
	}
	fmt.Fprintf(p.stderr, "warning: %srow %d, column %q: %s\n", file, f.Row, f.Column, f.Detail)
}

// outputFile is a file that appears when it is kept, or a stream.
type outputFile struct {
	io.Writer
	file *os.File // beside where it is to be; nil of a stream
	name string
}

func openOutput(name string, stream io.Writer) (*outputFile, error) {
	if name == "" {
		return &outputFile{Writer: stream}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		if path := new(fs.PathError); errors.As(err, &path) {
			err = path.Err // of the file that would have been renamed
		}
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return &outputFile{Writer: f, file: f, name: name}, nil
}

func (o *outputFile) keep() error {
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	err := errors.Join(f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), o.name)
	}
	return err
}

// drop takes back what was not kept.
func (o *outputFile) drop() {
	if o.file != nil {
		_ = o.file.Close() // it goes anyway
		_ = os.Remove(o.file.Name())
	}
}

func loadPipeline(ctx context.Context, r *registry.Registry, model registry.ModelName, alias registry.AliasName, version int) (*pipeline.Pipeline, error) {
	var digest string
	if version > 0 {
		m, err := r.Version(ctx, model, version)
		if err != nil {
			return nil, err
		}
		digest = m.Digest
	} else {
		a, _, err := r.Alias(ctx, model, alias)
		if err != nil {
			return nil, err
		}
		digest = a.Digest
	}
	artifact, err := r.Artifact(ctx, model, digest)
	if err != nil {
		return nil, err
	}
	return pipeline.Decode(artifact)
}
