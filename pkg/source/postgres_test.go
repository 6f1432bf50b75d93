package source_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/source"
)

const (
	pgPassword = "se cret/p@ss?#&%"
	pgUser     = "ana"
)

// server is the one PostgreSQL of this process, started by the first test that needs it.
var server struct {
	sync.Once
	address string
	stop    func()
	err     error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if server.stop != nil {
		server.stop()
	}
	os.Exit(code)
}

// postgres returns a data set's name on the test server: rest is what follows the host.
func postgres(t *testing.T, rest string) string {
	t.Helper()
	if os.Getenv("FORETELL_POSTGRES") == "none" {
		t.Skip("FORETELL_POSTGRES=none: not tested against PostgreSQL")
	}
	server.Do(func() { server.address, server.stop, server.err = startPostgres() })
	if server.err != nil {
		t.Fatal(server.err)
	}
	return "postgres://" + url.UserPassword(pgUser, pgPassword).String() + "@" + server.address + rest
}

// programs is the folder of PostgreSQL's programs.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/opt/postgresql*/bin", "/" + "opt/homebrew/opt/postgresql*/bin"} {
		folders, _ := filepath.Glob(filepath.Join(pattern, "initdb"))
		found = append(found, folders...)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("PostgreSQL is not installed: apt-get install postgresql, or brew install postgresql; FORETELL_POSTGRES=none leaves these tests out")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// startPostgres makes a cluster in a temporary folder and serves it on a free port of
// 127.0.0.1. PostgreSQL refuses to run as root: then it is another user's.
func startPostgres() (address string, stop func(), err error) {
	bin, err := programs()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "foretell-postgres")
	if err != nil {
		return "", nil, err
	}
	remove := func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			remove()
		}
	}()
	attributes, err := unprivileged(dir)
	if err != nil {
		return "", nil, err
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(pgPassword+"\n"), 0o644); err != nil {
		return "", nil, err
	}
	data := filepath.Join(dir, "data")
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.SysProcAttr = dir, attributes
		return c
	}
	initdb := command("initdb", "-D", data, "-U", pgUser, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	serve := command("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
		// Whatever a server is set to, what is read is the same.
		"-c", "timezone=America/New_York", "-c", "datestyle=SQL, DMY", "-c", "intervalstyle=sql_standard", "-c", "bytea_output=escape", "-c", "extra_float_digits=-10")
	log := &strings.Builder{}
	serve.Stdout, serve.Stderr = log, log
	if err := serve.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	stop = func() {
		serve.Process.Signal(syscall.SIGQUIT)
		<-ended
		remove()
	}
	for range 600 {
		conn, err := dial(address)
		if err == nil {
			conn.Close(context.Background())
			return address, stop, nil
		}
		select {
		case err := <-ended:
			return "", nil, fmt.Errorf("postgres ended: %w\n%s", err, log)
		case <-time.After(50 * time.Millisecond):
		}
	}
	stop()
	return "", nil, fmt.Errorf("postgres does not answer at %s", address)
}

// unprivileged says how to run a command as another user if this one is root, and gives that
// user the folder.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 != nil || err2 != nil {
			continue
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}

func dial(address string) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig("postgres://" + address + "/postgres?sslmode=disable")
	if err != nil {
		return nil, err
	}
	config.User, config.Password = pgUser, pgPassword
	return pgconn.ConnectConfig(context.Background(), config)
}

// sql runs statements on the server, as its owner.
func sql(t *testing.T, statements string) {
	t.Helper()
	conn, err := dial(server.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), statements).ReadAll(); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

func query(q string) string { return "/postgres?sslmode=disable&query=" + url.PathEscape(q) }

// readQuery reads a query and shows the table: names, types, then the rows.
func readQuery(t *testing.T, name string, o dataset.Options) (string, error) {
	t.Helper()
	src, err := source.Open(t.Context(), name, source.Options{})
	if err != nil {
		return "", err
	}
	table, _, err := dataset.Read(t.Context(), src, o)
	if err != nil {
		return "", err
	}
	return show(table), nil
}

func show(table *dataset.Table) string {
	var b strings.Builder
	for i := range table.Columns {
		c := &table.Columns[i]
		fmt.Fprintf(&b, "%s %s:", c.Name, c.Type)
		for row := range table.Rows() {
			fmt.Fprintf(&b, " %s", strings.ReplaceAll(c.Text(row), "\n", `\n`))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestPostgresTypes(t *testing.T) {
	name := postgres(t, "/postgres?table=public.Every%22Type&sslmode=disable")
	sql(t, `DROP TABLE IF EXISTS public."Every""Type"; DROP TYPE IF EXISTS mood;
		CREATE TYPE mood AS ENUM ('sad', 'glad');
		CREATE TABLE public."Every""Type" (
			small smallint, whole integer, big bigint, exact numeric(12,3), single real, double double precision, price money,
			flag boolean, day date, moment timestamp, zoned timestamptz, clock time, span interval,
			zip varchar(5), padded char(4), free text, feeling mood, id uuid, bytes bytea, list integer[], doc jsonb, spot point, "odd, ""name""" text);
		INSERT INTO public."Every""Type" VALUES
			(1, -2, 9007199254740991, 12345.678, 0.1, 0.12345678901234568, 1234.5, true, '2024-02-29', '2024-02-29 10:00:00.5', '2024-02-29 10:00:00+02', '10:00', '1 day 2 hours',
			 '02134', 'ab', E'line\nend, "quoted"', 'glad', '00000000-0000-0000-0000-000000000001', '\x00ff', '{1,2}', '{"a": 1}', '(1,2)', '1'),
			(NULL, NULL, NULL, NULL, NULL, 'Infinity', NULL, false, NULL, NULL, NULL, NULL, NULL,
			 '10001', NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, 'true');`)
	want := `small numeric: 1 
whole numeric: -2 
big numeric: 9007199254740991 
exact numeric: 12345.678 
single numeric: 0.1 
double numeric: 0.12345678901234568 +Inf
price numeric: 1234.5 
flag boolean: true false
day timestamp: 2024-02-29T00:00:00Z 
moment timestamp: 2024-02-29T10:00:00.5Z 
zoned timestamp: 2024-02-29T08:00:00Z 
clock categorical: 10:00:00 
span categorical: P1DT2H 
zip categorical: 02134 10001
padded categorical: ab 
free categorical: line\nend, "quoted" 
feeling categorical: glad 
id categorical: 00000000-0000-0000-0000-000000000001 
bytes categorical: \x00ff 
list categorical: {1,2} 
doc categorical: {"a": 1} 
spot categorical: (1,2) 
odd, "name" categorical: 1 true
`
	got, err := readQuery(t, name, dataset.Options{})
	if err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	src, err := source.Open(t.Context(), name, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := src.Header(t.Context(), dataset.Options{Columns: []string{"zip", "flag"}})
	if err != nil || fmt.Sprint(fields) != "[{flag boolean []} {zip categorical []}]" {
		t.Errorf("header %v, %v", fields, err)
	}
	// What is declared comes first.
	got, err = readQuery(t, name, dataset.Options{Columns: []string{"zip", "flag"}, Types: map[string]dataset.Type{"zip": dataset.Numeric}})
	if err != nil || got != "flag boolean: true false\nzip numeric: 2134 10001\n" {
		t.Errorf("%v, %s", err, got)
	}
	got, err = readQuery(t, name, dataset.Options{Schema: dataset.Schema{{Name: "zip", Type: dataset.Text}}})
	if err != nil || got != "zip text: 02134 10001\n" {
		t.Errorf("%v, %s", err, got)
	}
}

// Free text and categories are told apart by what is there, as in a file.
func TestPostgresTexts(t *testing.T) {
	got, err := readQuery(t, postgres(t, query(`
		SELECT i::text AS code, (i % 3)::text AS kind, 'word ' || i AS words, NULL::text AS nothing FROM generate_series(1, 200) AS i; `)), dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for line := range strings.Lines(got) {
		types = append(types, strings.SplitN(line, ":", 2)[0])
	}
	if want := []string{"code text", "kind categorical", "words text", "nothing categorical"}; !slices.Equal(types, want) {
		t.Errorf("%q, want %q", types, want)
	}
}

// A row of one missing value is a row.
func TestPostgresOneColumn(t *testing.T) {
	got, err := readQuery(t, postgres(t, query(`SELECT nullif(i, 2) AS n FROM generate_series(1, 3) AS i -- all`)), dataset.Options{})
	if err != nil || got != "n numeric: 1  3\n" {
		t.Errorf("%v, %s", err, got)
	}
}

func TestPostgresManyRows(t *testing.T) {
	name := postgres(t, query(`SELECT i, i * 0.5 AS half, 'k' || (i % 7) AS k FROM generate_series(1, 400000) AS i`))
	src, err := source.Open(t.Context(), name, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := src.Scan(t.Context(), dataset.Options{}, nowhere{})
	if err != nil || first.Rows != 400000 {
		t.Fatalf("%d rows, %v", first.Rows, err)
	}
	again, err := src.Scan(t.Context(), dataset.Options{Workers: 1}, nowhere{})
	if err != nil || again.Digest != first.Digest {
		t.Errorf("%s, then %s, %v", first.Digest, again.Digest, err)
	}
	// A sample is the same each time, along with columns and types.
	var texts []string
	for _, o := range []dataset.Options{{Sample: 0.001, Workers: 1}, {Sample: 0.001, Workers: 3}, {Sample: 25, Workers: 1}, {Sample: 25, Workers: 3}} {
		o.Columns, o.Types = []string{"i", "k"}, map[string]dataset.Type{"i": dataset.Text}
		text, err := readQuery(t, name, o)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	share, number := strings.Fields(texts[0]), strings.Fields(texts[2])
	// Of 400,000 rows one in 1,000 is drawn: 400 ± 4 standard deviations of 20.
	if n := len(share)/2 - 2; n < 320 || n > 480 || texts[0] != texts[1] || share[1] != "text:" {
		t.Errorf("a share: %d rows, %.200s", n, texts[0])
	}
	if n := len(number)/2 - 2; n != 25 || texts[2] != texts[3] {
		t.Errorf("a number: %d rows, %s", n, texts[2])
	}
}

func TestPostgresThatChanges(t *testing.T) {
	name := postgres(t, "/postgres?table=changing&sslmode=disable")
	sql(t, "DROP TABLE IF EXISTS changing; CREATE TABLE changing AS SELECT 1 AS n")
	src, err := source.Open(t.Context(), name, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Scan(t.Context(), dataset.Options{}, nowhere{}); err != nil {
		t.Fatal(err)
	}
	sql(t, "INSERT INTO changing VALUES (2)")
	if _, err := src.Scan(t.Context(), dataset.Options{}, nowhere{}); err == nil || !strings.Contains(err.Error(), "the rows changed since they were first read") {
		t.Errorf("got %v", err)
	}
}

// How text is written is not for the options to say.
func TestPostgresForms(t *testing.T) {
	rows, err := source.Open(t.Context(), "postgres://localhost/db?table=t", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]dataset.Options{"a delimiter is declared": {Delimiter: ';'}, "a comment sign is declared": {Comment: '#'}, "a decimal or thousands sign is declared": {Decimal: ','}} {
		if _, err := rows.Header(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if _, _, err := dataset.Read(t.Context(), rows, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestPostgresRefuses(t *testing.T) {
	postgres(t, "")
	sql(t, "DROP TABLE IF EXISTS written; CREATE TABLE written (n integer); INSERT INTO written VALUES (1)")
	for _, tt := range []struct{ rest, want string }{
		{query("SELECT nothing FROM written"), `column "nothing" does not exist, at character 8 of the query (SQLSTATE 42703)`},
		{query("SELEC 1"), `syntax error at or near "SELEC", at character 1`},
		{"/postgres?sslmode=disable&table=none.such", `relation "none.such" does not exist`},
		{"/none?sslmode=disable&table=written", `database "none" does not exist`},
		{query("SELECT n, n FROM written"), `columns 1 and 2 of the query are both named "n"; give one another name with AS`},
		{query("SELECT 1; SELECT 2"), "cannot insert multiple commands"},
		{query("SELECT $1::int"), "has parameters like $1"},
		{query("SELECT 1/(n-1) AS x FROM written"), "division by zero"},
		{query("SELECT 'infinity'::timestamp AS x, 1 AS y"), `row 1 (line 2), column "x": "infinity" is not a timestamp`},
		{query("SELECT n FROM written WHERE false"), "no rows"},
		// Nothing is written or run, whatever is tried.
		{query("DELETE FROM written RETURNING n"), "syntax error"},
		{query("WITH gone AS (DELETE FROM written RETURNING n) SELECT * FROM gone"), "WITH clause containing a data-modifying statement must be at the top level"},
		{query("SELECT 1) TO PROGRAM 'touch x' --"), `syntax error at or near ")"`},
		{query("SELECT n FROM written) AS q(c0)) TO STDOUT; DELETE FROM written; --"), "syntax error"},
		{query("SELECT nextval('counter') AS n"), `does not exist`},
		{query("SELECT setval(pg_get_serial_sequence('numbered', 'n'), 5) AS n"), "cannot execute setval() in a read-only transaction"},
		{"/postgres?sslmode=disable&statement_timeout=200ms&query=" + url.PathEscape("SELECT pg_sleep(30)::text AS s"), "canceling statement due to statement timeout; it may take 200ms"},
		{"/postgres?table=a&servicefile=x", "parameter servicefile is not known"},
		{"/postgres?table=a&options=-c%20x", "parameter options is not known"},
		{"/postgres?table=a&query=b", "say what to read"},
		{"/postgres", "say what to read"},
		{"/postgres?table=a&table=b", "given twice"},
		{"/postgres?table=a&statement_timeout=1';--", "is not a time like"},
		{"/postgres?query=SELECT 50%", "not a postgres:// URL"},
		{"/postgres?table=a&sslmode=perhaps", "another parameter of the connection"},
	} {
		sql(t, "CREATE TABLE IF NOT EXISTS numbered (n serial)")
		_, err := readQuery(t, postgres(t, tt.rest), dataset.Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.rest, err, tt.want)
		}
		leaks(t, fmt.Sprint(err))
	}
	if got, err := readQuery(t, postgres(t, "/postgres?table=written&sslmode=disable"), dataset.Options{}); err != nil || got != "n numeric: 1\n" {
		t.Errorf("after all that the table is %s, %v", got, err)
	}
}

// leaks fails if a text that others see has the password in it, written in any way, or a
// good part of it.
func leaks(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{pgPassword, url.QueryEscape(pgPassword), url.PathEscape(pgPassword), "cret", "p@ss", "p%40ss"} {
		if strings.Contains(text, secret) {
			t.Errorf("the password is in %s", text)
		}
	}
}

func TestPostgresNoConnection(t *testing.T) {
	postgres(t, "")
	host, port, _ := net.SplitHostPort(server.address)
	for name, want := range map[string]string{
		"postgres://ana:secret-wrong@" + server.address + "/postgres?sslmode=disable&table=x": "password authentication failed",
		"postgres://ana:secret-wrong@" + host + ":1/postgres?sslmode=disable&table=x":         "refused",
		"postgres:///postgres?sslmode=disable&table=x&host=" + host + "&port=" + port +
			"&user=ana&password=secret-wrong": "password authentication failed",
	} {
		_, err := readQuery(t, name, dataset.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-wrong") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Reading stops, and the server's query with it, when the context ends or no one wants more.
func TestPostgresCancelled(t *testing.T) {
	name := postgres(t, query(`SELECT generate_series(1, 100000000) AS i, repeat('x', 100) AS s`))
	src, err := source.Open(t.Context(), name, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := src.Scan(ctx, dataset.Options{}, nowhere{}); err == nil {
		t.Error("100 million rows in a second")
	}
	r, err := src.Parts()[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for range 100 {
		got, err := readQuery(t, postgres(t, query(`SELECT count(*) AS n, 1 AS one FROM pg_stat_activity WHERE query LIKE 'COPY%' AND query NOT LIKE '%pg_stat_activity%'`)), dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(got, "n numeric: 0\n") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the query goes on in the server")
}
