package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

const predictExamples = `
The columns have the types that the model was trained on; columns that it does not know are
left out. The predictions come in the order of the rows.

Examples:
  foretell predict --model adult-income testdata/adult.csv
  foretell predict --model adult-income --version 3 'november/*.jsonl.gz' > predictions.csv
  foretell predict --model orders 'postgres://reader@localhost/shop?table=sales.orders'
`

func predict(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	name := c.flags.String("model", "", "name of the model (required)")
	alias := c.flags.String("alias", string(registry.Champion), "alias that names the version")
	var reading source.Flags
	reading.Register(c.flags)
	version := c.flags.Int("version", 0, "version, instead of an alias")
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	if *name == "" {
		return fmt.Errorf("--model is required; `foretell models --store %s` lists them", *place)
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	p, err := loadPipeline(ctx, store, registry.ModelName(*name), registry.AliasName(*alias), *version)
	if err != nil {
		return err
	}
	options, err := reading.Options()
	if err != nil {
		return err
	}
	rowsOf, err := openSource(ctx, args[0])
	if err != nil {
		return err
	}
	table, err := readInputs(ctx, rowsOf, options, p.Schema)
	if err != nil {
		return err
	}
	rows, unseen, err := table.Conform(p.Schema)
	if err != nil {
		return err
	}
	for i, u := range unseen {
		if i == 10 {
			fmt.Fprintf(c.stderr, "warning: and %d more values that training never saw\n", len(unseen)-i)
			break
		}
		fmt.Fprintf(c.stderr, "warning: row %d, column %q: %q was never seen in training and counts as missing\n", u.Row+1, u.Column, u.Value)
	}
	predictions, err := p.Predict(rows)
	if err != nil {
		return err
	}
	return writePredictions(c.stdout, p, predictions)
}

// readInputs reads a table with the types that the model was trained on.
func readInputs(ctx context.Context, rows dataset.Source, o dataset.Options, schema dataset.Schema) (*dataset.Table, error) {
	header, err := rows.Header(ctx, o)
	if err != nil {
		return nil, err
	}
	trained, types := schema.Types(), maps.Clone(o.Types)
	if types == nil {
		types = map[string]dataset.Type{}
	}
	for _, f := range header {
		if t, ok := trained[f.Name]; ok {
			types[f.Name] = t
		}
	}
	o.Types = types
	table, _, err := dataset.Read(ctx, rows, o)
	return table, err
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

// writePredictions writes a CSV with a line per row: the value, with its interval if the model has
// any, or the class that is served and the probability of each.
func writePredictions(w io.Writer, p *pipeline.Pipeline, predictions []float64) error {
	target, intervals := p.Target, p.Intervals(predictions)
	out := csv.NewWriter(w)
	header := []string{target.Name}
	for _, class := range target.Classes {
		header = append(header, "p("+class+")")
	}
	if intervals != nil {
		header = append(header, "low", "high")
	}
	if err := out.Write(header); err != nil {
		return err
	}
	outputs := target.Outputs()
	for i := 0; i < len(predictions); i += outputs {
		row := predictions[i : i+outputs]
		record := []string{strconv.FormatFloat(row[0], 'g', -1, 64)}
		if intervals != nil {
			for _, end := range intervals[i] {
				record = append(record, strconv.FormatFloat(end, 'g', -1, 64))
			}
		}
		if len(target.Classes) > 0 {
			record = []string{target.Classes[p.Decide(row)]}
			for _, p := range row {
				record = append(record, strconv.FormatFloat(p, 'g', -1, 64))
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
