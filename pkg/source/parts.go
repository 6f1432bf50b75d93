package source

import (
	"errors"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/dataset/parquet"
)

// FromParts makes a source of files: all of them of one format, which their names tell, each
// compressed or not. A name of no known extension is CSV.
func FromParts(parts []dataset.Part) (dataset.Source, error) {
	if len(parts) == 0 {
		return nil, errors.New("no data files are given")
	}
	format, _ := formatOf(parts[0].Name)
	plain := make([]dataset.Part, len(parts))
	for i, part := range parts {
		f, compression := formatOf(part.Name)
		if f != format {
			return nil, fmt.Errorf("%s is %s, but %s is %s; a data set has one format", parts[0].Name, format, part.Name, f)
		}
		plain[i] = part
		if compression == dataset.Plain {
			continue
		}
		plain[i] = decompressed(part, compression)
	}
	switch format {
	case dataset.FormatJSONLines:
		return dataset.JSONLines{Files: plain}, nil
	case dataset.FormatParquet:
		return parquet.Files{Files: plain}, nil
	}
	return dataset.CSV{Files: plain}, nil
}

// formatOf is dataset.FormatOf for a file that was named: one of another extension is CSV.
func formatOf(name string) (dataset.Format, dataset.Compression) {
	if format, compression, ok := dataset.FormatOf(name); ok {
		return format, compression
	}
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, ".gz"):
		return dataset.FormatCSV, dataset.Gzip
	case strings.HasSuffix(lower, ".zst"):
		return dataset.FormatCSV, dataset.Zstd
	}
	return dataset.FormatCSV, dataset.Plain
}
