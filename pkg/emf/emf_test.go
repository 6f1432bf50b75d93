package emf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/foretell-ml/foretell/pkg/emf"
)

var at = time.UnixMilli(1_795_737_600_123)

// request is a line of two groups, the second by another dimension.
func request(problem string, load float64) emf.Line {
	return emf.Line{
		Namespace: "Foretell", Time: at,
		Fields: []emf.Field{{"Function", "predict"}, {"Model", "adult"}, {"Problem", problem}, {"Note", "a \"b\" <c>"}},
		Groups: []emf.Group{
			{Sets: [][]string{{}, {"Function", "Model"}}, Metrics: []emf.Metric{{"Latency", emf.Milliseconds, 1.25}, {"LoadTime", emf.Milliseconds, load}}},
			{Sets: [][]string{{"Problem"}}, Metrics: []emf.Metric{{"Errors", emf.Count, 1}}},
		},
	}
}

// TestLine: what is written is, to the byte, what the specification of the format asks for.
func TestLine(t *testing.T) {
	const whole = `{"_aws":{"Timestamp":1795737600123,"CloudWatchMetrics":[` +
		`{"Namespace":"Foretell","Dimensions":[[],["Function","Model"]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"},{"Name":"LoadTime","Unit":"Milliseconds"}]},` +
		`{"Namespace":"Foretell","Dimensions":[["Problem"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]}]},` +
		`"Function":"predict","Model":"adult","Problem":"timeout","Note":"a \"b\" <c>","Latency":1.25,"LoadTime":7,"Errors":1}`
	const part = `{"_aws":{"Timestamp":1795737600123,"CloudWatchMetrics":[` +
		`{"Namespace":"Foretell","Dimensions":[[],["Function","Model"]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"}]}]},` +
		`"Function":"predict","Model":"adult","Note":"a \"b\" <c>","Latency":1.25}`
	for _, c := range []struct {
		line emf.Line
		want string
	}{
		{request("timeout", 7), whole},
		{request("", math.NaN()), part}, // neither the problem nor the number is there
		{emf.Line{Namespace: "Foretell", Time: at, Groups: []emf.Group{{Sets: [][]string{{"Model"}}, Metrics: []emf.Metric{{"Rows", emf.Count, 1}}}}}, ""},
		{emf.Line{Namespace: "Foretell", Time: at, Groups: []emf.Group{{Sets: [][]string{{}}, Metrics: []emf.Metric{{"Rows", emf.Count, math.Inf(1)}}}}}, ""},
		{emf.Line{Namespace: "Foretell", Time: at}, ""},
	} {
		got := string(c.line.Append(nil))
		if got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
		if got != "" {
			valid(t, got)
		}
	}
}

// valid fails unless a line fits the schema that AWS publishes, and has what its directives name.
func valid(t *testing.T, line string) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../testdata/emf.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		t.Fatalf("%v\n%s", err, line)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%v\n%s", err, line)
	}
}

// TestSchemaBites: the schema refuses what is no line.
func TestSchemaBites(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../testdata/emf.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	good := string(request("timeout", 7).Append(nil))
	for _, replaced := range [][2]string{{`"Milliseconds"`, `"Dollars"`}, {`"Namespace":"Foretell"`, `"Namespace":""`}, {`"Timestamp":1795737600123`, `"Timestamp":"now"`}, {`"_aws"`, `"aws"`}} {
		bad := strings.Replace(good, replaced[0], replaced[1], 1)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil || bad == good {
			t.Fatal(err, bad)
		}
		if schema.Validate(value) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// calls counts the calls of Write.
type calls struct {
	bytes.Buffer
	n int
}

func (c *calls) Write(p []byte) (int, error) {
	c.n++
	return c.Buffer.Write(p)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWrite(t *testing.T) {
	var to calls
	if err := errors.Join(emf.Write(&to, request("", 1)), emf.Write(&to, emf.Line{}), emf.Write(nil, request("", 1))); err != nil {
		t.Fatal(err)
	}
	if to.n != 1 || !json.Valid(to.Bytes()) || strings.Count(to.String(), "\n") != 1 || !strings.HasSuffix(to.String(), "}\n") {
		t.Errorf("%d writes of %q", to.n, to.String())
	}
	if err := emf.Write(broken{}, request("", 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a log that is closed: %v", err)
	}
}

// The line of a request costs a microsecond or so: it is written beside every prediction.
func BenchmarkWrite(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	b.ReportAllocs()
	for b.Loop() {
		if err := emf.Write(null, request("", 1)); err != nil {
			b.Fatal(err)
		}
	}
}
