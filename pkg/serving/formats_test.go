package serving_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// send posts a body of a media type.
func send(h http.Handler, target, media, body string, headers ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

// predictionsOf are the predictions of an answer, as they are written: equal texts are equal bits.
func predictionsOf(t interface {
	Fatalf(string, ...any)
	Helper()
}, w *httptest.ResponseRecorder) string {
	t.Helper()
	var a struct{ Predictions json.RawMessage }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return string(a.Predictions)
}

// census2 are two rows of the census in each format, values of all types among them.
var census2 = []struct{ name, media, body string }{
	{"instances", "application/json", `{"instances": [{"age": 43.5, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}, {"age": null, "job/class": 3.0, "member": false}]}`},
	{"instances, arrays", "application/json", `{"instances": [[43.5, "State", true, "2020-10-06T12:26:40Z"], [null, 3.0, false, null]]}`},
	{"another order", "application/json; charset=utf-8", `{"alias": "champion", "instances": [{"since": "2020-10-06T12:26:40Z", "member": true, "job/class": "State", "age": 43.5}, {"member": false, "job/class": "3.0"}]}`},
	{"dataframe_records", "application/json", `{"dataframe_records": [{"age": 43.5, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}, {"age": null, "job/class": "3.0", "member": false}]}`},
	{"dataframe_split", "application/json", `{"dataframe_split": {"index": [7, 9], "columns": ["member", "age", "since", "job/class"], "data": [[true, 43.5, "2020-10-06T12:26:40Z", "State"], [false, null, null, 3.0]]}}`},
	{"dataframe_split, data first", "application/json", `{"dataframe_split": {"data": [["State", true, 43.5, "2020-10-06T12:26:40Z"], ["3.0", 0, "", "NaN"]], "columns": ["job/class", "member", "age", "since"]}}`},
	{"inputs by column", "application/json", `{"inputs": {"age": [43.5, null], "job/class": ["State", "3.0"], "member": [true, false], "since": ["2020-10-06T12:26:40Z", null]}}`},
	{"inputs as a matrix of one column each", "application/json", `{"inputs": {"age": [[43.5], [null]], "job/class": [["State"], [3.0]], "member": [[1], [0]], "since": [["2020-10-06T12:26:40Z"], [""]]}}`},
	{"inputs as rows", "application/json", `{"inputs": [{"age": 43.5, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}, [null, "3.0", false, null]]}`},
	{"CSV with a header", "text/csv", "since,job/class,age,member\n2020-10-06T12:26:40Z,State,43.5,true\n,3.0,,false\n"},
	{"CSV without", "text/csv", "43.5,State,true,2020-10-06T12:26:40Z\r\n,3.0,false,\r\n"},
	{"CSV that says so", "text/csv; header=absent", "43.5,State,true,2020-10-06T12:26:40Z\n,3.0,false,NA"},
	{"CSV with a mark and quotes", "text/csv; charset=utf-8; header=present", "\ufeff\"age\",\"job/class\",\"member\",\"since\"\n\"43.5\",\"State\",\"1\",\"2020-10-06T12:26:40Z\"\n\n?,\" 3.0 \",0,\n"},
	{"tabs", "text/tab-separated-values", "age\tjob/class\tmember\tsince\n43.5\tState\ttrue\t2020-10-06T12:26:40Z\n\t3.0\tfalse\t\n"},
	{"JSON Lines", "application/jsonlines", `{"age": 43.5, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}` + "\n\n" + `{"age": null, "job/class": 3.0, "member": false}`},
	{"NDJSON, arrays", "application/x-ndjson", `[43.5, "State", true, "2020-10-06T12:26:40Z"]` + "\r\n" + `[null, "3.0", false, null]` + "\r\n"},
}

// TestFormatsAreEqual: the same rows give the same bits in every format, and those of the table.
func TestFormatsAreEqual(t *testing.T) {
	r, _ := newRegistry(t)
	for _, learner := range []string{"logistic", "boosting"} {
		p, _ := train(t, r, "adult", learner, "income")
		promote(t, r, "adult", map[string]int{"logistic": 1, "boosting": 2}[learner])
		h := (&serving.Server{Registry: r}).Routes()
		b := p.Schema.Builder()
		for _, row := range [][]string{{"43.5", "State", "true", "2020-10-06T12:26:40Z"}, {"", "3.0", "false", ""}} {
			b.AddRow()
			for i, text := range row {
				if err := b.Text(i, text); err != nil {
					t.Fatal(err)
				}
			}
		}
		output, err := p.Predict(b.Table())
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := 0; i < len(output); i += 2 {
			class := map[bool]string{true: ">50K", false: "<=50K"}[output[i+1] > output[i]]
			want = append(want, fmt.Sprintf(`{"class":%q,"probabilities":{"<=50K":%v,">50K":%v}}`, class, output[i], output[i+1]))
		}
		for _, f := range census2 {
			w := send(h, "/v1/models/adult/predict", f.media, f.body)
			if got := predictionsOf(t, w); got != "["+strings.Join(want, ",")+"]" {
				t.Errorf("%s, %s: %s, want %s", learner, f.name, got, want)
			}
			if again := send(h, "/v1/models/adult/predict", f.media, zipped(t, f.body), "Content-Encoding", "gzip"); again.Body.String() != w.Body.String() {
				t.Errorf("%s, compressed: %s", f.name, again.Body)
			}
		}
	}
}

// TestAnyRowsInAnyFormat draws rows with missing values, texts of any letters, quotes and line
// ends, and integers that no float64 holds.
func TestAnyRowsInAnyFormat(t *testing.T) {
	odd := []string{"", "a", "a,b", `say "no"`, "zwölf", "日本", "9007199254740993", "1e3", "two\nlines", "null", "-0", "3.0", "tr~ue/"}
	levels := slices.Sorted(slices.Values(odd[1:]))
	number := dataset.Column{Name: "number", Type: dataset.Numeric}
	label := dataset.Column{Name: "la\"b,el", Type: dataset.Categorical, Levels: levels}
	note := dataset.Column{Name: "note/~", Type: dataset.Text, Levels: []string{"good", "bad"}}
	flag := dataset.Column{Name: "flag", Type: dataset.Boolean}
	var y []float64
	for i := range 200 {
		number.Values = append(number.Values, float64(i*i%37)-9)
		label.Codes = append(label.Codes, int32(i%len(levels)))
		note.Codes = append(note.Codes, int32(i%2))
		flag.Values = append(flag.Values, float64(i/2%2))
		y = append(y, float64(i%5)+float64(i%len(levels)))
	}
	inputs, err := dataset.NewTable(number, label, note, flag)
	if err != nil {
		t.Fatal(err)
	}
	reg, _ := newRegistry(t)
	for i, learner := range []string{"linear", "boosting"} {
		target := pipeline.Target{Name: "y", Type: dataset.Numeric, Task: dataset.Regression}
		p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: y}, target, pipeline.Configuration{Learner: learner}, 1)
		if err != nil {
			t.Fatal(err)
		}
		register(t, reg, "any", p, inputs)
		promote(t, reg, "any", i+1)
	}
	h := (&serving.Server{Registry: reg}).Routes()
	numbers := []string{"", "0", "-0", "9007199254740993", "123456789012345678901234567890", "1e-320", "0.1", "-7.25e2", "0.30000000000000004", "17"}
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
			return []string{
				rapid.SampledFrom(numbers).Draw(t, "number"), rapid.SampledFrom(odd).Draw(t, "label"),
				rapid.SampledFrom(append(odd, "good", "bad good")).Draw(t, "note"), rapid.SampledFrom([]string{"", "true", "false"}).Draw(t, "flag"),
			}
		}), 1, 6).Draw(t, "rows")
		version := rapid.IntRange(1, 2).Draw(t, "version")
		names := []string{"number", "la\"b,el", "note/~", "flag"}
		target := fmt.Sprintf("/v1/models/any/predict?version=%d", version)
		first := ""
		for _, f := range written(names, table) {
			got := predictionsOf(t, send(h, target, f.media, f.body))
			if first == "" {
				first = got
			} else if got != first {
				t.Fatalf("%s of %q: %s, and %s otherwise", f.media, f.body, got, first)
			}
		}
		body := tensors(names, table)
		w := send(h, fmt.Sprintf("/v2/models/any/versions/%d/infer", version), "application/json", body)
		var a struct {
			Outputs []struct{ Data []json.RawMessage }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
		var values []string
		for _, v := range a.Outputs[0].Data {
			values = append(values, `{"value":`+string(v)+`}`)
		}
		if got := "[" + strings.Join(values, ",") + "]"; got != first {
			t.Fatalf("%s: %s, and %s otherwise", body, got, first)
		}
	})
}

// tensors writes the table of written as an inference.
func tensors(names []string, table [][]string) string {
	var all []map[string]any
	for j, name := range names {
		data := []any{}
		for _, row := range table {
			switch {
			case row[j] == "":
				data = append(data, nil)
			case j == 0 || j == 3:
				data = append(data, json.RawMessage(row[j]))
			default:
				data = append(data, row[j])
			}
		}
		all = append(all, map[string]any{"name": name, "shape": []int{len(table)}, "datatype": []string{"FP64", "BYTES", "BYTES", "BOOL"}[j], "data": data})
	}
	b, err := json.Marshal(map[string]any{"inputs": all})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// written writes a table of texts ("" is missing) in several formats. The first and the last
// column are numbers and truth values.
func written(names []string, table [][]string) (all []struct{ media, body string }) {
	add := func(media, body string) { all = append(all, struct{ media, body string }{media, body}) }
	encode := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	scalar := func(column int, text string) any {
		switch {
		case text == "":
			return nil
		case column == 0 || column == 3:
			return json.RawMessage(text)
		}
		return text
	}
	var objects, arrays []any
	columns := map[string][]any{}
	var text bytes.Buffer
	for _, row := range append([][]string{names}, table...) {
		for j, v := range row {
			if j > 0 {
				text.WriteByte(',')
			}
			text.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
		}
		text.WriteByte('\n')
	}
	var lines []string
	for _, row := range table {
		object, array := map[string]any{}, []any{}
		for j, v := range row {
			object[names[j]] = scalar(j, v)
			array = append(array, scalar(j, v))
			columns[names[j]] = append(columns[names[j]], scalar(j, v))
		}
		objects, arrays, lines = append(objects, object), append(arrays, array), append(lines, encode(object))
	}
	add("application/json", encode(map[string]any{"instances": objects}))
	add("application/json", encode(map[string]any{"instances": arrays}))
	add("application/json", encode(map[string]any{"dataframe_split": map[string]any{"columns": names, "data": arrays}}))
	add("application/json", encode(map[string]any{"inputs": columns}))
	add("application/jsonlines", strings.Join(lines, "\n"))
	add("text/csv", text.String())
	_, body, _ := strings.Cut(text.String(), "\n")
	add("text/csv; header=absent", body)
	return all
}

// TestAnswersByAccept: the same predictions as JSON, CSV and JSON Lines.
func TestAnswersByAccept(t *testing.T) {
	r, _ := newRegistry(t)
	_, m := train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	const body = `{"instances": [{"age": 30}, {"age": 31}]}`
	for _, tt := range []struct{ accept, media, want string }{
		{"text/csv", "text/csv; charset=utf-8; header=present", "income,p(<=50K),p(>50K)\n<=50K,0.75,0.25\n<=50K,0.75,0.25\n"},
		{"application/jsonlines", "application/jsonlines", strings.Repeat(`{"class":"<=50K","probabilities":{"<=50K":0.75,">50K":0.25}}`+"\n", 2)},
		{"application/json;q=0.5, application/x-ndjson", "application/x-ndjson", strings.Repeat(`{"class":"<=50K","probabilities":{"<=50K":0.75,">50K":0.25}}`+"\n", 2)},
		{"text/*;q=0.9, */*;q=0.1", "text/csv; charset=utf-8; header=present", ""},
		{"application/json;q=0, */*", "text/csv; charset=utf-8; header=present", ""},
		{"*/*", "application/json", ""},
		{"", "application/json", ""},
	} {
		w := send(h, "/v1/models/adult/predict", "application/json", body, "Accept", tt.accept)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != tt.media || tt.want != "" && w.Body.String() != tt.want {
			t.Errorf("%s: %d %s %s", tt.accept, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		for name, want := range map[string]string{serving.HeaderModel: "adult", serving.HeaderVersion: "1", serving.HeaderDigest: m.Digest, serving.HeaderAlias: "champion", serving.HeaderWarnings: "1"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", tt.accept, name, got, want)
			}
		}
	}
	w := send(h, "/v1/models/adult/predict?proba=false", "application/json", body, "Accept", "text/csv")
	if w.Body.String() != "income\n<=50K\n<=50K\n" {
		t.Errorf("without probabilities: %s", w.Body)
	}
	w = send(h, "/v1/models/adult/predict", "application/json", body, "Accept", "image/png")
	if w.Code != http.StatusNotAcceptable || !strings.Contains(w.Body.String(), gateway.NotAcceptable.Slug) {
		t.Errorf("an image: %d %s", w.Code, w.Body)
	}
}

// TestNumbersAsCategories: a number means the category of that number, however it is written.
func TestNumbersAsCategories(t *testing.T) {
	grade := dataset.Column{Name: "grade", Type: dataset.Categorical, Levels: []string{"1", "2.5", "3", "9007199254740993"}}
	var y []float64
	for i := range 60 {
		grade.Codes, y = append(grade.Codes, int32(i%4)), append(y, float64(i%4*10))
	}
	inputs, err := dataset.NewTable(grade)
	if err != nil {
		t.Fatal(err)
	}
	target := pipeline.Target{Name: "y", Type: dataset.Numeric, Task: dataset.Regression}
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: y}, target, pipeline.Configuration{Learner: "linear"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := newRegistry(t)
	register(t, r, "grades", p, inputs)
	promote(t, r, "grades", 1)
	h := (&serving.Server{Registry: r}).Routes()
	for want, forms := range map[int][]string{20: {"3", "3.0", "3e0", "+3"}, 10: {"2.5", "2.50", "25e-1"}, 30: {"9007199254740993"}, -1: {"03", "9007199254740992", "9007199254740993.0", "4"}} {
		for _, form := range forms {
			requests := map[string]string{"text/csv": "grade\n" + form + "\n", "application/json": `{"instances": [{"grade": "` + form + `"}]}`}
			if json.Valid([]byte(form)) {
				requests["application/jsonlines"] = `{"grade": ` + form + `}`
			}
			for media, body := range requests {
				w := send(h, "/v1/models/grades/predict", media, body)
				var a answer
				if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
					t.Fatalf("%s: %d %s", body, w.Code, w.Body)
				}
				unseen := slices.ContainsFunc(a.Warnings, func(w serving.Warning) bool { return strings.Contains(w.Detail, "never seen") })
				if got := *a.Predictions[0].Value; unseen != (want < 0) || want >= 0 && math.Abs(got-float64(want)) > 1e-6 {
					t.Errorf("%s: %v, %+v; want %d", body, got, a.Warnings, want)
				}
			}
		}
	}
}
