package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/dataset/parquet"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// cases are what is compared: a job of ours with a job of a peer (testdata/peers/bench_data.py)
// on a file.
var cases = []struct {
	job, file     string
	peer, peerJob string
	threads       []int
}{
	{"csv-table", "mixed.csv", "polars", "table", []int{1, 2}},
	{"csv-table", "mixed.csv", "duckdb", "table", []int{2}},
	{"csv-profile", "mixed.csv", "polars", "profile", []int{1, 2}},
	{"csv-profile", "mixed.csv", "duckdb", "profile", []int{1, 2}},
	{"parquet-all", "flights-3m.parquet", "duckdb", "all", []int{1, 2}},
	{"parquet-floats", "flights-3m.parquet", "duckdb", "floats", []int{1, 2}},
	{"parquet-mixed-all", "mixed.parquet", "duckdb", "all", []int{1, 2}},
	{"parquet-mixed-floats", "mixed.parquet", "duckdb", "mixed-floats", []int{1, 2}},
	{"parquet-profile", "flights-3m.parquet", "duckdb", "profile", []int{2}},
}

// data lists what make bench-data compares.
func data(folder, python string) (all []match) {
	for _, c := range cases {
		for _, threads := range c.threads {
			file := folder + "/" + c.file
			all = append(all, match{
				name:    fmt.Sprintf("data/%s-%d", c.job, threads),
				job:     []string{c.job, file},
				peer:    &side{name: c.peer, command: []string{python, "testdata/peers/bench_data.py", c.peer + "-" + c.peerJob, file, strconv.Itoa(threads)}},
				threads: threads,
			})
		}
	}
	return all
}

// readData does one of our jobs once, and returns the seconds it took.
func readData(ctx context.Context, job, file string) (float64, error) {
	parts, err := dataset.Files(file)
	if err != nil {
		return 0, err
	}
	var source dataset.Source = dataset.CSV{Files: parts}
	begin := time.Now()
	switch job {
	case "csv-table":
		_, _, err = dataset.Read(ctx, source, dataset.Options{})
	case "csv-profile":
		_, _, err = profile.Scan(ctx, source, dataset.Options{}, profile.Options{})
	case "parquet-all", "parquet-mixed-all":
		_, _, err = dataset.Read(ctx, parquet.Files{Files: parts}, dataset.Options{})
	case "parquet-floats":
		var numbers numeric
		if _, err = (parquet.Files{Files: parts}).Scan(ctx, dataset.Options{}, &numbers); errors.Is(err, errKnown) {
			_, _, err = dataset.Read(ctx, parquet.Files{Files: parts}, dataset.Options{Columns: numbers})
		}
	case "parquet-mixed-floats":
		_, _, err = dataset.Read(ctx, parquet.Files{Files: parts}, dataset.Options{Columns: []string{"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"}})
	case "parquet-profile":
		_, _, err = profile.Scan(ctx, parquet.Files{Files: parts}, dataset.Options{}, profile.Options{})
	default:
		err = fmt.Errorf("there is no job %q", job)
	}
	return time.Since(begin).Seconds(), err
}

// numeric are the names of the columns of numbers. It is a consumer that wants no rows.
type numeric []string

var errKnown = errors.New("the columns are known")

func (n *numeric) Begin(columns []dataset.Field) error {
	for _, c := range columns {
		if c.Type == dataset.Numeric {
			*n = append(*n, c.Name)
		}
	}
	return errKnown
}

func (n *numeric) Block() dataset.Sink    { return nil }
func (n *numeric) End(dataset.Sink) error { return nil }
