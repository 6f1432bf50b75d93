package batch

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/dataset/parquet"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// output writes what blocks predict, in one of the formats.
type output interface {
	write(*block) error
	close() error
}

func newOutput(s Scan, to io.Writer) (output, error) {
	switch s.Format {
	case Parquet:
		return newParquet(s, to)
	case JSONLines:
		return newJSONLines(s, to)
	}
	return newCSV(s, to)
}

// csvOutput writes a line for each row below a header, as the API answers text/csv.
type csvOutput struct {
	to      io.Writer
	classes []string // as they stand in CSV
	line    []byte
}

func newCSV(s Scan, to io.Writer) (*csvOutput, error) {
	o := &csvOutput{to: to}
	for _, class := range s.Pipeline.Target.Classes {
		o.classes = append(o.classes, csvField(class))
	}
	header := csv.NewWriter(to)
	if err := header.Write(append(append([]string{}, s.Keep...), Columns(s.Pipeline)...)); err != nil {
		return nil, err
	}
	header.Flush()
	return o, header.Error()
}

// csvField is a text as encoding/csv writes it.
func csvField(text string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{text, ""}) // to memory; two fields, for one that is empty would be quoted
	w.Flush()
	return string(bytes.TrimSuffix(b.Bytes(), []byte(",\n")))
}

func (o *csvOutput) write(b *block) error {
	kept := make([][]string, len(b.kept))
	for i, k := range b.kept {
		for _, text := range k.levels {
			kept[i] = append(kept[i], csvField(text))
		}
	}
	k := b.Pipeline.Target.Outputs()
	var out []byte
	for i, row := range b.good {
		for j := range kept {
			if code := b.kept[j].codes[row]; code >= 0 {
				out = append(out, kept[j][code]...)
			}
			out = append(out, ',')
		}
		values := b.predicted[i*k : (i+1)*k]
		if b.classes != nil {
			out = append(append(out, o.classes[b.classes[i]]...), ',')
		}
		for _, v := range values {
			out = append(strconv.AppendFloat(out, v, 'g', -1, 64), ',')
		}
		if b.intervals != nil {
			for _, end := range b.intervals[i] {
				out = append(strconv.AppendFloat(out, end, 'g', -1, 64), ',')
			}
		}
		out[len(out)-1] = '\n'
	}
	_, err := o.to.Write(out)
	return err
}

func (o *csvOutput) close() error { return nil }

// linesOutput writes an object for each row, as the API answers application/jsonlines; the columns
// that are kept come first, as strings or null.
type linesOutput struct {
	to      io.Writer
	keep    []string // "name":
	classes []string // as JSON
}

func newJSONLines(s Scan, to io.Writer) (*linesOutput, error) {
	o := &linesOutput{to: to}
	for _, name := range s.Keep {
		o.keep = append(o.keep, jsonText(name)+":")
	}
	for _, class := range s.Pipeline.Target.Classes {
		o.classes = append(o.classes, jsonText(class))
	}
	return o, nil
}

// jsonText is a text as JSON, without the escapes that HTML would need.
func jsonText(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // to memory, and a text is always JSON
	return string(bytes.TrimSpace(b.Bytes()))
}

func (o *linesOutput) write(b *block) error {
	kept := make([][]string, len(b.kept))
	for i, k := range b.kept {
		for _, text := range k.levels {
			kept[i] = append(kept[i], jsonText(text))
		}
	}
	k := b.Pipeline.Target.Outputs()
	var out []byte
	var err error
	for i, row := range b.good {
		out = append(out, '{')
		for j, name := range o.keep {
			text := "null"
			if code := b.kept[j].codes[row]; code >= 0 {
				text = kept[j][code]
			}
			out = append(append(append(out, name...), text...), ',')
		}
		if out, err = o.prediction(out, b, i, b.predicted[i*k:(i+1)*k]); err != nil {
			return err
		}
		out = append(out, '}', '\n')
	}
	_, err = o.to.Write(out)
	return err
}

// prediction appends the members of a prediction. Values and ends of intervals are as encoding/json
// writes them, probabilities the shortest decimals: each what the API does.
func (o *linesOutput) prediction(out []byte, b *block, i int, values []float64) ([]byte, error) {
	if b.classes == nil {
		text, err := json.Marshal(values[0])
		if err != nil {
			return nil, err
		}
		out = append(append(out, `"value":`...), text...)
		if b.intervals != nil {
			if text, err = json.Marshal(b.intervals[i]); err != nil {
				return nil, err
			}
			out = append(append(out, `,"interval":`...), text...)
		}
		return out, nil
	}
	out = append(append(out, `"class":`...), o.classes[b.classes[i]]...)
	out = append(out, `,"probabilities":{`...)
	for j, v := range values {
		if j > 0 {
			out = append(out, ',')
		}
		out = append(append(out, o.classes[j]...), ':')
		out = strconv.AppendFloat(out, v, 'g', -1, 64)
	}
	return append(out, '}'), nil
}

func (o *linesOutput) close() error { return nil }

// parquetOutput writes a row group for each block.
type parquetOutput struct {
	*parquet.Writer
	pipeline *pipeline.Pipeline
}

func newParquet(s Scan, to io.Writer) (*parquetOutput, error) {
	var columns []parquet.OutColumn
	for _, name := range s.Keep {
		columns = append(columns, parquet.OutColumn{Name: name, Text: true})
	}
	for i, name := range Columns(s.Pipeline) {
		columns = append(columns, parquet.OutColumn{Name: name, Text: i == 0 && s.Pipeline.Target.Task.Classification()})
	}
	w, err := parquet.NewWriter(to, columns)
	return &parquetOutput{w, s.Pipeline}, err
}

func (o *parquetOutput) write(b *block) error {
	n, k := len(b.good), b.Pipeline.Target.Outputs()
	var columns []parquet.OutValues
	for _, kept := range b.kept {
		codes := make([]int32, n)
		for i, row := range b.good {
			codes[i] = kept.codes[row]
		}
		columns = append(columns, parquet.OutValues{Codes: codes, Texts: kept.levels})
	}
	if b.classes != nil {
		columns = append(columns, parquet.OutValues{Codes: b.classes, Texts: b.Pipeline.Target.Classes})
	}
	numbers := func(value func(i int) float64) {
		values := make([]float64, n)
		for i := range values {
			values[i] = value(i)
		}
		columns = append(columns, parquet.OutValues{Numbers: values})
	}
	for j := range k {
		numbers(func(i int) float64 { return b.predicted[i*k+j] })
	}
	if o.pipeline.Coverage() != 0 {
		for end := range 2 {
			numbers(func(i int) float64 { return b.intervals[i][end] })
		}
	}
	return o.Group(n, columns)
}

func (o *parquetOutput) close() error { return o.Close() }
