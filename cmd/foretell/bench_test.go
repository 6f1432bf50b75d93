//go:build linux || darwin

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// BenchmarkPredict measures a warm prediction from HTTP request to answer: the front, the
// Runtime API, the shipped binary, and its read of the alias in S3.
func BenchmarkPredict(b *testing.B) {
	w := newWorld(b)
	for _, rows := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			body := []byte(`{"instances":[` + row)
			for range rows - 1 {
				body = append(body, ","+row...)
			}
			body = append(body, "]}"...)
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if _, err := w.api.send(context.Background(), "POST", "/v1/models/penguins/predict", body); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(float64(median(took).Microseconds()), "p50-µs")
		})
	}
}

// BenchmarkInit measures the predict function from process start to first poll: each
// invocation is the first of a new cloud.
func BenchmarkInit(b *testing.B) {
	dir := cloudDir(b)
	var took []time.Duration
	for b.Loop() {
		w := openWorld(b, dir)
		if _, err := w.cloud.Invoke(context.Background(), "predict", []byte(`{"httpMethod":"GET","path":"/"}`)); err != nil {
			b.Fatal(err)
		}
		took = append(took, w.cloud.InitDurations("predict")...)
		if err := w.cloud.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(median(took).Microseconds()), "init-p50-µs")
}

// BenchmarkFirstPrediction measures what the first request waits for that finds no process: from the
// start of the predict function's to its answer, the artifact read from S3, checked and predicted with. first
// is that, of which init goes until the first poll; load is what the first request takes longer than the
// second, S3 included; decode is the artifact read from memory and checked, in this process, as often.
func BenchmarkFirstPrediction(b *testing.B) {
	for _, size := range []struct {
		name  string
		trees int
	}{{"1MB", 360}, {"50MB", 44}} {
		b.Run("artifact="+size.name, func(b *testing.B) {
			artifact := sized(b, size.trees)
			dir := cloudDir(b)
			keep(b, openWorld(b, dir), artifact)
			var first, init, load, decode []time.Duration
			for b.Loop() {
				w := openWorld(b, dir)
				if _, err := (&registry.Registry{Store: w.store}).Artifact(b.Context(), "sized", registry.Digest(artifact)); err != nil {
					b.Fatal(err) // S3 itself has started
				}
				took := w.predict(b)
				again := w.predict(b)
				until := w.cloud.InitDurations("predict")[0]
				first, init, load = append(first, took), append(init, until), append(load, took-until-again)
				began := time.Now()
				if _, err := pipeline.Decode(artifact); err != nil {
					b.Fatal(err)
				}
				decode = append(decode, time.Since(began))
				if err := w.cloud.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(artifact))/1e6, "MB")
			for name, of := range map[string][]time.Duration{"first": first, "init": init, "load": load, "decode": decode} {
				b.ReportMetric(float64(median(of).Microseconds()), name+"-p50-µs")
			}
		})
	}
}

// keep registers an artifact as the champion of the model "sized", and closes the world.
func keep(b *testing.B, w world, artifact []byte) {
	b.Helper()
	r := &registry.Registry{Store: w.store}
	m, err := r.Register(b.Context(), "sized", artifact, registry.Manifest{Run: "bench", Target: "y"})
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := r.SetAlias(b.Context(), "sized", registry.Champion, registry.Alias{Version: m.Version}, registry.Condition{Absent: true}); err != nil {
		b.Fatal(err)
	}
	if err := w.cloud.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// predict asks the predict function for a prediction of the model "sized", and returns how long that took.
func (w world) predict(b *testing.B) time.Duration {
	b.Helper()
	const event = `{"httpMethod":"POST","path":"/v1/models/sized/predict","headers":{"Content-Type":"application/json"},"body":"{\"instances\":[[1,2,3,4,5,6,7,8]]}"}`
	began := time.Now()
	out, err := w.cloud.Invoke(b.Context(), "predict", []byte(event))
	took := time.Since(began)
	var answer struct{ StatusCode int }
	if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s, %v", out, err)
	}
	return took
}

// sized is an artifact of so many trees: up to 150 as deep as 20,000 rows of noise make them, more of 31
// leaves.
func sized(b *testing.B, trees int) []byte {
	b.Helper()
	c := pipeline.Configuration{Learner: "forest", Params: map[string]any{"trees": trees}}
	if trees > 150 {
		c = pipeline.Configuration{Learner: "boosting", Params: map[string]any{"rounds": trees, "leaves": 31}}
	}
	random := rand.New(rand.NewPCG(1, 2))
	columns, y := make([]dataset.Column, 8), make([]float64, 20_000)
	for j := range columns {
		columns[j] = dataset.Column{Name: fmt.Sprint("x", j), Type: dataset.Numeric, Values: make([]float64, len(y))}
		for i := range y {
			columns[j].Values[i] = 10 * random.Float64()
			y[i] += columns[j].Values[i] * random.Float64()
		}
	}
	inputs, err := dataset.NewTable(columns...)
	if err != nil {
		b.Fatal(err)
	}
	target := pipeline.Target{Name: "y", Type: dataset.Numeric, Task: dataset.Regression}
	p, err := pipeline.Fit(b.Context(), pipeline.Data{Inputs: inputs, Y: y}, target, c, 1)
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Finish(b.Context(), inputs, pipeline.Lineage{}); err != nil {
		b.Fatal(err)
	}
	artifact, err := p.Encode()
	if err != nil {
		b.Fatal(err)
	}
	return artifact
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
