package pipeline

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// three are configurations of two encodings: logistic and mlp want the same.
var three = []Configuration{
	{Learner: "logistic"},
	{Learner: "boosting", Params: map[string]any{"rounds": 5.0}},
	{Learner: "mlp", Params: map[string]any{"epochs": 2.0}},
}

// together is a finished pipeline of three members of the penguins, calibrated.
func together(t *testing.T) (*Pipeline, *dataset.Table) {
	t.Helper()
	inputs, target, y, _ := sets[0].read(t)
	p, err := FitMembers(t.Context(), Data{Inputs: inputs, Y: y}, target, three, []float64{3, 4, 1}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	p.Calibration = &calibration.Calibration{Method: calibration.Temperature, Outputs: 3, Inverse: 1.25}
	if err := p.Finish(t.Context(), inputs, Lineage{Metric: "none"}); err != nil {
		t.Fatal(err)
	}
	return p, inputs
}

// TestMembersPredictTheirMean: a pipeline of several predicts, to the bit, the weighted sum of
// pipelines of one, and encodes once for the two that ask for the same.
func TestMembersPredictTheirMean(t *testing.T) {
	inputs, target, y, _ := sets[0].read(t)
	p, _ := together(t)
	p.Calibration = nil
	if p.Members[0].Encoder != p.Members[2].Encoder || p.Members[0].Encoder == p.Members[1].Encoder {
		t.Error("want one encoder for logistic and mlp, another for boosting")
	}
	want := make([]float64, 3*inputs.Rows())
	for i, c := range three {
		alone, err := Fit(t.Context(), Data{Inputs: inputs, Y: y}, target, c, 1)
		if err != nil {
			t.Fatal(err)
		}
		of, err := alone.Predict(inputs)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range of {
			want[j] += float64([]float64{0.375, 0.5, 0.125}[i] * v)
		}
	}
	got, err := p.Predict(inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("prediction %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestArtifactOfMembersPredictsTheSame(t *testing.T) {
	p, inputs := together(t)
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	if again.Members[0].Encoder != again.Members[2].Encoder {
		t.Error("loaded, equal encoders are two")
	}
	want, _ := p.Predict(inputs)
	got, err := again.Predict(inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("prediction %d is %v after loading, %v before", i, got[i], want[i])
		}
	}
	if second, err := again.Encode(); err != nil || !bytes.Equal(artifact, second) {
		t.Errorf("stored again it has other bytes (%v)", err)
	}
}

// TestJoin: the folds' pipelines count the same each, and one that saw other columns is refused.
func TestJoin(t *testing.T) {
	inputs, target, y, _ := sets[0].read(t)
	var parts []*Pipeline
	for f := range 2 {
		var rows []int
		var values []float64
		for i := f; i < len(y); i += 2 {
			rows, values = append(rows, i), append(values, y[i])
		}
		part, err := FitMembers(t.Context(), Data{Inputs: inputs.Select(rows), Y: values}, target, three[:2], []float64{1, 3}, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	joined, err := Join(parts)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.125, 0.375, 0.125, 0.375} {
		if got := joined.Members[i].Weight; got != want {
			t.Errorf("member %d weighs %v, want %v", i+1, got, want)
		}
	}
	if parts[0].Members[0].Weight != 0.25 {
		t.Error("joining changed what was joined")
	}
	got, err := joined.Predict(inputs)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := parts[0].Predict(inputs)
	b, _ := parts[1].Predict(inputs)
	for i := range got {
		if math.Abs(got[i]-(a[i]+b[i])/2) > 1e-15 { // sums of four against two of two
			t.Fatalf("prediction %d is %v, want the mean of %v and %v", i, got[i], a[i], b[i])
		}
	}
	other, err := Fit(t.Context(), Data{Inputs: inputs.Without("year"), Y: y}, target, three[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Join([]*Pipeline{parts[0], other}); err == nil || !strings.Contains(err.Error(), "number 2") {
		t.Errorf("a part of fewer columns: %v", err)
	}
	if _, err := Join(nil); err == nil {
		t.Error("nothing was joined")
	}
}

// TestDecodeRefusesMembers: an artifact that was tampered with is refused, and the error says where.
func TestDecodeRefusesMembers(t *testing.T) {
	p, _ := together(t)
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{`"weight":0.125`, `"weight":0`, "member 3: weight"},
		{`"weight":0.125`, `"weight":-0.125`, "member 3: weight"},
		{`"weight":0.125`, `"weight":0.25`, "weights sum to 1.125"},
		{`"weight":0.5,"encoder":1`, `"weight":0.5,"encoder":2`, "member 2: encoder 3 of 2"},
		{`"weight":0.5,"encoder":1`, `"weight":0.5,"encoder":-1`, "member 2: encoder 0 of 2"},
		{`"weight":0.5,"encoder":1`, `"weight":0.5,"encoder":0`, "encoder 2 is of no member"},
		{`"encoders":[`, `"encoders":[null,`, "encoder 1 is missing"},
		{`"inverse":1.25`, `"inverse":-1`, "calibration"},
		{`"inverse":1.25`, `"inverse":1.5`, "golden rows"},
		{`"calibration":`, `"conformal":{"coverage":0.9,"low":[-1],"high":[1]},"calibration":`, "conformal intervals of multiclass"},
		{`"calibration":`, `"conformal":{"coverage":0.9,"low":[-1],"high":[]},"calibration":`, "conformal intervals: 1 lower and 0 upper"},
		{`"calibration":`, `"decision":{},"calibration":`, "decision: want a threshold or costs"},
		{`"calibration":`, `"decision":{"threshold":0.5},"calibration":`, "decision: a threshold for 3"},
		{`"calibration":`, `"decision":{"costs":[[0,1],[1,0]]},"calibration":`, "decision: costs of 2 classes for 3"},
		{`"method":"temperature","outputs":3`, `"method":"temperature","outputs":2`, "calibration of 2 classes"},
		{`"learner":"mlp","params":{"epochs":2},"weight":0.125`, `"learner":"mlp","params":{"epochs":2},"weight":1e999`, "header"},
	} {
		file, err := safetensors.Decode(artifact)
		if err != nil {
			t.Fatal(err)
		}
		before := file.Metadata["pipeline"]
		file.Metadata["pipeline"] = strings.Replace(before, c.from, c.to, 1)
		if file.Metadata["pipeline"] == before {
			t.Errorf("%s: not in the header: %s", c.from, before)
		}
		broken, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(broken); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: got %v, want %q", c.to, c.from, err, c.want)
		}
	}
	file, err := safetensors.Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	for name, tensor := range file.Tensors { // of member 2, as that of member 02
		if rest, is := strings.CutPrefix(name, memberPrefix(1)); is {
			delete(file.Tensors, name)
			file.Tensors[membersPrefix+"01."+rest] = tensor
		}
	}
	broken, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(broken); err == nil || !strings.Contains(err.Error(), "member 2") {
		t.Errorf("tensors of no member: %v", err)
	}
	if _, err := Decode(many(t, artifact)); err == nil || !strings.Contains(err.Error(), "1001 members") {
		t.Errorf("1001 members: %v", err)
	}
}

// many is the artifact with a thousand more members.
func many(t *testing.T, artifact []byte) []byte {
	t.Helper()
	file, err := safetensors.Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	file.Metadata["pipeline"] = strings.Replace(file.Metadata["pipeline"], `"members":[`, `"members":[`+strings.Repeat(`{},`, 998), 1)
	b, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestMembersWithFeatures: members share an encoder only if they also ask for the same of columns.
func TestMembersWithFeatures(t *testing.T) {
	inputs, target, y, _ := sets[0].read(t)
	asked := Features{"island": feature.TargetMean}
	cs := []Configuration{{Learner: "logistic"}, {Learner: "logistic", Features: asked}, {Learner: "mlp", Params: map[string]any{"epochs": 1.0}, Features: asked}}
	p, err := FitMembers(t.Context(), Data{Inputs: inputs, Y: y}, target, cs, []float64{1, 1, 1}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p.Members[0].Encoder == p.Members[1].Encoder || p.Members[1].Encoder != p.Members[2].Encoder {
		t.Error("want one encoder by facts, and one as configured for two")
	}
	if names := p.Members[1].Encoder.Names(); !slices.Contains(names, "island mean of class 1") || slices.Contains(names, "island=Dream") {
		t.Errorf("columns %q", names)
	}
}
