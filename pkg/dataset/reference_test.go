package dataset

import (
	"context"
	"errors"
	"io"
)

// readSlowly reads CSV row by row with the scanner and a dictionary for each column: what the
// parallel reader is compared with.
func readSlowly(ctx context.Context, parts []Part, o Options) (*Table, error) {
	r := reader{options: o, missing: o.missing()}
	if _, err := r.pass(ctx, parts); err != nil {
		return nil, err
	}
	if r.rows == 0 {
		return nil, &ParseError{Part: parts[0].Name, Err: errors.New("no rows below the header")}
	}
	if r.revise() {
		if _, err := r.pass(ctx, parts); err != nil {
			return nil, err
		}
	}
	columns := make([]Column, len(r.collectors))
	for i, c := range r.collectors {
		columns[i] = c.column()
	}
	return NewTable(columns...)
}

// reader is the state of one readSlowly.
type reader struct {
	options    Options
	missing    map[string]bool
	first      string
	header     []string
	collectors []*collector
	rows       int
}

// pass reads all parts into the collectors and returns the SHA-256 of each.
func (r *reader) pass(ctx context.Context, parts []Part) ([][]byte, error) {
	sums := make([][]byte, len(parts))
	for i, part := range parts {
		sum, err := r.readPart(ctx, part)
		if err != nil {
			return nil, err
		}
		sums[i] = sum
	}
	return sums, nil
}

func (r *reader) readPart(ctx context.Context, part Part) ([]byte, error) {
	f, err := openCSV(ctx, part, r.options)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if r.header == nil {
		r.options.Delimiter, r.options.Quote, r.first = f.scanner.comma, f.scanner.quote, part.Name
		if err := r.begin(f.header); err != nil {
			return nil, err
		}
	} else if err := sameHeader(r.header, f.header, r.first); err != nil {
		return nil, &ParseError{Part: part.Name, Line: f.scanner.start, Err: err}
	}
	for {
		err := f.next()
		if errors.Is(err, io.EOF) {
			return f.hash.Sum(nil), nil
		}
		if err != nil {
			return nil, err
		}
		for i, c := range r.collectors {
			if c.closed {
				continue
			}
			field := f.scanner.field(i)
			if r.missing[string(field)] {
				c.skip()
			} else if err := c.add(field); err != nil {
				return nil, f.fault(i, err)
			}
		}
		r.rows++
	}
}

// begin makes a collector per column.
func (r *reader) begin(header []string) error {
	r.header = header
	if _, _, err := r.options.choose(header); err != nil {
		return err
	}
	r.collectors = make([]*collector, len(header))
	for i, name := range header {
		r.collectors[i] = newCollector(name, r.options.Types[name])
	}
	return nil
}

// revise prepares a second pass for the columns whose numbers were given up, and reports
// whether one is needed. The other columns are complete.
func (r *reader) revise() bool {
	again := false
	for i, c := range r.collectors {
		if c.closed {
			r.collectors[i] = newCollector(c.name, "")
			r.collectors[i].kinds = kinds{}
			again = true
		} else {
			c.closed = true
		}
	}
	return again
}
