package source

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// result is what a query gives.
type result struct {
	columns []resultColumn
}

type resultColumn struct {
	name string
	cast string // "" or what makes text of it that ParseValue reads
	t    dataset.Type
}

// Type codes of PostgreSQL (pg_type.dat), which never change.
const (
	oidBool        = 16
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidFloat4      = 700
	oidFloat8      = 701
	oidMoney       = 790
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidNumeric     = 1700
)

// columnOf says how to read a column of a type. t is "" for all that is text here: bytea,
// arrays, json, intervals, geometries and whatever else there is, in the server's own form.
func columnOf(name string, oid uint32) resultColumn {
	switch oid {
	case oidInt2, oidInt4, oidInt8, oidOID, oidFloat4, oidFloat8, oidNumeric:
		return resultColumn{name, "", dataset.Numeric}
	case oidMoney: // has the currency of the server's locale in its text
		return resultColumn{name, "::numeric", dataset.Numeric}
	case oidBool: // COPY writes t and f, its text is true and false
		return resultColumn{name, "::text", dataset.Boolean}
	case oidDate, oidTimestamp, oidTimestamptz:
		return resultColumn{name, "", dataset.Timestamp}
	case oidText, oidVarchar, oidBpchar, oidChar, oidName:
		return resultColumn{name, "", ""}
	}
	return resultColumn{name, "::text", ""}
}

// ask finds out what the query gives: its columns by preparing it, and of those that are text
// whether they are categories or free text.
func (d *database) ask(ctx context.Context) (*result, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer hangUp(conn)
	// By itself, a query that ends its own parentheses to say more is a syntax error; and
	// there can only be one.
	statement, err := conn.Prepare(ctx, "", d.query, nil)
	switch {
	case err != nil:
		return nil, d.explain(ctx, err)
	case len(statement.ParamOIDs) > 0:
		return nil, &invalid{errors.New("the query has parameters like $1; write the values into it")}
	case len(statement.Fields) == 0:
		return nil, &invalid{errors.New("the query gives no columns; want a SELECT")}
	}
	r := &result{}
	seen := map[string]int{}
	for i, field := range statement.Fields {
		if j := seen[field.Name]; j > 0 {
			return nil, &invalid{fmt.Errorf("columns %d and %d of the query are both named %q; give one another name with AS", j, i+1, field.Name)}
		}
		seen[field.Name] = i + 1
		r.columns = append(r.columns, columnOf(field.Name, field.DataTypeOID))
	}
	return r, d.classify(ctx, r)
}

// classified is how many rows tell categories from free text, and how much text of them.
const (
	classifiedRows  = 10_000
	classifiedBytes = 32 << 20
)

// classify decides for each column of text whether it is categorical or free text, by
// dataset.InferType on the first rows. It has to be declared one of them: the digits of a
// postal code are a text if the database says so, and reading them would make numbers of them.
func (d *database) classify(ctx context.Context, r *result) error {
	texts := &result{}
	var at []int
	for i, c := range r.columns {
		if c.t == "" {
			texts.columns = append(texts.columns, c)
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	distinct, present, err := d.firstTexts(ctx, r, at)
	if err != nil {
		return err
	}
	for i, column := range at {
		// The letter is nothing but text, whatever the other values look like.
		r.columns[column].t = dataset.InferType(append(distinct[i], "x"), present[i]+1)
	}
	return nil
}

// firstTexts returns the distinct texts of some columns in the first rows, and in how many of
// these there is one.
func (d *database) firstTexts(ctx context.Context, r *result, columns []int) (distinct [][]string, present []int, err error) {
	rows, err := d.copyOut(ctx, r.selection(fmt.Sprintf("SELECT * FROM (%s\n) AS q LIMIT %d", d.query, classifiedRows)))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	missing := map[string]bool{}
	for _, text := range dataset.DefaultMissing {
		missing[text] = true
	}
	distinct, present = make([][]string, len(columns)), make([]int, len(columns))
	seen := make([]map[string]bool, len(columns))
	for i := range seen {
		seen[i] = map[string]bool{}
	}
	bound := &io.LimitedReader{R: rows, N: 2 * classifiedBytes} // one value may be a gigabyte
	reader := csv.NewReader(bound)
	reader.ReuseRecord = true
	reader.FieldsPerRecord = -1
	for line := 0; ; line++ {
		record, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF) || reader.InputOffset() > classifiedBytes || bound.N <= 0:
			return distinct, present, nil
		case err != nil:
			return nil, nil, err
		case line == 0: // the header
			continue
		}
		for i, column := range columns {
			text := strings.TrimSpace(record[column])
			if missing[text] {
				continue
			}
			present[i]++
			if !seen[i][text] {
				text = strings.Clone(text)
				seen[i][text] = true
				distinct[i] = append(distinct[i], text)
			}
		}
	}
}

// header is the first line of the CSV.
func (r *result) header() string {
	var b strings.Builder
	for i, c := range r.columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteName(c.name))
	}
	b.WriteByte('\n')
	return b.String()
}

// selection is the query with its columns as they are read. The columns are named anew, so
// that no name has to be looked up, and the line break ends a comment at the query's end.
func (r *result) selection(query string) string {
	var columns, names strings.Builder
	for i, c := range r.columns {
		if i > 0 {
			columns.WriteString(", ")
			names.WriteString(", ")
		}
		value := fmt.Sprintf("c%d%s", i, c.cast)
		if len(r.columns) == 1 { // a line with one missing value would be a blank one
			value = fmt.Sprintf("coalesce(c%d::text, '')", i)
		}
		fmt.Fprintf(&columns, "%s AS %s", value, quoteName(c.name))
		fmt.Fprintf(&names, "c%d", i)
	}
	return fmt.Sprintf("SELECT %s FROM (%s\n) AS q(%s)", &columns, query, &names)
}

// copyOut begins to run a query and returns its rows as CSV with a header. A missing value is
// nothing, an empty text two quotes; both are missing to who reads them.
func (d *database) copyOut(ctx context.Context, query string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	conn, err := d.connect(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	out, in := io.Pipe()
	rows := &copying{PipeReader: out, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(rows.done)
		w := bufio.NewWriterSize(in, 256<<10)
		_, err := conn.CopyTo(ctx, w, "COPY ("+query+"\n) TO STDOUT (FORMAT csv, HEADER)")
		if err == nil {
			err = w.Flush()
		} else {
			err = d.explain(ctx, err)
		}
		hangUp(conn)
		in.CloseWithError(err) // io.EOF if it is nil
	}()
	return rows, nil
}

// copying is the rows of a query that runs.
type copying struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   chan struct{}
}

// Close ends the query and waits until it has.
func (c *copying) Close() error {
	c.cancel()
	err := c.PipeReader.Close()
	<-c.done
	return err
}

// connect connects and begins a transaction that only reads, with every setting that would
// change what is read or in which order set.
func (d *database) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, d.config)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	err = conn.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
		SET LOCAL statement_timeout = '`+d.timeout+`';
		SET LOCAL lock_timeout = '30s';
		SET LOCAL client_encoding = 'UTF8';
		SET LOCAL TimeZone = 'UTC';
		SET LOCAL DateStyle = 'ISO, YMD';
		SET LOCAL IntervalStyle = 'iso_8601';
		SET LOCAL bytea_output = 'hex';
		SET LOCAL extra_float_digits = 3;
		SET LOCAL synchronize_seqscans = off;
		SET LOCAL max_parallel_workers_per_gather = 0`).Close()
	if err != nil {
		hangUp(conn)
		return nil, d.explain(ctx, err)
	}
	return conn, nil
}

// hangUp closes a connection, also one that is in the middle of something.
func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn.Close(ctx) // there is nothing left to lose
}

// explain makes an error of the server's that says what to do. Who calls names the source. It keeps no
// cause but the context's: one that is io.ErrUnexpectedEOF would look like the end of the rows.
func (d *database) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var fault *pgconn.PgError
	if !errors.As(err, &fault) {
		return errors.New(d.withoutPassword(err.Error()))
	}
	message := d.withoutPassword(fault.Message)
	if fault.Position > 0 {
		message += fmt.Sprintf(", at character %d of the query", fault.Position)
	}
	if fault.Hint != "" {
		message += "; " + fault.Hint
	}
	if fault.Code == "57014" {
		message += fmt.Sprintf("; it may take %s unless statement_timeout says otherwise", d.timeout)
	}
	return &invalid{fmt.Errorf("%s (SQLSTATE %s)", message, fault.Code)}
}

// withoutPassword makes sure that what others say does not repeat the password.
func (d *database) withoutPassword(message string) string {
	if d.config.Password == "" {
		return message
	}
	return strings.ReplaceAll(message, d.config.Password, "…")
}
