//go:build linux || darwin

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
)

// TestOutcomesDecideAPromotion does by the shipped functions what a stage with capture: rows does:
// the predict function keeps the rows that it was asked about, outcomes are posted, and the retrain
// compares its version with champion on both together.
func TestOutcomesDecideAPromotion(t *testing.T) {
	data, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := local.Start(context.Background(), local.Config{Dir: cloudDir(t), Functions: functions, Parallel: 1, Capture: "rows"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w := world{cloud, client{url: cloud.URL()}, s3store.New(cloud.S3(), cloud.Bucket(), "")}
	w.put(t, "data/penguins/penguins.csv", string(data))
	const config = `{"model":"penguins","data":{"source":"s3://foretell/data/penguins/","target":"species"},"search":{"trials":1},"configurations":[{"learner":"%s"}],"schedule":"rate(1 days)"%s}`
	ended := func(config string) runState {
		t.Helper()
		v := w.post(t, config)
		if v = w.until(t, string(v.Run), func(v runState) bool { return v.State != "running" }); v.State != "succeeded" {
			t.Fatalf("%+v", v)
		}
		return v
	}
	ended(fmt.Sprintf(config, "baseline", ""))

	// An instance writes when it has looked at 10,000 rows and is asked again.
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	draw := rand.New(rand.NewPCG(1, 2))
	var outcomes []monitoring.Outcome
	for request := range 11 {
		id := fmt.Sprintf("request.%d", request)
		var body strings.Builder
		body.WriteString(strings.SplitN(lines[0], ",", 2)[1] + "\n")
		for row := range 1000 {
			of := strings.Split(lines[1+draw.IntN(len(lines)-1)], ",")
			of[5] = fmt.Sprint(3000 + draw.IntN(3000)) // of no row in the data, as good as always
			fmt.Fprintln(&body, strings.Join(of[1:], ","))
			if request < 3 {
				outcomes = append(outcomes, monitoring.Outcome{ID: fmt.Sprintf("%s-%d", id, row+1), Class: &of[0]})
			}
		}
		w.askAs(t, id, body.String())
	}
	for _, some := range [][]monitoring.Outcome{outcomes[:2500], outcomes[2500:]} {
		var taken struct{ Accepted int }
		if err := w.api.call(context.Background(), "POST", "/v1/models/penguins/outcomes", map[string]any{"outcomes": some}, &taken); err != nil || taken.Accepted != len(some) {
			t.Fatal(taken, err)
		}
	}
	kept := 0
	for info, err := range w.store.List(context.Background(), "rows/penguins/") {
		if err != nil {
			t.Fatal(err)
		}
		rows, err := capture.ReadRows(context.Background(), w.store, info.Key)
		if err != nil {
			t.Fatal(err)
		}
		kept += len(rows.IDs)
	}
	if kept != 10_000 && kept != 11_000 { // the last request may be written by itself or with the others
		t.Errorf("%d rows were kept", kept)
	}

	second := fmt.Sprintf(config, "logistic", `,"promote":{"window":"outcomes"}`)
	v := ended(second)
	got := v.Verdict.Contest
	f := got.Feedback
	if f == nil || f.Outcomes != 3000 || f.Rows+f.Learned != 3000 || f.Rows < 2900 || f.From == "" {
		t.Fatalf("feedback %+v of %+v", f, got)
	}
	if on := got.Comparisons[len(got.Comparisons)-1]; on.On != "live" || on.Rows != f.Rows || !(on.Low > 0) || !v.Verdict.Promoted || !strings.Contains(v.Verdict.Reason, "live rows") {
		t.Errorf("%+v, promoted %t because %q", on, v.Verdict.Promoted, v.Verdict.Reason)
	}
	if again := w.retrain(t, "penguins"); again != v.Run {
		t.Errorf("with the same data and outcomes the retrain is %s, not %s", again, v.Run)
	}
}

// askAs asks for predictions of rows in CSV by a request of a name.
func (w world) askAs(t *testing.T, id, body string) {
	t.Helper()
	r, err := http.NewRequest("POST", w.cloud.URL()+"/v1/models/penguins/predict", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Foretell-Request-Id", id)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", id, response.Status)
	}
}
