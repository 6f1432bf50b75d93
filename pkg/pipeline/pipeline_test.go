package pipeline

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

const data = "../../testdata/"

// set is a data set of testdata with the configurations that suit it.
type set struct {
	file, target string
	task         dataset.Task
	learners     []string
}

var sets = []set{
	{"penguins.csv", "species", "", []string{"baseline", "logistic", "boosting"}},
	{"adult.csv", "income", "", []string{"logistic"}},
	{"wine-quality-white.csv", "quality", dataset.Regression, []string{"baseline", "linear", "boosting"}},
}

// read returns the inputs and targets of a data set.
func (s set) read(t testing.TB) (*dataset.Table, Target, []float64, dataset.Digest) {
	t.Helper()
	parts, err := dataset.Files(data + s.file)
	if err != nil {
		t.Fatal(err)
	}
	table, digest, err := dataset.ReadCSV(context.Background(), parts, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	target, err := NewTarget(table.Column(s.target), s.task)
	if err != nil {
		t.Fatal(err)
	}
	return table.Without(s.target), target, target.Values(table.Column(s.target)), digest
}

// finished fits and finishes a pipeline.
func (s set) finished(t testing.TB, learner string) (*Pipeline, *dataset.Table) {
	t.Helper()
	inputs, target, y, digest := s.read(t)
	c := Configuration{Learner: learner}
	if learner == "boosting" {
		c.Params = map[string]any{"rounds": 5.0}
	}
	p, err := Fit(context.Background(), Data{Inputs: inputs, Y: y}, target, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	lineage := Lineage{Data: digest, Rows: len(y), Metric: "none", Seed: 1}
	if err := p.Finish(context.Background(), inputs, lineage); err != nil {
		t.Fatal(err)
	}
	return p, inputs
}

func TestArtifactPredictsTheSame(t *testing.T) {
	for _, s := range sets {
		for _, learner := range s.learners {
			p, inputs := s.finished(t, learner)
			artifact, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Decode(artifact)
			if err != nil {
				t.Fatalf("%s, %s: %v", s.file, learner, err)
			}
			want, err := p.Predict(inputs)
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.Predict(inputs)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
					t.Fatalf("%s, %s: prediction %d is %v after loading, %v before", s.file, learner, i, got[i], want[i])
				}
			}
			second, err := again.Encode()
			if err != nil || !bytes.Equal(artifact, second) {
				t.Errorf("%s, %s: stored again it has other bytes (%v)", s.file, learner, err)
			}
		}
	}
}

// TestGoldenRowsCatchAChange changes one number of the model at a time: each changes the
// file, and those that matter to the golden rows are refused.
func TestGoldenRowsCatchAChange(t *testing.T) {
	p, _ := sets[2].finished(t, "linear")
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	caught := 0
	for name, tensor := range file.Tensors {
		if !strings.HasPrefix(name, membersPrefix) || tensor.DType != safetensors.F64 {
			continue
		}
		values, err := tensor.F64()
		if err != nil {
			t.Fatal(err)
		}
		values[0] += 0.5
		file.Tensors[name] = safetensors.FromF64(values, tensor.Shape...)
		broken, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(broken); err == nil || !strings.Contains(err.Error(), "golden") {
			t.Errorf("%s changed and Decode said %v", name, err)
		}
		caught++
		file.Tensors[name] = tensor
	}
	if caught == 0 {
		t.Fatal("no tensor was changed")
	}
}

func TestDecodeRefuses(t *testing.T) {
	p, _ := sets[0].finished(t, "logistic")
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*safetensors.File){
		"no format":       func(f *safetensors.File) { delete(f.Metadata, "format") },
		"a later format":  func(f *safetensors.File) { f.Metadata["format"] = "foretell-2" },
		"no header":       func(f *safetensors.File) { delete(f.Metadata, "pipeline") },
		"no encoder":      func(f *safetensors.File) { f.Metadata["pipeline"] = "{}" },
		"no profile":      func(f *safetensors.File) { delete(f.Metadata, "profile") },
		"no golden rows":  func(f *safetensors.File) { delete(f.Metadata, "golden.schema") },
		"few predictions": func(f *safetensors.File) { f.Tensors[goldenPredictions] = safetensors.FromF64([]float64{1}) },
		"other learner": func(f *safetensors.File) {
			f.Metadata["pipeline"] = strings.Replace(f.Metadata["pipeline"], `"learner":"logistic"`, `"learner":"oracle"`, 1)
		},
		"fewer columns": func(f *safetensors.File) {
			f.Metadata["pipeline"] = strings.Replace(f.Metadata["pipeline"], `"levels":["Biscoe","Dream","Torgersen"]}`, `"levels":["Biscoe"]}`, -1)
		},
		"schema without a column": func(f *safetensors.File) {
			f.Metadata["pipeline"] = strings.Replace(f.Metadata["pipeline"], `{"name":"year","type":"numeric"}`, `{"name":"yeah","type":"numeric"}`, 1)
		},
		"unsorted levels": func(f *safetensors.File) {
			f.Metadata["pipeline"] = strings.Replace(f.Metadata["pipeline"], `"type":"categorical","levels":["Biscoe","Dream","Torgersen"]`, `"type":"categorical","levels":["Dream","Biscoe","Torgersen"]`, 1)
		},
		"no model tensors": func(f *safetensors.File) {
			for name := range f.Tensors {
				if strings.HasPrefix(name, membersPrefix) {
					delete(f.Tensors, name)
				}
			}
		},
	} {
		file, err := safetensors.Decode(artifact)
		if err != nil {
			t.Fatal(err)
		}
		change(file)
		broken, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(broken, artifact) {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := Decode(broken); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for n := 0; n < len(artifact); n += 97 {
		if _, err := Decode(artifact[:n]); err == nil {
			t.Errorf("the first %d bytes were accepted", n)
		}
	}
}

func TestFreeTextStaysOutOfTheArtifact(t *testing.T) {
	secret := dataset.Column{Name: "note", Type: dataset.Text, Levels: []string{"call 555-0199", "call nobody"}, Codes: []int32{0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1}}
	inputs, err := dataset.NewTable(secret)
	if err != nil {
		t.Fatal(err)
	}
	target := Target{Name: "y", Type: dataset.Numeric, Task: dataset.Regression}
	y := []float64{9, 1, 9, 9, 1, 9, 1, 1, 9, 1, 9, 1}
	p, err := Fit(context.Background(), Data{Inputs: inputs, Y: y}, target, Configuration{Learner: "linear"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Finish(context.Background(), inputs, Lineage{}); err != nil {
		t.Fatal(err)
	}
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(artifact, []byte("555-0199")) {
		t.Error("the artifact holds what somebody wrote")
	}
	again, err := Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	// And yet it knows what the words mean, of rows as serving builds them.
	b := again.Schema.Builder()
	for _, note := range []string{"please call 555-0199", "there is nobody"} {
		b.AddRow()
		if err := b.Text(0, note); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := again.Predict(b.Table()); err != nil || !(got[0] > 6 && got[1] < 4) {
		t.Errorf("predicted %v, %v; want near 9 and 1", got, err)
	}
}

// TestFinishRefuses a model whose predictions no client could be sent.
func TestFinishRefuses(t *testing.T) {
	p, inputs := sets[0].finished(t, "baseline")
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		p.Members[0].Model = diverged{p.Members[0].Model, v}
		if err := p.Finish(context.Background(), inputs, Lineage{}); err == nil || !strings.Contains(err.Error(), "row 1 of") {
			t.Errorf("predicting %v: %v", v, err)
		}
	}
}

type diverged struct {
	model.Model
	v float64
}

func (d diverged) Predict(dst []float64, x *dataset.Matrix) {
	for i := range dst {
		dst[i] = d.v
	}
}

func TestTargets(t *testing.T) {
	label := dataset.Column{Name: "y", Type: dataset.Categorical, Levels: []string{"no", "yes"}, Codes: []int32{1, -1, 0}}
	target, err := NewTarget(&label, "")
	if err != nil || target.Task != dataset.Binary || target.Outputs() != 2 {
		t.Fatalf("got %+v, %v", target, err)
	}
	if y := target.Values(&label); y[0] != 1 || !math.IsNaN(y[1]) || y[2] != 0 {
		t.Errorf("values %v", y)
	}
	if _, err := NewTarget(&label, dataset.Regression); err == nil || !strings.Contains(err.Error(), "numbers") {
		t.Errorf("regression on texts: %v", err)
	}
	number := dataset.Column{Name: "y", Type: dataset.Numeric, Values: []float64{2, 10, math.Inf(1), math.NaN()}}
	target, err = NewTarget(&number, dataset.Regression)
	if err != nil {
		t.Fatal(err)
	}
	if y := target.Values(&number); y[1] != 10 || !math.IsNaN(y[2]) || !math.IsNaN(y[3]) {
		t.Errorf("values %v", y)
	}
}
