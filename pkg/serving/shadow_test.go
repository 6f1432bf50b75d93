package serving_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// captured flushes and reads back what was captured of a model.
func captured(t *testing.T, s *serving.Server, model registry.ModelName) map[capture.Role]capture.Series {
	t.Helper()
	s.Capture.Flush(t.Context())
	store := s.Registry.Store
	keys, err := capture.Keys(t.Context(), store, model, s.Capture.Now())
	if err != nil {
		t.Fatal(err)
	}
	all := map[capture.Role]capture.Series{}
	for _, key := range keys {
		o, err := capture.Read(t.Context(), store, key)
		if err != nil {
			t.Fatal(err)
		}
		for _, series := range o.Series {
			all[series.Role] = series
		}
	}
	return all
}

// settled waits until the shadow of the last request has been compared.
func settled(t *testing.T, s *serving.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestShadow: the baseline answers, always 0.75 and 0.25, and the logistic regression is compared:
// the differences are what the answers of both say, and what is answered is of version 1 alone.
func TestShadow(t *testing.T) {
	r, _, now, s := served(t)
	s.Capture = &capture.Recorder{Store: r.Store, Instance: "one", Now: now.Now}
	h := s.Routes()
	threshold := 0.25 // all rows are served >50K by the baseline, and some by the shadow
	setAlias(t, r, registry.Alias{Version: 1, Shadow: &registry.Shadow{Version: 2}, Decision: &registry.Decision{Threshold: &threshold}})

	var distances []float64
	changed := 0
	for age := 20; age < 80; age++ {
		body := fmt.Sprintf(`{"instances": [{"age": %d}]}`, age)
		a := ask(t, h, "/v1/models/adult/predict", body)
		if a.Version != 1 || a.Predictions[0].Probabilities[">50K"] != 0.25 {
			t.Fatalf("%+v", a)
		}
		settled(t, s)
		b := ask(t, h, "/v1/models/adult/predict?version=2", body)
		distances = append(distances, math.Abs(b.Predictions[0].Probabilities[">50K"]-0.25))
		if b.Predictions[0].Probabilities[">50K"] < threshold {
			changed++
		}
	}
	sum, most := 0.0, 0.0
	for _, d := range distances {
		sum, most = sum+d, max(most, d)
	}
	d := captured(t, s, "adult")[capture.Shadow].Difference
	if d == nil || d.Rows != 60 || d.Changed != changed || changed == 0 || math.Abs(d.Sum-sum) > 1e-9 || d.Max < most-1e-15 || d.Failed+d.Skipped > 0 {
		t.Fatalf("difference %+v; want 60 rows, %d changed, sum %v, max %v", d, changed, sum, most)
	}
	if greatest, err := d.Quantile(1); err != nil || math.Abs(greatest-most) > 1e-12 {
		t.Errorf("the greatest distance of the sketch is %v, %v", greatest, err)
	}
}

// TestShadowFails: an artifact that is broken, and requests with too many rows, are counted, and
// the answers are as without a shadow.
func TestShadowFails(t *testing.T) {
	r, _, now, s := served(t)
	s.Capture = &capture.Recorder{Store: r.Store, Instance: "one", Now: now.Now}
	h := s.Routes()
	setAlias(t, r, registry.Alias{Version: 1, Shadow: &registry.Shadow{Version: 2}})
	m, err := r.Version(t.Context(), "adult", 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Store.Put(t.Context(), "models/adult/artifacts/"+m.Digest, []byte("broken"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ask(t, h, "/v1/models/adult/predict", oneRow)
		settled(t, s)
	}
	many := `{"instances": [` + strings.Repeat(`{"age": 30},`, 1000) + `{"age": 30}]}`
	if a := ask(t, h, "/v1/models/adult/predict", many); len(a.Predictions) != 1001 {
		t.Errorf("%d predictions", len(a.Predictions))
	}
	settled(t, s)
	if d := captured(t, s, "adult")[capture.Shadow].Difference; d.Failed != 3 || d.Skipped != 1 || d.Rows != 0 {
		t.Errorf("%+v", d)
	}
}

// TestShadowOfOtherColumns reads the request again for a version with fewer columns.
func TestShadowOfOtherColumns(t *testing.T) {
	r, _, now, s := served(t)
	s.Capture = &capture.Recorder{Store: r.Store, Instance: "one", Now: now.Now}
	h := s.Routes()
	table := census(t)
	narrow := fit(t, table, table.Without("income", "pay", "since"), "income", "bayes")
	m := register(t, r, "adult", narrow, table.Without("income", "pay", "since"))
	setAlias(t, r, registry.Alias{Version: 1, Shadow: &registry.Shadow{Version: m.Version}})
	ask(t, h, "/v1/models/adult/predict", `{"instances": [{"age": 30, "since": "2020-09-13"}]}`) // a column it does not have
	settled(t, s)
	ask(t, h, "/v1/models/adult/predict", `{"instances": [{"age": 30, "member": true}]}`)
	settled(t, s)
	if d := captured(t, s, "adult")[capture.Shadow].Difference; d.Failed != 1 || d.Rows != 1 {
		t.Errorf("%+v", d)
	}
}

// TestCaptured: what was answered is in the captured sketches, row by row of each arm.
func TestCaptured(t *testing.T) {
	r, _, now, s := served(t)
	s.Capture = &capture.Recorder{Store: r.Store, Instance: "one", Now: now.Now, Keep: capture.KeepPredictions}
	h := s.Routes()
	setAlias(t, r, registry.Alias{Version: 1, Canary: &registry.Canary{Version: 2, Weight: 0.5}})
	arms := map[capture.Role]int{}
	ids := map[string]bool{}
	for i := range 40 {
		id := fmt.Sprintf("r%d", i)
		w := keyed(t, h, serving.HeaderRequest, id)
		arms[capture.Role(w.Header().Get(serving.HeaderArm))]++
		ids[id+"-1"] = true
	}
	series := captured(t, s, "adult")
	for role, n := range arms {
		got := series[role]
		if got.Rows != n || got.Seen != n || len(got.Predictions) != n {
			t.Errorf("%s: %d rows, %d seen, %d predictions of %d", role, got.Rows, got.Seen, len(got.Predictions), n)
		}
		for _, p := range got.Predictions {
			if !ids[p.ID] || len(p.Output) != 2 || p.Class == nil {
				t.Errorf("%+v", p)
			}
			delete(ids, p.ID)
		}
		in := finished(t, got.Inputs)
		if c := in.Columns[0]; c.Name != "age" || c.Count != n || c.Numeric.Min != 30 || c.Numeric.Max != 30 || in.Columns[1].Missing != n {
			t.Errorf("%s: inputs %+v", role, c)
		}
		if out := finished(t, got.Outputs); out.Columns[0].Type != dataset.Categorical || out.Columns[0].Count != n || out.Columns[1].Name != "p(>50K)" {
			t.Errorf("%s: outputs %+v", role, out.Columns)
		}
	}
	if len(ids) > 0 || len(arms) != 2 {
		t.Errorf("arms %v, not captured %v", arms, ids)
	}
}

// TestNotCaptured: nothing is kept of a request that says it is no traffic, in the query or the body,
// and no shadow is asked; its answer is that of any other.
func TestNotCaptured(t *testing.T) {
	r, _, now, s := served(t)
	s.Capture = &capture.Recorder{Store: r.Store, Instance: "one", Now: now.Now, Keep: capture.KeepRows, Share: 1}
	setAlias(t, r, registry.Alias{Version: 1, Shadow: &registry.Shadow{Version: 2}})
	h := s.Routes()
	inBody := strings.Replace(oneRow, "{", `{"capture":false,`, 1)
	for target, body := range map[string]string{"?capture=false": oneRow, "?proba=true": inBody} {
		if w := post(h, "/v1/models/adult/predict"+target, body); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := captured(t, s, "adult"); len(all) != 0 {
		t.Errorf("captured %+v", all)
	}
	post(h, "/v1/models/adult/predict?capture=true", oneRow)
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := captured(t, s, "adult"); all[capture.Main].Rows != 1 || all[capture.Shadow].Rows != 1 {
		t.Errorf("captured %+v", all)
	}
}

// finished is the profile of a captured partial.
func finished(t *testing.T, b []byte) *profile.Profile {
	t.Helper()
	var p profile.Partial
	if err := p.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	all, err := p.Finish(t.Context(), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
