package serving_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/serving"
)

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}

// openInferenceModels are adult, of all types of columns, and pay, which has intervals.
func openInferenceModels(t *testing.T) http.Handler {
	t.Helper()
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	train(t, r, "adult", "baseline", "income")
	trained(t, r, "pay", "baseline", "pay", func(p *pipeline.Pipeline) {
		p.Conformal = &calibration.Conformal{Coverage: 0.9, Low: []float64{-1.25}, High: []float64{2}}
	})
	promote(t, r, "pay", 1)
	return (&serving.Server{Registry: r}).Routes()
}

func TestOpenInferenceMetadata(t *testing.T) {
	h := openInferenceModels(t)
	const inputs = `"inputs":[{"name":"age","datatype":"FP64","shape":[-1]},{"name":"job/class","datatype":"BYTES","shape":[-1]},{"name":"member","datatype":"BOOL","shape":[-1]},{"name":"since","datatype":"BYTES","shape":[-1]}]`
	const classes = `"outputs":[{"name":"predict","datatype":"BYTES","shape":[-1]},{"name":"probabilities","datatype":"FP64","shape":[-1,2]},{"name":"classes","datatype":"BYTES","shape":[2]}]`
	for target, want := range map[string]string{
		"/v2":                               `{"name":"foretell","version":"2","extensions":[]}`,
		"/v2/health/live":                   `{"live":true}`,
		"/v2/health/ready":                  `{"ready":true}`,
		"/v2/models/adult":                  `{"name":"adult","versions":["1"],"platform":"foretell",` + inputs + "," + classes + "}",
		"/v2/models/adult/versions/2":       `{"name":"adult","versions":["2"],"platform":"foretell",` + inputs + "," + classes + "}",
		"/v2/models/pay":                    `{"name":"pay","versions":["1"],"platform":"foretell",` + inputs + `,"outputs":[{"name":"predict","datatype":"FP64","shape":[-1]},{"name":"interval","datatype":"FP64","shape":[-1,2]}]}`,
		"/v2/models/adult/ready":            `{"name":"adult","ready":true}`,
		"/v2/models/adult/versions/2/ready": `{"name":"adult","ready":true}`,
	} {
		if w := get(h, target); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
	for target, want := range map[string]gateway.Type{
		"/v2/models/wine":                     gateway.ModelNotFound,
		"/v2/models/adult/versions/7/ready":   gateway.VersionNotFound,
		"/v2/models/adult/versions/one/ready": gateway.VersionNotFound,
	} {
		w := get(h, target)
		var p gateway.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !errors.Is(p, want.New("")) || p.Message != want.Title+": "+p.Detail {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// TestOpenInference: tensors give what the same rows as JSON give, bit for bit.
func TestOpenInference(t *testing.T) {
	h := openInferenceModels(t)
	rows := `{"instances": [{"age": 43.5, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}, {"age": null, "job/class": "3.0", "member": false}]}`
	same := ask(t, h, "/v1/models/adult/predict", rows)
	const tensors = `"inputs": [
		{"name": "age", "shape": [2], "datatype": "FP64", "data": [43.5, null]},
		{"name": "since", "shape": [2, 1], "datatype": "BYTES", "data": ["2020-10-06T12:26:40Z", ""], "parameters": {"content_type": "str"}},
		{"name": "member", "shape": [2, 1], "datatype": "BOOL", "data": [[true], [0]]},
		{"name": "job/class", "shape": [2], "datatype": "BYTES", "data": ["State", "3.0"]}]`
	for _, target := range []string{"/v2/models/adult/infer", "/v2/models/adult/versions/1/infer"} {
		w := post(h, target, `{"id": "a-1", "parameters": {"trace": [1]}, `+tensors+`}`)
		var a struct {
			ModelName    string `json:"model_name"`
			ModelVersion string `json:"model_version"`
			ID           string
			Parameters   json.RawMessage
			Outputs      []struct {
				Name, DataType string
				Shape          []int
				Data           []json.RawMessage
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || len(a.Outputs) != 3 {
			t.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		if a.ModelName != "adult" || a.ModelVersion != "1" || a.ID != "a-1" || string(a.Parameters) != `{"trace":[1]}` {
			t.Errorf("%s: %s", target, w.Body)
		}
		for i, p := range same.Predictions {
			var class string
			var low, high float64
			for _, err := range []error{json.Unmarshal(a.Outputs[0].Data[i], &class), json.Unmarshal(a.Outputs[1].Data[2*i], &low), json.Unmarshal(a.Outputs[1].Data[2*i+1], &high)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			if class != *p.Class || low != p.Probabilities["<=50K"] || high != p.Probabilities[">50K"] {
				t.Errorf("%s, row %d: %s %v %v, want %+v", target, i+1, class, low, high, p)
			}
		}
	}
	for body, want := range map[string]string{
		`{` + tensors + `, "outputs": [{"name": "predict"}]}`:                              `"outputs":[{"name":"predict","datatype":"BYTES","shape":[2],"data":["<=50K","<=50K"]}]}`,
		`{` + tensors + `, "parameters": {"proba": false, "version": 2}}`:                  `"model_version":"2","parameters":{"proba":false,"version":2},"outputs":[{"name":"predict","datatype":"BYTES","shape":[2],"data":["<=50K","<=50K"]}]}`,
		`{"parameters": {"version": 2}, "outputs": [{"name": "classes"}],` + tensors + `}`: `{"name":"classes","datatype":"BYTES","shape":[2],"data":["<=50K",">50K"]}]}`,
	} {
		w := post(h, "/v2/models/adult/infer", body)
		if w.Code != http.StatusOK || !strings.Contains(strings.ReplaceAll(w.Body.String(), " ", ""), want) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	w := post(h, "/v2/models/pay/infer", `{`+tensors+`}`)
	if want := `"outputs":[{"name":"predict","datatype":"FP64","shape":[2],"data":[1.5,1.5]},{"name":"interval","datatype":"FP64","shape":[2,2],"data":[0.25,3.5,0.25,3.5]}]}`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("pay: %s", w.Body)
	}
}

// TestOpenInferenceMatrix: a model of numbers takes one tensor for all of them.
func TestOpenInferenceMatrix(t *testing.T) {
	var x, on, y []float64
	for i := range 50 {
		x, on, y = append(x, float64(i%7)), append(on, float64(i%2)), append(y, float64(i%7)*3+float64(i%2))
	}
	table, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x}, dataset.Column{Name: "on", Type: dataset.Boolean, Values: on})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: table, Y: y}, pipeline.Target{Name: "y", Type: dataset.Numeric, Task: dataset.Regression}, pipeline.Configuration{Learner: "linear"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := newRegistry(t)
	register(t, r, "line", p, table)
	promote(t, r, "line", 1)
	h := (&serving.Server{Registry: r}).Routes()
	want := ask(t, h, "/v1/models/line/predict", `{"instances": [{"x": 2, "on": 1}, {"x": 5, "on": false}]}`)
	for _, data := range []string{`[2, 1, 5, 0]`, `[[2, 1], [5, 0]]`} {
		w := post(h, "/v2/models/line/infer", `{"inputs": [{"name": "input-0", "datatype": "FP32", "shape": [2, 2], "data": `+data+`}]}`)
		var a struct{ Outputs []struct{ Data []float64 } }
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || len(a.Outputs) != 1 {
			t.Fatalf("%s: %s", data, w.Body)
		}
		for i, got := range a.Outputs[0].Data {
			if math.Float64bits(got) != math.Float64bits(*want.Predictions[i].Value) {
				t.Errorf("%s: row %d is %v, want %v", data, i+1, got, *want.Predictions[i].Value)
			}
		}
	}
	w := post(h, "/v2/models/line/infer", `{"inputs": [{"name": "input-0", "datatype": "FP32", "shape": [2, 2], "data": [2, 3, 5, 0]}]}`)
	if !strings.Contains(w.Body.String(), `"pointer":"/inputs/0/data/1","row":1,"column":"on"`) {
		t.Errorf("3 is no truth value: %s", w.Body)
	}
	w = post(h, "/v2/models/line/infer", `{"inputs": [{"name": "input-0", "datatype": "FP32", "shape": [1, 3], "data": [2, 3, 5]}]}`)
	if !strings.Contains(w.Body.String(), `has 3 columns, the model 2`) {
		t.Errorf("three columns: %s", w.Body)
	}
}

// TestOpenInferenceFaults: each has its place in the body.
func TestOpenInferenceFaults(t *testing.T) {
	h := openInferenceModels(t)
	for _, tt := range []struct {
		body    string
		want    gateway.Type
		pointer string
		detail  string
	}{
		{`{}`, gateway.InvalidInstances, "/inputs", "is missing"},
		{`[]`, gateway.InvalidJSON, "", "want an object"},
		{`{"inputs": [], "input": 1}`, gateway.InvalidJSON, "", `did you mean "inputs"`},
		{`{"inputs": [], "inputs": []}`, gateway.InvalidJSON, "", "appears twice"},
		{`{"inputs": {"age": [1]}}`, gateway.InvalidInstances, "/inputs", "want an array of rows, got an object"},
		{`{"inputs": []}`, gateway.InvalidInstances, "", "none of the model's columns"},
		{`{"inputs": [1]}`, gateway.InvalidInstances, "/inputs/0", "want a tensor, got a number"},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1], "dtype": 1}]}`, gateway.InvalidInstances, "/inputs/0/dtype", "is not known"},
		{`{"inputs": [{"shape": [1], "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/name", "is missing"},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FLOAT", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/datatype", `"FLOAT" is none of`},
		{`{"inputs": [{"name": "age", "shape": "1", "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/shape", "cannot be a string"},
		{`{"inputs": [{"name": "age", "shape": [-1], "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/shape", "want [rows]"},
		{`{"inputs": [{"name": "age", "shape": [1e9, 1000000000, 1000000000], "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/shape", "want [rows]"},
		{`{"inputs": [{"name": "age", "shape": [3], "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/data", "has 1 values, its shape [3] asks for 3"},
		{`{"inputs": [{"name": "age", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}]}`, gateway.InvalidInstances, "/inputs/0/shape", "the shape of a column"},
		{`{"inputs": [{"name": "age", "shape": [2], "datatype": "INT8", "data": [1, 300]}]}`, gateway.InvalidInstances, "/inputs/0/data/1", "300 is no INT8"},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "UINT64", "data": [-1]}]}`, gateway.InvalidInstances, "/inputs/0/data/0", "-1 is no UINT64"},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": ["1"]}]}`, gateway.InvalidInstances, "/inputs/0/data/0", "a string is no FP64"},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "BYTES", "data": ["old"]}]}`, gateway.InvalidInstances, "/inputs/0/data/0", `"old" is not a number`},
		{`{"inputs": [{"name": "aeg", "shape": [1], "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/0/name", `is not a column of the model`},
		{`{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [1, 2, 3, 4]}]}`, gateway.InvalidInstances, "/inputs/0/name", "needs a model of numbers"},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}}]}`, gateway.InvalidInstances, "/inputs/0/parameters", "binary tensors"},
		{`{"inputs": [{"name": "age", "shape": [2], "datatype": "FP64", "data": [1, 2]}, {"name": "member", "shape": [1], "datatype": "BOOL", "data": [true]}]}`, gateway.InvalidInstances, "/inputs/1/name", `has 1 values, and "age" has 2`},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}, {"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}]}`, gateway.InvalidInstances, "/inputs/1/name", `appears twice`},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}], "outputs": [{"name": "proba"}]}`, gateway.InvalidParameter, "/outputs/0/name", `there is no output "proba"`},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}], "parameters": {"proba": "no"}}`, gateway.InvalidParameter, "/parameters", `proba: want true or false, got a string`},
		{`{"inputs": [], "outputs": [{"name": "predict"}, {"name": "predict"}]}`, gateway.InvalidParameter, "/outputs", `the output "predict" is asked for twice`},
		{`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [` + strings.Repeat("1,", 40_000) + `1]}]}`, gateway.InvalidInstances, "", "more than 40000 values"},
	} {
		w := post(h, "/v2/models/adult/infer", tt.body)
		var p gateway.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !errors.Is(p, tt.want.New("")) || w.Code != tt.want.Status || !strings.Contains(w.Body.String(), strings.ReplaceAll(tt.detail, `"`, `\"`)) {
			t.Errorf("%s: %d %s", tt.body, w.Code, w.Body)
		}
		if tt.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != tt.pointer) || p.Message == "" {
			t.Errorf("%s: at %s, want %s", tt.body, w.Body, tt.pointer)
		}
	}
}

// TestOpenInferenceVersions: a path that names a version answers for no other.
func TestOpenInferenceVersions(t *testing.T) {
	h := openInferenceModels(t)
	const inputs = `"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}]`
	for target, body := range map[string]string{
		"/v2/models/adult/versions/1/infer":                `{"parameters": {"version": 2}, ` + inputs + `}`,
		"/v2/models/adult/versions/2/infer":                `{"parameters": {"alias": "champion"}, ` + inputs + `}`,
		"/v2/models/adult/versions/1/infer?version=2":      `{` + inputs + `}`,
		"/v2/models/adult/versions/2/infer?alias=champion": `{` + inputs + `}`,
	} {
		w := post(h, target, body)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "the path names version") {
			t.Errorf("%s %s: %d %s", target, body, w.Code, w.Body)
		}
	}
}

// TestOpenInferenceSelects: a version in the path is the only one that a request names.
func TestOpenInferenceSelects(t *testing.T) {
	h := openInferenceModels(t)
	digest := ask(t, h, "/v1/models/adult/predict?version=1", oneRow).Digest
	const body = `{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}]%s}`
	for _, tt := range []struct {
		path, more string
		code       int
	}{
		{"/v2/models/adult/infer", "", http.StatusOK},
		{"/v2/models/adult/infer?digest=" + digest, "", http.StatusOK},
		{"/v2/models/adult/versions/2/infer", "", http.StatusOK},
		{"/v2/models/adult/versions/2/infer?digest=" + digest, "", http.StatusBadRequest},
		{"/v2/models/adult/versions/2/infer?alias=champion", "", http.StatusBadRequest},
		{"/v2/models/adult/versions/2/infer", `, "parameters": {"version": 1}`, http.StatusBadRequest},
		{"/v2/models/adult/infer?version=1", `, "parameters": {"version": 1}`, http.StatusBadRequest},
	} {
		if w := post(h, tt.path, fmt.Sprintf(body, tt.more)); w.Code != tt.code {
			t.Errorf("%s %s: %d %s", tt.path, tt.more, w.Code, w.Body)
		}
	}
	for path, code := range map[string]int{
		"/v2/models/adult?digest=" + digest: http.StatusOK, "/v2/models/adult/versions/2?digest=" + digest: http.StatusBadRequest,
		"/v2/models/adult/ready?version=99": http.StatusNotFound, "/v2/models/adult/versions/2/ready?alias=champion": http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != code {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
