package batch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Format is how predictions are written.
type Format string

// The formats, by their file extensions.
const (
	CSV       Format = "csv"
	JSONLines Format = "jsonl"
	Parquet   Format = "parquet"
)

// Validate returns an error unless the format is one.
func (f Format) Validate() error {
	if slices.Contains([]Format{CSV, JSONLines, Parquet}, f) {
		return nil
	}
	return fmt.Errorf("format %.20q is none of csv, jsonl and parquet", string(f))
}

// FormatOf is the format that a file's name asks for; false if it asks for none.
func FormatOf(name string) (Format, bool) {
	switch name = strings.ToLower(name); {
	case strings.HasSuffix(name, ".csv"):
		return CSV, true
	case strings.HasSuffix(name, ".jsonl"), strings.HasSuffix(name, ".ndjson"):
		return JSONLines, true
	case strings.HasSuffix(name, ".parquet"):
		return Parquet, true
	}
	return "", false
}

// Columns are what a prediction consists of as columns of CSV and Parquet, after those that are
// kept: the value or class, named as the target is, the probability of each class, and the ends of
// the interval if the model has any.
func Columns(p *pipeline.Pipeline) []string {
	names := []string{p.Target.Name}
	for _, class := range p.Target.Classes {
		names = append(names, "p("+class+")")
	}
	if p.Coverage() != 0 {
		names = append(names, "low", "high")
	}
	return names
}

// members are what a prediction consists of in JSON Lines.
var members = []string{"value", "interval", "class", "probabilities"}

// checkKeep returns an error if a column cannot be kept beside predictions: twice, or by a name
// that one of theirs has.
func checkKeep(keep []string, p *pipeline.Pipeline, f Format) error {
	taken := Columns(p)
	if f == JSONLines {
		taken = members
	}
	for i, name := range keep {
		switch {
		case name == "":
			return fmt.Errorf("keep: a column without a name")
		case slices.Contains(keep[:i], name):
			return fmt.Errorf("keep: column %.80q is named twice", name)
		case slices.Contains(taken, name):
			return fmt.Errorf("keep: column %.80q cannot be kept: predictions have a column of that name", name)
		}
	}
	return nil
}
