package serving

import (
	"errors"
	"fmt"
	"io"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// header says whether the first record of a CSV body names the columns (RFC 4180 has a
// parameter of the media type for it).
type header string

const (
	headerGuessed header = "" // it does if any of its values is the name of a column of the model
	headerPresent header = "present"
	headerAbsent  header = "absent" // values are in the order of the schema
)

// fromCSV reads rows of delimited text, as the same text in a file would be read.
func fromCSV(body []byte, delimiter byte, head header) fill {
	return func(d *rows) error {
		var lines []int // of each row
		d.place = func(row int, _ string) place {
			if row < len(lines) {
				return place{line: lines[row]}
			}
			return place{}
		}
		records := dataset.NewRecords(body, delimiter)
		var fields []int // of each value; nil before the first record
		for {
			err := records.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if wrong := new(dataset.ParseError); errors.As(err, &wrong) {
				detail := wrong.Err.Error()
				return gateway.InvalidInstances.New(fmt.Sprintf("line %d: %s", wrong.Line, detail), gateway.FieldError{Line: wrong.Line, Detail: detail})
			} else if err != nil {
				return err
			}
			if fields == nil {
				named := false
				if fields, named = d.columnsOf(records, head); named {
					if len(d.faults) > 0 {
						return errFull // no value could be placed
					}
					continue
				}
			}
			lines = append(lines, records.Line())
			if err := d.add(); err != nil {
				return err
			}
			if n := records.Len(); n != len(fields) {
				d.fault("", fmt.Sprintf("has %d values, want %d", n, len(fields)))
				continue
			}
			for i, field := range fields {
				if field >= 0 {
					d.check(field, d.text(field, records.Value(i)))
				}
			}
		}
	}
}

// columnsOf says which field each value of a row is, by the first record, and whether that names
// the columns.
func (d *rows) columnsOf(first *dataset.Records, head header) (fields []int, named bool) {
	record := make([]string, first.Len())
	for i := range record {
		record[i] = first.Value(i)
		if _, known := d.fields[record[i]]; known && head == headerGuessed {
			head = headerPresent
		}
	}
	if head == headerPresent {
		line := first.Line()
		return d.header(record, func(int) place { return place{line: line} }), true
	}
	fields = make([]int, len(d.schema))
	for i := range fields {
		fields[i] = i
	}
	if len(record) != len(fields) {
		d.faultAt(place{line: first.Line()}, 0, "", fmt.Sprintf("has %d values and names no column of the model; want a header, or the %d values of %s",
			len(record), len(fields), nearest.List(names(d.schema))))
		return fields, true
	}
	return fields, false
}
