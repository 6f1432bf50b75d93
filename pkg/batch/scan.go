package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Scan predicts the rows of a source.
type Scan struct {
	Pipeline *pipeline.Pipeline
	Format   Format
	// Keep are columns of the rows that are written before the predictions, as text: keys to join
	// by. They need not be inputs of the model.
	Keep []string
	// MaxErrors is how many rows with faults are left out; one more ends the scan. Negative: any
	// number.
	MaxErrors int
	// OnFault takes what is wrong with rows that are left out, in their order; may be nil.
	OnFault func(Fault)
	// OnUnseen takes the first texts of each block of rows (some MB) that training never saw, in
	// the order of the rows; may be nil.
	OnUnseen func(Fault)
	// OnRows is told how many rows are written so far; may be nil. Calls come one after the other.
	OnRows func(rows int)
}

// Fault is what is wrong, or odd, about a value of a row.
type Fault struct {
	File   string `json:"file"`   // of the data set
	Row    int    `json:"row"`    // of the file, from 1; in a range of one, of the range
	Column string `json:"column"` // "" if it is about the row
	Detail string `json:"detail"`
}

// Counts are how many rows a scan has met.
type Counts struct {
	Rows   int `json:"rows"`   // that were read
	Errors int `json:"errors"` // of them, left out because of faults
	// Unseen are values of categories that training never saw, which count as missing.
	Unseen int `json:"unseen,omitempty"`
	// Absent are inputs that no row of JSON Lines names.
	Absent []string `json:"absent,omitempty"`
}

// Run reads all rows and writes the predictions, row by row in their order, whatever the number of
// workers. What is wrong with the data is a *dataset.ParseError or *dataset.ColumnError. Where
// that is only that files of CSV have no rows (dataset.ErrNoRows), the output is whole.
func (s Scan) Run(ctx context.Context, rows dataset.Source, o dataset.Options, to io.Writer) (Counts, dataset.Extent, error) {
	if err := errors.Join(s.Format.Validate(), checkKeep(s.Keep, s.Pipeline, s.Format)); err != nil {
		return Counts{}, dataset.Extent{}, err
	}
	o, err := s.options(ctx, rows, o)
	if err != nil {
		return Counts{}, dataset.Extent{}, err
	}
	c := &consumer{Scan: s, numbers: o.NumberForm(), to: to, files: rows.Parts(), read: map[int]int{}}
	extent, err := rows.Scan(ctx, o, c)
	if err == nil || errors.Is(err, dataset.ErrNoRows) {
		err = errors.Join(err, c.close())
	}
	c.counts.Absent = extent.Absent
	return c.counts, extent, err
}

// options says to read the inputs and the columns to keep. Numbers are left to the reader, which
// reads them fast where all are numbers and as text where one is not; all else is read as text and
// understood here, each distinct text once, so that a fault is one of its row.
func (s Scan) options(ctx context.Context, rows dataset.Source, o dataset.Options) (dataset.Options, error) {
	header, err := rows.Header(ctx, dataset.Options{Delimiter: o.Delimiter, Quote: o.Quote, Comment: o.Comment, Decimal: o.Decimal, Thousands: o.Thousands})
	if err != nil {
		return o, err
	}
	has := map[string]bool{}
	for _, f := range header {
		has[f.Name] = true
	}
	_, sparse := rows.(dataset.JSONLines) // a column may be named further down
	var columns []string
	var faults []error
	types := maps.Clone(o.Types)
	if types == nil {
		types = map[string]dataset.Type{}
	}
	used := map[string]bool{}
	use := func(name string, t dataset.Type) {
		if t != dataset.Numeric {
			types[name] = dataset.Text
		}
		if !used[name] {
			used[name] = true
			columns = append(columns, name)
		}
	}
	for _, f := range s.Pipeline.Schema {
		switch {
		case has[f.Name] || sparse:
			use(f.Name, f.Type)
		case f.Name != s.Pipeline.Target.Offset: // without, a row has an exposure of 1
			faults = append(faults, &dataset.ColumnError{Column: f.Name, Err: errors.New("is missing from the data")})
		}
	}
	for _, name := range s.Keep {
		if !has[name] && !sparse {
			faults = append(faults, &dataset.ColumnError{Column: name, Err: errors.New("is to be kept but missing from the data")})
		}
		use(name, dataset.Text)
	}
	o.Types, o.Columns = types, columns
	return o, errors.Join(faults...)
}

// consumer takes the blocks of a scan.
type consumer struct {
	Scan
	numbers dataset.NumberForm
	to      io.Writer
	files   []dataset.Part

	inputs []int // the field of the schema that each column that is read is, −1
	keeps  []int // which of Keep each is, −1
	out    output

	read   map[int]int // rows of each file in the blocks before
	counts Counts
}

var _ dataset.Consumer = (*consumer)(nil)

// Begin implements dataset.Consumer.
func (c *consumer) Begin(columns []dataset.Field) (err error) {
	fields := make(map[string]int, len(c.Pipeline.Schema)) // a search each is slow for wide tables
	for i, f := range c.Pipeline.Schema {
		fields[f.Name] = i
	}
	for _, f := range columns {
		at, is := fields[f.Name]
		if !is {
			at = -1
		}
		c.inputs = append(c.inputs, at)
		c.keeps = append(c.keeps, slices.Index(c.Keep, f.Name))
	}
	return c.begin()
}

func (c *consumer) begin() (err error) {
	c.out, err = newOutput(c.Scan, c.to)
	return err
}

// Block implements dataset.Consumer.
func (c *consumer) Block() dataset.Sink { return newBlock(c) }

// End implements dataset.Consumer: what a block predicts is written when it is its turn.
func (c *consumer) End(sink dataset.Sink) error {
	b := sink.(*block)
	before := make([]int, len(b.segments)) // rows of the file before the segment
	for i, g := range b.segments {
		before[i] = c.read[g.part]
		c.read[g.part] += g.rows
	}
	faults := b.located(b.faults, before)
	if most := c.MaxErrors - c.counts.Errors; c.MaxErrors >= 0 && b.faulty > most {
		return c.tooMany(nthRow(faults, most))
	}
	c.counts.Errors += b.faulty
	if c.OnFault != nil {
		for _, f := range faults {
			c.OnFault(f)
		}
	}
	if c.OnUnseen != nil {
		for _, f := range b.located(b.unseen, before) {
			c.OnUnseen(f)
		}
	}
	c.counts.Rows += b.rows
	c.counts.Unseen += b.unseenCount
	if err := c.out.write(b); err != nil {
		return err
	}
	if c.OnRows != nil {
		c.OnRows(c.counts.Rows - c.counts.Errors)
	}
	return nil
}

// nthRow is the first fault of the nth row, from 0, that has one.
func nthRow(faults []Fault, n int) Fault {
	for i := range faults {
		if i > 0 && faults[i].Row == faults[i-1].Row && faults[i].File == faults[i-1].File {
			continue
		}
		if n == 0 {
			return faults[i]
		}
		n--
	}
	return faults[len(faults)-1]
}

// tooMany ends a scan at a row with a fault.
func (c *consumer) tooMany(f Fault) error {
	err := errors.New(f.Detail)
	if c.MaxErrors > 0 {
		err = fmt.Errorf("%w; it is row %d with a fault, and max_errors is %d", err, c.MaxErrors+1, c.MaxErrors)
	}
	return &dataset.ParseError{Part: f.File, Row: f.Row, Column: f.Column, Err: err}
}

// close ends the output, also of a source without rows.
func (c *consumer) close() error {
	if c.out == nil {
		if err := c.begin(); err != nil {
			return err
		}
	}
	return c.out.close()
}
