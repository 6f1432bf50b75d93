package serving_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestValidate: a dry run has the warnings and problems of predict, and no predictions.
func TestValidate(t *testing.T) {
	r, _ := newRegistry(t)
	_, m := train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	for _, f := range census2 {
		w := send(h, "/v1/models/adult/validate", f.media, f.body)
		var a serving.Validation
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || a.Rows != 2 || a.Model != "adult" || a.Version != 1 || a.Digest != m.Digest || a.Alias != "champion" {
			t.Errorf("%s: %d %s", f.name, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "predictions") {
			t.Errorf("%s: %s", f.name, w.Body)
		}
	}
	for _, body := range []string{`{"instances": [{"age": "x"}]}`, `{"instances": []}`, `{"instances": [`, ``, `{"instances": [{"age": 130, "job/class": "new"}]}`} {
		said, predicted := post(h, "/v1/models/adult/validate", body), post(h, "/v1/models/adult/predict", body)
		var a, b struct {
			Type     string
			Detail   string
			Errors   []gateway.FieldError
			Warnings []serving.Warning
		}
		if json.Unmarshal(said.Body.Bytes(), &a) != nil || json.Unmarshal(predicted.Body.Bytes(), &b) != nil || said.Code != predicted.Code {
			t.Fatalf("%s: %s and %s", body, said.Body, predicted.Body)
		}
		x, _ := json.Marshal(a)
		if y, _ := json.Marshal(b); !bytes.Equal(x, y) {
			t.Errorf("%s: %s, and predict says %s", body, x, y)
		}
	}
}

// TestSchema: what is valid by the schema of a model is predicted, and what it refuses is not.
func TestSchema(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	w := get(h, "/v1/models/adult/schema")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/schema+json" || w.Header().Get(serving.HeaderVersion) != "1" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:test", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("urn:test")
	if err != nil {
		t.Fatal(err)
	}
	for body, valid := range map[string]bool{
		`{"instances": [{"age": 43.5, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z"}]}`: true,
		`{"instances": [[43.5, "State", true, null]], "explain": true, "version": 1}`:                           true,
		`{"instances": [{"age": null}], "extra": "ignore"}`:                                                     true,
		`{"instances": [{"job/class": 3.0}]}`:                                                                   true,
		`{"instances": [{"age": 30}], "digest": "` + w.Header().Get(serving.HeaderDigest) + `"}`:                true,
		`{"instances": [{"age": 30}], "digest": "digest"}`:                                                      false,
		`{"instances": []}`:                            false,
		`{"instances": [{}]}`:                          false,
		`{"instances": [{"aeg": 1}]}`:                  false,
		`{"instances": [{"age": [1]}]}`:                false,
		`{"instances": [[1, 2]]}`:                      false,
		`{"instances": [{"age": 1}], "extra": "drop"}`: false,
		`{"instances": [{"age": 1}], "expalin": true}`: false,
		`{}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != valid {
			t.Errorf("%s: %v", body, err)
		}
		if w := post(h, "/v1/models/adult/predict", body); (w.Code == http.StatusOK) != valid {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	for _, part := range []string{
		`"age":{"type":["number","null"],"description":"In training from 20 to 79.","examples":[49.5],"x-foretell":{"type":"numeric","missing_in_training":0,"min":20,"max":79,"median":49.5,"integers":true}}`,
		`"examples":["3.0","Private","State"]`, `"format":"date-time"`,
	} {
		if !strings.Contains(strings.ReplaceAll(w.Body.String(), "\n", ""), part) {
			t.Errorf("no %s in %s", part, w.Body)
		}
	}
	if w := get(h, "/v1/models/adult/schema?version=7"); w.Code != http.StatusNotFound {
		t.Errorf("version 7: %d %s", w.Code, w.Body)
	}
}

func TestOpenAPIOfAModel(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	train(t, r, "pay", "boosting", "pay")
	promote(t, r, "pay", 1)
	h := (&serving.Server{Registry: r}).Routes()
	for model, property := range map[string]string{"adult": "probabilities", "pay": "interval"} {
		w := get(h, "/v1/models/"+model+"/openapi.json")
		document, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %v %s", w.Code, err, w.Body)
		}
		if err := document.Validate(t.Context()); err != nil {
			t.Errorf("%s: %v", model, err)
		}
		if document.Paths.Find("/v1/models/"+model+"/predict") == nil || document.Components.Schemas["Prediction"].Value.Properties[property] == nil {
			t.Errorf("%s: %s", model, w.Body)
		}
		var row map[string]any
		if err := json.Unmarshal([]byte(`{"age": 43.5, "job/class": "State", "member": null, "since": "2020-10-06T12:26:40Z"}`), &row); err != nil {
			t.Fatal(err)
		}
		if err := document.Components.Schemas["Row"].Value.VisitJSON(row); err != nil {
			t.Errorf("%s: %v", model, err)
		}
		row["age"] = "old"
		if err := document.Components.Schemas["Row"].Value.VisitJSON(row); err == nil {
			t.Errorf("%s: a text is no age", model)
		}
	}
}

// TestRedact: nothing that a client sent is said, whatever is wrong or odd about it.
func TestRedact(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r, Redact: true}).Routes()
	open := (&serving.Server{Registry: r}).Routes()
	told := 0
	for _, tt := range []struct{ target, media, body string }{
		{"predict", "application/json", `{"instances": [{"age": "secret"}, {"member": 77177}, {"since": 77177}, {"age": 77177e999}]}`},
		{"predict", "application/json", `{"instances": [{"secret": 1}]}`},
		{"predict?extra=ignore", "application/json", `{"instances": [{"secret": 1, "age": 30}]}`},
		{"predict", "application/json", `{"instances": [{"job/class": "secret", "age": 77177}, {"age": "77177"}]}`},
		{"predict", "application/json", `{"instances": [secret]}`},
		{"predict", "application/json", `{"inputs": {"age": ["secret"]}}`},
		{"predict", "application/json", `{"dataframe_split": {"columns": ["age", "secret"], "data": [[1, 2]]}}`},
		{"predict", "application/json", `{"secret": 1}`},
		{"predict", "text/csv", "age,secret\n1,2\n"},
		{"predict?extra=ignore", "text/csv", "age,secret,secret\n1,2,2\n"},
		{"predict", "text/csv", "age,member\n1,secret\n"},
		{"predict", "application/jsonlines", `{"age": 1, "secret": 77177}` + "\n" + `[secret]`},
		{"validate", "application/json", `{"instances": [{"age": "secret"}]}`},
		{"predict", "application/json", `{"dataframe_split": {"columns": ["age"], "data": [[1]], "secret": 1}}`},
		{"predict", "application/json", `{"inputs": {"secret": 1}}`},
		{"predict", "application/json", `{"inputs": {"secret": [1], "age": [1, 2]}}`},
		{"predict", "application/json", `{"secret": 1, "secret": 2, "instances": [{"age": 30}]}`},
		{"predict?secret=1", "application/json", `{"instances": [{"age": 30}]}`},
		{"predict?version=secret", "application/json", `{"instances": [{"age": 30}]}`},
		{"predict?digest=secret", "application/json", `{"instances": [{"age": 30}]}`},
		{"predict?alias=secret%20secret", "application/json", `{"instances": [{"age": 30}]}`},
		{"predict?extra=secret", "application/json", `{"instances": [{"age": 30}]}`},
		{"predict?proba=secret", "application/json", `{"instances": [{"age": 30}]}`},
		{"predict?header=secret", "text/csv", "age\n30\n"},
	} {
		for redacted, host := range map[bool]http.Handler{true: h, false: open} {
			w := send(host, "/v1/models/adult/"+tt.target, tt.media, tt.body)
			said := strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "77177")
			if said && !redacted {
				told++
			}
			if redacted && (said || w.Code == http.StatusOK && !strings.Contains(w.Body.String(), "warnings")) {
				t.Errorf("%s: %d %s", tt.body, w.Code, w.Body)
			}
		}
	}
	if told < 20 {
		t.Errorf("only %d of the answers tell it otherwise", told)
	}
	for _, body := range []string{
		`{"inputs": [{"name": "age", "shape": [1], "datatype": "INT8", "data": [77177]}]}`,
		`{"inputs": [{"name": "age", "shape": [1], "datatype": "secret", "data": [1]}]}`,
		`{"inputs": [{"name": "secret", "shape": [1], "datatype": "FP64", "data": [1]}, {"name": "age", "shape": [1], "datatype": "FP64", "data": [1]}]}`,
		`{"inputs": [{"name": "secret", "shape": [2, 3], "datatype": "FP64", "data": [1]}]}`,
		`{"inputs": [{"name": "age", "secret": 1, "shape": [1], "datatype": "FP64", "data": [1]}]}`,
		`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [30]}], "outputs": [{"name": "secret"}]}`,
		`{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [30]}], "outputs": [{"name": "secret"}, {"name": "secret"}]}`,
		`{"secret": 1, "secret": 2}`,
	} {
		if w := send(h, "/v2/models/adult/infer", "application/json", body); w.Code < 400 || w.Code >= 500 || strings.Contains(w.Body.String(), "77177") || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// TestReasons: base and contributions sum to the score, and that is the prediction's.
func TestReasons(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	trained(t, r, "pay", "linear", "pay", func(p *pipeline.Pipeline) {
		p.Conformal = &calibration.Conformal{Coverage: 0.9, Low: []float64{-1.25}, High: []float64{2}}
	})
	promote(t, r, "pay", 1)
	h := (&serving.Server{Registry: r}).Routes()
	type answer struct {
		Predictions []struct {
			Value         float64
			Interval      []float64
			Probabilities map[string]float64
			Reasons       struct {
				Scale, Method, Class string
				Base, Score          float64
				Contributions        map[string]float64
			}
		}
	}
	for model, scale := range map[string]string{"adult": "log_odds", "pay": "prediction"} {
		for target, body := range map[string]string{"?explain=true": `{"instances": [{"age": 43, "job/class": "State"}, {"age": 70}]}`, "?proba=true": `{"explain": true, "instances": [{"age": 43, "job/class": "State"}, {"age": 70}]}`} {
			w := post(h, "/v1/models/"+model+"/predict"+target, body)
			var a answer
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || len(a.Predictions) != 2 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for i, p := range a.Predictions {
				sum, want := p.Reasons.Base, p.Value
				for _, v := range p.Reasons.Contributions {
					sum += v
				}
				if model == "adult" {
					chance := p.Probabilities[">50K"]
					want = math.Log(chance / (1 - chance))
				}
				if p.Reasons.Scale != scale || p.Reasons.Method != "exact" || len(p.Reasons.Contributions) != 4 || math.Abs(sum-p.Reasons.Score) > 1e-9 || math.Abs(p.Reasons.Score-want) > 1e-6 {
					t.Errorf("%s, row %d: %+v, want %v", model, i+1, p.Reasons, want)
				}
			}
		}
		w := send(h, "/v1/models/"+model+"/predict?explain=true&proba=false&intervals=false", "text/csv", "age\n43\n", "Accept", "text/csv")
		if !strings.Contains(w.Body.String(), ",score,base,by(age),by(job/class),by(member),by(since)\n") {
			t.Errorf("%s: %s", model, w.Body)
		}
		w = post(h, "/v2/models/"+model+"/infer", `{"parameters": {"explain": true}, "outputs": [{"name": "contributions"}, {"name": "base"}], "inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [43]}]}`)
		if !strings.Contains(w.Body.String(), `{"name":"contributions","datatype":"FP64","shape":[1,4],"data":[`) {
			t.Errorf("%s: %s", model, w.Body)
		}
	}
	w := post(h, "/v1/models/pay/predict", `{"explain": true, "instances": [`+strings.Repeat(`{"age": 30},`, serving.MaxExplained)+`{"age": 30}]}`)
	var p gateway.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !errors.Is(p, gateway.InvalidInstances.New("")) || !strings.Contains(p.Detail, "at most 1000") {
		t.Errorf("%d %.300s", w.Code, w.Body)
	}
	w = post(h, "/v1/models/pay/predict?intervals=false", `{"instances": [{"age": 30}]}`)
	if strings.Contains(w.Body.String(), "interval") || strings.Contains(w.Body.String(), "coverage") {
		t.Errorf("without intervals: %s", w.Body)
	}
}
