package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/training"
)

// table are the texts of a CSV file.
type table struct {
	header []string
	lines  [][]string
}

func readRows(file string) (table, error) {
	f, err := os.Open(file)
	if err != nil {
		return table{}, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.TrimLeadingSpace = true
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return table{}, fmt.Errorf("%s: %d lines: %w", file, len(lines), err)
	}
	return table{lines[0], lines[1:]}, nil
}

// json is a row as an element of instances, without some columns.
func (t table) json(line []string, without ...string) []byte {
	row := map[string]any{}
	for j, text := range line {
		number, err := strconv.ParseFloat(text, 64)
		switch name := t.header[j]; {
		case slices.Contains(without, name):
		case text == "" || text == "?":
			row[name] = nil
		case err == nil:
			row[name] = number
		default:
			row[name] = text
		}
	}
	b, err := json.Marshal(row)
	exit(err) // numbers and texts
	return b
}

// served trains on the rows, and returns what serves the champion as Lambda's function does.
func (t table) served(ctx context.Context, config string) (gateway.LambdaHandler, error) {
	dir, err := os.MkdirTemp("", "foretell-coverage-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(append([][]string{t.header}, t.lines...)); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	parsed, err := training.ParseConfig([]byte(config))
	if err != nil {
		return nil, err
	}
	parsed.Data.Source = file
	open := func(ctx context.Context, name string) (dataset.Source, error) {
		return source.Open(ctx, name, source.Options{})
	}
	engine := &training.Engine{Registry: &registry.Registry{Store: memstore.New(time.Unix(0, 0))}, Source: open}
	run, _, err := engine.Submit(ctx, parsed)
	if err != nil {
		return nil, err
	}
	if _, err := engine.Run(ctx, run, nil); err != nil {
		return nil, err
	}
	server := &serving.Server{Registry: engine.Registry}
	return gateway.Handler(gateway.Routes(server.Routes()), nil), nil
}

// ask asks the champion for rows, 1,000 at a time.
func ask[P any](ctx context.Context, h gateway.LambdaHandler, t table, without ...string) (all []P, err error) {
	for lines := range slices.Chunk(t.lines, 1000) {
		var rows [][]byte
		for _, line := range lines {
			rows = append(rows, t.json(line, without...))
		}
		answer, err := h(ctx, events.APIGatewayProxyRequest{
			HTTPMethod: "POST", Path: "/v1/models/held-out/predict", Body: `{"instances": [` + string(bytes.Join(rows, []byte{','})) + "]}",
			MultiValueHeaders: map[string][]string{"Content-Type": {"application/json"}},
		})
		if err != nil {
			return nil, err
		}
		var a struct{ Predictions []P }
		if err := json.Unmarshal([]byte(answer.Body), &a); err != nil || answer.StatusCode != http.StatusOK || len(a.Predictions) != len(lines) {
			return nil, fmt.Errorf("status %d: %.300s", answer.StatusCode, answer.Body)
		}
		all = append(all, a.Predictions...)
	}
	return all, nil
}
