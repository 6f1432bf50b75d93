package dataset

import "strings"

// Format is how the rows of a file are written.
type Format string

// The formats.
const (
	FormatCSV       Format = "csv"     // delimited text; .csv, .tsv
	FormatJSONLines Format = "jsonl"   // one JSON object per line; .jsonl, .ndjson
	FormatParquet   Format = "parquet" // Apache Parquet; .parquet
)

// Compression is how a file is compressed as a whole.
type Compression string

// The compressions.
const (
	Plain Compression = ""
	Gzip  Compression = "gzip" // .gz
	Zstd  Compression = "zstd" // .zst
)

// FormatOf tells format and compression from the extensions of a file's name, in any case:
// flights.csv.gz is CSV in gzip. ok is false for any other file.
func FormatOf(name string) (format Format, compression Compression, ok bool) {
	name = strings.ToLower(name)
	switch {
	case strings.HasSuffix(name, ".gz"):
		name, compression = strings.TrimSuffix(name, ".gz"), Gzip
	case strings.HasSuffix(name, ".zst"):
		name, compression = strings.TrimSuffix(name, ".zst"), Zstd
	}
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "csv", "tsv":
		return FormatCSV, compression, strings.Contains(name, ".")
	case "jsonl", "ndjson":
		return FormatJSONLines, compression, strings.Contains(name, ".")
	case "parquet":
		return FormatParquet, compression, strings.Contains(name, ".")
	}
	return "", "", false
}
