package source

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Limits of a database unless its name says otherwise: a statement that runs longer than a
// function may is not waited for, nor a host that does not answer.
const (
	statementTimeout = "15min"
	connectTimeout   = 10 * time.Second
)

// parameters are those of a connection that a name may set. Those that make the server or
// this machine read other files, or take orders, are not among them.
var parameters = []string{
	"host", "port", "user", "password", "dbname", "database", "passfile", "connect_timeout", "application_name", "target_session_attrs",
	"sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslsni", "sslnegotiation",
}

var timeouts = regexp.MustCompile(`^[0-9]{1,9}(ms|s|min|h|d)?$`)

// address is the name of a table or query in its parts.
type address struct {
	connection string      // the URL before its parameters
	parameters [][2]string // in their order, decoded
}

// isDatabase reports whether a name stands for a table or query of PostgreSQL.
func isDatabase(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

var errAddress = errors.New("not a postgres:// URL; in the user name, the password and the query, write the characters % & # ? @ / : as %25 %26 %23 %3F %40 %2F %3A")

// parseAddress takes the name apart. As libpq does, and unlike HTML forms, it takes a plus
// sign for itself. Its errors tell nothing of the name, of which any part may be that of a
// password.
func parseAddress(name string) (address, error) {
	connection, query, _ := strings.Cut(name, "?")
	u, err := url.Parse(connection)
	if err != nil || u.Fragment != "" || strings.Contains(connection, "#") || u.Opaque != "" {
		return address{}, errAddress
	}
	a := address{connection: connection}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, given := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		value, err := url.PathUnescape(value)
		if err != nil || !given || !slices.Contains(parameters, key) && !ours(key) {
			if parameterName.MatchString(key) && given && err == nil {
				return address{}, fmt.Errorf("parameter %s is not known; want query or table, and of the connection %s", key, strings.Join(parameters, ", "))
			}
			return address{}, errAddress
		}
		a.parameters = append(a.parameters, [2]string{key, value})
	}
	return a, nil
}

var parameterName = regexp.MustCompile(`^[a-z_]{1,30}$`)

// ours reports a parameter that is not one of the connection.
func ours(key string) bool { return key == "query" || key == "table" || key == "statement_timeout" }

// take returns the value of one of our parameters, and takes it out.
func (a *address) take(key string) (value string, err error) {
	given := 0
	a.parameters = slices.DeleteFunc(a.parameters, func(p [2]string) bool {
		if p[0] == key {
			value = p[1]
			given++
		}
		return p[0] == key
	})
	if given > 1 {
		return "", fmt.Errorf("parameter %s is given twice", key)
	}
	return value, nil
}

// String writes the address as a URL.
func (a address) String() string {
	s := a.connection
	for i, p := range a.parameters {
		s += string("?&"[min(i, 1)]) + p[0] + "=" + strings.ReplaceAll(url.PathEscape(p[1]), "&", "%26")
	}
	return s
}

// openDatabase makes the source of a table or query. It does not connect.
func openDatabase(name string) (dataset.Source, error) {
	shown := Redact(name)
	fail := func(err error) (dataset.Source, error) { return nil, fmt.Errorf("%s: %w", shown, err) }
	a, err := parseAddress(name)
	if err != nil {
		return fail(err)
	}
	query, err1 := a.take("query")
	table, err2 := a.take("table")
	timeout, err3 := a.take("statement_timeout")
	if err := errors.Join(err1, err2, err3); err != nil {
		return fail(err)
	}
	d := &database{name: shown, timeout: statementTimeout}
	switch {
	case (query == "") == (table == ""):
		return fail(errors.New("say what to read: ?table=schema.name or ?query=SELECT …"))
	case query != "":
		d.query = strings.TrimRight(query, "; \t\r\n")
	default:
		d.query = "SELECT * FROM " + quoteTable(table)
	}
	if timeout != "" {
		if !timeouts.MatchString(timeout) {
			return fail(fmt.Errorf("statement_timeout %q is not a time like 30s or 10min", timeout))
		}
		d.timeout = timeout
	}
	// The parser's own errors show the URL with what it takes for the password left out.
	config, err := pgconn.ParseConfigWithOptions(a.String(), pgconn.ParseConfigOptions{ConnStringAllowedKeys: parameters})
	if err != nil {
		return fail(errors.New("the server, its certificates or another parameter of the connection is not what PostgreSQL takes"))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	d.config = config
	return d, nil
}

// quoteTable writes the name of a table, with its schema or without, as it is: PostgreSQL
// folds letters only where they are not quoted.
func quoteTable(name string) string {
	schema, table, ok := strings.Cut(name, ".")
	if !ok {
		return quoteName(name)
	}
	return quoteName(schema) + "." + quoteName(table)
}

func quoteName(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", ""), `"`, `""`) + `"`
}

// Redact is the name of a data set without the secrets that it may hold: the passwords of a
// database. It is what may be shown and stored. Open takes it where the password comes from
// PGPASSWORD or the password file, as psql does.
func Redact(name string) string {
	if !isDatabase(name) {
		return name
	}
	a, err := parseAddress(name)
	if err != nil {
		scheme, _, _ := strings.Cut(name, "://")
		return scheme + "://…" // which part of it is the password cannot be told
	}
	if u, err := url.Parse(a.connection); err == nil && u.User != nil {
		u.User = url.User(u.User.Username())
		a.connection = u.String()
	}
	a.parameters = slices.DeleteFunc(a.parameters, func(p [2]string) bool {
		return p[0] == "password" || p[0] == "sslpassword"
	})
	return a.String()
}
