//go:build linux || darwin

package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
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

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
